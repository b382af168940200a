//! The rules about how files look: the opening paragraph, sizes, the crate's front page.

use crate::layers;
use crate::source::{Tree, words};
use std::collections::BTreeMap;

/// Most lines of a file, tests included.
const FILE_LINES_MAX: usize = 400;
/// Most lines of a function, from its name to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;
/// Most characters of a line.
const COLUMNS_MAX: usize = 100;

/// Files that may be longer than [`FILE_LINES_MAX`]: path, lines, reason. They may shrink but not
/// grow; whoever makes one fit takes it off the list.
pub(crate) const RATCHET: &[(&str, usize, &str)] = &[];

/// Words that declare something which a front page must not hold.
const DECLARING: [&str; 10] =
    ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "impl", "macro_rules"];

/// Files that do not open with a `//!` paragraph.
pub(crate) fn openings(tree: &Tree) -> Vec<String> {
    let silent = tree.0.iter().filter(|source| !source.text.starts_with("//! "));
    silent
        .map(|source| {
            format!("{}: open with `//!`: what lives here, and what does not", source.path)
        })
        .collect()
}

/// Files, functions and lines over their size.
pub(crate) fn sizes(tree: &Tree, ratchet: &[(&str, usize, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut grown: BTreeMap<&str, usize> =
        ratchet.iter().map(|(path, lines, _)| (*path, *lines)).collect();
    for source in &tree.0 {
        let path = &source.path;
        let lines = source.text.lines().count();
        let allowed = grown.remove(path.as_str());
        if allowed.is_some() && lines <= FILE_LINES_MAX {
            complaints.push(format!("{path}: fits now, take it off RATCHET"));
        }
        if lines > allowed.unwrap_or(FILE_LINES_MAX) {
            complaints.push(format!("{path}: {lines} lines: find the seam and cut it there"));
        }
        for (name, first, length) in source.functions() {
            if length > FUNCTION_LINES_MAX {
                complaints.push(format!("{path}:{first}: `{name}` has {length} lines"));
            }
        }
        for (index, line) in source.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX {
                complaints.push(format!("{path}:{}: {columns} columns", index + 1));
            }
        }
    }
    complaints.extend(grown.keys().map(|path| format!("{path}: on RATCHET, but not there")));
    complaints
}

/// What is wrong with `lib.rs`: things declared in it, modules that its reading list leaves out or
/// names in another order than that of their ranks.
pub(crate) fn front_page(tree: &Tree) -> Vec<String> {
    let Some(page) = tree.0.iter().find(|source| source.path == "src/lib.rs") else {
        return vec!["src/lib.rs: missing".to_owned()];
    };
    let mut complaints = Vec::new();
    for word in DECLARING {
        let places = words(&page.code, word).map(|(offset, _)| page.line(offset));
        complaints.extend(places.map(|line| {
            format!("src/lib.rs:{line}: `{word}` belongs into a module, not on the front page")
        }));
    }
    let front = page.text.lines().filter(|line| line.starts_with("//!")).collect::<String>();
    let mut listed = Vec::new();
    for child in page.children(false) {
        let name = child.join("::");
        match front.find(&format!("[`{name}`]")) {
            Some(place) => listed.push((place, name)),
            None => complaints.push(format!("src/lib.rs: the reading list leaves out [`{name}`]")),
        }
    }
    listed.sort();
    for pair in listed.windows(2) {
        let (before, after) = (&pair[0].1, &pair[1].1);
        if layers::rank(before) > layers::rank(after) {
            complaints.push(format!("src/lib.rs: read [`{after}`] before [`{before}`]"));
        }
    }
    complaints
}

/// Files below `src/` that no other file declares.
pub(crate) fn forgotten(tree: &Tree) -> Vec<String> {
    let declared: Vec<Vec<String>> =
        tree.library().flat_map(|source| source.children(false)).collect();
    let lost = tree
        .library()
        .filter(|source| !source.module.is_empty() && !declared.contains(&source.module));
    lost.map(|source| format!("{}: no `mod` declares it", source.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_opening_is_found() {
        let tree = Tree::of(&[("src/a.rs", "use x;\n//! Late.\n"), ("src/b.rs", "//! Early.\n")]);
        assert_eq!(openings(&tree).len(), 1);
    }

    #[test]
    fn what_is_too_large_is_found() {
        let long_file = "\n".repeat(FILE_LINES_MAX + 1);
        let long_function = format!("fn f() {{\n{}}}\n", "\n".repeat(FUNCTION_LINES_MAX - 1));
        let wide = format!("// {}\n", "é".repeat(COLUMNS_MAX - 2));
        for text in [&long_file, &long_function, &wide] {
            assert_eq!(sizes(&Tree::of(&[("src/a.rs", text)]), &[]).len(), 1);
        }
        let fits = [
            "\n".repeat(FILE_LINES_MAX),
            format!("fn f() {{\n{}}}\n", "\n".repeat(FUNCTION_LINES_MAX - 2)),
            format!("// {}\n", "é".repeat(COLUMNS_MAX - 3)),
        ];
        for text in &fits {
            assert!(sizes(&Tree::of(&[("src/a.rs", text)]), &[]).is_empty());
        }
    }

    #[test]
    fn the_ratchet_only_turns_one_way() {
        let tree = |lines: usize| Tree::of(&[("src/a.rs", &"\n".repeat(lines))]);
        let allowed = [("src/a.rs", 500, "a table")];
        assert!(sizes(&tree(500), &allowed).is_empty());
        assert_eq!(sizes(&tree(501), &allowed).len(), 1);
        assert_eq!(sizes(&tree(400), &allowed).len(), 1);
        assert_eq!(sizes(&Tree::of(&[]), &allowed).len(), 1);
    }

    #[test]
    fn a_front_page_lists_its_modules_and_declares_nothing() {
        let page = |text: &str| front_page(&Tree::of(&[("src/lib.rs", text)])).len();
        assert_eq!(page("//! [`id`], [`kit`]\npub mod kit;\npub mod id;\n"), 0);
        assert_eq!(page("//! [`id`]\npub mod kit;\npub mod id;\n"), 1);
        assert_eq!(page("//! [`kit`], [`id`]\npub mod kit;\npub mod id;\n"), 1);
        assert_eq!(page("//! Words.\npub struct Id;\n"), 1);
        assert_eq!(page("//! Words.\nfn f() {}\n"), 1);
    }

    #[test]
    fn a_file_that_nobody_declares_is_found() {
        let files = [("src/lib.rs", "mod a;\n"), ("src/a.rs", ""), ("src/b.rs", "")];
        assert_eq!(forgotten(&Tree::of(&files)).len(), 1);
        assert!(forgotten(&Tree::of(&files[..2])).is_empty());
    }
}
