//! Finds the paths (`a::b::C`) in masked code, with the groups of `use` spelled out, and resolves
//! `crate`, `self` and `super` to a module path of the crate.
//!
//! Relative paths without a leading keyword come out as they stand.

use crate::mask::is_word;
use crate::source::Source;

/// One path as written.
pub(crate) struct Found {
    /// Where it begins in the code.
    pub(crate) offset: usize,
    /// Its segments; `*` for a glob.
    pub(crate) segments: Vec<String>,
}

/// A piece of code that matters for paths.
enum Token<'a> {
    /// A word and where it is.
    Word(&'a str, usize),
    /// `::`
    Colons,
    /// Any other visible character.
    Other(char),
}

/// All paths of a file. Single words count only right behind `use`.
pub(crate) fn all(code: &str) -> Vec<Found> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Token::Word(word, offset) = tokens[at] else {
            at += 1;
            continue;
        };
        let after_use = at > 0 && matches!(tokens[at - 1], Token::Word("use", _));
        let leads = matches!(tokens.get(at + 1), Some(Token::Colons));
        if word == "use" || !(leads || after_use) {
            at += 1;
            continue;
        }
        let mut paths = Vec::new();
        at = branch(&tokens, at, Vec::new(), &mut paths);
        found.extend(paths.into_iter().map(|segments| Found { offset, segments }));
    }
    found
}

/// Follows one branch of a path from a token on; returns the first token behind it.
fn branch(
    tokens: &[Token<'_>],
    mut at: usize,
    mut path: Vec<String>,
    out: &mut Vec<Vec<String>>,
) -> usize {
    loop {
        match tokens.get(at) {
            Some(Token::Word(word, _)) => path.push((*word).to_owned()),
            Some(Token::Other('*')) => path.push("*".to_owned()),
            Some(Token::Other('{')) => return group(tokens, at + 1, &path, out),
            _ => {
                // A turbofish or the end of the text: the path ends before it.
                out.push(path);
                return at;
            }
        }
        at += 1;
        if !matches!(tokens.get(at), Some(Token::Colons)) {
            if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                path.pop();
            }
            out.push(path);
            return at;
        }
        at += 1;
    }
}

/// Follows the branches of a group from behind its brace on; returns the token behind its end.
fn group(
    tokens: &[Token<'_>],
    mut at: usize,
    path: &[String],
    out: &mut Vec<Vec<String>>,
) -> usize {
    loop {
        match tokens.get(at) {
            None => return at,
            Some(Token::Other('}')) => return at + 1,
            // `as name` after a branch is no branch of its own.
            Some(Token::Word("as", _)) => at += 2,
            Some(Token::Word(..) | Token::Other('*' | '{')) => {
                at = branch(tokens, at, path.to_vec(), out);
            }
            Some(Token::Colons | Token::Other(_)) => at += 1,
        }
    }
}

/// Cuts masked code into tokens.
fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = code.char_indices().peekable();
    while let Some((offset, first)) = rest.next() {
        if is_word(first) {
            let mut end = offset + first.len_utf8();
            while let Some(&(next, c)) = rest.peek() {
                if !is_word(c) {
                    break;
                }
                end = next + c.len_utf8();
                rest.next();
            }
            tokens.push(Token::Word(&code[offset..end], offset));
        } else if first == ':' && rest.peek().is_some_and(|&(_, c)| c == ':') {
            rest.next();
            tokens.push(Token::Colons);
        } else if !first.is_whitespace() {
            tokens.push(Token::Other(first));
        }
    }
    tokens
}

/// The module path inside the crate that a path means, or none when it leads out of the crate or
/// is relative.
pub(crate) fn resolve(source: &Source, found: &Found) -> Option<Vec<String>> {
    let mut at = source.module_at(found.offset);
    let mut segments = found.segments.iter();
    match segments.next().map(String::as_str) {
        Some("crate") => at.clear(),
        Some("self") => {}
        Some("super") => {
            at.pop();
        }
        _ => return None,
    }
    for segment in segments {
        if segment == "super" {
            at.pop();
        } else {
            at.push(segment.clone());
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Tree;

    fn spelled(code: &str) -> Vec<String> {
        all(code).into_iter().map(|found| found.segments.join("::")).collect()
    }

    #[test]
    fn groups_are_spelled_out() {
        let code = "use crate::{kit::{self, clock::Time as T}, wire::*};\nuse mio;";
        let paths = ["crate::kit", "crate::kit::clock::Time", "crate::wire::*", "mio"];
        assert_eq!(spelled(code), paths);
    }

    #[test]
    fn paths_inside_code_count() {
        let code =
            "fn f(x: std::fs::File) { crate::a::B { y: 1 }; Vec::<u8>::new(); ::std::net::x() }";
        let paths = spelled(code);
        assert_eq!(&paths[..3], ["std::fs::File", "crate::a::B", "Vec"]);
        assert!(paths.contains(&"std::net::x".to_owned()));
    }

    #[test]
    fn super_counts_inline_modules() {
        let text = "use super::a::X;\nmod tests {\n use super::*;\n use super::super::b::Y;\n}\n";
        let tree = Tree::of(&[("src/one/two.rs", text)]);
        let source = &tree.0[0];
        let resolved: Vec<String> = all(&source.code)
            .iter()
            .map(|found| resolve(source, found).expect("inside the crate").join("::"))
            .collect();
        assert_eq!(resolved, ["one::a::X", "one::two::*", "one::b::Y"]);
    }
}
