//! Which pieces need not be compared with their hashes. Decisions only, no IO.

use crate::bitfield::Bitfield;
use crate::layout::Layout;
use crate::storage::stamp::Stamp;

/// Of these verified pieces those that lie only in files whose stamps are the same as then.
///
/// `stamps` and `found` have an entry for each file; `None` agrees with nothing. Files that hold no
/// stored bytes (`stored` says which do) need no stamp. Cost: one step per file and piece.
pub(super) fn trusted(
    mut good: Bitfield,
    stamps: &[Option<Stamp>],
    found: &[Option<Stamp>],
    stored: &[bool],
    layout: &Layout,
) -> Bitfield {
    for (file, span) in layout.files().iter().enumerate() {
        let then = stamps.get(file).copied().flatten();
        let now = found.get(file).copied().flatten();
        // A stamp that agrees with another length than the torrent's comes from a longer file.
        let agrees = then.is_some_and(|stamp| Some(stamp) == now && stamp.length == span.length);
        let matters = stored.get(file).copied().unwrap_or(true);
        if matters && !agrees {
            for piece in layout.pieces_of_file(file) {
                good.remove(piece);
            }
        }
    }
    good
}

/// Whether a file's bytes are all in these verified pieces: then nobody writes to it any more.
pub(super) fn is_at_rest(good: &Bitfield, layout: &Layout, file: usize) -> bool {
    layout.pieces_of_file(file).all(|piece| good.has(piece))
}
