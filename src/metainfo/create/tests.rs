//! Tests of making torrents: what is written reads back as the same files and digests.

use super::*;
use crate::bencode::ScanLimits;
use crate::metainfo::create::walk::SkipReason;
use proptest::prelude::*;
use sha1::{Digest, Sha1};
use std::fs;

/// A folder `content` with these files in a temporary one.
fn content(files: &[(&str, &[u8])]) -> (tempfile::TempDir, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path().join("content");
    fs::create_dir(&root).unwrap();
    for (path, bytes) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    (temporary, root)
}

fn pieces_of(length: u32) -> CreateOptions {
    CreateOptions { piece_length: Some(length), ..CreateOptions::default() }
}

fn make(source: &Path, options: &CreateOptions) -> Result<Created, CreateError> {
    create(source, options, &Progress::default())
}

/// Whether the torrent's digests are those of the bytes.
fn hashes_are_of(metainfo: &Metainfo, bytes: &[u8]) -> bool {
    let length = metainfo.layout.piece_length() as usize;
    bytes
        .chunks(length)
        .zip(metainfo.layout.pieces())
        .all(|(piece, index)| metainfo.hashes.get(index) == &<[u8; 20]>::from(Sha1::digest(piece)))
}

#[test]
fn a_folder_reads_back_sorted_with_its_digests() {
    let (_keep, root) = content(&[
        ("b", &[2; 3000]),
        ("a/z", &[1; 1500]),
        ("a.txt", &[3; 10]),
        ("empty", &[]),
        ("a/.hidden", &[4; 7]),
    ]);
    let progress = Progress::default();
    let made = create(&root, &pieces_of(1024), &progress).unwrap();
    let paths: Vec<_> = made.metainfo.files.iter().map(|file| file.path.as_str()).collect();
    let expected =
        ["a/.hidden", "a/z", "a.txt", "b", "empty"].map(|path| format!("content/{path}"));
    assert_eq!(paths, expected);
    let stream = [vec![4; 7], vec![1; 1500], vec![3; 10], vec![2; 3000]].concat();
    assert!(hashes_are_of(&made.metainfo, &stream));
    assert_eq!((progress.hashed(), progress.total()), (4517, 4517));
    assert!(made.skipped.is_empty() && made.altered.is_empty());
    let scanned = bencode::scan(&made.torrent, ScanLimits::TORRENT.strict()).unwrap();
    assert_eq!(scanned.consumed, made.torrent.len(), "strict bencode");
}

#[test]
fn what_is_remembered_of_torrents_is_in_no_torrent() {
    let (_keep, root) = content(&[
        (".cuerda/x.resume", &[1; 9]),
        ("a", &[2; 9]),
        ("b/.cuerda/y.resume", &[3; 9]),
        ("b/.cuerda.txt", &[4; 9]),
    ]);
    let made = make(&root, &pieces_of(1024)).unwrap();
    let paths: Vec<_> = made.metainfo.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["content/a", "content/b/.cuerda.txt"]);
    let skipped: Vec<_> = made.skipped.iter().map(|skipped| skipped.reason).collect();
    assert_eq!(skipped, [SkipReason::Records; 2]);
}

#[test]
fn a_file_reads_back_with_everything_that_was_asked_for() {
    let (_keep, root) = content(&[("one.bin", &[7; 40_000])]);
    let options = CreateOptions {
        trackers: vec![
            vec!["http://a/x".into(), "udp://b:1".into()],
            vec![],
            vec!["http://c".into()],
        ],
        private: true,
        comment: Some("hello".into()),
        created_by: Some("cuerda".into()),
        creation_date: Some(1_700_000_000),
        ..CreateOptions::default()
    };
    let made = make(&root.join("one.bin"), &options).unwrap();
    let read = Metainfo::parse(&made.torrent).unwrap();
    assert_eq!(read, made.metainfo);
    assert_eq!((read.name.as_str(), read.multi_file, read.private), ("one.bin", false, true));
    assert_eq!(read.trackers, [vec!["http://a/x", "udp://b:1"], vec!["http://c"]]);
    assert_eq!(read.comment.as_deref(), Some("hello"));
    assert_eq!(read.created_by.as_deref(), Some("cuerda"));
    assert_eq!(read.creation_date, Some(1_700_000_000));
    assert_eq!(read.layout.piece_length(), 16_384);
    assert!(hashes_are_of(&read, &[7; 40_000]));
    assert!(made.torrent.starts_with(b"d8:announce10:http://a/x13:announce-listll10:http"));
}

