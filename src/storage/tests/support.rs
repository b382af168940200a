//! A torrent on a temporary disk, in a few words.

use crate::layout::{Layout, PieceSpan};
use crate::storage::{Allocation, FileKind, FileSpec, FileTable, Storage, StorageError};
use std::fs;
use std::io::{IoSlice, IoSliceMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// What a file should be in a test.
pub(super) enum Kind {
    Plain,
    Executable,
    Pad,
    Link(&'static str),
}

/// A torrent and the temporary folder that holds its root, `root`.
pub(super) struct Disk {
    pub(super) folder: TempDir,
    pub(super) storage: Arc<Storage>,
}

impl Disk {
    /// A torrent of files, given as path, length and kind. Nothing is on disk yet.
    pub(super) fn new(piece_length: u64, files: &[(&str, u64, Kind)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let storage = Arc::new(storage(root, piece_length, files, FileTable::new(8)));
        Self { folder, storage }
    }

    /// A torrent of plain files that are prepared.
    pub(super) fn prepared(piece_length: u64, files: &[(&str, u64)]) -> Self {
        let files: Vec<_> =
            files.iter().map(|&(path, length)| (path, length, Kind::Plain)).collect();
        let disk = Self::new(piece_length, &files);
        disk.storage.prepare(Allocation::Sparse).unwrap();
        disk
    }

    /// Where a path of the torrent is on disk.
    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join("root").join(path)
    }

    /// Puts a file there before the torrent comes.
    pub(super) fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), bytes).unwrap();
    }

    /// Makes a folder there before the torrent comes.
    pub(super) fn put_folder(&self, path: &str) {
        fs::create_dir_all(self.at(path)).unwrap();
    }

    /// Makes a symbolic link there.
    pub(super) fn put_link(&self, path: &str, target: impl AsRef<Path>) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, self.at(path)).unwrap();
    }

    /// Bytes of a file on disk.
    pub(super) fn bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.at(path)).unwrap()
    }

    /// A span of the torrent.
    pub(super) fn span(&self, piece: u32, begin: u32, length: u32) -> PieceSpan {
        self.storage.layout().span_at(piece, begin, length).unwrap()
    }

    /// Writes bytes to a piece.
    pub(super) fn write(&self, piece: u32, begin: u32, bytes: &[u8]) -> Result<(), StorageError> {
        let span = self.span(piece, begin, bytes.len() as u32);
        self.storage.write(span, &[IoSlice::new(bytes)])
    }

    /// Reads bytes of a piece.
    pub(super) fn read(
        &self,
        piece: u32,
        begin: u32,
        length: u32,
    ) -> Result<Vec<u8>, StorageError> {
        let mut bytes = vec![0xee; length as usize];
        let span = self.span(piece, begin, length);
        self.storage.read(span, &mut [IoSliceMut::new(&mut bytes)])?;
        Ok(bytes)
    }
}

/// A torrent at a root, with a table of its own choice.
pub(super) fn storage(
    root: PathBuf,
    piece_length: u64,
    files: &[(&str, u64, Kind)],
    table: FileTable,
) -> Storage {
    let lengths = files.iter().map(|(_, length, kind)| (*length, matches!(kind, Kind::Pad)));
    let layout = Arc::new(Layout::new(piece_length, lengths).unwrap());
    let specs = files.iter().map(|(path, _, kind)| FileSpec {
        path: parts(path).into_iter().map(Into::into).collect(),
        kind: match kind {
            Kind::Plain => FileKind::Regular { executable: false },
            Kind::Executable => FileKind::Regular { executable: true },
            Kind::Pad => FileKind::Pad,
            Kind::Link(target) => FileKind::Symlink { target: parts(target) },
        },
    });
    Storage::new(root, layout, specs.collect(), table)
}

/// The names of a path.
fn parts(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}
