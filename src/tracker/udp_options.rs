//! What may follow a UDP announce (BEP 41): the path and query of the tracker's address, in which
//! some trackers expect the user's key.

/// Ends the options.
const END: u8 = 0;
/// Says nothing.
const NOP: u8 = 1;
/// A part of path and query.
const URL_DATA: u8 = 2;
/// Bytes of path and query in one option.
const PART_MAX: usize = 255;

/// Appends options for this path and query; nothing if it is empty.
pub fn encode(path_and_query: &[u8], out: &mut Vec<u8>) {
    for part in path_and_query.chunks(PART_MAX) {
        // A part is at most 255 bytes long.
        out.extend([URL_DATA, part.len() as u8]);
        out.extend(part);
    }
    // A part shorter than the most it could be is the last; after a full one that has to be said.
    if !path_and_query.is_empty() && path_and_query.len().is_multiple_of(PART_MAX) {
        out.push(END);
    }
}

/// Path and query out of the bytes behind an announce. Unknown options are stepped over; one that
/// does not fit ends them.
pub fn decode(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some((&kind, rest)) = bytes.split_first() {
        bytes = match kind {
            END => break,
            NOP => rest,
            _ => {
                let Some((&length, rest)) = rest.split_first() else { break };
                let Some((part, rest)) = rest.split_at_checked(usize::from(length)) else { break };
                if kind == URL_DATA {
                    out.extend(part);
                }
                rest
            }
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_path_is_one_option() {
        let mut out = Vec::new();
        encode(b"/dir?a=b&c=d", &mut out);
        assert_eq!(out, b"\x02\x0c/dir?a=b&c=d");
        encode(b"", &mut out);
        assert_eq!(out.len(), 14);
    }

    #[test]
    fn unknown_options_and_fillers_are_stepped_over() {
        assert_eq!(decode(b"\x01\x01\x09\x02xx\x02\x01a\x02\x01b\x00\x02\x01c"), b"ab");
        assert_eq!(decode(b"\x02\x05abc"), b"");
        assert_eq!(decode(b"\x02"), b"");
    }

    proptest! {
        #[test]
        fn any_path_reads_back(path in proptest::collection::vec(any::<u8>(), 0..1200)) {
            let mut out = Vec::new();
            encode(&path, &mut out);
            prop_assert_eq!(decode(&out), path);
        }

        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            prop_assert!(decode(&bytes).len() <= bytes.len());
        }
    }
}