#[test]
fn a_known_file_has_the_known_info_hash() {
    let (_keep, root) = content(&[("hello.txt", b"hello world\n")]);
    let made = make(&root.join("hello.txt"), &CreateOptions::default()).unwrap();
    let mut info = b"d6:lengthi12e4:name9:hello.txt12:piece lengthi16384e6:pieces20:".to_vec();
    info.extend_from_slice(&Sha1::digest(b"hello world\n"));
    info.push(b'e');
    assert_eq!(made.torrent, [b"d4:info".as_slice(), &info, b"e"].concat());
    assert_eq!(made.info_hash().0, <[u8; 20]>::from(Sha1::digest(&info)));
}

#[test]
fn more_threads_make_the_same_torrent() {
    let bytes: Vec<u8> = (0..20_000_000_u32).map(|i| (i ^ (i >> 8)) as u8).collect();
    let (_keep, root) = content(&[("big", &bytes), ("small", b"x")]);
    let with = |threads| {
        let options = CreateOptions { threads: Some(threads), ..pieces_of(50_000) };
        make(&root, &options).unwrap().torrent
    };
    assert_eq!(with(1), with(4));
    assert_eq!(with(1), with(0), "at least one thread works");
}

#[cfg(unix)]
#[test]
fn what_is_left_out_is_told() {
    let (_keep, root) = content(&[("a", b"x")]);
    fs::create_dir(root.join("nothing")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", root.join("link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    let made = make(&root, &CreateOptions::default()).unwrap();
    let skipped = |name: &str, reason| Skipped { path: root.join(name), reason };
    assert_eq!(
        made.skipped,
        [
            skipped("link", SkipReason::Symlink),
            skipped("nothing", SkipReason::EmptyFolder),
            skipped("socket", SkipReason::Special)
        ]
    );
    assert_eq!(made.metainfo.files.len(), 1);
}

#[cfg(unix)]
#[test]
fn names_that_readers_will_alter_are_told() {
    use std::os::unix::ffi::OsStrExt;
    let (_keep, root) =
        content(&[("back\\slash", b"x"), ("same", b"y"), ("SAME", b"z"), ("ok", b"")]);
    fs::write(root.join(OsStr::from_bytes(b"\xff")), b"w").unwrap();
    let made = make(&root, &CreateOptions::default()).unwrap();
    let altered: Vec<_> = made.altered.iter().map(|file| file.read_as.as_str()).collect();
    assert_eq!(altered, ["content/back_slash", "content/same (2)", "content/\u{fffd}"]);
    assert!(made.torrent.windows(4).any(|bytes| bytes == b"l1:\xff"), "written as it is");
}

#[test]
fn what_makes_no_torrent_is_a_clear_error() {
    let (_keep, root) = content(&[("empty", b"")]);
    let options = CreateOptions::default();
    assert!(matches!(make(&root, &options), Err(CreateError::Layout(_))));
    assert!(matches!(make(&root.join("empty"), &options), Err(CreateError::Layout(_))));
    let missing = make(&root.join("missing"), &options).unwrap_err();
    assert!(missing.to_string().contains("missing"), "{missing}");
    assert!(matches!(make(Path::new("/"), &options), Err(CreateError::NoName(_))));
    let typo = CreateOptions { trackers: vec![vec!["htp://a".into()]], ..CreateOptions::default() };
    assert!(matches!(make(&root, &typo), Err(CreateError::Tracker(url)) if url == "htp://a"));
    for length in [0, 1023, PIECE_LENGTH_MAX + 1] {
        assert!(matches!(make(&root, &pieces_of(length)), Err(CreateError::PieceLength(_))));
    }
}

#[test]
fn a_stop_ends_it_with_an_error() {
    let (_keep, root) = content(&[("a", &[0; 100_000])]);
    let progress = Progress::default();
    progress.stop();
    let options = CreateOptions::default();
    assert!(matches!(create(&root, &options, &progress), Err(CreateError::Stopped)));
    let file = root.join("a");
    assert!(matches!(create(&file, &options, &progress), Err(CreateError::Stopped)));
    assert_eq!(progress.hashed(), 0);
}

#[test]
fn files_that_change_or_vanish_after_listing_are_named() {
    let (_keep, root) = content(&[("a", &[0; 5000]), ("b", &[1; 5000])]);
    let path = root.join("b");
    let progress = Progress::default();
    let listing = walk::list(&root, &progress).unwrap();
    let hash_now = || {
        let lengths = listing.files.iter().map(|file| (file.length, false));
        let layout = Layout::new(1024, lengths).unwrap();
        hash(layout, listing.files.clone().into(), 2, &progress)
    };
    assert_eq!(hash_now().unwrap().len(), 10 * 20);
    for length in [4999, 5001] {
        fs::write(&path, vec![1; length]).unwrap();
        let error = hash_now().unwrap_err();
        assert!(matches!(&error, CreateError::Changed(changed) if *changed == path), "{error}");
    }
    fs::remove_file(&path).unwrap();
    let error = hash_now().unwrap_err();
    assert!(matches!(&error, CreateError::Io { path: gone, .. } if *gone == path), "{error}");
}

#[test]
fn the_automatic_piece_length_keeps_torrents_small_and_pieces_useful() {
    for (total, length) in
        [(1, 16 << 10), (32 << 20, 16 << 10), ((32 << 20) + 1, 32 << 10)].into_iter().chain([
            (1 << 30, 512 << 10),
            (32 << 30, 16 << 20),
            (1 << 40, 16 << 20),
            (u64::MAX, 16 << 20),
        ])
    {
        assert_eq!(automatic_piece_length(total), length, "{total}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_folder_reads_back_as_the_same_files_and_digests(
        files in proptest::collection::btree_map(
            "[a-z]{1,3}(/[a-z]{4,5}){0,2}", // folders and files have names of different lengths
            proptest::collection::vec(any::<u8>(), 0..3000),
            1..10,
        ),
        piece_length in 1024_u32..5000,
    ) {
        let files: Vec<(String, Vec<u8>)> =
            files.into_iter().map(|(path, bytes)| (format!("{path}.f"), bytes)).collect();
        prop_assume!(files.iter().any(|(_, bytes)| !bytes.is_empty()));
        let borrowed: Vec<(&str, &[u8])> =
            files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let (_keep, root) = content(&borrowed);
        let made = make(&root, &pieces_of(piece_length)).unwrap();
        prop_assert_eq!(made.metainfo.files.len(), files.len());
        let mut stream = Vec::new();
        for entry in &made.metainfo.files {
            let path = entry.path.under(root.parent().unwrap());
            let bytes = fs::read(path).unwrap();
            prop_assert_eq!(bytes.len() as u64, entry.length);
            stream.extend(bytes);
        }
        prop_assert!(hashes_are_of(&made.metainfo, &stream));
        prop_assert_eq!(made.metainfo.layout.total_length(), stream.len() as u64);
        prop_assert_eq!(make(&root, &pieces_of(piece_length)).unwrap().torrent, made.torrent);
    }
}
