//! Tests of the brain's handlers: each tells it events and looks at its orders. [`scene`] has a
//! torrent and peers to tell of; after every event the whole state is audited.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one variant")]

mod scene;

mod constant;
mod endgame;
mod grants;
mod keeping;
mod parting;
mod returns;
mod room;
mod roster;
mod sole;
mod torrents;
mod unseen;
mod verdicts;
mod waiting;
