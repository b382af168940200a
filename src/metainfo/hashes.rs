//! The SHA-1 digest of each piece, the `pieces` string of BEP 3.

use crate::id::ID_LENGTH;
use crate::layout::PieceIndex;
use std::fmt;

/// The digests of all pieces of one torrent, in order.
#[derive(Clone, PartialEq, Eq)]
pub struct PieceHashes(Box<[[u8; ID_LENGTH]]>);

impl PieceHashes {
    /// The digests that follow each other in these bytes; none if a part of one is left over.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (digests, rest) = bytes.as_chunks::<ID_LENGTH>();
        rest.is_empty().then(|| Self(digests.into()))
    }

    /// Number of pieces.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// What the piece's bytes must hash to.
    ///
    /// # Panics
    ///
    /// If the piece is of another torrent that has more pieces.
    pub fn get(&self, piece: PieceIndex) -> &[u8; ID_LENGTH] {
        &self.0[piece.index()]
    }
}

impl fmt::Debug for PieceHashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PieceHashes({})", self.0.len())
    }
}
