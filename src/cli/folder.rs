//! The folder that the user names with `--dir`, and the mistake that is made with it most often.

use crate::cli::failure::Failure;
use crate::metainfo::Metainfo;
use std::path::Path;

/// Refuses a folder that is not there, where nothing shall be made.
pub(super) fn check_folder(folder: &Path) -> Result<(), Failure> {
    match folder.metadata() {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Failure::new("this is no folder")
            .at(folder.display())
            .advise("name the folder that holds the torrent's file or folder")),
        Err(error) => Err(Failure::new(format!("cannot use the folder: {error}"))
            .at(folder.display())
            .advise("name the folder that holds the torrent's file or folder")),
    }
}

/// What to say to somebody who named the torrent's own folder instead of the one that holds it.
pub(super) fn other_folder(folder: &Path, metainfo: &Metainfo) -> Option<String> {
    let absolute = folder.canonicalize().ok()?;
    let named_itself = absolute.file_name().is_some_and(|name| name == metainfo.name.as_str());
    if !metainfo.multi_file || !named_itself || folder.join(&metainfo.name).exists() {
        return None;
    }
    Some(format!("did you mean --dir {}, which holds this folder?", absolute.parent()?.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_to_be_there() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(check_folder(folder.path()), Ok(()));
        let error = check_folder(&folder.path().join("none")).unwrap_err().to_string();
        assert!(error.contains("/none: "), "{error}");
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(check_folder(&folder.path().join("file")).is_err());
    }

    #[test]
    fn the_torrents_own_folder_is_not_the_one_that_holds_it() {
        let text = format!(
            "d4:infod5:filesld6:lengthi5e4:pathl1:aeee4:name1:n12:piece lengthi8e6:pieces20:{}ee",
            "h".repeat(20)
        );
        let metainfo = Metainfo::parse(text.as_bytes()).unwrap();
        let holder = tempfile::tempdir().unwrap();
        let own = holder.path().join("n");
        std::fs::create_dir(&own).unwrap();
        assert!(other_folder(&own, &metainfo).is_some_and(|hint| hint.contains("--dir ")));
        assert_eq!(other_folder(holder.path(), &metainfo), None);
        std::fs::create_dir(own.join("n")).unwrap();
        assert_eq!(other_folder(&own, &metainfo), None);
    }
}
