//! The rules of the source tree that a compiler does not check, as a test: which module may import
//! which, no import cycles, pure cores, sizes, opening paragraphs, the reading list, dependencies.
//!
//! `docs/style.md` has the reasons. [`mask`], [`source`] and [`paths`] read Rust text, [`layers`]
//! and [`form`] hold the rules, [`messages`] compares what the program says with `docs/errors.md`.
//! Each rule takes a tree of files and returns its complaints, so the tests of the rules themselves
//! run on trees of a few lines.

mod form;
mod layers;
mod mask;
mod messages;
mod paths;
mod source;

use source::Tree;
use std::path::Path;

/// Crates that bring an asynchronous runtime; the project is threads and one channel.
const FORBIDDEN_CRATES: [&str; 7] =
    ["tokio", "async-std", "smol", "hyper", "futures-executor", "async-executor", "actix-rt"];

/// The project's own files.
fn project() -> Tree {
    Tree::load(Path::new(env!("CARGO_MANIFEST_DIR")))
}

/// Fails with all complaints of a rule, one a line.
fn expect_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn every_module_imports_only_what_its_rank_allows() {
    expect_none(layers::ranks(&project()));
}

#[test]
fn no_file_imports_itself_through_others() {
    expect_none(layers::cycles(&project()));
}

#[test]
fn pure_cores_know_no_clock_thread_socket_file_or_chance() {
    expect_none(layers::purity(&project()));
}

#[test]
fn every_file_opens_with_what_it_is() {
    expect_none(form::openings(&project()));
}

#[test]
fn files_functions_and_lines_stay_within_their_sizes() {
    expect_none(form::sizes(&project(), form::RATCHET));
}

#[test]
fn the_front_page_lists_every_module_in_reading_order() {
    expect_none(form::front_page(&project()));
}

#[test]
fn no_source_file_is_forgotten() {
    expect_none(form::forgotten(&project()));
}

#[test]
fn every_message_says_its_text_where_it_is_made() {
    expect_none(messages::unknown(&project()));
}

#[test]
fn the_page_of_errors_explains_what_the_program_says_and_nothing_else() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    let page = std::fs::read_to_string(path).expect("docs/errors.md");
    expect_none(messages::differences(&project(), &page));
}

#[test]
fn no_asynchronous_runtime_is_in_the_lock_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = std::fs::read_to_string(path).expect("Cargo.lock is committed");
    expect_none(forbidden_crates(&lock));
}

/// The forbidden crates that a lock file names.
fn forbidden_crates(lock: &str) -> Vec<String> {
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let bad = names.filter(|name| FORBIDDEN_CRATES.contains(name));
    bad.map(|name| format!("Cargo.lock: {name} is an asynchronous runtime")).collect()
}

#[test]
fn a_runtime_in_a_lock_file_is_found() {
    let lock = "[[package]]\nname = \"mio\"\n\n[[package]]\nname = \"tokio\"\nversion = \"1\"\n";
    assert_eq!(forbidden_crates(lock).len(), 1);
    assert!(forbidden_crates("[[package]]\nname = \"tokio-looks-alike\"\n").is_empty());
}
