//! Reads Rust files just deeply enough for the rules: what is code and what is comment or literal,
//! what is test code, which inline module a place is in, where functions begin and end.
//!
//! Not a parser: it relies on rustfmt'd source that compiles. Knows no rule.

use std::fs;
use std::ops::Range;
use std::path::Path;

/// Folders that hold Rust files of the project.
const FOLDERS: [&str; 4] = ["src", "tests", "benches", "examples"];

/// One Rust file.
pub(crate) struct Source {
    /// Path below the project's folder, with `/`.
    pub(crate) path: String,
    /// Path of its module in the crate (`src/` only): empty for `lib.rs`.
    pub(crate) module: Vec<String>,
    /// The text as it is.
    pub(crate) text: String,
    /// The text with comments and literals blanked; same length and lines.
    pub(crate) code: String,
    /// Spans of `code` that are built for tests only.
    tests: Vec<Range<usize>>,
    /// Inline modules: their name and the span of their body.
    inline: Vec<(String, Range<usize>)>,
    /// Whether the whole file is built for tests only.
    pub(crate) test_file: bool,
}

/// All Rust files of the project, ordered by path.
pub(crate) struct Tree(pub(crate) Vec<Source>);

impl Tree {
    /// Reads the files below the project's folder.
    pub(crate) fn load(root: &Path) -> Tree {
        let mut files = Vec::new();
        for folder in FOLDERS {
            collect(&root.join(folder), folder, &mut files);
        }
        Tree::new(files)
    }

    /// A tree of the given paths and texts.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Tree {
        Tree::new(files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect())
    }

    fn new(mut files: Vec<(String, String)>) -> Tree {
        files.sort();
        let mut sources: Vec<Source> =
            files.into_iter().map(|(path, text)| Source::new(path, text)).collect();
        // Parents come to know their test files; a few rounds carry it down to grandchildren.
        for _ in 0..4 {
            let marked: Vec<Vec<String>> =
                sources.iter().flat_map(|parent| parent.children(true).into_iter()).collect();
            for source in sources.iter_mut().filter(|source| source.in_library()) {
                source.test_file |= marked.contains(&source.module);
            }
        }
        Tree(sources)
    }

    /// The files of the library, `main.rs` and other binaries left out.
    pub(crate) fn library(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().filter(|source| source.in_library())
    }

    /// The file that a module path inside the crate leads to: its longest prefix that is a file.
    pub(crate) fn file_of(&self, path: &[String]) -> Option<&Source> {
        let fits = self.library().filter(|source| path.starts_with(&source.module));
        fits.max_by_key(|source| source.module.len())
    }
}

impl Source {
    fn new(path: String, text: String) -> Source {
        let code = mask(&text);
        let mut parts: Vec<String> =
            path.trim_end_matches(".rs").split('/').skip(1).map(str::to_owned).collect();
        if matches!(parts.last().map(String::as_str), Some("lib" | "mod")) {
            parts.pop();
        }
        let tests = test_spans(&code);
        let inline = inline_modules(&code);
        Source { path, module: parts, text, code, tests, inline, test_file: false }
    }

    /// Whether the file is part of the library crate.
    pub(crate) fn in_library(&self) -> bool {
        self.path.starts_with("src/")
            && self.path != "src/main.rs"
            && !self.path.starts_with("src/bin/")
    }

    /// Whether the place is built for tests only.
    pub(crate) fn in_tests(&self, offset: usize) -> bool {
        self.test_file || self.tests.iter().any(|span| span.contains(&offset))
    }

    /// The module that a place belongs to, inline modules counted.
    pub(crate) fn module_at(&self, offset: usize) -> Vec<String> {
        let around = self.inline.iter().filter(|(_, span)| span.contains(&offset));
        self.module.iter().cloned().chain(around.map(|(name, _)| name.clone())).collect()
    }

    /// Line number of a place, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.code.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count() + 1
    }

    /// Module paths of the child files that it declares; with `tests_only`, only for tests.
    pub(crate) fn children(&self, tests_only: bool) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for (offset, _) in words(&self.code, "mod") {
            let (name, rest) = next_word(&self.code, offset + 3);
            if rest.trim_start().starts_with(';') && (!tests_only || self.in_tests(offset)) {
                let mut path = self.module_at(offset);
                path.push(name.to_owned());
                found.push(path);
            }
        }
        found
    }

    /// Functions with a body: name, first line, count of lines.
    pub(crate) fn functions(&self) -> Vec<(String, usize, usize)> {
        let mut found = Vec::new();
        for (offset, _) in words(&self.code, "fn") {
            let (name, _) = next_word(&self.code, offset + 2);
            let Some(end) = item_end(&self.code, offset) else { continue };
            if !name.is_empty() && self.code.as_bytes()[end - 1] == b'}' {
                let first = self.line(offset);
                found.push((name.to_owned(), first, self.line(end - 1) - first + 1));
            }
        }
        found
    }
}

/// Reads all Rust files below a folder.
fn collect(folder: &Path, name: &str, files: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("the folder can be listed").path();
        let file = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        let inner = format!("{name}/{file}");
        if path.is_dir() {
            collect(&path, &inner, files);
        } else if file.ends_with(".rs") {
            files.push((inner, fs::read_to_string(&path).expect("source files are UTF-8")));
        }
    }
}

/// Whether the character may be part of a word of the language.
pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The word that begins at a place, blanks before it skipped, and what is left behind it.
fn next_word(code: &str, offset: usize) -> (&str, &str) {
    let rest = code[offset..].trim_start();
    rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
}

