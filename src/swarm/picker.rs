//! Rarest first, exactly, at constant cost per change (BEP 3's piece selection).
//!
//! All pieces stand in one array, ordered by a key: twice the number of peers known to have the
//! piece, plus one if the piece is *parked* (owned, or under way: nothing to open). Where each
//! key's run begins is kept beside it. A piece whose key grows by one swaps places with the last
//! of its run, and the border between the two runs moves by one: no search, no sort. One more peer
//! with a piece is two such moves, parking it is one. Which runs hold open pieces is in a bitmap,
//! so the rarest open piece is found without walking over runs that are empty or parked.
//!
//! Peers that have everything are not counted here: they change no order.

use crate::kit::random::Random;
use crate::swarm::bitmap::Bitmap;
use crate::swarm::sequence::Sequence;
use std::fmt;

/// Where a piece stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Its index in `order`.
    position: u32,
    /// Its key.
    key: u32,
}

/// The order of one torrent's pieces.
pub struct Picker {
    /// Pieces in the order of their keys.
    order: Box<[u32]>,
    /// Each piece's place and key, side by side, because they are always looked at together.
    place: Box<[Place]>,
    /// Where each key's run begins in `order`; one more at the end.
    start: Box<[u32]>,
    /// Availabilities whose run of open pieces is not empty.
    open: Bitmap,
    /// Open pieces there are.
    open_count: u32,
    /// Open pieces by their number, if they are wanted in order.
    sequence: Option<Sequence>,
    /// Array places read or written, for the benchmark that shows that work is constant.
    touched: u64,
}

impl Picker {
    /// All pieces open and held by nobody, in random order, for at most that many peers.
    ///
    /// Cost: a step per piece and per peer; made by whoever adds the torrent.
    pub fn new(piece_count: u32, peers_max: u32, random: &mut Random) -> Self {
        let mut order: Box<[u32]> = (0..piece_count).collect();
        random.shuffle(&mut order);
        let mut place =
            vec![Place { position: 0, key: 0 }; piece_count as usize].into_boxed_slice();
        for (at, &piece) in order.iter().enumerate() {
            place[piece as usize].position = at as u32;
        }
        let keys = 2 * (peers_max as usize + 1);
        let mut start = vec![piece_count; keys + 1].into_boxed_slice();
        start[0] = 0;
        let mut open = Bitmap::new(peers_max + 1);
        open.set(0, piece_count > 0);
        Self { order, place, start, open, open_count: piece_count, sequence: None, touched: 0 }
    }

    /// The same pieces, to be picked in the order of their numbers. Cost: a step per piece.
    pub fn in_order(mut self) -> Self {
        let count = self.place.len() as u32;
        let mut sequence = Sequence::new(count);
        (0..count).filter(|&piece| self.is_open(piece)).for_each(|piece| sequence.set(piece, true));
        self.sequence = Some(sequence);
        self
    }

    /// Whether pieces are picked in the order of their numbers.
    pub fn is_in_order(&self) -> bool {
        self.sequence.is_some()
    }

    /// The first open piece that the peer has, of the first `probes`, if pieces are picked in
    /// order. Cost: O(probes).
    pub fn first(&mut self, probes: u32, peer_has: impl Fn(u32) -> bool) -> Option<u32> {
        let mut from = 0;
        for _ in 0..probes {
            self.touched += 1;
            let piece = self.sequence.as_ref()?.first_from(from)?;
            if peer_has(piece) {
                return Some(piece);
            }
            from = piece + 1;
        }
        None
    }

    /// Open pieces: neither owned nor under way.
    pub fn open_count(&self) -> u32 {
        self.open_count
    }

    /// Whether the piece is open.
    pub fn is_open(&self, piece: u32) -> bool {
        self.place.get(piece as usize).is_some_and(|place| place.key % 2 == 0)
    }

    /// Peers known to have the piece, not counting those that have everything.
    pub fn availability(&self, piece: u32) -> u32 {
        self.place.get(piece as usize).map_or(0, |place| place.key / 2)
    }

    /// Array places touched so far.
    pub fn touched(&self) -> u64 {
        self.touched
    }

