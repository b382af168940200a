//! Interoperability: whole transfers between `cuerda` and stock clients, each a process of its own,
//! every file compared byte for byte.
//!
//! A test's name says who and what: `downloads::tree_from_aria2` is cuerda downloading the content
//! `tree` from aria2. Nobody has a tracker: `cuerda` dials the stock client (aria2 and Transmission
//! cannot be told an address), and libtorrent also dials `cuerda`.
//!
//! A client that is not installed is skipped loudly; with `CUERDA_REQUIRE_PEERS=1` it fails.

#[path = "../support/mod.rs"]
mod support;

mod aria2;
mod downloads;
mod harness;
mod libtorrent;
mod rpc;
mod scene;
mod stock;
mod transmission;
mod uploads;
