//! Tests of parsing: honest torrents of all kinds, and a corpus of nasty ones.

use super::*;
use crate::bencode::BencodeError;
use crate::layout::LayoutError;
use proptest::prelude::*;
use serde_bencode::value::Value;

/// An `info` dictionary whose entries are bencode already; sorts nothing.
fn torrent(info: &str) -> Vec<u8> {
    format!("d4:infod{info}ee").into_bytes()
}

/// A folder torrent of one piece of 16 KiB with these entries in `files`.
fn folder(files: &str) -> Vec<u8> {
    torrent(&format!(
        "5:filesl{files}e4:name1:t12:piece lengthi16384e6:pieces20:{}",
        "x".repeat(20)
    ))
}

/// The entry of a file of one byte: `/`-separated names and further keys.
fn file(path: &str, more: &str) -> String {
    let names: String = path.split('/').map(|name| format!("{}:{name}", name.len())).collect();
    format!("d6:lengthi1e4:pathl{names}e{more}e")
}

fn single(length: &str, piece_length: &str, pieces: usize) -> Vec<u8> {
    let digests = "x".repeat(pieces);
    torrent(&format!(
        "6:length{length}4:name1:a12:piece length{piece_length}6:pieces{pieces}:{digests}"
    ))
}

fn error(bytes: &[u8]) -> MetainfoError {
    Metainfo::parse(bytes).unwrap_err()
}

fn paths(bytes: &[u8]) -> Vec<String> {
    let files = Metainfo::parse(bytes).unwrap().files;
    files.into_iter().map(|file| file.path.to_string()).collect()
}

#[test]
fn a_single_file_is_its_name() {
    let bytes = single("i40000e", "i16384e", 60);
    let parsed = Metainfo::parse(&bytes).unwrap();
    assert_eq!((parsed.name.as_str(), parsed.multi_file, parsed.private), ("a", false, false));
    assert_eq!(parsed.files.len(), 1);
    assert_eq!((parsed.files[0].path.as_str(), parsed.files[0].length), ("a", 40_000));
    assert_eq!((parsed.layout.piece_count(), parsed.layout.total_length()), (3, 40_000));
    assert_eq!(parsed.hashes.get(parsed.layout.piece(2).unwrap()), b"xxxxxxxxxxxxxxxxxxxx");
    assert_eq!(&*parsed.raw_info, &bytes[7..bytes.len() - 1]);
    assert_eq!(parsed.info_hash.0, <[u8; 20]>::from(Sha1::digest(&bytes[7..bytes.len() - 1])));
}

#[test]
fn the_info_hash_is_of_the_bytes_as_they_are() {
    let odd = "4:name1:a6:lengthi007e2:\u{80}le12:piece lengthi16384e6:pieces20:";
    let info = format!("d{odd}{}e", "x".repeat(20));
    let bytes = format!("d8:announce8:http://a4:info{info}e\n");
    let parsed = Metainfo::parse(bytes.as_bytes()).unwrap();
    assert_eq!(parsed.info_hash.0, <[u8; 20]>::from(Sha1::digest(info.as_bytes())));
    assert_eq!(parsed.trackers, [["http://a"]]);
    let alone = Metainfo::from_info(info.as_bytes()).unwrap();
    assert_eq!(alone, Metainfo { trackers: Vec::new(), ..parsed });
}

#[test]
fn folders_hold_empty_files_pads_links_and_attributes() {
    let files = [
        file("a/b", "4:attr2:xh"),
        "d6:lengthi0e4:pathl5:emptyee".to_owned(),
        "d4:attr1:p6:lengthi99e4:pathl4:.pad2:99ee".to_owned(),
        "d4:attr1:p6:lengthi99e4:pathl4:.pad2:99ee".to_owned(),
        "d4:attr1:l6:lengthi5e4:pathl1:le12:symlink pathl1:a1:bee".to_owned(),
        "d4:attr1:l4:pathl1:me12:symlink pathl1:aee".to_owned(),
    ];
    let parsed = Metainfo::parse(&folder(&files.concat())).unwrap();
    let kinds: Vec<_> =
        parsed.files.iter().map(|file| (file.path.as_str(), file.length, &file.kind)).collect();
    let link =
        |names: &[&str]| FileKind::Symlink(SafePath::new(names.iter().map(|n| n.as_bytes())));
    assert_eq!(
        kinds,
        [
            ("t/a/b", 1, &FileKind::Regular),
            ("t/empty", 0, &FileKind::Regular),
            ("t/.pad/99", 99, &FileKind::Pad),
            ("t/.pad/99", 99, &FileKind::Pad),
            ("t/l", 0, &link(&["t", "a", "b"])),
            ("t/m", 0, &link(&["t", "a"])),
        ]
    );
    assert!(parsed.files[0].executable && parsed.files[0].hidden && parsed.multi_file);
    assert_eq!(parsed.layout.files().len(), 6);
    assert!(parsed.layout.files()[2].pad && !parsed.layout.files()[4].pad);
}

