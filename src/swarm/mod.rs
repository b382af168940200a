//! The brain: every torrent, peer and piece of the process, as one pure state machine that the
//! main thread owns. Events in, orders out; constant work for each.
//!
//! - [`event`]: everything that can happen, the one closed sum
//! - [`evidence`]: what a bad piece looked like
//! - [`order`]: everything that it can want done
//! - [`state`]: what it remembers; [`stage`]: how far things have come
//! - [`picker`]: rarest first, by exact buckets ([`bitmap`] finds the lowest), or in order
//!   ([`sequence`])
//! - [`addresses`]: whom to dial; [`bans`]: who is not wanted any more
//! - [`hosts`]: connections of each host
//! - [`machine`]: dispatch; its handlers are in [`roster`] (peers come and go), [`room`] (places
//!   for them), [`parting`] (all of a torrent go), [`torrents`], [`grants`] (work out), [`endgame`]
//!   (work twice), [`returns`] (work back), [`waiting`] (for work), [`verdicts`] (hashes, blame),
//!   [`sole`] (bad pieces once more) and [`unseen`] (nothing is forgotten)
//! - [`audit`]: whether all of it fits together, for tests and simulations; [`told`] is its witness
//! - [`choker`]: whom to unchoke, a pure core of its own with a thread of its own

pub mod addresses;
pub mod audit;
pub mod bans;
pub mod bitmap;
mod breakdown;
pub mod choker;
pub mod endgame;
pub mod event;
pub mod evidence;
pub mod grants;
pub mod hosts;
mod keeping;
pub mod machine;
pub mod order;
pub mod parting;
pub mod picker;
pub mod returns;
pub mod room;
pub mod roster;
pub mod sequence;
pub mod sole;
pub mod stage;
pub mod state;
pub mod told;
pub mod torrents;
pub mod unseen;
pub mod verdicts;
pub mod waiting;

#[cfg(test)]
mod tests;
