//! The set of one transfer: a folder of its own with the origin, the copy, the torrent and the
//! clients' state; and `cuerda` as a process in it.

use crate::stock::{Role, Stock};
use crate::support::content::{Content, Empty};
use crate::support::place;
use crate::support::process::Running;
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Time for a whole transfer. Transmission says "interested" only after ten seconds and more.
pub(crate) const TRANSFER_LIMIT: Duration = Duration::from_secs(150);

/// Small transfers share it, a heavy one has it alone: two of those at once would time out.
static STAGE: RwLock<()> = RwLock::new(());

/// The place on the stage, given back when the test ends.
enum Turn {
    /// With others.
    Shared { _guard: RwLockReadGuard<'static, ()> },
    /// Alone.
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

/// One transfer's set. The processes borrow nothing from it, so drop them first.
pub(crate) struct Scene {
    /// What is transferred.
    content: Content,
    /// Path of the `.torrent` file.
    pub(crate) torrent: PathBuf,
    /// The folder of it all; removed at the end.
    folder: TempDir,
    /// Held until the end.
    _turn: Turn,
}

impl Scene {
    /// Prepares a transfer, or nothing when one of the stock clients is missing.
    pub(crate) fn set(content: Content, clients: &[Stock]) -> Option<Scene> {
        if !clients.iter().all(|client| client.is_here()) {
            return None;
        }
        let turn = if content.is_heavy() {
            Turn::Alone { _guard: STAGE.write() }
        } else {
            Turn::Shared { _guard: STAGE.read() }
        };
        let folder =
            tempfile::Builder::new().prefix("cuerda-interop-").tempdir().expect("a folder");
        for name in ["origin", "copy"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let torrent = folder.path().join("content.torrent");
        let made = content.write(&folder.path().join("origin"));
        std::fs::write(&torrent, made.bytes).expect("the torrent can be written");
        Some(Scene { content, torrent, folder, _turn: turn })
    }

    /// The folder where a client of this role keeps the content.
    pub(crate) fn files(&self, role: Role) -> PathBuf {
        self.folder.path().join(match role {
            Role::Seed => "origin",
            Role::Download => "copy",
        })
    }

    /// A folder for a client's own state and output.
    pub(crate) fn state(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        path
    }

    /// Starts `cuerda` in this role; it dials the given address. Returns it with its own address.
    pub(crate) fn cuerda(&self, role: Role, dial: Option<SocketAddr>) -> (Running, SocketAddr) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, place::free_port()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_cuerda"));
        command.arg(match role {
            Role::Seed => "seed",
            Role::Download => "download",
        });
        command.arg(&self.torrent).arg("--dir").arg(self.files(role));
        command.arg("--port").arg(address.port().to_string());
        if let Some(dial) = dial {
            command.arg("--peer").arg(dial.to_string());
        }
        if role == Role::Download {
            // A little less than the test waits, so that it can say what it waited for.
            let seconds = TRANSFER_LIMIT.as_secs() - 10;
            command.arg("--timeout").arg(seconds.to_string());
        }
        (Running::start("cuerda", command, &self.state("cuerda")), address)
    }

    /// Checks that the copy, and still the origin, is what the torrent says.
    pub(crate) fn check(&self, empty: Empty) {
        for (role, empty) in [(Role::Seed, Empty::Required), (Role::Download, empty)] {
            let compared = self.content.compare(&self.files(role), empty);
            compared.unwrap_or_else(|difference| panic!("{role:?}: {difference}"));
        }
    }

    /// Checks that the copy's folder holds the content and, but for the record of it in `.cuerda`,
    /// nothing else.
    pub(crate) fn check_tidy(&self) {
        let copy = self.files(Role::Download);
        let mut expected: Vec<PathBuf> =
            self.content.files.iter().map(|(file, _)| self.content.path(&copy, file)).collect();
        let mut found = Vec::new();
        list(&copy, &mut found);
        let records = copy.join(".cuerda");
        found.retain(|path| path.parent() != Some(&*records));
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "the download left something behind, or out");
    }
}

/// All files below a folder.
fn list(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { list(&path, found) } else { found.push(path) }
    }
}