#[test]
fn names_in_utf8_come_before_others() {
    let both = "d6:lengthi1e4:pathl1:xe10:path.utf-8l2:\u{e9}ee";
    assert_eq!(paths(&folder(both)), ["t/é"]);
    let info = format!(
        "6:lengthi1e4:name1:x10:name.utf-82:é12:piece lengthi1e6:pieces20:{}",
        "x".repeat(20)
    );
    assert_eq!(Metainfo::parse(&torrent(&info)).unwrap().name, "é");
    let mut bytes = folder("d6:lengthi1e4:pathl1:Xe10:path.utf-8l1:Yee");
    let at = bytes.iter().position(|&byte| byte == b'Y').unwrap();
    bytes[at] = 0xff;
    assert_eq!(paths(&bytes), ["t/X"]);
    let at = bytes.iter().position(|&byte| byte == b'X').unwrap();
    bytes[at] = 0xff;
    assert_eq!(paths(&bytes), ["t/\u{fffd}"]);
}

#[test]
fn hostile_paths_stay_inside_and_apart() {
    let files = ["../../etc/passwd", "/etc/passwd", "..\\x", "a", "A", "a/b", "CON", "x./y ", ""];
    let entries: String = files.iter().map(|path| file(path, "")).collect();
    assert_eq!(
        paths(&folder(&entries)),
        ["t/._/._/etc/passwd", "t/_/etc/passwd", "t/.._x", "t/a", "t/A (2)", "t/a (3)/b", "t/_CON"]
            .into_iter()
            .chain(["t/x_/y_", "t/_ (2)"])
            .collect::<Vec<_>>()
    );
    let info = single("i1e", "i1e", 20);
    let text = String::from_utf8(info).unwrap().replace("4:name1:a", "4:name8:../../x/");
    assert_eq!(paths(text.as_bytes()), [".._.._x_"]);
}

#[test]
fn a_link_out_of_the_torrent_is_refused() {
    for target in ["2:..1:x", "1:/3:etc", "1:.", "0:", "1:l", "6:nobody", "i1e", "l1:ae", ""] {
        let link = format!("d4:attr1:l4:pathl1:le12:symlink pathl{target}ee");
        let bytes = folder(&[file("a", ""), link].concat());
        assert_eq!(error(&bytes), MetainfoError::SymlinkTarget(1), "{target}");
    }
    let bytes = folder(&[file("a", ""), "d4:attr1:l4:pathl1:lee".to_owned()].concat());
    assert_eq!(error(&bytes), MetainfoError::SymlinkTarget(1));
}

#[test]
fn a_file_never_lies_behind_a_link() {
    let link = "d4:attr1:l4:pathl1:le12:symlink pathl1:aee".to_owned();
    let bytes = folder(&[file("a/x", ""), link, file("l/x", "")].concat());
    assert_eq!(paths(&bytes), ["t/a/x", "t/l", "t/l (2)/x"]);
}

