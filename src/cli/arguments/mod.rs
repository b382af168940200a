//! Every command and option, with its help. Names and meaning only; nothing is done here.
//!
//! - `commands`: the program's own options and the list of commands
//! - `create`, `info`, `verify`, `transfer`: the options of each command
//! - `values`: how sizes and addresses are read; `rates`: speeds; `files` (with `glob`): choices

pub(super) mod commands;
pub(super) mod create;
pub(super) mod files;
mod glob;
pub(super) mod info;
mod rates;
pub(super) mod transfer;
mod values;
pub(super) mod verify;
