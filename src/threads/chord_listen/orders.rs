//! What users and the rhythm want of the nodes.

use crate::chord::contact::Family;
use crate::chord::input::{Command, Input, Outcome};
use crate::chord::message::Flags;
use crate::chord::renewals::Subject;
use crate::kit::mailbox::Mailbox;
use crate::threads::chord_listen::askers::Wish;
use crate::threads::chord_listen::body::ChordListener;
use crate::threads::chord_listen::leg::Leg;
use crate::threads::chord_listen::words::{RingOrder, RingWord};

impl ChordListener {
    /// Does what a user or the rhythm wants.
    pub(super) fn order(&mut self, order: RingOrder) {
        match order {
            RingOrder::Turn(family, turn) => {
                if let Some(drum) = &self.drum {
                    drum.taken(family, turn);
                }
                if let Some(index) = self.legs.iter().position(|leg| leg.family == family) {
                    self.give(index, Input::Turn(turn));
                    self.tell_rhythm(index);
                }
            }
            RingOrder::Announce { subject, flags, keep, words } => {
                for index in 0..self.legs.len() {
                    if keep && self.legs[index].renewals.keep(subject, flags).is_err() {
                        log::warn!("too much is announced to the ring: {} is not", subject.0);
                        let (family, outcome) = (self.legs[index].family, Outcome::Failed);
                        let _ = words.post(RingWord::Done { family, outcome });
                    } else {
                        self.announce(index, subject, flags, Wish::User(words.clone()));
                    }
                }
            }
            RingOrder::Withdraw { subject, words } => {
                let flags = Flags { gone: true, ..Flags::default() };
                for index in 0..self.legs.len() {
                    self.legs[index].renewals.forget(subject);
                    self.announce(index, subject, flags, Wish::User(words.clone()));
                }
            }
            RingOrder::Lookup { info_hash, words } => {
                self.for_user(&Command::Lookup(info_hash), &words);
            }
            RingOrder::Find { place, words } => {
                self.for_user(&Command::FindSuccessor(place), &words);
            }
            RingOrder::Visit { address, words } => {
                let of_it = |leg: &Leg| leg.family == Family::of(address);
                match self.legs.iter().position(of_it) {
                    Some(index) => {
                        let wish = Wish::Visit(address, words);
                        self.command(index, Command::Visit(address), wish, None);
                    }
                    None => {
                        let outcome = Outcome::Failed;
                        let _ = words.post(RingWord::Visited { address, outcome });
                    }
                }
            }
            RingOrder::Status { words } => {
                for leg in &self.legs {
                    let _ = words.post(RingWord::Status(Box::new(leg.status())));
                }
            }
        }
    }

    /// Gives a command to all nodes for a user.
    fn for_user(&mut self, command: &Command, words: &Mailbox<RingWord>) {
        for index in 0..self.legs.len() {
            self.command(index, command.clone(), Wish::User(words.clone()), None);
        }
    }

    /// Announces something, or that it is gone.
    pub(super) fn announce(&mut self, index: usize, subject: Subject, flags: Flags, wish: Wish) {
        let (info_hash, port) = subject;
        let command = Command::Announce { info_hash, port, flags };
        let kept = (!flags.gone).then_some(subject);
        self.command(index, command, wish, kept);
    }
}
