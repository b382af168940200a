//! Walking over lists of buffers: which slices belong to the next so many bytes.
//!
//! A span that crosses files meets its buffers at other borders than theirs. The cursors here cut
//! the lists, never the bytes: nothing is copied.

use crate::limits::IO_SLICES_MAX;
use std::io::{IoSlice, IoSliceMut};
use std::ops::Deref;

/// A place in a list of slices.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
    /// Index of the slice.
    slice: usize,
    /// Bytes of that slice already passed.
    byte: usize,
}

impl Position {
    /// Moves on by so many bytes, at most to the end of the list.
    fn advance<S: Deref<Target = [u8]>>(&mut self, slices: &[S], mut bytes: usize) {
        while let Some(slice) = slices.get(self.slice) {
            let left = slice.len().saturating_sub(self.byte);
            if bytes < left {
                self.byte += bytes;
                return;
            }
            bytes -= left;
            *self = Self { slice: self.slice + 1, byte: 0 };
        }
    }
}

/// Bytes to be written, taken from slices one after the other.
#[derive(Debug)]
pub(super) struct Gather<'a> {
    /// All slices.
    slices: &'a [IoSlice<'a>],
    /// How far they are used up.
    position: Position,
}

impl<'a> Gather<'a> {
    /// At the start of the slices.
    pub(super) fn new(slices: &'a [IoSlice<'a>]) -> Self {
        Self { slices, position: Position::default() }
    }

    /// The next bytes: at most `length` of them, in at most as many slices as one call takes.
    pub(super) fn next(&self, length: u64) -> Vec<IoSlice<'a>> {
        let rest = self.slices.get(self.position.slice..).unwrap_or_default();
        let mut list = Vec::with_capacity(rest.len().min(IO_SLICES_MAX));
        let (mut left, mut skip) = (length, self.position.byte);
        for slice in rest {
            if left == 0 || list.len() == IO_SLICES_MAX {
                break;
            }
            let part = slice.get(skip..).unwrap_or_default();
            skip = 0;
            let part = &part[..shorter(part.len(), left)];
            left -= part.len() as u64;
            if !part.is_empty() {
                list.push(IoSlice::new(part));
            }
        }
        list
    }

    /// Moves past so many bytes.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.position.advance(self.slices, bytes);
    }
}

/// Room for bytes to be read, filled one slice after the other.
#[derive(Debug)]
pub(super) struct Scatter<'a, 'b> {
    /// All slices.
    slices: &'a mut [IoSliceMut<'b>],
    /// How far they are filled.
    position: Position,
}

impl<'a, 'b> Scatter<'a, 'b> {
    /// At the start of the slices.
    pub(super) fn new(slices: &'a mut [IoSliceMut<'b>]) -> Self {
        Self { slices, position: Position::default() }
    }

    /// Room for the next bytes: at most `length`, in at most as many slices as one call takes.
    pub(super) fn next(&mut self, length: u64) -> Vec<IoSliceMut<'_>> {
        let rest = self.slices.get_mut(self.position.slice..).unwrap_or_default();
        let mut list = Vec::with_capacity(rest.len().min(IO_SLICES_MAX));
        let (mut left, mut skip) = (length, self.position.byte);
        for slice in rest {
            if left == 0 || list.len() == IO_SLICES_MAX {
                break;
            }
            let part = slice.get_mut(skip..).unwrap_or_default();
            skip = 0;
            let size = shorter(part.len(), left);
            left -= size as u64;
            if size > 0 {
                list.push(IoSliceMut::new(&mut part[..size]));
            }
        }
        list
    }

    /// Moves past so many bytes.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.position.advance(self.slices, bytes);
    }
}

/// The smaller of a slice's length and the bytes still wanted.
fn shorter(length: usize, wanted: u64) -> usize {
    usize::try_from(wanted).map_or(length, |wanted| length.min(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_call_gets_no_more_slices_than_the_system_takes() {
        let slices = vec![IoSlice::new(b"x"); IO_SLICES_MAX + 1];
        let mut gather = Gather::new(&slices);
        assert_eq!(gather.next(u64::MAX).len(), IO_SLICES_MAX);
        gather.consume(IO_SLICES_MAX);
        assert_eq!(gather.next(u64::MAX).len(), 1);
        gather.consume(1);
        assert!(gather.next(u64::MAX).is_empty());
    }

    proptest! {
        #[test]
        fn cutting_a_list_keeps_its_bytes_in_order(
            parts in proptest::collection::vec(
                proptest::collection::vec(any::<u8>(), 0..20),
                0..12,
            ),
            steps in proptest::collection::vec((1_u64..30, 1_usize..30), 1..200),
        ) {
            let whole = parts.concat();
            let mut copies: Vec<Vec<u8>> = parts.iter().map(|part| vec![0; part.len()]).collect();
            let slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
            let mut room: Vec<_> = copies.iter_mut().map(|part| IoSliceMut::new(part)).collect();
            let mut gather = Gather::new(&slices);
            let mut scatter = Scatter::new(&mut room);
            let mut at = 0;
            for (length, take) in steps {
                let bytes: Vec<u8> = gather.next(length).iter().flat_map(|s| s.to_vec()).collect();
                let wanted = &whole[at..whole.len().min(at + length as usize)];
                prop_assert_eq!(&bytes, wanted);
                let take = take.min(bytes.len());
                let mut source = bytes.iter();
                for slice in scatter.next(take as u64).iter_mut() {
                    slice.iter_mut().for_each(|to| *to = *source.next().unwrap());
                }
                gather.consume(take);
                scatter.consume(take);
                at += take;
            }
            prop_assert_eq!(&copies.concat()[..at], &whole[..at]);
        }
    }
}
