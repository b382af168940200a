//! The ring's figures: runs the workloads of the Chord papers and ours in the simulator and writes
//! `docs/ring-figures.md` with its plots. `make ring-figures`; `RING_FIGURES=quick` takes minutes.

#![allow(clippy::print_stderr, reason = "says what it does")]

mod draw;
mod page;
mod scale;
mod workloads;

use cuerda::kit::clock::Clock;
use page::Page;
use std::error::Error;
use std::path::Path;

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    /// Minutes.
    Quick,
    /// What the papers ran; an hour or more.
    Full,
}

impl Set {
    /// One of the two.
    pub(crate) fn choose<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let quick = std::env::var("RING_FIGURES").is_ok_and(|set| set == "quick");
    let set = if quick { Set::Quick } else { Set::Full };
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    std::fs::create_dir_all(docs.join("figures"))?;
    let clock = Clock::start();
    let mut page = Page::new(docs);
    page.say(&format!(
        "# Figures of the ring\n\nWritten by `make ring-figures` ({} set): the program's own \
         nodes in the simulator. Every ring begins settled; the same seed gives the same \
         numbers.\n",
        set.choose("`RING_FIGURES=quick`, the reduced", "the full")
    ));
    for (name, run) in workloads::ALL {
        eprintln!("{name}");
        let begun = clock.now();
        run(set, &mut page)?;
        page.write()?;
        eprintln!("  {:.1} s", clock.now().since(begun).as_secs_f64());
    }
    Ok(())
}
