//! Stopping, killing, editing, moving, filling: whatever happens between two runs or under one,
//! the next one ends with the right bytes and fetches nothing that was finished.

#[path = "../support/mod.rs"]
mod support;

#[path = "../command_line/desk.rs"]
#[allow(dead_code, reason = "each test binary uses its own part")]
mod desk;
mod folder;
mod kill;
mod mount;
mod proxy;
mod scene;
mod stop;
