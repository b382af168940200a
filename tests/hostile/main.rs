//! Input from people who mean no good: any bytes into the cores, and hostile peers and files
//! against the real program.
//!
//! - `checks`: what must hold for any bytes
//! - `inputs`: the corpora and changes of them, fed to the checks
//! - `attacks`: what hostile peers say, as a table
//! - `peers`: those peers against the real program
//! - `files`: bad torrents against the real program

#[path = "../support/mod.rs"]
mod support;

#[path = "../command_line/desk.rs"]
#[allow(dead_code, reason = "each test binary uses its own part")]
mod desk;

mod attacks;
mod checks;
mod files;
mod inputs;
mod peers;
