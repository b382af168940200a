//! Rarest first, exactly, at constant cost per change (BEP 3's piece selection).
//!
//! All pieces stand in one array, ordered by a key: twice the number of peers known to have the
//! piece, plus one if the piece is *parked* (owned, or under way: nothing to open). Where each
//! key's run begins is kept beside it. A piece whose key grows by one swaps places with the last
//! of its run, and the border between the two runs moves by one: no search, no sort. One more peer
//! with a piece is two such moves, done in one, parking it is one. Which runs hold open pieces is
//! in a bitmap, so the rarest open piece is found without walking over runs that are empty or
//! parked.
//!
//! With a million pieces each move is three cache misses. So single pieces wait until there are a
//! few, or until somebody wants to know the order, and each batch is looked at before anything is
//! moved: its misses are then under way at the same time instead of one after the other.
//!
//! Peers that have everything are not counted here: they change no order.

use crate::bitfield::WORD_BITS;
use crate::kit::random::Random;
use crate::limits::PICKER_BATCH;
use crate::swarm::bitmap::Bitmap;
use crate::swarm::sequence::Sequence;
use std::fmt;
use std::hint::black_box;

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
    /// Pieces that one more peer has each and that were not moved yet.
    late: Vec<u32>,
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
        let late = Vec::with_capacity(PICKER_BATCH);
        let (sequence, touched) = (None, 0);
        Self { order, place, start, open, open_count: piece_count, late, sequence, touched }
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
        let late = self.late.iter().filter(|late| **late == piece).count() as u32;
        self.place.get(piece as usize).map_or(0, |place| place.key / 2 + late)
    }

    /// Array places touched so far.
    pub fn touched(&self) -> u64 {
        self.touched
    }

    /// One more peer has the piece. Cost: O(1), at times the moves of a batch.
    pub fn increase(&mut self, piece: u32) {
        self.late.push(piece);
        if self.late.len() >= PICKER_BATCH {
            self.catch_up();
        }
    }

    /// One more peer has these pieces of one word. Cost: O(64) moves.
    pub fn increase_word(&mut self, index: u32, bits: u64) {
        let mut pieces = [0; WORD_BITS as usize];
        let pieces = pieces_of(index, bits, &mut pieces);
        self.look_ahead(pieces, |key| key + 1, |border, step| border.wrapping_sub(1 + step));
        pieces.iter().for_each(|&piece| self.raise(piece));
    }

    /// One peer fewer has these pieces of one word. Cost: O(64) moves, and those of a batch.
    pub fn decrease_word(&mut self, index: u32, bits: u64) {
        self.catch_up();
        let mut pieces = [0; WORD_BITS as usize];
        let pieces = pieces_of(index, bits, &mut pieces);
        self.look_ahead(pieces, |key| key, |border, step| border.wrapping_add(step));
        pieces.iter().for_each(|&piece| self.lower(piece));
    }

    /// Moves the pieces that wait for it. Cost: O(1), a batch.
    fn catch_up(&mut self) {
        let mut late = std::mem::take(&mut self.late);
        self.look_ahead(&late, |key| key + 1, |border, step| border.wrapping_sub(1 + step));
        late.drain(..).for_each(|piece| self.raise(piece));
        self.late = late;
    }

    /// Reads what moving these pieces will change, so that all of it is on its way into the cache
    /// before the first is moved: their places, what stands there, and the pieces at the `border`
    /// of their run, which they will swap with.
    fn look_ahead(
        &self,
        pieces: &[u32],
        border: impl Fn(u32) -> u32,
        nth: impl Fn(u32, u32) -> u32,
    ) {
        let mut seen = 0;
        let mut steps = [0_u32; 8];
        for &piece in pieces {
            let Some(&Place { position, key }) = self.place.get(piece as usize) else { continue };
            seen ^= self.order.get(position as usize).copied().unwrap_or(0);
            // Of the pieces of one run the first swaps with the last of it, the next with the one
            // before, and so on. Two runs that share a counter only make this miss a few.
            let step = &mut steps[(key / 2 % 8) as usize];
            let border = self.start.get(border(key) as usize).copied().unwrap_or(0);
            let other = self.order.get(nth(border, *step) as usize);
            *step += 1;
            let other = other.and_then(|&other| self.place.get(other as usize));
            seen ^= other.map_or(0, |other| other.position);
        }
        black_box(seen);
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
        self.catch_up();
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

    /// One more peer has the piece: it moves by two keys, past the run of the key between.
    fn raise(&mut self, piece: u32) {
        let Some(&Place { position, key }) = self.place.get(piece as usize) else { return };
        if (key as usize) + 3 >= self.start.len() {
            debug_assert!(false, "more peers than the picker was made for");
            return;
        }
        self.start[key as usize + 1] -= 1;
        self.start[key as usize + 2] -= 1;
        let (near, far) = (self.start[key as usize + 1], self.start[key as usize + 2]);
        self.rotate([position, near, far], Place { position: far, key: key + 2 }, piece);
        self.note_run(key);
        self.note_run(key + 2);
    }

    /// One peer fewer has the piece: it moves by two keys.
    fn lower(&mut self, piece: u32) {
        let Some(&Place { position, key }) = self.place.get(piece as usize) else { return };
        if key < 2 {
            debug_assert!(false, "fewer peers than none");
            return;
        }
        let (near, far) = (self.start[key as usize], self.start[key as usize - 1]);
        self.start[key as usize] += 1;
        self.start[key as usize - 1] += 1;
        self.rotate([position, near, far], Place { position: far, key: key - 2 }, piece);
        self.note_run(key);
        self.note_run(key - 2);
    }

    /// Moves the piece from `here` to `far`, what stands there to `near`, and what stands there to
    /// `here`. If the run between is empty, `near` and `far` are one.
    fn rotate(&mut self, [here, near, far]: [u32; 3], to: Place, piece: u32) {
        self.put(self.order[near as usize], here);
        if near != far {
            self.put(self.order[far as usize], near);
        }
        self.order[far as usize] = piece;
        self.place[piece as usize] = to;
        self.touched += 2;
    }

    fn note_in_order(&mut self, piece: u32, open: bool) {
        if let Some(sequence) = &mut self.sequence {
            sequence.set(piece, open);
        }
    }

    /// Moves the piece from its key to the next.
    fn up(&mut self, piece: u32) {
        let Place { position, key } = self.place[piece as usize];
        let last = self.start[key as usize + 1] - 1;
        self.start[key as usize + 1] = last;
        self.rotate([position, last, last], Place { position: last, key: key + 1 }, piece);
        self.note_run(key);
        self.note_run(key + 1);
    }

    fn put(&mut self, piece: u32, position: u32) {
        self.order[position as usize] = piece;
        self.place[piece as usize].position = position;
        self.touched += 2;
    }

    /// Keeps the bitmap true for the run of this key, if it is one of open pieces.
    fn note_run(&mut self, key: u32) {
        if key.is_multiple_of(2) {
            let used = self.start[key as usize] < self.start[key as usize + 1];
            self.open.set(key / 2, used);
        }
    }
}

/// The pieces of a word that these bits name, in the room given.
fn pieces_of(index: u32, bits: u64, room: &mut [u32; WORD_BITS as usize]) -> &[u32] {
    let mut rest = bits;
    let count = bits.count_ones() as usize;
    for piece in &mut room[..count] {
        *piece = index * WORD_BITS + rest.trailing_zeros();
        rest &= rest - 1;
    }
    &room[..count]
}

/// As counts: orders of millions of pieces appear in log lines.
impl fmt::Debug for Picker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picker({} of {} open)", self.open_count, self.order.len())
    }
}

#[cfg(test)]
#[path = "picker_tests.rs"]
mod tests;
