//! The messages of the program and `docs/errors.md`: what the code can say to a user is explained
//! on the page, and what the page explains can be said.
//!
//! A message is a text in the code where failures and warnings are made: the `Display` of an error,
//! the arguments of [`CALLS`], a function called `explain`, or, among the arguments of the command
//! line, a text that begins as [`BEGINNINGS`] do. What is filled in is `…` on both sides.

use crate::mask::literals;
use crate::source::{Source, Tree, item_end, next_word, words};
use std::collections::BTreeMap;
use std::ops::Range;

/// Calls that say what they are given.
const CALLS: [&str; 5] = ["Failure::new", "Failure::absent", ".warn", "log::warn!", "log::error!"];
/// Calls that say what to do about a message. That is told with it, and may be told anew here.
const ADVICE: [&str; 1] = [".advise"];
/// What may be given to them that is no text: it was said, and so found, elsewhere.
const PASSED_ON: [&str; 4] = ["error", "&error", "message", "&failure.to_string()"];
/// Types besides those called `…Error` whose `Display` a user reads.
const SPEAKERS: [&str; 2] = ["CloseReason", "Bound"];
/// How texts about arguments begin.
const BEGINNINGS: [&str; 2] = ["expected ", "the "];
/// Folders and files whose errors no user meets, with the reason.
const UNHEARD: [(&str, &str); 4] = [
    ("src/chord/error.rs", "a datagram that is none of the ring's is dropped"),
    ("src/simulator/", "it is for developers"),
    ("src/tracker/http_query.rs", "said by who plays the tracker, which is the tests"),
    ("src/wire/extension.rs", "a peer's extension handshake that is none counts as not sent"),
];

/// Messages of the code, each with a place that says it.
pub(crate) fn spoken(tree: &Tree) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for source in tree.library().filter(|source| is_heard(source)) {
        let (spans, advice) = (spans(source), calls(source, &ADVICE).collect::<Vec<_>>());
        for (offset, literal) in literals(&source.text) {
            let begins = || BEGINNINGS.iter().any(|beginning| literal.starts_with(beginning));
            let argument = source.path.starts_with("src/cli/arguments/") && begins();
            let said = argument || spans.iter().any(|span| span.contains(&offset));
            let advice = advice.iter().any(|span| span.contains(&offset));
            if !said || advice || source.in_tests(offset) {
                continue;
            }
            if let Some(message) = message(literal) {
                found.insert(message, format!("{}:{}", source.path, source.line(offset)));
            }
        }
    }
    found
}

/// Calls that are given something of which nobody knows what it says.
pub(crate) fn unknown(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in tree.library().filter(|source| is_heard(source)) {
        for span in calls(source, &CALLS).filter(|span| !source.in_tests(span.start)) {
            let given = source.text[span.clone()].trim();
            let text = literals(&source.text).iter().any(|(offset, _)| span.contains(offset));
            if !text && !PASSED_ON.contains(&given) {
                let line = source.line(span.start);
                complaints.push(format!(
                    "{}:{line}: `{given}` says what? Write the text into the call",
                    source.path
                ));
            }
        }
    }
    complaints
}

/// Messages of the page: what stands in backticks at the beginning of an item of a list.
pub(crate) fn explained(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for item in items(page) {
        let mut rest = item.as_str();
        while let Some((quoted, after)) =
            rest.strip_prefix('`').and_then(|rest| rest.split_once('`'))
        {
            found.extend(message(quoted));
            rest = after.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        }
    }
    found
}

/// The items of all lists, without their marks.
fn items(page: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in page.lines() {
        match (line.trim_start().strip_prefix("- "), items.last_mut()) {
            (Some(item), _) => items.push(item.to_owned()),
            (None, Some(item)) => item.extend(["\n", line]),
            (None, None) => {}
        }
    }
    items
}

/// What one side says and the other does not.
pub(crate) fn differences(tree: &Tree, page: &str) -> Vec<String> {
    let (spoken, explained) = (spoken(tree), explained(page));
    let missing = spoken.iter().filter(|(message, _)| !explained.contains(message));
    let missing =
        missing.map(|(message, place)| format!("docs/errors.md leaves out `{message}` ({place})"));
    let idle = explained.iter().filter(|message| !spoken.contains_key(*message));
    let idle = idle.map(|message| format!("docs/errors.md: nobody says `{message}`"));
    missing.chain(idle).collect()
}

