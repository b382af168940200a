//! Gives every file of a torrent a path of its own, also where the file system ignores case, and
//! never one that runs through another file.
//!
//! Files are placed in torrent order: who comes first keeps the name, who comes later gets ` (2)`,
//! ` (3)` ... before the extension, so the same torrent always gets the same paths. A folder that
//! bears the name of a file placed before is renamed likewise, once for all files in it. Cost and
//! memory are linear in the names, whatever they are.

use super::path::{SafePath, cut, fit, safe_name, split_extension};
use crate::limits::{NAME_LENGTH_MAX, NAME_SUFFIX_MAX};
use std::collections::HashMap;

/// A folder; the torrent's own is 0.
type Folder = u32;

/// What has a name in a folder.
#[derive(Debug)]
enum Node {
    /// A file, and the folder that wanted the same name, under the name it got instead.
    File { moved: Option<Box<(String, Folder)>> },
    /// A folder.
    Folder(Folder),
}

/// The names given so far.
#[derive(Debug)]
pub(super) struct Names {
    /// The torrent's own name: the outermost folder, safe already.
    root: String,
    /// Everything placed, by folder and name without case.
    nodes: HashMap<(Folder, String), Node>,
    /// The next number to try for a name that is taken, by folder and name without its number.
    numbers: HashMap<(Folder, String), u32>,
    /// The next folder's number.
    next: Folder,
}

impl Names {
    /// Nothing placed in the folder of that name yet.
    pub(super) fn new(root: String) -> Self {
        Self { root, nodes: HashMap::new(), numbers: HashMap::new(), next: 1 }
    }

    /// The safe path of these names, which may be another file's path too.
    pub(super) fn path(&self, names: &[Vec<u8>]) -> SafePath {
        SafePath::join(&self.parts(names))
    }

    /// Places a file: a path that no other file has or runs through.
    pub(super) fn place(&mut self, names: &[Vec<u8>]) -> SafePath {
        let mut parts = self.parts(names);
        let last = parts.len() - 1;
        let mut folder = 0;
        // The first part is the torrent's own folder: nothing else lies beside it.
        for part in &mut parts[1..last] {
            folder = self.enter(folder, part);
        }
        let name = &mut parts[last];
        if self.nodes.contains_key(&(folder, fold(name))) {
            *name = self.free_name(folder, name);
        }
        self.nodes.insert((folder, fold(name)), Node::File { moved: None });
        SafePath::join(&parts)
    }

    /// The path of the folder with these names, if a file was placed in it.
    pub(super) fn folder(&self, names: &[Vec<u8>]) -> Option<SafePath> {
        let mut parts = self.parts(names);
        let mut folder = 0;
        for part in &mut parts[1..] {
            match self.nodes.get(&(folder, fold(part)))? {
                Node::Folder(number) => folder = *number,
                Node::File { moved } => {
                    let (name, number) = &**moved.as_ref()?;
                    folder = *number;
                    part.clone_from(name);
                }
            }
        }
        Some(SafePath::join(&parts))
    }

    /// The safe parts under the root; at least the root and one more.
    fn parts(&self, names: &[Vec<u8>]) -> Vec<String> {
        let inner = names.iter().map(|name| safe_name(name));
        let mut parts: Vec<String> = [self.root.clone()].into_iter().chain(inner).collect();
        if names.is_empty() {
            parts.push("_".to_owned());
        }
        fit(parts)
    }

    /// The folder of that name in a folder, made if need be; the name changes if a file has it.
    fn enter(&mut self, parent: Folder, name: &mut String) -> Folder {
        let key = (parent, fold(name));
        match self.nodes.get(&key) {
            Some(Node::Folder(number)) => *number,
            Some(Node::File { moved: Some(moved) }) => {
                name.clone_from(&moved.0);
                moved.1
            }
            Some(Node::File { moved: None }) => {
                *name = self.free_name(parent, name);
                let number = self.add_folder((parent, fold(name)));
                let moved = Some(Box::new((name.clone(), number)));
                self.nodes.insert(key, Node::File { moved });
                number
            }
            None => self.add_folder(key),
        }
    }

    /// Notes a new folder.
    fn add_folder(&mut self, key: (Folder, String)) -> Folder {
        let number = self.next;
        self.next += 1;
        self.nodes.insert(key, Node::Folder(number));
        number
    }

