//! Tests of a whole connection: messages, commands and time in, messages and events out.
//! [`scene`] has a connection and the words for it.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks for one word among many")]

mod scene;

mod choking;
mod late;
mod limits;
mod supply;
mod violations;
