//! A pool of equal buffers, so that idle threads hold none and busy ones do not allocate.
//!
//! A buffer comes as it was left: its content is old bytes, never to be sent or written before
//! it is overwritten.

use parking_lot::Mutex;
use std::sync::Arc;

/// The pool. Clones are the same pool.
#[derive(Debug, Clone)]
pub struct BufferPool {
    /// Buffers that nobody uses.
    idle: Arc<Mutex<Vec<Box<[u8]>>>>,
    /// Bytes of each.
    size: usize,
    /// Most kept idle.
    keep: usize,
}

impl BufferPool {
    /// A pool of buffers of `size` bytes that keeps at most `keep` idle ones.
    pub fn new(size: usize, keep: usize) -> Self {
        Self { idle: Arc::default(), size, keep }
    }

    /// Bytes of each buffer.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A buffer: an idle one, or a new one.
    pub fn take(&self) -> Box<[u8]> {
        let idle = self.idle.lock().pop();
        idle.unwrap_or_else(|| vec![0; self.size].into_boxed_slice())
    }

    /// Gives a buffer back; dropped if enough are idle.
    pub fn give(&self, buffer: Box<[u8]>) {
        let mut idle = self.idle.lock();
        if buffer.len() == self.size && idle.len() < self.keep {
            idle.push(buffer);
        }
    }

    /// Buffers that nobody uses.
    pub fn idle(&self) -> usize {
        self.idle.lock().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_no_more_than_it_should() {
        let pool = BufferPool::new(8, 1);
        let (first, second) = (pool.take(), pool.take());
        pool.give(first);
        pool.give(second);
        assert_eq!(pool.idle(), 1);
    }

    #[test]
    fn takes_back_only_its_own_size() {
        let pool = BufferPool::new(8, 4);
        pool.give(vec![0; 9].into_boxed_slice());
        assert_eq!(pool.idle(), 0);
    }
}