fn is_heard(source: &Source) -> bool {
    !UNHEARD.iter().any(|(path, _)| source.path.starts_with(path))
}

/// Spans of the code whose texts are messages.
fn spans(source: &Source) -> Vec<Range<usize>> {
    let code = &source.code;
    let item = |offset| item_end(code, offset).map(|end| offset..end);
    let displays = code.match_indices("impl fmt::Display for ").filter(|(offset, found)| {
        let (name, _) = next_word(code, offset + found.len());
        name.ends_with("Error") || SPEAKERS.contains(&name)
    });
    let explains = words(code, "explain").filter(|(offset, _)| code[..*offset].ends_with("fn "));
    let items = displays.chain(explains).filter_map(|(offset, _)| item(offset));
    items.chain(calls(source, &CALLS)).collect()
}

/// What stands between the parentheses of each of these calls.
fn calls<'a>(source: &'a Source, names: &'a [&str]) -> impl Iterator<Item = Range<usize>> + 'a {
    let code = &source.code;
    let found = names.iter().flat_map(|call| code.match_indices(call));
    let found = found.map(|(offset, call)| offset + call.len());
    found.filter(|open| code[*open..].starts_with('(')).filter_map(|open| {
        let mut depth = 0;
        for (at, byte) in code.bytes().enumerate().skip(open) {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(open + 1..at);
            }
        }
        None
    })
}

/// A text with `…` for what is filled in, without quotation marks, on one line. Nothing if it is a
/// part of another text, which begins with a blank, or says nothing by itself.
fn message(literal: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = literal.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '{' => {
                rest.by_ref().find(|character| *character == '}');
                text.push('…');
            }
            '\\' => match rest.next() {
                Some('\n') => while rest.next_if(|next| next.is_whitespace()).is_some() {},
                Some('"') | None => {}
                Some(other) => text.push(other),
            },
            '`' | '"' => {}
            other => text.push(other),
        }
    }
    if text.starts_with(' ') || !text.chars().any(char::is_alphabetic) {
        return None;
    }
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    while text.contains("……") || text.contains("… …") {
        text = text.replace("……", "…").replace("… …", "…");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "\
impl fmt::Display for BadError {
    // A \"comment\".
    fn fmt(&self) { write!(f, \"it is {x:?}, \\\n        not {} {}\") }
}
impl fmt::Display for Fine { fn fmt() { \"fine\" } }
fn explain() {
    Failure::new(format!(\"cannot: {error}\")).advise(\"wait\");
    Failure::new(error);
    log::warn!(\"the \\\"end\\\"\");
}
#[cfg(test)]
mod tests { fn t() { Failure::new(\"tested\"); } }
";

    #[test]
    fn messages_are_found_where_they_are_said() {
        let tree = Tree::of(&[
            ("src/a.rs", CODE),
            ("src/chord/b.rs", CODE),
            ("src/cli/arguments/c.rs", "fn f() { (\"expected {N}\", \"other\") }"),
        ]);
        let found: Vec<String> = spoken(&tree).into_keys().collect();
        assert_eq!(found, ["cannot: …", "expected …", "it is …, not …", "the end"]);
        assert!(unknown(&tree).is_empty());
    }

    #[test]
    fn a_call_that_hides_what_it_says_is_found() {
        let tree = Tree::of(&[("src/a.rs", "fn f() { Failure::new(text); output.warn(&x.y()); }")]);
        assert_eq!(unknown(&tree).len(), 2);
    }

    #[test]
    fn both_sides_have_to_say_the_same() {
        let tree = Tree::of(&[("src/a.rs", CODE)]);
        let page = "# Page\n\n\
            - `cannot: …`,\n  `it is …,\n  not …`: do `this`.\n  - `the end`: wait.\n- or\n";
        assert_eq!(explained(page), ["cannot: …", "it is …, not …", "the end"]);
        assert!(differences(&tree, page).is_empty());
        assert_eq!(differences(&tree, &page.replace("the end", "an end")).len(), 2);
    }
}
