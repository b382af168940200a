//! Announces and reads on behalf of the owner: a lookup, then all replicas at once, until enough
//! of them agree. Results are told as they come.

use super::pending::{Operation, Purpose, Refusal, Timer, Wish};
use super::state::Node;
use crate::chord::contact::Contact;
use crate::chord::input::{Event, Outcome};
use crate::chord::message::{Announce, Answer, Flags, Query};
use crate::chord::neighborhood::pick_replicas;
use crate::chord::quorum::Tally;
use crate::chord::ring_id::RingId;
use crate::id::InfoHash;
use crate::kit::clock::Time;
use crate::limits::{
    LEASE_MAX, OPERATION_ROUNDS_MAX, OPERATION_TIME_MAX, OPERATIONS_MAX, TOMBSTONE_TIME,
};
use std::collections::{BTreeMap, BTreeSet};
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
        let seconds = (self.settings.epoch_micros / 1_000_000) as u32;
        let seconds = seconds.wrapping_add(now.since(Time::ZERO).as_secs() as u32);
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
        if operation.rounds >= OPERATION_ROUNDS_MAX || now >= operation.deadline {
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
            let fresh: Vec<_> = answer.peers.into_iter().flatten().collect();
            let fresh: Vec<_> = fresh
                .into_iter()
                .filter(|(address, flags)| operation.peers.insert(*address, *flags).is_none())
                .collect();
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

    fn finish_operation(&mut self, number: u64) {
        let Some(operation) = self.operations.remove(&number) else { return };
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
    }
}
