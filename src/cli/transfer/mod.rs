//! `cuerda download` and `cuerda seed`: a client with one torrent, watched until its end.
//!
//! - `commands`: both commands, from their options to their end
//! - `choice`: which files are wanted
//! - `start`: a client on a port that is free
//! - `watch`: what is made of each notice, tick and signal; knows no client
//! - `meter`: bytes per second, for people
//! - `event`, `teller`: what happens, told to people or as JSON
//! - `trackers`: what people are told of trackers

mod choice;
pub(super) mod commands;
mod event;
mod meter;
mod start;
mod teller;
mod trackers;
mod watch;