#[test]
fn missing_keys_and_wrong_types_are_named() {
    let missing = |key, file| MetainfoError::Missing { key, file };
    assert_eq!(error(b"de"), missing("info", None));
    assert_eq!(error(b"d4:infodee"), missing("pieces", None));
    assert_eq!(error(&torrent("6:pieces0:")), missing("piece length", None));
    assert_eq!(error(&torrent("12:piece lengthi1e6:pieces0:")), missing("name", None));
    assert_eq!(error(&torrent("4:name1:a12:piece lengthi1e6:pieces0:")), missing("length", None));
    assert_eq!(error(&folder("d4:pathl1:aee")), missing("length", Some(0)));
    assert_eq!(
        error(&folder(&[&file("a", ""), "d6:lengthi1ee"].concat())),
        missing("path", Some(1))
    );
    let wrong = |bytes: &[u8]| {
        let MetainfoError::WrongType { key, file, .. } = error(bytes) else { panic!() };
        (key, file)
    };
    assert_eq!(wrong(&torrent("6:piecesi1e")), ("pieces", None));
    assert_eq!(wrong(&torrent("12:piece length1:x6:pieces0:")), ("piece length", None));
    assert_eq!(wrong(&torrent("4:namele12:piece lengthi1e6:pieces0:")), ("name", None));
    assert_eq!(wrong(&single("1:x", "i1e", 20)), ("length", None));
    assert_eq!(wrong(&torrent("5:filesi1e4:name1:a12:piece lengthi1e6:pieces0:")), ("files", None));
    assert_eq!(wrong(&folder("d6:lengthdee")), ("length", Some(0)));
    assert_eq!(wrong(&folder("d6:lengthi1e4:path1:ae")), ("path", Some(0)));
    assert_eq!(wrong(&folder("d6:lengthi1e4:pathl1:ai1eee")), ("path", Some(0)));
    let shape =
        |bytes: &[u8]| matches!(error(bytes), MetainfoError::Bencode(BencodeError::Shape { .. }));
    assert!(shape(b"i1e") && shape(b"le") && shape(b"d4:infolee") && shape(&folder("i1e")));
    assert!(shape(&folder("d6:lengthi1e6:lengthi2e4:pathl1:aee")), "a length given twice");
}

#[test]
fn lies_about_lengths_are_refused() {
    let layout = MetainfoError::Layout;
    let negative = |key, value| MetainfoError::Negative { key, file: None, value };
    assert_eq!(error(&single("i-1e", "i1e", 20)), negative("length", -1));
    assert_eq!(
        error(&single("i1e", "i-9223372036854775808e", 20)),
        negative("piece length", i64::MIN)
    );
    assert_eq!(error(&single("i1e", "i0e", 20)), layout(LayoutError::PieceLength(0)));
    assert_eq!(error(&single("i0e", "i1e", 0)), layout(LayoutError::Empty));
    let huge = i64::MAX as u64;
    assert_eq!(
        error(&single(&format!("i{huge}e"), &format!("i{huge}e"), 20)),
        layout(LayoutError::PieceLength(huge))
    );
    assert!(matches!(
        error(&single("i9223372036854775807e", "i16384e", 20)),
        MetainfoError::Layout(LayoutError::TooManyPieces(_))
    ));
    assert!(matches!(
        error(&single("i9223372036854775808e", "i1e", 20)),
        MetainfoError::Bencode(_)
    ));
    let most = "d6:lengthi9223372036854775807e4:pathl1:aee";
    assert_eq!(error(&folder(&most.repeat(3))), layout(LayoutError::TooLong));
    assert_eq!(error(&folder("")), layout(LayoutError::Empty));
    assert_eq!(error(&single("i1e", "i1e", 19)), MetainfoError::PiecesLength(19));
    for (length, pieces) in [("i16384e", 2), ("i16385e", 1), ("i16385e", 3), ("i1e", 0)] {
        let expected = if length == "i16385e" { 2 } else { 1 };
        let lie = MetainfoError::PieceCount { expected, found: pieces };
        assert_eq!(error(&single(length, "i16384e", pieces * 20)), lie);
    }
}

#[test]
fn two_torrents_in_one_and_other_versions_are_refused() {
    let both =
        String::from_utf8(folder(&file("a", ""))).unwrap().replace("4:name", "6:lengthi1e4:name");
    assert_eq!(error(both.as_bytes()), MetainfoError::LengthAndFiles);
    assert!(matches!(error(b"d4:infode4:infodee"), MetainfoError::Bencode(_)));
    let v2 = "9:file treed1:ad0:d6:lengthi1eeee12:meta versioni2e4:name1:a12:piece lengthi16384e";
    assert_eq!(error(&torrent(v2)), MetainfoError::VersionTwoOnly);
    let hybrid = format!("6:lengthi1e{v2}6:pieces20:{}", "x".repeat(20));
    assert_eq!(paths(&torrent(&hybrid)), ["a"]);
}

#[test]
fn bombs_and_giants_are_refused() {
    for bomb in ["d4:info", "l", "d1:x"].map(|open| open.repeat(500_000)) {
        assert!(matches!(
            error(bomb.as_bytes()),
            MetainfoError::Bencode(BencodeError::TooDeep { .. })
        ));
    }
    let giant = vec![b'1'; TORRENT_FILE_MAX as usize + 1];
    assert!(matches!(error(&giant), MetainfoError::TooLarge { .. }));
    let wide = folder(&"de".repeat(4_000_000));
    assert!(matches!(error(&wide), MetainfoError::Bencode(BencodeError::TooManyTokens { .. })));
}

