//! `cuerda node` and `cuerda ring`: being a node of a ring, and looking at one from outside.
//!
//! - `commands`: which of the latter is meant
//! - `node`: a node until Ctrl-C
//! - `outside`: a client of a ring; `key`: the key of a closed one
//! - `seek`: looking up and announcing
//! - `status`: going round a ring; `table`, `circle`: what people see of it
//! - `simulate`: rings of simulated nodes beside the papers' figures
//! - `told`: what programs read

mod circle;
mod commands;
mod key;
mod node;
mod outside;
mod seek;
mod simulate;
mod status;
mod table;
mod told;

pub(super) use commands::ring;
pub(super) use node::node;
