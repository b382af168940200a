//! The key of a closed ring, read from the file that `--ring-key` names.

use crate::chord::seal::RingKey;
use crate::chord::settings::Settings;
use crate::cli::arguments::ring::IdentityArguments;
use crate::cli::failure::Failure;
use crate::cli::out::Output;
use crate::limits::KEY_FILE_MAX;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The ring's settings, with its key if it has one. A key that others can read is worth a warning.
pub(super) fn settings(identity: &IdentityArguments, output: &Output) -> Result<Settings, Failure> {
    let key = identity.ring_key.as_deref().map(|path| read(path, output)).transpose()?;
    Ok(Settings { key, ..identity.settings() })
}

/// Reads a key.
fn read(path: &Path, output: &Output) -> Result<RingKey, Failure> {
    let failed = |error: io::Error| {
        Failure::new(format!("cannot read the ring's key: {error}")).at(path.display())
    };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    let mut bytes = Vec::new();
    // One byte more, so that a longer file is seen to be one.
    file.take(KEY_FILE_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    let key = RingKey::read(&bytes).map_err(|error| {
        Failure::new(error)
            .at(path.display())
            .advise("give a file of one line of 64 hexadecimal digits to --ring-key")
    })?;
    if RingKey::is_exposed(mode) {
        let path = path.display();
        output.warn(&format!("others can read the ring's key: chmod 600 {path}"));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::out::captured;
    use std::fs::{self, Permissions};

    #[test]
    fn a_key_is_read_and_one_that_others_can_read_is_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, RingKey::new([7; 32]).to_file()).unwrap();
        for (mode, warned) in [(0o600, false), (0o640, true)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let (output, _, talk) = captured::output(true);
            assert!(read(&path, &output).unwrap() == RingKey::new([7; 32]));
            assert_eq!(talk.text().contains("chmod 600"), warned, "{mode:o}: {}", talk.text());
        }
    }

    #[test]
    fn what_is_no_key_is_named_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let (output, _, _) = captured::output(true);
        let missing = read(&path, &output).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read the ring's key: "), "{missing}");
        fs::write(&path, "secret").unwrap();
        let wrong = read(&path, &output).unwrap_err().to_string();
        assert!(wrong.contains("hexadecimal") && wrong.contains("key: give"), "{wrong}");
        assert!(read(Path::new("/dev/zero"), &output).is_err(), "an endless file");
    }
}
