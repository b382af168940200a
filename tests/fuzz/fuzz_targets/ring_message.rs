//! Any bytes, checked as `tests/hostile/checks/ring_message` says.

#![no_main]

#[path = "../../hostile/checks/mod.rs"]
#[allow(dead_code)]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::ring_message::check(bytes));
