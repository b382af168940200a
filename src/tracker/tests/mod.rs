//! Tests of the trackers' core.

mod http;
mod schedule;
mod simulation;
mod udp;
mod url;
