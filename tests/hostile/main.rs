//! Input from people who mean no good: any bytes into the cores, and hostile peers and files
//! against the real program.
//!
//! - `checks`: what must hold for any bytes
//! - `inputs`: the corpora and changes of them, fed to the checks

#[path = "../support/mod.rs"]
mod support;

mod checks;
mod inputs;
