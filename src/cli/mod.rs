//! The command line: arguments in, words out, an exit code at the end.
//!
//! What a script wants is alone on standard output, one item a line; talk goes to standard error.
//! Everything that a command does is in the library below; here is only how it is asked for and
//! told. Both outputs are promises: exit codes, what is on standard output and the names of JSON
//! fields do not change without a reason.
//!
//! - `run`: [`run()`], from arguments to the exit code
//! - `arguments`: every command and option, with its help
//! - `outcome`, `failure`: how a command ends, and how a failure is told in one line
//! - `console`: what every command needs: output, signals, a clock
//! - `out`: the only place that writes to standard output and standard error
//! - `gauge`: progress, as a bar or as a line now and then
//! - `human`: sizes, rates, times and dates as people read them
//! - `logging`, `signals`: what is set up before a command runs
//! - `work`: a job on a thread of its own, watched
//! - `torrent_file`: torrent files, read within bounds and written whole or not at all
//! - `folder`: the folder named with `--dir`
//! - `roots`: whom trackers' certificates may be signed by, for `info` and `transfer`
//! - `create`, `info` (with `link`, `scrape`, `sheet` and `tree`), `verify` (with `damage`): the
//!   commands that exchange no files
//! - `transfer`: `download` and `seed`
//! - `ring`: `node` and `ring`
//! - `pages`: `completions` and `man`

mod arguments;
mod console;
mod create;
mod damage;
mod failure;
mod folder;
mod gauge;
mod human;
mod info;
mod link;
mod logging;
mod out;
mod outcome;
mod pages;
mod ring;
mod roots;
mod run;
mod scrape;
mod sheet;
mod signals;
mod torrent_file;
mod transfer;
mod tree;
mod verify;
mod work;

pub use run::run;
