//! Which pieces are needed for a choice of files.

use crate::bitfield::Bitfield;
use crate::layout::Layout;

/// The pieces that hold a byte of a chosen file; pads need none. Cost: a step per file and piece.
pub(super) fn pieces_of(layout: &Layout, chosen: &[bool]) -> Bitfield {
    let mut pieces = Bitfield::new(layout.piece_count());
    let wanted = layout.files().iter().zip(chosen).filter(|(file, chosen)| **chosen && !file.pad);
    for (file, _) in wanted.filter(|(file, _)| file.length > 0) {
        let length = u64::from(layout.piece_length());
        let last = file.offset + file.length - 1;
        for piece in file.offset / length..=last / length {
            pieces.insert(u32::try_from(piece).unwrap_or(u32::MAX));
        }
    }
    pieces
}

/// Bytes of these pieces.
pub(super) fn bytes_of(layout: &Layout, pieces: &Bitfield) -> u64 {
    let sizes = layout.pieces().filter(|piece| pieces.has(piece.get()));
    sizes.map(|piece| u64::from(layout.piece_size(piece))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_needs_every_piece_that_it_touches() {
        // Pieces of 10: a has 0 and 1, b 1 alone, an empty file, a pad 2, c 3 and 4.
        let files = [(15, false), (5, false), (0, false), (10, true), (14, false)];
        let layout = Layout::new(10, files).unwrap();
        let needed = |chosen: [bool; 5]| {
            let pieces = pieces_of(&layout, &chosen);
            (0..layout.piece_count()).filter(|&piece| pieces.has(piece)).collect::<Vec<_>>()
        };
        assert_eq!(needed([true, false, false, false, false]), [0, 1]);
        assert_eq!(needed([false, true, false, false, false]), [1]);
        assert_eq!(needed([false, false, true, true, false]), [0; 0]);
        assert_eq!(needed([false, false, false, false, true]), [3, 4]);
        assert_eq!(bytes_of(&layout, &pieces_of(&layout, &[false, true, false, false, true])), 24);
    }
}
