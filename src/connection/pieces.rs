//! What the peer has, and what of it we lack.
//!
//! The set of wanted pieces is kept up to date one piece at a time: from the peer's messages on
//! one side, from the torrent's log of new pieces on the other. So interest is known without a
//! scan, and the one unbounded search (for a piece to propose when the main thread found none near
//! the rarest end) runs here, on the thread of the peer whose pieces they are.

use crate::bitfield::{Bitfield, WORD_BITS};
use crate::connection::shared::SharedTorrent;
use crate::layout::PieceIndex;

/// Both sets of one connection.
#[derive(Debug)]
pub struct RemotePieces {
    /// What the peer has.
    has: Bitfield,
    /// What the peer has and we lack, as far as the log was read.
    wanted: Bitfield,
    /// How far the log of new pieces was read.
    cursor: u32,
    /// The piece where the search for a candidate goes on.
    search: u32,
    /// Pieces left to look at in this search.
    search_left: u32,
}

impl RemotePieces {
    /// A peer that has nothing, told of our pieces up to `cursor` of the log.
    pub fn new(piece_count: u32, cursor: u32) -> Self {
        Self {
            has: Bitfield::new(piece_count),
            wanted: Bitfield::new(piece_count),
            cursor,
            search: 0,
            search_left: 0,
        }
    }

    /// What the peer has.
    pub fn has(&self) -> &Bitfield {
        &self.has
    }

    /// Whether the peer has something that we lack.
    pub fn is_interesting(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Whether the peer has this piece and we lack it.
    pub fn wants(&self, piece: PieceIndex) -> bool {
        self.wanted.has(piece.get())
    }

    /// The peer has one more piece; tells whether that is news.
    pub fn add(&mut self, shared: &SharedTorrent, piece: PieceIndex) -> bool {
        let new = self.has.insert(piece.get());
        if new && shared.wanted.has(piece.get()) && !shared.owned.has(piece.get()) {
            self.wanted.insert(piece.get());
        }
        new
    }

    /// The peer has these pieces of one word; returns those that are news.
    pub fn add_word(&mut self, shared: &SharedTorrent, index: usize, bits: u64) -> u64 {
        let new = self.has.merge_word(index, bits);
        let useful = shared.wanted.word(index) & !shared.owned.word(index);
        self.wanted.merge_word(index, new & useful);
        new
    }

    /// The next piece that we came to own since the last call. The wanted set follows.
    pub fn next_owned(&mut self, shared: &SharedTorrent) -> Option<u32> {
        let piece = shared.have_log.next(&mut self.cursor)?;
        self.wanted.remove(piece);
        Some(piece)
    }

    /// Begins the search for a piece that is wanted and has blocks to grant, where the last search
    /// ended.
    pub fn begin_search(&mut self) {
        self.search_left = self.wanted.len();
    }

    /// The next such piece, if the search finds one. Cost: at most a pass over the words in all
    /// calls of one search.
    pub fn next_candidate(&mut self, shared: &SharedTorrent) -> Option<PieceIndex> {
        while self.search_left > 0 {
            if self.search >= self.wanted.len() {
                self.search = 0;
            }
            let (index, from) = ((self.search / WORD_BITS) as usize, self.search % WORD_BITS);
            let free =
                self.wanted.word(index) & !shared.taken.word(index) & !shared.owned.word(index);
            let ahead = free >> from;
            let rest = (WORD_BITS - from).min(self.wanted.len() - self.search);
            let step = if ahead == 0 { rest } else { ahead.trailing_zeros() + 1 };
            if step > self.search_left {
                self.search_left = 0;
                return None;
            }
            self.search += step;
            self.search_left -= step;
            if ahead != 0 {
                return shared.layout.piece(self.search - 1);
            }
        }
        None
    }

    /// Takes the next nonempty word of the peer's pieces out, from the end; for leaving.
    pub fn take_words(&mut self) -> impl Iterator<Item = u32> + '_ {
        (0..self.has.words().len())
            .filter(|&index| self.has.take_word(index) != 0)
            .map(|i| i as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::InfoHash;
    use crate::layout::Layout;
    use std::sync::Arc;

    fn shared(pieces: u64, owned: &[u32]) -> SharedTorrent {
        let layout = Arc::new(Layout::single(16_384, 16_384 * pieces).unwrap());
        let mut set = Bitfield::new(layout.piece_count());
        owned.iter().for_each(|&piece| assert!(set.insert(piece)));
        SharedTorrent::new(InfoHash([0; 20]), layout, &set)
    }

    fn own(shared: &SharedTorrent, piece: u32) {
        shared.owned.insert(piece);
        shared.have_log.append(piece);
    }

    #[test]
    fn interest_follows_both_sides() {
        let shared = shared(200, &[3]);
        let mut pieces = RemotePieces::new(200, 0);
        assert!(pieces.add(&shared, shared.layout.piece(3).unwrap()));
        assert!(!pieces.is_interesting());
        assert!(pieces.add(&shared, shared.layout.piece(130).unwrap()));
        assert!(!pieces.add(&shared, shared.layout.piece(130).unwrap()));
        assert!(pieces.is_interesting());
        own(&shared, 130);
        assert!(pieces.is_interesting(), "the log is not read yet");
        assert_eq!(pieces.next_owned(&shared), Some(130));
        assert!(!pieces.is_interesting());
    }

    #[test]
    fn pieces_that_are_not_wanted_are_of_no_interest() {
        let shared = shared(200, &[]);
        let mut wanted = Bitfield::new(200);
        assert!(wanted.insert(70));
        let shared = shared.choosing(wanted);
        let mut pieces = RemotePieces::new(200, 0);
        assert!(pieces.add(&shared, shared.layout.piece(3).unwrap()), "it is news all the same");
        pieces.add_word(&shared, 0, u64::MAX);
        assert!(!pieces.is_interesting());
        pieces.add_word(&shared, 1, u64::MAX);
        assert!(pieces.is_interesting());
        assert!(!shared.is_complete());
        assert!(shared.own(shared.layout.piece(70).unwrap()));
        assert!(shared.is_complete());
        assert_eq!((shared.owned_of_wanted(), shared.owned.count()), (1, 1));
    }

    #[test]
    fn a_search_proposes_each_free_piece_once_and_goes_on_where_it_ended() {
        let shared = shared(200, &[]);
        let mut pieces = RemotePieces::new(200, 0);
        for piece in [5, 6, 9, 70, 127, 128, 199] {
            pieces.add(&shared, shared.layout.piece(piece).unwrap());
        }
        shared.taken.insert(5);
        let mut search = |most| {
            pieces.begin_search();
            let found = std::iter::from_fn(|| pieces.next_candidate(&shared));
            found.map(PieceIndex::get).take(most).collect::<Vec<_>>()
        };
        assert_eq!(search(9), [6, 9, 70, 127, 128, 199]);
        assert_eq!(search(2), [6, 9]);
        assert_eq!(search(9), [70, 127, 128, 199, 6, 9]);
    }

    #[test]
    fn leaving_names_each_word_with_pieces() {
        let shared = shared(200, &[]);
        let mut pieces = RemotePieces::new(200, 0);
        pieces.add_word(&shared, 0, 1);
        pieces.add_word(&shared, 3, 0b11);
        assert_eq!(pieces.take_words().collect::<Vec<_>>(), [0, 3]);
        assert_eq!(pieces.take_words().count(), 0);
    }
}
