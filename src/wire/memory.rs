//! A stream in memory: two ends, a bounded pipe in each direction, and no waiting.
//!
//! A [`StreamMessenger`](crate::wire::stream_messenger::StreamMessenger) over it is the in-memory
//! messenger of tests and simulations. Reads and writes can be cut short on purpose. Nobody is
//! woken here: whoever drives the two ends polls them.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

/// One end; dropping it ends the stream for the other one.
#[derive(Debug)]
pub struct MemoryStream {
    /// What the other end has written.
    incoming: Arc<Mutex<Pipe>>,
    /// What this end has written.
    outgoing: Arc<Mutex<Pipe>>,
    /// Most bytes of one read or write.
    step_max: usize,
}

/// Bytes on their way in one direction.
#[derive(Debug)]
struct Pipe {
    /// Written and not read.
    bytes: VecDeque<u8>,
    /// Most bytes held; writes beyond would block.
    capacity: usize,
    /// One of the ends is gone.
    closed: bool,
}

impl MemoryStream {
    /// Two connected ends that hold at most `capacity` bytes in each direction, and at least one.
    pub fn pair(capacity: usize) -> (Self, Self) {
        let pipe = || {
            let capacity = capacity.max(1);
            Arc::new(Mutex::new(Pipe { bytes: VecDeque::new(), capacity, closed: false }))
        };
        let (there, back) = (pipe(), pipe());
        let near = Self { incoming: back.clone(), outgoing: there.clone(), step_max: usize::MAX };
        let far = Self { incoming: there, outgoing: back, step_max: usize::MAX };
        (near, far)
    }

    /// From now on one read or write of this end moves at most `bytes`, and at least one.
    pub fn limit_steps(&mut self, bytes: usize) {
        self.step_max = bytes.max(1);
    }
}

impl Read for MemoryStream {
    /// What was written before the other end was dropped can still be read, then reads give 0.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut pipe = self.incoming.lock();
        let count = pipe.bytes.len().min(buffer.len()).min(self.step_max);
        if count == 0 && !buffer.is_empty() && !pipe.closed {
            return Err(ErrorKind::WouldBlock.into());
        }
        for (slot, byte) in buffer.iter_mut().zip(pipe.bytes.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }
}

impl Write for MemoryStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pipe = self.outgoing.lock();
        if pipe.closed {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let room = pipe.capacity - pipe.bytes.len();
        if room == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = room.min(bytes.len()).min(self.step_max);
        pipe.bytes.extend(bytes.iter().take(count));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        self.incoming.lock().closed = true;
        self.outgoing.lock().closed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> ErrorKind {
        result.unwrap_err().kind()
    }

    #[test]
    fn an_empty_pipe_and_a_full_one_would_block() {
        let (mut near, mut far) = MemoryStream::pair(3);
        let mut buffer = [0; 8];
        assert_eq!(kind(far.read(&mut buffer)), ErrorKind::WouldBlock);
        assert_eq!(near.write(b"abcd").unwrap(), 3);
        assert_eq!(kind(near.write(b"d")), ErrorKind::WouldBlock);
        assert_eq!(far.read(&mut buffer).unwrap(), 3);
        assert_eq!(&buffer[..3], b"abc");
        assert_eq!(near.write(b"d").unwrap(), 1);
    }

    #[test]
    fn the_directions_do_not_meet() {
        let (mut near, mut far) = MemoryStream::pair(8);
        near.write_all(b"there").unwrap();
        far.write_all(b"back").unwrap();
        let mut buffer = [0; 8];
        assert_eq!(near.read(&mut buffer).unwrap(), 4);
        assert_eq!(far.read(&mut buffer).unwrap(), 5);
    }

    #[test]
    fn dropping_an_end_closes_it_after_its_last_bytes() {
        let (mut near, mut far) = MemoryStream::pair(8);
        near.write_all(b"last").unwrap();
        drop(near);
        let mut buffer = [0; 8];
        assert_eq!(far.read(&mut buffer).unwrap(), 4);
        assert_eq!(far.read(&mut buffer).unwrap(), 0);
        assert_eq!(kind(far.write(b"x")), ErrorKind::BrokenPipe);
    }

    #[test]
    fn steps_can_be_cut_short() {
        let (mut near, mut far) = MemoryStream::pair(8);
        near.limit_steps(2);
        far.limit_steps(1);
        assert_eq!(near.write(b"abc").unwrap(), 2);
        assert_eq!(far.read(&mut [0; 8]).unwrap(), 1);
    }
}
