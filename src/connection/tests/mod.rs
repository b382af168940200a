//! Tests of a whole connection: messages, commands and time in, messages and events out.
//! [`scene`] has a connection and the words for it.

mod scene;

mod choking;
mod late;
mod supply;
