//! The command line as a person or a script meets it: exit codes, what goes to which stream, JSON,
//! timeouts, Ctrl-C. Each test has a folder of its own, and the program is a process of its own.
//!
//! Whole transfers with other clients are in `tests/interop/`.

#[path = "../support/mod.rs"]
mod support;

mod choose;
mod complete;
mod create;
mod desk;
mod download;
mod errors;
mod info;
mod names;
mod refusals;
mod stop;
mod streams;
mod usage;
mod variables;
mod verify;
