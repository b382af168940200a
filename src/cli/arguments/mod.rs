//! Every command and option, with its help. Names and meaning only; nothing is done here.
//!
//! - `commands`: the program's own options and the list of commands
//! - `create`, `info`, `verify`, `transfer`, `ring`: the options of each command
//! - `pages`: the options of `completions` and `man`
//! - `environment`: every option as an environment variable
//! - `parse`: the finished definition, and how words are read by it
//! - `values`: how sizes and addresses are read; `rates`: speeds; `files` (with `glob`): choices

pub(super) mod commands;
pub(super) mod create;
mod environment;
pub(super) mod files;
mod glob;
pub(super) mod info;
pub(super) mod pages;
pub(super) mod parse;
mod rates;
pub(super) mod ring;
pub(super) mod transfer;
mod values;
pub(super) mod verify;
