//! The files of a torrent as a tree, one line a file or folder, each with its size, files with the
//! number that `--files` knows them by.

use crate::cli::human;
use crate::metainfo::{FileEntry, FileKind};
use std::collections::HashMap;

/// Width of the column of sizes, in characters: `1023.9 KiB`.
const SIZE_WIDTH: usize = 10;

/// Least width of the column of numbers, in characters.
const NUMBER_WIDTH: usize = 4;

/// A file or folder.
#[derive(Default)]
struct Node<'a> {
    /// Its name.
    name: &'a str,
    /// Its number, if it is a file.
    number: Option<usize>,
    /// Bytes of it or in it.
    length: u64,
    /// What is behind its name: a mark or the target of a link.
    note: String,
    /// What is in it, in the torrent's order.
    children: Vec<usize>,
}

/// The lines of the tree; pads are left out.
pub(super) fn lines(files: &[FileEntry]) -> Vec<String> {
    let nodes = grow(files);
    let width = NUMBER_WIDTH.max(files.len().to_string().len());
    let mut lines = Vec::with_capacity(nodes.len());
    // Node, what stands before its name, what stands before those of its children.
    let mut open: Vec<(usize, String, String)> = vec![(0, String::new(), String::new())];
    while let Some((at, before, below)) = open.pop() {
        let node = &nodes[at];
        if at != 0 {
            let size = human::size(node.length);
            let number = node.number.map(|number| number.to_string()).unwrap_or_default();
            let (name, note) = (node.name, &node.note);
            lines.push(format!("{number:>width$}  {size:>SIZE_WIDTH$}  {before}{name}{note}"));
        }
        for (index, &child) in node.children.iter().enumerate().rev() {
            let last = index + 1 == node.children.len();
            let (branch, trunk) = match (at, last) {
                (0, _) => ("", ""),
                (_, true) => ("└── ", "    "),
                (_, false) => ("├── ", "│   "),
            };
            open.push((child, format!("{below}{branch}"), format!("{below}{trunk}")));
        }
    }
    lines
}

/// The nodes; the first is the root, which has no name.
fn grow(files: &[FileEntry]) -> Vec<Node<'_>> {
    let mut nodes = vec![Node::default()];
    let mut places: HashMap<(usize, &str), usize> = HashMap::new();
    let mut number = 0;
    for file in files {
        let note = match &file.kind {
            FileKind::Pad => continue,
            FileKind::Symlink(target) => format!(" -> {target}"),
            FileKind::Regular if file.executable => "*".to_owned(),
            FileKind::Regular => String::new(),
        };
        let mut at = 0;
        for name in file.path.parts() {
            if at != 0 && !nodes[at].note.ends_with('/') {
                nodes[at].note = "/".to_owned();
            }
            let next = *places.entry((at, name)).or_insert_with(|| {
                nodes.push(Node { name, ..Node::default() });
                let new = nodes.len() - 1;
                nodes[at].children.push(new);
                new
            });
            nodes[next].length += file.length;
            at = next;
        }
        number += 1;
        (nodes[at].note, nodes[at].number) = (note, Some(number));
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metainfo::SafePath;

    fn file(path: &str, length: u64) -> FileEntry {
        let path = SafePath::new(path.split('/').map(str::as_bytes));
        let kind = FileKind::Regular;
        FileEntry { path, original: None, length, kind, executable: false, hidden: false }
    }

    #[test]
    fn a_single_file_is_one_line() {
        assert_eq!(lines(&[file("a.iso", 2048)]), ["   1     2.0 KiB  a.iso"]);
    }

    #[test]
    fn folders_sum_up_and_pads_are_hidden() {
        let pad = FileEntry { kind: FileKind::Pad, ..file("m/.pad/10", 10) };
        let link = FileKind::Symlink(file("m/a", 0).path);
        let files = [
            file("m/a", 1),
            pad,
            file("m/d/b", 2),
            FileEntry { executable: true, ..file("m/d/c", 3) },
            FileEntry { kind: link, ..file("m/l", 0) },
        ];
        assert_eq!(
            lines(&files),
            [
                "             6 B  m/",
                "   1         1 B  ├── a",
                "             5 B  ├── d/",
                "   2         2 B  │   ├── b",
                "   3         3 B  │   └── c*",
                "   4         0 B  └── l -> m/a",
            ]
        );
    }
}
