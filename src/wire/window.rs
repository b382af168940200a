//! A window of waiting bytes that slides through a buffer; the buffer is there only while bytes
//! are.
//!
//! Memory comes in three sizes: a little for control messages, a pooled buffer for runs of blocks,
//! and more for the rare long message.

use crate::kit::buffers::BufferPool;
use crate::limits::{LEFTOVER_MAX, READ_BUFFER_MAX};

/// Bytes of a buffer that is not worth taking from the pool.
const SMALL: usize = 1024;

/// The bytes that wait are `start..end` of the buffer; those behind `end` are room for more, and
/// hold old bytes.
#[derive(Debug, Default)]
pub(super) struct Window {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Window {
    /// The bytes that wait.
    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Number of bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether none wait.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Bytes of memory held.
    pub(super) fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets the first `count` bytes; all of them when there are fewer.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start.saturating_add(count));
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
    }

    /// The room behind the bytes that wait; it holds old bytes.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.end..]
    }

    /// The first `count` bytes of the room have been written: they wait now.
    pub(super) fn filled(&mut self, count: usize) {
        self.end = self.bytes.len().min(self.end.saturating_add(count));
    }

    /// Adds bytes at the end.
    pub(super) fn append(&mut self, bytes: &[u8], pool: &BufferPool) {
        self.reserve(bytes.len(), pool);
        self.room()[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Makes room for at least `count` bytes. Cost: constant for each byte that passes through,
    /// since bytes are moved only when a quarter of the buffer is gained or its size doubles.
    pub(super) fn reserve(&mut self, count: usize, pool: &BufferPool) {
        if self.bytes.len() - self.end >= count {
            return;
        }
        let needed = self.len() + count;
        if needed <= self.bytes.len() && self.start >= self.bytes.len() / 4 {
            self.move_to_front();
        } else {
            let larger = needed.max(2 * self.bytes.len());
            let buffer = if larger <= SMALL {
                vec![0; SMALL].into_boxed_slice()
            } else if larger <= pool.size() {
                pool.take()
            } else {
                vec![0; larger].into_boxed_slice()
            };
            self.replace(buffer, pool);
        }
    }

    /// Makes room for one long read; false when the buffer is full and as large as it may get.
    ///
    /// What waits is the beginning of a message. It is moved to the front only when the room is
    /// small; it outgrows a pooled buffer only when it has filled it.
    pub(super) fn reserve_for_read(&mut self, pool: &BufferPool) -> bool {
        if self.bytes.len() < pool.size() {
            self.replace(pool.take(), pool);
        }
        let room = self.bytes.len() - self.end;
        if room < self.bytes.len() / 2 && (self.len() <= self.start || room == 0) {
            self.move_to_front();
        }
        let full = self.end == self.bytes.len();
        if full && self.bytes.len() < READ_BUFFER_MAX {
            let larger = READ_BUFFER_MAX.min(2 * self.bytes.len());
            self.replace(vec![0; larger].into_boxed_slice(), pool);
        }
        self.end < self.bytes.len()
    }

    /// Gives the buffer back unless much waits in it; a little moves to a buffer of its own size.
    pub(super) fn rest(&mut self, pool: &BufferPool) {
        if self.is_empty() {
            pool.give(std::mem::take(&mut self.bytes));
        } else if self.len() <= LEFTOVER_MAX && self.bytes.len() > LEFTOVER_MAX {
            let leftover = vec![0; self.len()].into_boxed_slice();
            self.replace(leftover, pool);
        }
    }

    /// Moves what waits into another buffer, which is at least as long.
    fn replace(&mut self, mut buffer: Box<[u8]>, pool: &BufferPool) {
        buffer[..self.len()].copy_from_slice(self.pending());
        (self.start, self.end) = (0, self.len());
        pool.give(std::mem::replace(&mut self.bytes, buffer));
    }

    fn move_to_front(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIZE: usize = 128 * 1024;

    fn pool() -> BufferPool {
        BufferPool::new(SIZE, 4)
    }

    #[test]
    fn an_empty_window_holds_nothing_once_it_rested() {
        let (mut window, pool) = (Window::default(), pool());
        window.append(&[1; 2 * SMALL], &pool);
        assert_eq!((window.held(), pool.idle()), (SIZE, 0));
        window.consume(usize::MAX);
        window.rest(&pool);
        assert_eq!((window.held(), pool.idle()), (0, 1));
    }

    #[test]
    fn a_control_message_takes_no_pooled_buffer() {
        let (mut window, pool) = (Window::default(), pool());
        window.append(b"have", &pool);
        assert_eq!(window.held(), SMALL);
    }

    #[test]
    fn a_resting_leftover_keeps_its_bytes_and_frees_the_pooled_buffer() {
        let (mut window, pool) = (Window::default(), pool());
        window.append(&[7; LEFTOVER_MAX + 10], &pool);
        window.rest(&pool);
        assert_eq!(window.held(), SIZE, "too much waits");
        window.consume(10);
        window.rest(&pool);
        assert_eq!((window.held(), pool.idle()), (LEFTOVER_MAX, 1));
        assert!(window.reserve_for_read(&pool));
        assert_eq!((window.pending(), window.held()), (&[7; LEFTOVER_MAX][..], SIZE));
    }

    #[test]
    fn a_read_has_half_a_buffer_of_room_after_small_leftovers() {
        let (mut window, pool) = (Window::default(), pool());
        for _ in 0..20 {
            assert!(window.reserve_for_read(&pool));
            let room = window.room().len();
            assert!(room >= SIZE / 2);
            window.filled(room - 1_000);
            window.consume(window.len() - 100);
            assert_eq!(window.held(), SIZE);
        }
    }

    #[test]
    fn a_long_message_grows_the_buffer_as_it_comes_up_to_the_bound() {
        let (mut window, pool) = (Window::default(), pool());
        let mut sizes = Vec::new();
        while window.reserve_for_read(&pool) {
            sizes.push(window.held());
            let room = window.room().len();
            window.filled(room);
        }
        assert_eq!(sizes, [SIZE, 2 * SIZE, READ_BUFFER_MAX]);
        assert_eq!(window.len(), READ_BUFFER_MAX);
    }

    #[test]
    fn a_queue_that_never_runs_empty_does_not_grow() {
        let (mut window, pool) = (Window::default(), pool());
        window.append(&[0; 500], &pool);
        for round in 0..100_000_u32 {
            window.append(&round.to_be_bytes(), &pool);
            window.consume(4);
        }
        assert_eq!(window.len(), 500);
        assert!(window.held() <= SIZE);
        assert_eq!(window.pending()[496..], 99_999_u32.to_be_bytes());
    }

    #[test]
    fn a_queue_that_only_grows_moves_its_bytes_a_few_times() {
        let (mut window, pool) = (Window::default(), pool());
        let mut sizes = std::collections::BTreeSet::new();
        while window.len() < 4 * SIZE {
            window.append(&[0; 100], &pool);
            sizes.insert(window.held());
        }
        assert_eq!(Vec::from_iter(sizes), [SMALL, SIZE, 2 * SIZE, 4 * SIZE, 8 * SIZE]);
    }

    proptest! {
        #[test]
        fn bytes_come_out_as_they_went_in(
            steps in proptest::collection::vec((0_u8..5, 0_usize..3_000), 0..60),
        ) {
            let (mut window, pool) = (Window::default(), BufferPool::new(2_048, 1));
            let (mut model, mut next) = (Vec::new(), 0_u8);
            for (step, count) in steps {
                match step {
                    0 | 1 => {
                        let bytes: Vec<u8> =
                            (0..count).map(|_| { next = next.wrapping_add(1); next }).collect();
                        window.append(&bytes, &pool);
                        model.extend(bytes);
                    }
                    2 => {
                        window.consume(count);
                        model.drain(..count.min(model.len()));
                    }
                    3 => window.rest(&pool),
                    _ => prop_assert!(window.reserve_for_read(&pool)),
                }
                prop_assert_eq!(window.pending(), &model[..]);
            }
        }
    }
}