    /// The name with the first number that makes it free. A number is tried once for all names
    /// that are the same but for it, so a torrent of equal names costs no more than another.
    fn free_name(&mut self, folder: Folder, name: &str) -> String {
        let (stem, extension) = split_extension(name);
        let stem = cut(stem, NAME_LENGTH_MAX - NAME_SUFFIX_MAX - extension.len());
        let number =
            self.numbers.entry((folder, fold(&format!("{stem}/{extension}")))).or_insert(2);
        loop {
            let candidate = format!("{stem} ({number}){extension}");
            *number += 1;
            if !self.nodes.contains_key(&(folder, fold(&candidate))) {
                return candidate;
            }
        }
    }
}

/// The name as file systems compare it that ignore case, character by character.
fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    name.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn names(path: &str) -> Vec<Vec<u8>> {
        path.split('/').map(|name| name.as_bytes().to_vec()).collect()
    }

    fn place(paths: &[&str]) -> Vec<String> {
        let mut placed = Names::new("t".to_owned());
        paths.iter().map(|path| placed.place(&names(path)).to_string()).collect()
    }

    #[test]
    fn equal_names_are_numbered_in_torrent_order() {
        assert_eq!(
            place(&["a.txt", "A.TXT", "a (3).txt", "a.txt", "b/a.txt"]),
            ["t/a.txt", "t/A (2).TXT", "t/a (3).txt", "t/a (4).txt", "t/b/a.txt"]
        );
        assert_eq!(place(&["..", "._", "é", "É"]), ["t/._", "t/._ (2)", "t/é", "t/É (2)"]);
    }

    #[test]
    fn a_file_and_a_folder_never_share_a_name() {
        assert_eq!(place(&["a/b", "A"]), ["t/a/b", "t/A (2)"]);
        assert_eq!(
            place(&["a", "A/b", "a/c", "a/B", "a (2)"]),
            ["t/a", "t/A (2)/b", "t/A (2)/c", "t/A (2)/B (2)", "t/a (2) (2)"]
        );
        assert_eq!(
            place(&["x/y", "x/y/z", "x/y/z/w"]),
            ["t/x/y", "t/x/y (2)/z", "t/x/y (2)/z (2)/w"]
        );
    }

    #[test]
    fn folders_are_found_under_the_names_they_got() {
        let mut placed = Names::new("t".to_owned());
        for path in ["a", "a/b", "c/d/e"] {
            placed.place(&names(path));
        }
        let folder = |path| placed.folder(&names(path)).map(|path| path.to_string());
        assert_eq!(folder("a").as_deref(), Some("t/a (2)"));
        assert_eq!(folder("c/d").as_deref(), Some("t/c/d"));
        assert_eq!(folder("c/d/e"), None);
        assert_eq!(folder(".."), None);
    }

    #[test]
    fn long_names_that_collide_share_their_numbers() {
        let long = "x".repeat(255);
        let mut placed = Names::new("t".to_owned());
        let mut seen = HashSet::new();
        for _ in 0..3000 {
            for end in ["a", "b"] {
                let path = placed.place(&names(&format!("{}{end}", &long[..254])));
                assert!(path.parts().all(|part| part.len() <= NAME_LENGTH_MAX));
                assert!(seen.insert(fold(path.as_str())));
            }
        }
        assert_eq!(placed.numbers.len(), 1, "one counter for names that are cut to the same start");
    }

    proptest! {
        #[test]
        fn no_two_files_collide_and_none_runs_through_another(
            paths in proptest::collection::vec(
                "[aA.]( \\(2\\))?(/[aAb.]{1,2}( \\(2\\))?){0,3}",
                1..24,
            )
        ) {
            let mut placed = Names::new("t".to_owned());
            let found: Vec<String> =
                paths.iter().map(|path| fold(placed.place(&names(path)).as_str())).collect();
            let distinct: HashSet<&String> = found.iter().collect();
            prop_assert_eq!(distinct.len(), found.len());
            for path in &found {
                for (at, _) in path.match_indices('/') {
                    prop_assert!(!distinct.contains(&path[..at].to_owned()), "{found:?}");
                }
            }
        }
    }
}
