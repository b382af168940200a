//! The node's one entrance: everything that happens comes in here, and everything that it wants
//! done goes out here.

use super::pending::{Asker, Purpose, Refusal, Timer};
use super::state::Node;
use crate::chord::codec::{decode, encode};
use crate::chord::contact::{Contact, Family};
use crate::chord::error::MessageError;
use crate::chord::input::{Command, Input, Output, Turn};
use crate::chord::message::{Answer, Body, Fault, Message};
use crate::kit::clock::Time;
use std::net::SocketAddr;

impl Node {
    /// Takes in what happened at `now` and appends to `out` what is to be done. Time must not go
    /// back from call to call.
    pub fn handle(&mut self, now: Time, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            Input::Datagram { from, bytes } => self.datagram(now, from, bytes),
            Input::Deadline => {}
            Input::Turn(turn) => self.turn(now, turn),
            Input::Command(number, command) => self.command(now, number, command),
        }
        self.expire(now);
        while let Some((to, purpose, result)) = self.at_once.pop_front() {
            self.came_back(now, to, purpose, result);
        }
        if self.has_handed_over() {
            self.leave_now();
        }
        out.append(&mut self.out);
    }

    /// When to call again at the latest.
    pub fn deadline(&self) -> Option<Time> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// A turn of maintenance.
    fn turn(&mut self, now: Time, turn: Turn) {
        if !self.is_member() {
            return;
        }
        match turn {
            Turn::Stabilize => self.stabilize(now),
            Turn::CheckPredecessor => self.check_predecessor(now),
            Turn::FixFinger => self.fix_finger(now),
            Turn::Repair => self.repair(now),
            Turn::Liveness => self.ping_stored(now),
            Turn::Merge => self.look_for_rings(now),
        }
    }

    /// The owner wants something.
    fn command(&mut self, now: Time, number: u64, command: Command) {
        match command {
            Command::Join(bootstrap) => self.join(now, bootstrap),
            Command::Leave => self.leave(now),
            Command::FindSuccessor(place) => self.find(now, number, place),
            Command::Visit(address) => self.visit(now, number, address),
            Command::Lookup(info_hash) => self.read(now, number, info_hash),
            Command::Announce { info_hash, port, flags } => {
                self.announce(now, number, info_hash, (port, flags));
            }
        }
    }

    /// A datagram came in. What is no message of the ring is dropped.
    fn datagram(&mut self, now: Time, from: SocketAddr, bytes: &[u8]) {
        let mine = from == self.hood.me.address;
        if self.left || mine || Family::of(from) != self.family {
            return;
        }
        let length = bytes.len();
        let seconds = self.unix_seconds(now);
        let bytes = match &mut self.seals {
            Some(seals) => match seals.open(now, seconds, bytes) {
                Some(payload) => payload,
                // Strangers get silence.
                None => return,
            },
            None => bytes,
        };
        match decode(bytes, self.tag, self.family) {
            Ok(Message { transaction, body }) => match body {
                Body::Query { query, cookie, client } => {
                    let asker = Asker { from, transaction, cookie, client, length };
                    if self.may_ask(now, asker) {
                        self.serve(now, asker, query);
                    }
                }
                Body::Answer(answer) => self.returned(now, from, transaction, Ok(*answer)),
                Body::Fault(fault, answer) => {
                    let refusal = Refusal::Fault(fault, answer);
                    self.returned(now, from, transaction, Err(refusal));
                }
            },
            Err(MessageError::UnknownQuery { transaction }) => {
                let body = Body::Fault(Fault::Unknown, Box::default());
                let asker = Asker { from, transaction, cookie: None, client: true, length };
                if self.may_ask(now, asker) {
                    let bytes = encode(&Message { transaction, body }, self.tag, 0);
                    self.put_out(now, from, bytes);
                }
            }
            Err(_) => {}
        }
    }

    /// Does what is due.
    fn expire(&mut self, now: Time) {
        while let Some((at, timer)) = self.timers.first().copied() {
            if at > now {
                return;
            }
            self.timers.pop_first();
            match timer {
                Timer::Call(number) => self.call_is_late(now, number),
                Timer::Lookup(number) => self.go_on(now, number),
                Timer::Join => self.try_to_join(now),
                Timer::Arcs => self.look_at_arcs(now),
                Timer::Operation(number) => self.begin_round(now, number),
                Timer::Probe => self.probe_is_over(now),
                Timer::Leave => self.leave_now(),
            }
        }
    }

    /// An answer, or that there is none, goes to whoever asked.
    pub(crate) fn came_back(
        &mut self,
        now: Time,
        from: Contact,
        purpose: Purpose,
        result: Result<Answer, Refusal>,
    ) {
        if self.left {
            return;
        }
        match purpose {
            Purpose::Join => self.joined_through(now, from, result),
            Purpose::Successor => self.successor_said(now, from, result),
            Purpose::Candidate => self.candidate_said(now, from, result),
            Purpose::Notify => self.stabilizing = false,
            Purpose::Predecessor => self.predecessor_said(now, from, result),
            Purpose::Rectify { notifier } => self.rectified(now, from, notifier, result),
            Purpose::Lookup(number) => self.looked_up(now, number, from, result),
            Purpose::Read(number) => self.replica_read(now, number, from, result),
            Purpose::Write(number) => self.replica_wrote(now, number, from, result),
            Purpose::Sync(number, arc) => self.synced(now, from, (number, arc), result),
            Purpose::Activate(number) => self.activated(now, number, from, result),
            Purpose::Fetch(number) => self.fetched(now, number, result),
            Purpose::Forward(number, key) => {
                self.forwarded(now, (number, key), from, result.is_err());
            }
            Purpose::Liveness(key) => self.pinged(now, key, from, result),
            Purpose::Visit(command) => self.visited(command, result),
            Purpose::Probe => self.probe_asked(now, &result),
            Purpose::OnBehalf(number) => self.pinged_on_behalf(now, number, result),
            Purpose::Inquiry(about) => self.inquired(now, about, &result),
            Purpose::Around => self.said_around(now, from, result),
            Purpose::Check => self.checked(now, from, &result),
            Purpose::Farewell | Purpose::Courtesy => {}
        }
    }
}
