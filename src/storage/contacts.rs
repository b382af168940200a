//! The file in which a ring node keeps the addresses of others, so that it finds its way back
//! without anybody's help: a line that says what it is, then an address a line.
//!
//! It is a memory and nothing more: it may be deleted at any time, and what is wrong in it costs a
//! few questions to strangers.

use crate::limits::CONTACTS_FILE_MAX;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The first line.
const TITLE: &str = "cuerda ring contacts 1";

/// Why a file cannot be used.
#[derive(Debug)]
pub enum ContactsError {
    /// It cannot be read.
    Io(io::Error),
    /// It is another kind of file.
    Other,
}

impl fmt::Display for ContactsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Other => {
                write!(f, "not a file of ring contacts, its first line is not `{TITLE}`")
            }
        }
    }
}

impl std::error::Error for ContactsError {}

/// Reads the addresses; none if there is no file. Lines that are no address are passed over.
pub fn read(path: &Path) -> Result<Vec<SocketAddr>, ContactsError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ContactsError::Io(error)),
    };
    let mut bytes = Vec::new();
    file.take(CONTACTS_FILE_MAX).read_to_end(&mut bytes).map_err(ContactsError::Io)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    match lines.next() {
        None => Ok(Vec::new()),
        Some(TITLE) => Ok(lines.filter_map(|line| line.trim().parse().ok()).collect()),
        Some(_) => Err(ContactsError::Other),
    }
}

/// Writes the addresses: under another name first, so that nobody ever sees half of the file.
pub fn write(path: &Path, addresses: &[SocketAddr]) -> io::Result<()> {
    let mut text = format!("{TITLE}\n");
    addresses.iter().for_each(|address| text += &format!("{address}\n"));
    let temporary = beside(path);
    // What is left of a process that was killed while it wrote.
    let _ = fs::remove_file(&temporary);
    let written =
        write_new(&temporary, text.as_bytes()).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Writes a file that is not there yet, to the medium.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name beside the path that no other process uses.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_again_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring");
        assert!(read(&path).unwrap().is_empty());
        let addresses: Vec<SocketAddr> =
            vec!["127.0.0.1:7000".parse().unwrap(), "[::1]:7001".parse().unwrap()];
        for _ in 0..2 {
            write(&path, &addresses).unwrap();
            assert_eq!(read(&path).unwrap(), addresses);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_gives_what_can_be_read_and_another_kind_of_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring");
        fs::write(&path, format!("{TITLE}\n127.0.0.1:1\nhost:2\n\n127.0.0.1:70000\n[::1]:3\n127"))
            .unwrap();
        assert_eq!(read(&path).unwrap().len(), 2);
        fs::write(&path, "").unwrap();
        assert!(read(&path).unwrap().is_empty());
        fs::write(&path, b"\xff\xfe# a letter\n").unwrap();
        assert!(matches!(read(&path), Err(ContactsError::Other)));
        assert!(matches!(read(folder.path()), Err(ContactsError::Io(_))));
        assert!(write(&folder.path().join("no/such"), &[]).is_err());
    }

    #[test]
    fn an_endless_file_is_not_read_to_its_end() {
        assert!(matches!(read(Path::new("/dev/zero")), Err(ContactsError::Other)));
    }
}
