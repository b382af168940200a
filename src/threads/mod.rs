//! Every thread there is. Threads only move bytes and time; what they decide, they ask a core.
//!
//! | thread | file | waits on |
//! |---|---|---|
//! | `main` | [`main_loop`], [`routes`] | the event channel |
//! | `peer-N` | [`peer`] | its poll: socket and mailbox |
//! | `accept` | [`accept`], [`arrivals`] | its poll: listeners and mailbox |
//! | `spawn` | [`spawn`] | its queue |
//! | `hash-N` | [`hash`] | the job queue |
//! | `disk` | [`disk`] | its queue |
//! | `choker` | [`choker`] | its queue and the clock |
//! | `herald` | [`herald`] | its queue and the clock |
//! | `discover` | [`discover`] | its queue and the clock |
//! | `tracker-N` | [`tracker`] | its tracker |
//! | `chord-listen` | [`chord_listen`] | its poll: sockets and mailbox, the nodes' deadlines |
//! | `chord-stabilize` | [`chord_stabilize`] | its queue and the clock |
//! | `chord-save` | [`chord_save`] | its queue |
//! | `watchdog` | [`watchdog`] | the clock |
//!
//! [`bus`] is the one channel up, [`assets`] what a torrent means to those that touch its files.

pub mod accept;
pub mod arrivals;
pub mod assets;
pub mod bus;
pub mod choker;
pub mod chord_listen;
pub mod chord_save;
pub mod chord_stabilize;
pub mod discover;
pub mod disk;
pub mod hash;
pub mod herald;
pub mod main_loop;
pub mod peer;
pub mod roll;
pub mod routes;
pub mod spawn;
pub mod tracker;
pub mod watchdog;
