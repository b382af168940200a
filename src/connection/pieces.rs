//! What the peer has, and what of it we lack.
//!
//! The set of wanted pieces is kept up to date one piece at a time: from the peer's messages on
//! one side, from the torrent's log of new pieces on the other. So interest is known without a
//! scan, and the one unbounded search (for a piece to propose when the main thread found none near
//! the rarest end) runs here, on the thread of the peer whose pieces they are.
//!
//! There is one set of what the peer has. This thread writes it, and with each question for work
//! it is *lent* to the main thread, which reads it to answer. While it is lent nothing is changed
//! in it: pieces that come meanwhile are kept beside it and told when the answer is there. So the
//! main thread sees exactly what it was told before the question, neither less nor more, and the
//! same events give the same answers. A piece is in the set if and only if it was told.

use crate::bitfield::{Bitfield, SharedBitfield, WORD_BITS};
use crate::connection::event::Event;
use crate::connection::outbox::Outbox;
use crate::connection::shared::SharedTorrent;
use crate::layout::PieceIndex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Both sets of one connection.
#[derive(Debug)]
pub struct RemotePieces {
    /// What the main thread was told that the peer has, piece by piece.
    told: Arc<SharedBitfield>,
    /// The peer has everything, and the main thread was told so in one word.
    all: bool,
    /// The main thread may be reading `told`.
    lent: bool,
    /// What came since then, by word: at most as many as there are words.
    untold: BTreeMap<u32, u64>,
    /// Pieces in both, so that nobody counts them for each one that comes.
    known: u32,
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
        let wanted = Bitfield::new(piece_count);
        Self {
            told: Arc::new(SharedBitfield::new(&wanted)),
            all: false,
            lent: false,
            untold: BTreeMap::new(),
            known: 0,
            wanted,
            cursor,
            search: 0,
            search_left: 0,
        }
    }

    /// The set that the main thread reads.
    pub fn told(&self) -> &Arc<SharedBitfield> {
        &self.told
    }

    /// Whether the peer has this piece.
    pub fn has(&self, piece: u32) -> bool {
        let word = self.word(piece / WORD_BITS);
        self.all || word >> (piece % WORD_BITS) & 1 == 1
    }

    /// Whether the peer has every piece.
    pub fn is_full(&self) -> bool {
        self.all || self.known == self.told.len()
    }

    /// The peer's pieces of one word, unless it has all.
    fn word(&self, index: u32) -> u64 {
        self.told.word(index as usize) | self.untold.get(&index).copied().unwrap_or(0)
    }

    /// Whether the peer has something that we lack.
    pub fn is_interesting(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Whether the peer has this piece and we lack it.
    pub fn wants(&self, piece: PieceIndex) -> bool {
        self.wanted.has(piece.get())
    }

    /// The peer has one more piece; tells whether that is news, and tells the news.
    pub fn add(&mut self, shared: &SharedTorrent, piece: PieceIndex, out: &mut Outbox) -> bool {
        let (index, bit) = (piece.get() / WORD_BITS, 1 << (piece.get() % WORD_BITS));
        if self.learn(shared, index, bit) == 0 {
            return false;
        }
        if !self.lent {
            self.tell(index, bit, Event::Have(piece), out);
        }
        true
    }

    /// The peer has these pieces of one word; tells whether some are news, and tells the news.
    pub fn add_word(
        &mut self,
        shared: &SharedTorrent,
        index: u32,
        bits: u64,
        out: &mut Outbox,
    ) -> bool {
        let new = self.learn(shared, index, bits);
        if new != 0 && !self.lent {
            self.tell(index, new, Event::Word { index, bits: new }, out);
        }
        new != 0
    }

    /// The peer, of which nothing was told, has everything. The set stays empty: one word says it.
    pub fn add_all(&mut self, shared: &SharedTorrent, out: &mut Outbox) {
        let full = Bitfield::full(self.told.len());
        for (index, &bits) in full.words().iter().enumerate() {
            self.wanted.merge_word(index, bits & lacking(shared, index));
        }
        self.all = true;
        out.publish(Event::HaveAll);
    }

    /// Takes note of pieces of one word; returns those that are news. While the set is lent they
    /// are kept beside it.
    fn learn(&mut self, shared: &SharedTorrent, index: u32, bits: u64) -> u64 {
        let new = if self.all { 0 } else { bits & !self.word(index) };
        if new != 0 {
            self.known += new.count_ones();
            self.wanted.merge_word(index as usize, new & lacking(shared, index as usize));
            if self.lent {
                *self.untold.entry(index).or_default() |= new;
            }
        }
        new
    }

    /// Publishes pieces and puts them into the set. Nothing that can fail is between the two, so
    /// that what is given back at the end is what was told, also if this thread panics.
    fn tell(&self, index: u32, new: u64, event: Event, out: &mut Outbox) {
        out.publish(event);
        self.told.merge_word(index as usize, new);
    }

    /// A question was published: the main thread may read the set.
    pub fn lend(&mut self) {
        self.lent = true;
    }

    /// The question is answered: the set is this thread's alone again, and what came meanwhile is
    /// told.
    pub fn take_back(&mut self, out: &mut Outbox) {
        self.lent = false;
        for (index, bits) in std::mem::take(&mut self.untold) {
            self.tell(index, bits, Event::Word { index, bits }, out);
        }
    }

    /// The peer leaves: everything that was told is taken back. The set stays as it is, since it
    /// may be lent.
    pub fn leave(&self, out: &mut Outbox) {
        for index in 0..self.told.word_count() as u32 {
            let bits = self.told.word(index as usize);
            if bits != 0 {
                out.publish(Event::WordGone { index, bits });
            }
        }
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
}

/// The pieces of one word that we want and lack.
fn lacking(shared: &SharedTorrent, index: usize) -> u64 {
    shared.wanted.word(index) & !shared.owned.word(index)
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
        let mut out = Outbox::default();
        assert!(pieces.add(&shared, shared.layout.piece(3).unwrap(), &mut out));
        assert!(!pieces.is_interesting());
        assert!(pieces.add(&shared, shared.layout.piece(130).unwrap(), &mut out));
        assert!(!pieces.add(&shared, shared.layout.piece(130).unwrap(), &mut out));
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
        let (three, mut out) = (shared.layout.piece(3).unwrap(), Outbox::default());
        assert!(pieces.add(&shared, three, &mut out), "it is news all the same");
        pieces.add_word(&shared, 0, u64::MAX, &mut out);
        assert!(!pieces.is_interesting());
        pieces.add_word(&shared, 1, u64::MAX, &mut out);
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
            pieces.add(&shared, shared.layout.piece(piece).unwrap(), &mut Outbox::default());
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

    #[expect(clippy::wildcard_enum_match_arm, reason = "a test looks for these alone")]
    fn words(out: &mut Outbox) -> Vec<(u32, u64)> {
        let events = std::iter::from_fn(|| out.next_event());
        let words = events.map(|event| match event {
            Event::Have(piece) => (piece.get() / 64, 1 << (piece.get() % 64)),
            Event::Word { index, bits } | Event::WordGone { index, bits } => (index, bits),
            other => panic!("{other:?}"),
        });
        words.collect()
    }

    #[test]
    fn leaving_takes_back_each_piece_that_was_told() {
        let (shared, mut out) = (shared(200, &[]), Outbox::default());
        let mut pieces = RemotePieces::new(200, 0);
        pieces.add_word(&shared, 0, 1, &mut out);
        pieces.add_word(&shared, 3, 0b11, &mut out);
        pieces.add_word(&shared, 3, 0b110, &mut out);
        assert_eq!(words(&mut out), [(0, 1), (3, 0b11), (3, 0b100)]);
        pieces.lend();
        assert!(pieces.add_word(&shared, 1, 1, &mut out));
        pieces.leave(&mut out);
        assert_eq!(words(&mut out), [(0, 1), (3, 0b111)], "what was not told is not taken back");
    }

    #[test]
    fn while_the_set_is_lent_it_stays_as_it_is() {
        let (shared, mut out) = (shared(200, &[]), Outbox::default());
        let mut pieces = RemotePieces::new(200, 0);
        let piece = |number| shared.layout.piece(number).unwrap();
        assert!(pieces.add(&shared, piece(5), &mut out));
        assert_eq!(words(&mut out), [(0, 1 << 5)]);
        pieces.lend();
        assert!(pieces.add(&shared, piece(6), &mut out));
        assert!(!pieces.add(&shared, piece(6), &mut out), "it is known though not told");
        assert!(pieces.has(6) && pieces.wants(piece(6)) && !pieces.told().has(6));
        assert_eq!(words(&mut out), []);
        for index in 0..4 {
            pieces.add_word(&shared, index, Bitfield::full(200).word(index as usize), &mut out);
        }
        assert!(pieces.is_full());
        assert_eq!(pieces.told().count(), 1);
        pieces.take_back(&mut out);
        assert!(pieces.is_full() && pieces.told().is_full());
        let told: u32 = words(&mut out).into_iter().map(|(_, bits)| bits.count_ones()).sum();
        assert_eq!(told, 199, "each once");
    }

    #[test]
    fn a_peer_with_everything_is_one_word_and_nothing_to_take_back() {
        let (shared, mut out) = (shared(200, &[7]), Outbox::default());
        let mut pieces = RemotePieces::new(200, 0);
        pieces.add_all(&shared, &mut out);
        assert!(matches!(out.next_event(), Some(Event::HaveAll)));
        assert!(pieces.is_full() && pieces.has(199) && pieces.is_interesting());
        assert!(!pieces.add(&shared, shared.layout.piece(3).unwrap(), &mut out));
        pieces.leave(&mut out);
        assert!(out.next_event().is_none());
    }
}
