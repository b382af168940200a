//! Announces and reads on behalf of the owner: a lookup, then all replicas at once, until enough
//! of them agree. Results are told as they come.

use super::pending::{Operation, Purpose, Refusal, Timer, Wish};
use super::state::Node;
use crate::chord::contact::Contact;
use crate::chord::input::{Event, Outcome};
use crate::chord::message::{Announce, Answer, Flags, Peer, Query};
use crate::chord::neighborhood::pick_replicas;
use crate::chord::quorum::Tally;
use crate::chord::ring_id::RingId;
use crate::id::InfoHash;
use crate::kit::clock::Time;
use crate::limits::{
    LEASE_MAX, OPERATION_ROUNDS_MAX, OPERATION_TIME_MAX, OPERATIONS_MAX, TOMBSTONE_TIME,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// Pause before an announce or read starts over.
const ROUND_PAUSE: Duration = Duration::from_millis(500);

impl Node {
    /// Who has a torrent?
    pub(crate) fn read(&mut self, now: Time, command: u64, info_hash: InfoHash) {
        self.operate(now, command, info_hash, None);
    }

    /// Tells the ring that a peer has a torrent, or has it no more.
    pub(crate) fn announce(
        &mut self,
        now: Time,
        command: u64,
        info_hash: InfoHash,
        (port, flags): (Option<u16>, Flags),
    ) {
        // Grows with each announce, also over a restart.
        let seconds = self.unix_seconds(now);
        self.last_sequence = seconds.max(self.last_sequence.saturating_add(1));
        let lease = if flags.gone { TOMBSTONE_TIME } else { LEASE_MAX }.as_secs() as u16;
        let sequence = self.last_sequence;
        let announce = Announce { info_hash, port, flags, sequence, lease };
        self.operate(now, command, info_hash, Some(announce));
    }

    fn operate(
        &mut self,
        now: Time,
        command: u64,
        info_hash: InfoHash,
        announce: Option<Announce>,
    ) {
        if self.operations.len() >= OPERATIONS_MAX {
            // The owner waits for those that were not told; the others are a courtesy.
            let told = self.operations.iter().find(|(_, operation)| operation.told);
            told.map(|(number, _)| *number).and_then(|number| self.operations.remove(&number));
        }
        if self.operations.len() >= OPERATIONS_MAX || self.is_gone() {
            self.tell(Event::Done { command, outcome: Outcome::Failed });
            return;
        }
        let number = self.number();
        let deadline = now + OPERATION_TIME_MAX;
        let operation = Operation {
            command,
            info_hash,
            announce,
            deadline,
            rounds: 0,
            asked: BTreeSet::new(),
            waiting: 0,
            tally: Tally::default(),
            peers: BTreeMap::new(),
            told: false,
        };
        self.operations.insert(number, operation);
        self.timers.insert((deadline, Timer::Operation(number)));
        self.begin_round(now, number);
    }

    /// Looks the replicas up and begins anew, or gives up.
    pub(crate) fn begin_round(&mut self, now: Time, number: u64) {
        let Some(operation) = self.operations.get_mut(&number) else { return };
        if operation.waiting > 0 && now < operation.deadline {
            return;
        }
        let over = operation.told || operation.rounds >= OPERATION_ROUNDS_MAX;
        if over || now >= operation.deadline {
            self.finish_operation(number);
            return;
        }
        operation.rounds += 1;
        operation.asked.clear();
        operation.tally = Tally::default();
        operation.waiting = 1;
        let key = RingId::of_key(operation.info_hash);
        self.search(now, key, Wish::Operation(number));
    }

    /// The lookup of an operation found who follows the key, or nobody.
    pub(crate) fn found_replicas(&mut self, now: Time, number: u64, nodes: &[Contact]) {
        let replicas = self.settings.quorum.replicas;
        let picked = pick_replicas(nodes, replicas, self.settings.is_guarded());
        let Some(operation) = self.operations.get_mut(&number) else { return };
        operation.waiting -= 1;
        self.ask_replicas(now, number, &picked);
        self.round_may_be_over(now, number);
    }

    /// Asks replicas that were not asked in this round.
    fn ask_replicas(&mut self, now: Time, number: u64, nodes: &[Contact]) {
        for node in nodes {
            let Some(operation) = self.operations.get_mut(&number) else { return };
            let most = self.settings.quorum.replicas * 3;
            if operation.asked.len() >= most || !operation.asked.insert(node.id) {
                continue;
            }
            operation.waiting += 1;
            let query = Query::GetPeers { info_hash: operation.info_hash, most: u16::MAX };
            self.ask(now, *node, query, Purpose::Read(number));
        }
    }

    /// A replica told its peers, and gave a token.
    pub(crate) fn replica_read(
        &mut self,
        now: Time,
        number: u64,
        from: Contact,
        result: Result<Answer, Refusal>,
    ) {
        let Some(operation) = self.operations.get_mut(&number) else { return };
        operation.waiting -= 1;
        let answer = match result {
            Ok(answer) => answer,
            Err(Refusal::Fault(_, answer)) => *answer,
            Err(Refusal::Silent | Refusal::Overloaded) => Answer::default(),
        };
        if let Some(announce) = operation.announce {
            if let Some(token) = answer.cookie.filter(|_| answer.view.is_some()) {
                operation.waiting += 1;
                self.ask_with(
                    now,
                    from,
                    (Query::AnnouncePeer(announce), Some(token)),
                    Purpose::Write(number),
                );
            }
        } else {
            operation.tally.add(from, &answer);
            let command = operation.command;
            let peers = answer.peers.into_iter().flatten();
            let fresh: Vec<_> = peers.filter_map(|peer| operation.learn(peer)).collect();
            if !fresh.is_empty() {
                self.tell(Event::Peers { command, peers: fresh });
            }
        }
        self.also_ask(now, number, answer.view.or(answer.successors));
        self.round_may_be_over(now, number);
    }

    /// A replica has acknowledged an announce, or has not.
    pub(crate) fn replica_wrote(
        &mut self,
        now: Time,
        number: u64,
        from: Contact,
        result: Result<Answer, Refusal>,
    ) {
        let Some(operation) = self.operations.get_mut(&number) else { return };
        operation.waiting = operation.waiting.saturating_sub(1);
        if let Ok(answer) = result
            && answer.lease.is_some()
        {
            operation.tally.add(from, &answer);
            self.also_ask(now, number, answer.view);
        }
        self.round_may_be_over(now, number);
    }

    /// Replicas that another one names are asked too.
    fn also_ask(&mut self, now: Time, number: u64, view: Option<Vec<Contact>>) {
        self.ask_replicas(now, number, &view.unwrap_or_default());
    }

    /// Ends an operation when enough replicas agree; begins a new round when nobody is left.
    fn round_may_be_over(&mut self, now: Time, number: u64) {
        let quorum = self.settings.quorum;
        let Some(operation) = self.operations.get(&number) else { return };
        if operation.told {
            if operation.waiting == 0 {
                self.operations.remove(&number);
            }
            return;
        }
        let (count, members) = operation.tally.best();
        let needed = if operation.announce.is_some() {
            quorum.to_write(members)
        } else {
            quorum.to_read(members)
        };
        if members > 0 && count >= needed {
            self.finish_operation(number);
        } else if operation.waiting == 0 {
            self.timers.insert((now + ROUND_PAUSE, Timer::Operation(number)));
        }
    }

    /// Tells how an operation went. An announce that counts already still goes to the replicas
    /// that have not answered.
    fn finish_operation(&mut self, number: u64) {
        let Some(mut operation) = self.operations.remove(&number) else { return };
        if operation.told {
            return;
        }
        let quorum = self.settings.quorum;
        let (replies, replicas) = operation.tally.best();
        let needed = if operation.announce.is_some() {
            quorum.to_write(replicas)
        } else {
            quorum.to_read(replicas)
        };
        let complete = replicas > 0 && replies >= needed;
        let outcome = if replicas == 0 {
            Outcome::Failed
        } else {
            Outcome::Counted { complete, replies, replicas }
        };
        self.tell(Event::Done { command: operation.command, outcome });
        if complete && operation.announce.is_some() && operation.waiting > 0 {
            operation.told = true;
            self.operations.insert(number, operation);
        }
    }
}

impl Operation {
    /// A replica told of a peer: what the owner has to hear of it, if anything.
    fn learn(&mut self, peer: Peer) -> Option<(SocketAddr, Flags)> {
        let before = self.peers.get(&peer.address).copied();
        if before.is_some_and(|(flags, sequence)| !peer.outdates(flags, sequence)) {
            return None;
        }
        self.peers.insert(peer.address, (peer.flags, peer.sequence));
        let unheard = before.is_none_or(|(flags, _)| flags.gone);
        let news = before.is_none_or(|(flags, _)| flags != peer.flags);
        (news && !(unheard && peer.flags.gone)).then_some((peer.address, peer.flags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_replicas_tell_of_a_peer_is_merged() {
        let mut read = Operation {
            command: 1,
            info_hash: InfoHash([1; 20]),
            announce: None,
            deadline: Time::ZERO,
            rounds: 0,
            asked: BTreeSet::new(),
            waiting: 0,
            tally: Tally::default(),
            peers: BTreeMap::new(),
            told: false,
        };
        let peer = |port: u16, sequence, gone| Peer {
            address: ([127, 0, 0, 1], port).into(),
            flags: Flags { gone, ..Flags::default() },
            sequence,
        };
        let mut told = |peer| read.learn(peer).map(|(_, flags)| flags.gone);
        assert_eq!(told(peer(1, 5, false)), Some(false));
        assert_eq!(told(peer(1, 6, false)), None, "newer, but nothing new");
        assert_eq!(told(peer(1, 7, true)), Some(true), "taken back");
        assert_eq!(told(peer(1, 6, false)), None, "a replica that has missed it");
        assert_eq!(told(peer(1, 8, false)), Some(false), "back again");
        assert_eq!(told(peer(2, 3, true)), None, "nobody was told of it");
        assert_eq!(told(peer(2, 3, false)), None, "the one that says gone holds");
    }
}
