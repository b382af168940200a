//! The rules about who may know whom: ranks of modules, no cycles between files, pure cores.
//!
//! The ranks are those of the source tree in `docs/architecture.md`.

use crate::paths;
use crate::source::{Source, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// Every top-level module, from the ground up: each may import only those before it.
pub(crate) const ORDER: [&str; 19] = [
    // words
    "id",
    "limits",
    "bitfield",
    "kit",
    "bencode",
    "layout",
    "metainfo",
    // pure cores
    "wire",
    "tracker",
    "connection",
    "swarm",
    "chord",
    "simulator",
    // hands
    "storage",
    "threads",
    "observe",
    // faces
    "client",
    "web",
    "cli",
];

/// The toolbox knows no BitTorrent, so it may import less than its place allows.
const KIT_KNOWS: [&str; 1] = ["limits"];

/// Modules that know no clock, thread, socket, file or chance.
const PURE: [&str; 6] = ["wire", "connection", "swarm", "chord", "tracker", "simulator"];

/// What a pure core may not reach: beginnings of paths.
const IMPURE: [&str; 18] = [
    "std::fs",
    "std::thread",
    "std::process",
    "std::env",
    "std::sync::mpsc",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
    "std::os",
    "mio",
    "socket2",
    "rustix",
    "getrandom",
    "rand",
    "crate::kit::thread",
];

/// Imports that the order of the modules does not allow.
pub(crate) fn ranks(tree: &Tree) -> Vec<String> {
    let mut complaints = BTreeSet::new();
    for source in tree.library() {
        let Some(module) = source.module.first() else { continue };
        let Some(rank) = rank(module) else {
            complaints.insert(format!(
                "{}: module `{module}` has no rank: give it a place in ORDER of \
                 tests/architecture/layers.rs and in docs/architecture.md",
                source.path
            ));
            continue;
        };
        for found in paths::all(&source.code) {
            let Some(path) = paths::resolve(source, &found) else { continue };
            let Some(other) = path.first().filter(|other| *other != module) else { continue };
            let Some(theirs) = self::rank(other) else { continue };
            let forbidden = theirs > rank || (module == "kit" && !KIT_KNOWS.contains(&&**other));
            if forbidden {
                let line = source.line(found.offset);
                complaints.insert(format!(
                    "{}:{line}: `{module}` may not import `{other}`, which stands above it",
                    source.path
                ));
            }
        }
    }
    complaints.into_iter().collect()
}

/// Place of a top-level module in the order.
pub(crate) fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|name| *name == module)
}

/// Ways by which a file imports itself through others. A file that declares children counts as
/// importing them, so a child that imports from its parent closes a cycle. Tests are left out.
pub(crate) fn cycles(tree: &Tree) -> Vec<String> {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut complaints = Vec::new();
    for source in tree.library().filter(|source| !source.test_file) {
        let known = edges.entry(&source.path).or_default();
        for child in source.children(false) {
            let file = tree.file_of(&child).filter(|file| file.module == child && !file.test_file);
            known.extend(file.map(|file| file.path.as_str()));
        }
        for (line, target) in imports(tree, source) {
            if source.module.starts_with(&target.module) {
                complaints.push(format!(
                    "{}:{line}: imports from {}, which declares it: import from the file where \
                     the thing is written",
                    source.path, target.path
                ));
            } else {
                known.insert(&target.path);
            }
        }
    }
    let mut search =
        Search { edges: &edges, done: BTreeSet::new(), way: Vec::new(), found: complaints };
    for file in edges.keys() {
        search.visit(file);
    }
    search.found
}

/// Other files that the code of a file outside tests imports, with the line.
fn imports<'a>(tree: &'a Tree, source: &Source) -> Vec<(usize, &'a Source)> {
    let mut found = Vec::new();
    for path in paths::all(&source.code) {
        if source.in_tests(path.offset) {
            continue;
        }
        let target = paths::resolve(source, &path).and_then(|path| tree.file_of(&path));
        let other = target.filter(|file| file.path != source.path && !file.test_file);
        found.extend(other.map(|file| (source.line(path.offset), file)));
    }
    found
}

/// A depth-first walk that reports each way that returns to a file on it.
struct Search<'a> {
    /// Who imports whom.
    edges: &'a BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Files whose imports have all been walked.
    done: BTreeSet<&'a str>,
    /// The way from the start to here.
    way: Vec<&'a str>,
    /// Complaints so far.
    found: Vec<String>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, file: &'a str) {
        if let Some(start) = self.way.iter().position(|step| *step == file) {
            self.found.push(format!("cycle: {} -> {file}", self.way[start..].join(" -> ")));
            return;
        }
        if self.done.contains(file) {
            return;
        }
        self.way.push(file);
        for next in self.edges.get(file).into_iter().flatten() {
            self.visit(next);
        }
        self.way.pop();
        self.done.insert(file);
    }
}