#[test]
fn useless_values_under_keys_nobody_needs_do_no_harm() {
    let base = single("i1e", "i1e", 20);
    let keys = b"7:comment5:a\x1b[2J13:creation datele8:announcei7e13:announce-listl0:dei1el0:ee\
                 10:created byd1:ai1ee1:\x80le";
    let bytes = [b"d".as_slice(), keys, &base[1..]].concat();
    let parsed = Metainfo::parse(&bytes).unwrap();
    assert_eq!(parsed.comment.as_deref(), Some("a [2J"));
    assert_eq!((parsed.creation_date, parsed.created_by), (None, None));
    assert!(parsed.trackers.is_empty());
}

#[test]
fn texts_tiers_and_privacy_are_read() {
    let info = String::from_utf8(single("i1e", "i1e", 20)).unwrap();
    let outer = "d8:announce8:http://x13:announce-listll8:http://a7:udp://be8:http://ce\
                 7:comment2:hi10:created by1:m13:creation datei1700000000e";
    for (value, private) in
        [("i1e", true), ("i0e", false), ("1:1", true), ("1:0", false), ("le", false)]
    {
        let keyed = info.replace("ee", &format!("7:private{value}ee"));
        let parsed = Metainfo::parse(format!("{outer}{}", &keyed[1..]).as_bytes()).unwrap();
        assert_eq!(parsed.private, private, "{value}");
        assert_eq!(parsed.trackers, [vec!["http://a", "udp://b"], vec!["http://c"]]);
        assert_eq!(parsed.comment.as_deref(), Some("hi"));
        assert_eq!(parsed.created_by.as_deref(), Some("m"));
        assert_eq!(parsed.creation_date, Some(1_700_000_000));
    }
}

#[test]
fn a_torrent_of_equal_names_costs_no_more_than_another() {
    let name = "n".repeat(255);
    let bytes = folder(&file(&name, "").repeat(20_000));
    // One byte each: two pieces of 16 KiB.
    let text = String::from_utf8(bytes).unwrap();
    let text = text.replace("pieces20:", &format!("pieces40:{}", "x".repeat(20)));
    let found = paths(text.as_bytes());
    assert!(found.last().unwrap().ends_with("nn (20000)"));
}

proptest! {
    #[test]
    fn mutated_torrents_never_panic_and_stay_consistent(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let link = "d4:attr1:l4:pathl1:le12:symlink pathl1:a1:bee".to_owned();
        let files = [file("a/b", "4:attr1:x"), link, file("..", ""), file("A", "")];
        let mut bytes = folder(&files.concat());
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(parsed) = Metainfo::parse(&bytes) {
            prop_assert_eq!(parsed.files.len(), parsed.layout.files().len());
            prop_assert_eq!(parsed.hashes.count(), parsed.layout.piece_count() as usize);
            let again = Metainfo::from_info(&parsed.raw_info).unwrap();
            prop_assert_eq!(again.info_hash, parsed.info_hash);
            for file in &parsed.files {
                prop_assert_eq!(file.path.parts().next(), Some(parsed.name.as_str()));
                prop_assert!(file.path.parts().all(|part| part != ".." && !part.contains('\\')));
            }
        }
    }

    #[test]
    fn any_shape_under_any_key_never_panics(
        entries in proptest::collection::hash_map(
            prop::sample::select(vec![
                "name", "length", "files", "pieces", "piece length", "private", "path", "attr",
                "symlink path", "name.utf-8", "path.utf-8", "meta version",
            ]),
            prop::sample::select(vec![
                "i0e", "i-1e", "i16384e", "0:", "20:xxxxxxxxxxxxxxxxxxxx", "le", "de", "l1:ae",
                "ll1:aee", "1:l", "ld6:lengthi1e4:pathl1:aeee", "ld4:attr1:l4:pathl1:aeee",
            ]),
            0..12,
        )
    ) {
        let info: String =
            entries.iter().map(|(key, value)| format!("{}:{key}{value}", key.len())).collect();
        if let Ok(parsed) = Metainfo::parse(&torrent(&info)) {
            prop_assert!(parsed.layout.total_length() > 0);
        }
        let tree: Value = serde_bencode::from_bytes(&torrent(&info)).unwrap();
        prop_assert!(matches!(tree, Value::Dict(_)), "the test wrote bencode");
    }
}