/// Places where a word stands alone.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    code.match_indices(word).filter(move |(offset, _)| {
        let before = code[..*offset].chars().next_back();
        let after = code[offset + word.len()..].chars().next();
        ![before, after].into_iter().flatten().any(is_word)
    })
}

/// Blanks comments and literals, keeping length and line breaks.
pub(crate) fn mask(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = opaque_end(bytes, at);
        code[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end.max(at + 1);
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// End of the comment or literal that begins here; `at` itself when none does.
fn opaque_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let fresh = at == 0 || !is_word(char::from(bytes[at - 1]));
    let length = match rest {
        [b'/', b'/', ..] => rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => quoted(rest, b'"'),
        [b'\'', b'\\', ..] => quoted(rest, b'\''),
        [b'\'', first, ..] => {
            let width = 1 + (first.leading_ones() as usize).max(1);
            if rest.get(width) == Some(&b'\'') { width + 1 } else { 0 }
        }
        [b'r', ..] if fresh => raw_string(rest, 1),
        [b'b' | b'c', b'r', ..] if fresh => raw_string(rest, 2),
        _ => 0,
    };
    at + length
}

/// Length of a block comment, nested ones counted.
fn block_comment(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (2, 1);
    while at < rest.len() && depth > 0 {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

/// Length of a literal between quotes.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// Length of a raw string whose prefix has the given length; 0 when it is none.
fn raw_string(rest: &[u8], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|&&byte| byte == b'#').count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&b'"') {
        return 0;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = rest[open + 1..].windows(close.len()).position(|window| window == close);
    body.map_or(rest.len(), |found| open + 1 + found + close.len())
}

/// End of the item that begins at `start`: behind its `;` or its closing brace.
fn item_end(code: &str, start: usize) -> Option<usize> {
    let (mut depth, mut braces) = (0, 0);
    for (offset, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' => braces += 1,
            b'}' => braces -= 1,
            _ => {}
        }
        if depth < 0 || braces < 0 {
            return None;
        }
        if matches!(byte, b';' | b'}') && depth == 0 && braces == 0 {
            return Some(offset + 1);
        }
    }
    None
}

/// Spans of the items under a `#[cfg(test)]`.
fn test_spans(code: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for (start, _) in code.match_indices("#[cfg(") {
        let Some(length) = code[start..].find(']') else { continue };
        let attribute = &code[start..start + length];
        if words(attribute, "test").next().is_none() || attribute.contains("not(") {
            continue;
        }
        let mut item = start + length + 1;
        while code[item..].trim_start().starts_with("#[") {
            item += code[item..].find(']').map_or(0, |n| n + 1);
        }
        let end = item_end(code, item).unwrap_or(code.len());
        spans.push(start..end);
    }
    spans
}

/// Name and body of each inline module.
fn inline_modules(code: &str) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    for (offset, _) in words(code, "mod") {
        let (name, rest) = next_word(code, offset + 3);
        if rest.trim_start().starts_with('{') {
            found.push((name.to_owned(), offset..item_end(code, offset).unwrap_or(code.len())));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_nothing_else() {
        let cases = [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            ("f(\"x\\\"y\", z)", "f(      , z)"),
            ("f(r#\"a\"b\"#)", "f(        )"),
            ("'a' '\\'' &'a str", "         &'a str"),
            ("b'\\n' 'é' x", "b          x"),
            ("r#type", "r#type"),
        ];
        for (text, code) in cases {
            assert_eq!(mask(text), code, "{text}");
        }
    }

    #[test]
    fn test_code_and_inline_modules_are_told_apart() {
        let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n";
        let tree = Tree::of(&[("src/one.rs", text)]);
        let source = &tree.0[0];
        let (a, b, c) = (text.find("a()"), text.find("b()"), text.find("c()"));
        assert!(!source.in_tests(a.expect("a")));
        assert!(source.in_tests(b.expect("b")));
        assert!(!source.in_tests(c.expect("c")));
        assert_eq!(source.module_at(b.expect("b")), ["one", "tests"]);
        assert_eq!(source.module_at(c.expect("c")), ["one"]);
    }

    #[test]
    fn a_file_declared_for_tests_is_test_code() {
        let parent = "#[cfg(test)]\nmod tests;\nmod work;\n";
        let tree = Tree::of(&[
            ("src/one/mod.rs", parent),
            ("src/one/tests.rs", ""),
            ("src/one/work.rs", ""),
        ]);
        let marked: Vec<bool> = tree.0.iter().map(|source| source.test_file).collect();
        assert_eq!(marked, [false, true, false]);
    }

    #[test]
    fn functions_are_measured_from_name_to_closing_brace() {
        let text =
            "trait T {\n fn none(&self) -> [u8; 4];\n}\nfn two(f: fn(u8)) -> [u8; 2] {\n g()\n}\n";
        let tree = Tree::of(&[("src/one.rs", text)]);
        assert_eq!(tree.0[0].functions(), [("two".to_owned(), 4, 3)]);
    }

    #[test]
    fn a_path_leads_to_its_deepest_file() {
        let tree = Tree::of(&[("src/one/mod.rs", ""), ("src/one/two.rs", ""), ("src/lib.rs", "")]);
        let file = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|part| part.to_string()).collect();
            tree.file_of(&path).map(|source| source.path.as_str())
        };
        assert_eq!(file(&["one", "two", "Three"]), Some("src/one/two.rs"));
        assert_eq!(file(&["one", "Four"]), Some("src/one/mod.rs"));
        assert_eq!(file(&["Five"]), Some("src/lib.rs"));
    }
}
