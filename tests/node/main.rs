//! Rings of real nodes on loopback: sockets, threads and processes, as users have them.
//!
//! Everything has an address in 127/8. Periods are shortened by the options that users have too.
//! `RING_NODES=n` and `RING_HOSTILE=n` change how many nodes and hostile datagrams there are.

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod hostile;
mod library;
mod processes;
mod scene;