/// Uses of the outside world in the code of pure cores, tests left out.
pub(crate) fn purity(tree: &Tree) -> Vec<String> {
    let mut complaints = BTreeSet::new();
    let pure = |source: &&Source| source.module.first().is_some_and(|m| PURE.contains(&&**m));
    for source in tree.library().filter(pure) {
        for found in paths::all(&source.code) {
            if source.in_tests(found.offset) {
                continue;
            }
            let inside = paths::resolve(source, &found);
            let path = match &inside {
                Some(path) => format!("crate::{}::", path.join("::")),
                None => format!("{}::", found.segments.join("::")),
            };
            let named =
                ["Instant::now::", "SystemTime::now::"].iter().any(|end| path.ends_with(end));
            if named || IMPURE.iter().any(|start| path.starts_with(&format!("{start}::"))) {
                complaints.insert(format!(
                    "{}:{}: a pure core uses `{}`: time, chance and bytes come in as arguments",
                    source.path,
                    source.line(found.offset),
                    path.trim_end_matches(':')
                ));
            }
        }
    }
    complaints.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_module_may_not_be_imported() {
        let up = Tree::of(&[("src/wire/codec.rs", "fn f() { crate::swarm::Swarm::new(); }\n")]);
        assert_eq!(ranks(&up).len(), 1);
        let grouped = Tree::of(&[("src/id.rs", "use crate::{limits, id::X};\n")]);
        assert_eq!(ranks(&grouped).len(), 1);
        let relative = Tree::of(&[("src/wire/codec.rs", "use super::super::cli::run;\n")]);
        assert_eq!(ranks(&relative).len(), 1);
        let tests = "#[cfg(test)]\nmod tests {\n use crate::client::Client;\n}\n";
        assert_eq!(ranks(&Tree::of(&[("src/wire/codec.rs", tests)])).len(), 1);
    }

    #[test]
    fn a_lower_module_may_be_imported() {
        let text =
            "//! See [`crate::cli`].\nuse crate::kit::clock::Time;\nuse super::frame::Frame;\n";
        assert!(ranks(&Tree::of(&[("src/wire/codec.rs", text)])).is_empty());
    }

    #[test]
    fn the_toolbox_knows_limits_and_no_bittorrent() {
        assert!(ranks(&Tree::of(&[("src/kit/a.rs", "use crate::limits::X;\n")])).is_empty());
        assert_eq!(ranks(&Tree::of(&[("src/kit/a.rs", "use crate::layout::X;\n")])).len(), 1);
    }

    #[test]
    fn a_module_without_a_rank_is_found() {
        assert_eq!(ranks(&Tree::of(&[("src/helpers.rs", "")])).len(), 1);
    }

    #[test]
    fn siblings_that_import_each_other_are_a_cycle() {
        let files = [
            ("src/swarm/mod.rs", "mod a;\nmod b;\nmod c;\n"),
            ("src/swarm/a.rs", "use super::b::B;\n"),
            ("src/swarm/b.rs", "fn f() -> crate::swarm::c::C { todo!() }\n"),
            ("src/swarm/c.rs", "use super::a::A;\n"),
        ];
        let found = cycles(&Tree::of(&files));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with("src/swarm/c.rs -> src/swarm/a.rs"), "{found:?}");
        let open = [files[0], files[1], files[2], ("src/swarm/c.rs", "")];
        assert!(cycles(&Tree::of(&open)).is_empty());
    }

    #[test]
    fn a_child_may_not_import_from_the_file_that_declares_it() {
        let text = "use super::Event;\n#[cfg(test)]\nmod tests {\n use super::*;\n}\n";
        let files = [("src/swarm/mod.rs", "mod a;\npub struct Event;\n"), ("src/swarm/a.rs", text)];
        assert_eq!(cycles(&Tree::of(&files)).len(), 1);
        let front = [("src/lib.rs", "pub mod id;\n"), ("src/id.rs", "use crate::Result;\n")];
        assert_eq!(cycles(&Tree::of(&front)).len(), 1);
    }

    #[test]
    fn a_cycle_through_a_folder_is_found() {
        let files = [
            ("src/swarm/mod.rs", "mod a;\nmod b;\n"),
            ("src/swarm/a.rs", "use super::b::B;\n"),
            ("src/swarm/b/mod.rs", "mod c;\n"),
            ("src/swarm/b/c.rs", "use super::super::a::A;\n"),
        ];
        assert_eq!(cycles(&Tree::of(&files)).len(), 1);
    }

    #[test]
    fn tests_may_close_a_cycle() {
        let tests = "#[cfg(test)]\nmod tests;\n";
        let files = [("src/a.rs", tests), ("src/a/tests.rs", "use super::*;\nuse crate::a::X;\n")];
        assert!(cycles(&Tree::of(&files)).is_empty());
    }

    #[test]
    fn a_pure_core_that_looks_outside_is_found() {
        let guilty = [
            "use std::{fs, fmt};\n",
            "use std::net::TcpStream;\n",
            "use mio::Poll;\n",
            "fn f() { std::thread::sleep(x) }\n",
            "use std::time::{Duration, Instant};\n",
            "fn f() { time::Instant::now(); }\n",
            "use crate::kit::thread::spawn;\n",
            "use getrandom;\n",
        ];
        for text in guilty {
            assert_eq!(purity(&Tree::of(&[("src/chord/node.rs", text)])).len(), 1, "{text}");
        }
        let innocent = "use std::net::SocketAddr;\nuse std::time::Duration;\n\
                        #[cfg(test)]\nmod tests {\n use std::fs;\n}\n";
        assert!(purity(&Tree::of(&[("src/chord/node.rs", innocent)])).is_empty());
        assert!(purity(&Tree::of(&[("src/threads/peer.rs", "use mio::Poll;\n")])).is_empty());
    }
}
