//! Any bytes, checked as `tests/hostile/checks/ring_node` says.

#![no_main]

#[path = "../../hostile/checks/mod.rs"]
#[allow(dead_code)]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::ring_node::check(bytes));
