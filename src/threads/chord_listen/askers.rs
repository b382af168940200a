//! Who waits for which command of a node.

use crate::chord::contact::Family;
use crate::chord::input::Outcome;
use crate::chord::message::Flags;
use crate::chord::renewals::Subject;
use crate::kit::mailbox::Mailbox;
use crate::threads::chord_listen::words::RingWord;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Why a command was given.
#[derive(Debug)]
pub(super) enum Wish {
    /// For a user.
    User(Mailbox<RingWord>),
    /// For a user who looks at a node.
    Visit(SocketAddr, Mailbox<RingWord>),
    /// It is due again.
    Renewal,
    /// To take leave of the ring.
    Farewell,
}

/// A command under way.
#[derive(Debug)]
pub(super) struct Asked {
    /// Which node has it.
    pub family: Family,
    /// Why it was given.
    pub wish: Wish,
    /// What is kept announced by it.
    pub subject: Option<Subject>,
}

/// Commands under way, by number. Bounded by the nodes, which refuse what is too much at once.
#[derive(Debug, Default)]
pub(super) struct Askers {
    /// The commands.
    asked: BTreeMap<u64, Asked>,
    /// The number of the last one.
    last: u64,
}

impl Askers {
    /// Notes a command; its number.
    pub(super) fn note(&mut self, asked: Asked) -> u64 {
        self.last += 1;
        self.asked.insert(self.last, asked);
        self.last
    }

    /// Peers were found.
    pub(super) fn peers(&self, command: u64, peers: Vec<(SocketAddr, Flags)>) {
        if let Some(Asked { wish: Wish::User(words), .. }) = self.asked.get(&command) {
            // There is room for all that one lookup finds.
            let _ = words.post(RingWord::Peers { peers });
        }
    }

    /// A command is done: tells who waits. Returns what is kept announced by it.
    pub(super) fn done(&mut self, command: u64, outcome: Outcome) -> Option<Subject> {
        let Asked { family, wish, subject } = self.asked.remove(&command)?;
        match wish {
            Wish::User(words) => {
                let _ = words.post(RingWord::Done { family, outcome });
            }
            Wish::Visit(address, words) => {
                let _ = words.post(RingWord::Visited { address, outcome });
            }
            Wish::Renewal | Wish::Farewell => {}
        }
        subject
    }

    /// Whether words of farewell are under way.
    pub(super) fn takes_leave(&self) -> bool {
        self.asked.values().any(|asked| matches!(asked.wish, Wish::Farewell))
    }

    /// A node starts anew: nothing comes of its commands any more.
    pub(super) fn give_up(&mut self, family: Family) -> Vec<Subject> {
        let of_it = self.asked.iter().filter(|(_, asked)| asked.family == family);
        let numbers: Vec<u64> = of_it.map(|(number, _)| *number).collect();
        numbers.into_iter().filter_map(|number| self.done(number, Outcome::Failed)).collect()
    }
}
