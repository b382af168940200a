//! Reads Rust files just deeply enough for the rules: what is code and what is comment or literal,
//! what is test code, which inline module a place is in, where functions begin and end.
//!
//! Not a parser: it relies on rustfmt'd source that compiles. Knows no rule.

use crate::mask::{is_word, mask};
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
        let moved: Vec<(String, Vec<String>)> = sources.iter().flat_map(Source::placed).collect();
        for source in &mut sources {
            let place = moved.iter().find(|(path, _)| *path == source.path);
            place.inspect(|(_, module)| source.module.clone_from(module));
        }
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

    /// Files that it declares as a child by `#[path = "…"]`, and the module that they become.
    fn placed(&self) -> Vec<(String, Vec<String>)> {
        let mut found = Vec::new();
        for (offset, attribute) in self.text.match_indices("#[path = \"") {
            let rest = &self.text[offset + attribute.len()..];
            let Some((file, _)) = rest.split_once('"') else { continue };
            // The comment or literal that only talks of such an attribute is blank in the code.
            if !self.code[offset..].starts_with("#[path") {
                continue;
            }
            let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let Some((declaration, _)) = words(&self.code[offset..], "mod").next() else {
                continue;
            };
            let mut module = self.module_at(offset);
            module.push(next_word(&self.code, offset + declaration + 3).0.to_owned());
            found.push((format!("{folder}/{file}"), module));
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

/// The word that begins at a place, blanks before it skipped, and what is left behind it.
pub(crate) fn next_word(code: &str, offset: usize) -> (&str, &str) {
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

/// End of the item that begins at `start`: behind its `;` or its closing brace.
pub(crate) fn item_end(code: &str, start: usize) -> Option<usize> {
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
    fn a_file_declared_by_its_path_is_where_it_was_put() {
        let parent = "#[cfg(test)]\n#[path = \"two_tests.rs\"]\nmod tests;\n";
        let tree = Tree::of(&[("src/one/two.rs", parent), ("src/one/two_tests.rs", "")]);
        assert_eq!(tree.0[1].module, ["one", "two", "tests"]);
        assert!(tree.0[1].test_file);
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