    /// One more peer has the piece. Cost: O(1), two swaps.
    pub fn increase(&mut self, piece: u32) {
        let Some(&Place { key, .. }) = self.place.get(piece as usize) else { return };
        if (key as usize) + 3 >= self.start.len() {
            debug_assert!(false, "more peers than the picker was made for");
            return;
        }
        self.up(piece);
        self.up(piece);
    }

    /// One peer fewer has the piece. Cost: O(1), two swaps.
    pub fn decrease(&mut self, piece: u32) {
        let Some(&Place { key, .. }) = self.place.get(piece as usize) else { return };
        if key < 2 {
            debug_assert!(false, "fewer peers than none");
            return;
        }
        self.down(piece);
        self.down(piece);
    }

    /// The piece is owned or under way: it is not picked any more. Cost: O(1).
    pub fn park(&mut self, piece: u32) {
        if self.is_open(piece) {
            self.up(piece);
            self.open_count -= 1;
            self.note_in_order(piece, false);
        }
    }

    /// The rarest open piece that the peer has, of the first `probes` from the rarest end.
    /// Equally rare pieces are tried from a random place on. Cost: O(probes).
    pub fn rarest(
        &mut self,
        probes: u32,
        random: &mut Random,
        peer_has: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let mut left = probes;
        let mut from = 0;
        while let Some(availability) = self.open.first_from(from) {
            let begin = self.start[2 * availability as usize];
            let end = self.start[2 * availability as usize + 1];
            let offset = random.below(end - begin);
            for step in 0..end - begin {
                if left == 0 {
                    return None;
                }
                left -= 1;
                self.touched += 1;
                let at = begin + (offset + step) % (end - begin);
                let piece = self.order[at as usize];
                if peer_has(piece) {
                    return Some(piece);
                }
            }
            from = availability + 1;
        }
        None
    }

    /// An open piece that the peer has, from a random place of the order on. Cost: O(probes).
    pub fn any(
        &mut self,
        probes: u32,
        random: &mut Random,
        peer_has: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let count = self.order.len() as u32;
        let offset = random.below(count);
        for step in 0..probes.min(count) {
            self.touched += 1;
            let piece = self.order[((offset + step) % count) as usize];
            if self.is_open(piece) && peer_has(piece) {
                return Some(piece);
            }
        }
        None
    }

    fn note_in_order(&mut self, piece: u32, open: bool) {
        if let Some(sequence) = &mut self.sequence {
            sequence.set(piece, open);
        }
    }

    /// Moves the piece from its key to the next.
    fn up(&mut self, piece: u32) {
        let key = self.place[piece as usize].key;
        let last = self.start[key as usize + 1] - 1;
        self.swap_to(piece, last);
        self.start[key as usize + 1] -= 1;
        self.place[piece as usize].key = key + 1;
        self.note_run(key);
        self.note_run(key + 1);
    }

    /// Moves the piece from its key to the one before.
    fn down(&mut self, piece: u32) {
        let key = self.place[piece as usize].key;
        let first = self.start[key as usize];
        self.swap_to(piece, first);
        self.start[key as usize] += 1;
        self.place[piece as usize].key = key - 1;
        self.note_run(key);
        self.note_run(key - 1);
    }

    fn swap_to(&mut self, piece: u32, place: u32) {
        let here = self.place[piece as usize].position;
        let other = self.order[place as usize];
        self.order[here as usize] = other;
        self.order[place as usize] = piece;
        self.place[other as usize].position = here;
        self.place[piece as usize].position = place;
        self.touched += 4;
    }

    /// Keeps the bitmap true for the run of this key, if it is one of open pieces.
    fn note_run(&mut self, key: u32) {
        if key.is_multiple_of(2) {
            let used = self.start[key as usize] < self.start[key as usize + 1];
            self.open.set(key / 2, used);
        }
    }
}

