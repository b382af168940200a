//! Trackers: the whole program against opentracker, against trackers of a few lines that answer in
//! every way there is, and in swarms with stock clients that have nothing but a tracker.
//!
//! What is not installed is skipped loudly; with `CUERDA_REQUIRE_PEERS=1` it fails.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod events;
mod failing;
mod https;
mod names;
mod opentracker;
mod scene;
mod scrape;
mod scripted;
mod swarm;
