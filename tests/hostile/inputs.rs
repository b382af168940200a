//! Feeds the checks: every input of the corpora as it is, and changes of them. The inputs are
//! small and each has a name that says what is nasty about it.

use crate::checks;
use proptest::prelude::*;
use proptest::sample::Index;
use std::fs;
use std::path::{Path, PathBuf};

/// A kind of input: the folder of its corpus, and what must hold for any bytes.
type Kind = (&'static str, fn(&[u8]));

const KINDS: [Kind; 10] = [
    ("bencode", checks::bencode::check),
    ("connection", checks::connection::check),
    ("extension", checks::extension::check),
    ("handshake", checks::handshake::check),
    ("magnet", checks::magnet::check),
    ("metainfo", checks::metainfo::check),
    ("ring_message", checks::ring_message::check),
    ("ring_node", checks::ring_node::check),
    ("tracker", checks::tracker::check),
    ("wire", checks::wire::check),
];

/// Fewest inputs that each kind has.
const INPUTS_MIN: usize = 8;

/// Where corpora are.
fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/corpus")
}

/// The inputs of a kind, by name.
fn corpus(kind: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(corpora().join(kind)).expect("a folder for each kind");
    let mut inputs: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("the folder can be listed").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(path).expect("an input can be read"))
        })
        .collect();
    inputs.sort();
    inputs
}

/// One change of an input.
#[derive(Debug, Clone)]
enum Change {
    /// Another byte at a place.
    Set(Index, u8),
    /// A byte more.
    Insert(Index, u8),
    /// So many bytes less from a place on.
    Remove(Index, usize),
    /// So many bytes from a place on once more.
    Repeat(Index, usize),
    /// Nothing from a place on.
    Cut(Index),
}

impl Change {
    fn any() -> impl Strategy<Value = Change> {
        let span = (any::<Index>(), 1_usize..12);
        prop_oneof![
            6 => any::<(Index, u8)>().prop_map(|(at, byte)| Change::Set(at, byte)),
            3 => any::<(Index, u8)>().prop_map(|(at, byte)| Change::Insert(at, byte)),
            2 => span.clone().prop_map(|(at, length)| Change::Remove(at, length)),
            2 => span.prop_map(|(at, length)| Change::Repeat(at, length)),
            1 => any::<Index>().prop_map(Change::Cut),
        ]
    }

    fn make(&self, bytes: &mut Vec<u8>) {
        let place = |at: &Index| at.index(bytes.len() + 1);
        let until = |from: usize, length: usize| (from + length).min(bytes.len());
        match self {
            Change::Set(at, byte) => {
                let at = place(at);
                if let Some(old) = bytes.get_mut(at) {
                    *old = *byte;
                }
            }
            Change::Insert(at, byte) => bytes.insert(place(at), *byte),
            Change::Remove(at, length) => {
                let from = place(at);
                bytes.drain(from..until(from, *length));
            }
            Change::Repeat(at, length) => {
                let from = place(at);
                let again = bytes[from..until(from, *length)].to_vec();
                bytes.splice(from..from, again);
            }
            Change::Cut(at) => bytes.truncate(place(at)),
        }
    }
}

#[test]
fn every_kind_has_a_corpus_and_every_corpus_a_kind() {
    for (kind, _) in KINDS {
        assert!(corpus(kind).len() >= INPUTS_MIN, "{kind}");
    }
    for entry in fs::read_dir(corpora()).expect("corpora") {
        let name = entry.expect("the folder can be listed").file_name();
        assert!(KINDS.iter().any(|(kind, _)| name == *kind), "{name:?} is read by nobody");
    }
}

#[test]
fn every_kind_has_a_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("the fuzz crate");
    for (kind, _) in KINDS {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{kind}.rs\"")), "{kind}");
        let target = folder.join(format!("fuzz_targets/{kind}.rs"));
        let target = fs::read_to_string(target).expect("a target");
        assert!(target.contains(&format!("checks::{kind}::check(bytes)")), "{kind}");
    }
}

#[test]
fn the_corpora_hold() {
    for (kind, check) in KINDS {
        for (name, bytes) in corpus(kind) {
            let outcome = std::panic::catch_unwind(|| check(&bytes));
            assert!(outcome.is_ok(), "tests/hostile/corpus/{kind}/{name}");
        }
    }
}

proptest! {
    #[test]
    fn changes_of_the_corpora_hold(
        chosen in any::<Index>(),
        changes in proptest::collection::vec(Change::any(), 1..8),
    ) {
        for (kind, check) in KINDS {
            let inputs = corpus(kind);
            let (_, mut bytes) = chosen.get(&inputs).clone();
            changes.iter().for_each(|change| change.make(&mut bytes));
            check(&bytes);
        }
    }

    #[test]
    fn any_bytes_hold(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for (_, check) in KINDS {
            check(&bytes);
        }
    }
}
