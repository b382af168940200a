//! `cuerda ring status`: goes round a ring and tells its nodes, to people or as JSON.

use crate::cli::arguments::ring::StatusArguments;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::outcome::Outcome;
use crate::cli::ring::outside::{gone, silence, start, stop};
use crate::cli::ring::told::{ToldRing, tell};
use crate::cli::ring::{circle, table};
use crate::client::ring::{Ring, Walk, Walked};
use crate::limits::WALK_TIME_MAX;
use std::io::{IsTerminal, stdout};

/// Tells a ring.
pub(crate) fn status(arguments: &StatusArguments, console: &Console) -> Result<Outcome, Failure> {
    let ring = start(&arguments.via, &console.output)?;
    let walked = go_round(&ring, arguments);
    stop(ring);
    let walked = walked?;
    if walked.nodes.is_empty() {
        return Err(silence(arguments.via.via));
    }
    let depth = arguments.via.identity.settings().successors;
    if arguments.via.json {
        tell(&console.output, &ToldRing::new(&walked, depth));
    } else {
        let mut lines = Vec::new();
        if stdout().is_terminal() {
            lines.extend(circle::lines(&walked));
        }
        lines.extend(table::lines(&walked, depth));
        console.output.answer(lines.join("\n").as_bytes());
    }
    Ok(if walked.is_ideal(depth) { Outcome::Done } else { Outcome::No })
}

/// Visits every node.
fn go_round(ring: &Ring, arguments: &StatusArguments) -> Result<Walked, Failure> {
    let mut walk = Walk::new(ring.handle(), arguments.via.via);
    let deadline = ring.handle().clock().now() + WALK_TIME_MAX;
    walk.run(deadline, |visited, known| log::debug!("visited {visited} of {known} nodes"))
        .map_err(gone)?;
    Ok(walk.found())
}