/// As counts: orders of millions of pieces appear in log lines.
impl fmt::Debug for Picker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picker({} of {} open)", self.open_count, self.order.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PEERS: u32 = 6;

    fn check(picker: &Picker, availability: &[u32], parked: &[bool]) {
        for (at, &piece) in picker.order.iter().enumerate() {
            assert_eq!(picker.place[piece as usize].position, at as u32);
            let key = picker.place[piece as usize].key as usize;
            assert!((picker.start[key]..picker.start[key + 1]).contains(&(at as u32)));
        }
        for piece in 0..availability.len() {
            assert_eq!(picker.availability(piece as u32), availability[piece]);
            assert_eq!(picker.is_open(piece as u32), !parked[piece]);
        }
        let open = parked.iter().filter(|parked| !**parked).count();
        assert_eq!(picker.open_count(), open as u32);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Increase(usize),
        Decrease(usize),
        Park(usize),
    }

    fn step(pieces: usize) -> impl Strategy<Value = Step> {
        (0..3_u8, 0..pieces).prop_map(|(kind, piece)| match kind {
            0 => Step::Increase(piece),
            1 => Step::Decrease(piece),
            _ => Step::Park(piece),
        })
    }

    proptest! {
        #[test]
        fn the_rarest_open_piece_is_found_after_any_changes(
            pieces in 1_usize..40,
            seed: u64,
            steps in proptest::collection::vec(step(40), 0..200),
        ) {
            let mut random = Random::new(seed);
            let mut picker = Picker::new(pieces as u32, PEERS, &mut random);
            let (mut availability, mut parked) = (vec![0; pieces], vec![false; pieces]);
            for step in steps {
                match step {
                    Step::Increase(piece) if piece < pieces && availability[piece] < PEERS => {
                        availability[piece] += 1;
                        picker.increase(piece as u32);
                    }
                    Step::Decrease(piece) if piece < pieces && availability[piece] > 0 => {
                        availability[piece] -= 1;
                        picker.decrease(piece as u32);
                    }
                    Step::Park(piece) if piece < pieces => {
                        parked[piece] = true;
                        picker.park(piece as u32);
                    }
                    Step::Increase(_) | Step::Decrease(_) | Step::Park(_) => {}
                }
                check(&picker, &availability, &parked);
                let open = |piece: usize| !parked[piece];
                let rarest = (0..pieces).filter(|&p| open(p)).map(|p| availability[p]).min();
                let picked = picker.rarest(u32::MAX, &mut random, |_| true);
                prop_assert_eq!(picked.map(|piece| availability[piece as usize]), rarest);
                let odd = (0..pieces)
                    .filter(|&p| open(p) && p % 2 == 1)
                    .map(|p| availability[p])
                    .min();
                let picked = picker.rarest(u32::MAX, &mut random, |piece| piece % 2 == 1);
                prop_assert_eq!(picked.map(|piece| availability[piece as usize]), odd);
            }
        }
    }

    #[test]
    fn no_more_probes_than_allowed() {
        let mut random = Random::new(1);
        let mut picker = Picker::new(1_000, PEERS, &mut random);
        let asked = std::cell::Cell::new(0);
        let none = picker.rarest(64, &mut random, |_| {
            asked.set(asked.get() + 1);
            false
        });
        assert_eq!((none, asked.get()), (None, 64));
    }

    #[test]
    fn equally_rare_pieces_are_picked_in_another_order_by_another_seed() {
        let first = |seed| {
            let mut random = Random::new(seed);
            let mut picker = Picker::new(1_000, PEERS, &mut random);
            picker.rarest(64, &mut random, |_| true)
        };
        assert!((1..20).any(|seed| first(seed) != first(0)));
    }

    #[test]
    fn in_order_the_lowest_open_piece_comes_first() {
        let mut picker = Picker::new(300, PEERS, &mut Random::new(1));
        picker.park(0);
        let mut picker = picker.in_order();
        picker.increase(7);
        assert_eq!(picker.first(64, |_| true), Some(1));
        (1..250).for_each(|piece| picker.park(piece));
        assert_eq!(picker.first(64, |_| true), Some(250));
        assert_eq!(picker.first(64, |piece| piece > 260), Some(261));
        assert_eq!(picker.first(5, |piece| piece > 260), None, "only so many are tried");
    }
}
