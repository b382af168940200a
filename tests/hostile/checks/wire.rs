//! The codec of messages: however the stream is cut, the same messages come out of it, and what
//! comes out goes back in.

use cuerda::wire::codec::{Bounds, Decoded, decode, messages};
use cuerda::wire::error::WireError;
use cuerda::wire::message::{HEADER_LENGTH, Message};

/// The first three bytes say what was negotiated and how the rest is cut into reads.
pub(crate) fn check(bytes: &[u8]) {
    let [flags, pieces, step, stream @ ..] = bytes else { return };
    let bounds = Bounds {
        piece_count: u32::from(*pieces) * 9,
        fast: flags & 1 != 0,
        extensions: flags & 2 != 0,
    };
    let whole = read_whole(stream, &bounds);
    let cut = read_cut(stream, &bounds, usize::from(*step) + 1);
    assert_eq!(whole, cut, "what is said does not depend on how it arrives");
}

/// What a stream said: its messages in bytes, and how it ended.
type Said = (Vec<Vec<u8>>, Option<WireError>);

/// All at once.
fn read_whole(stream: &[u8], bounds: &Bounds) -> Said {
    let mut said = Vec::new();
    let mut arriving = messages(stream, bounds);
    let mut consumed = 0;
    while let Some(read) = arriving.next() {
        match read {
            Ok(message) => {
                let raw = &stream[consumed..arriving.consumed()];
                check_message(&message, raw);
                said.push(raw.to_vec());
                consumed = arriving.consumed();
            }
            Err(error) => {
                assert!(arriving.next().is_none(), "nothing means anything after an error");
                return (said, Some(error));
            }
        }
    }
    assert_eq!(consumed, arriving.consumed());
    (said, None)
}

/// A few bytes at a time, each message as soon as it is there.
fn read_cut(stream: &[u8], bounds: &Bounds, step: usize) -> Said {
    let (mut said, mut waiting) = (Vec::new(), Vec::new());
    for chunk in stream.chunks(step) {
        waiting.extend_from_slice(chunk);
        loop {
            let consumed = match decode(&waiting, bounds) {
                Ok(Decoded::Message { consumed, .. }) => consumed,
                Ok(Decoded::NeedMore { at_least }) => {
                    assert!(at_least > waiting.len(), "it would be asked in vain");
                    break;
                }
                Err(error) => return (said, Some(error)),
            };
            said.push(waiting.drain(..consumed).collect());
        }
    }
    (said, None)
}

/// A message that was read says in bytes what was read.
fn check_message(message: &Message<'_>, raw: &[u8]) {
    if let Message::Unknown { id } = message {
        assert_eq!(raw[HEADER_LENGTH - 1], *id);
        return;
    }
    let mut again = Vec::new();
    message.encode(&mut again);
    assert_eq!(again, raw, "{}", message.kind());
}
