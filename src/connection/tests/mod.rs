//! Tests of a whole connection: messages, commands and time in, messages and events out.
//! [`scene`] has a connection and the words for it.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one variant")]

mod scene;

mod choking;
mod given_up;
mod late;
mod limits;
mod supply;
mod violations;
