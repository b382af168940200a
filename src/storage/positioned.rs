//! Reading and writing a run of one file, to the last byte.
//!
//! One system call where the system cooperates; calls that were cut short or interrupted go on
//! where they stopped.

use super::error::StorageErrorKind;
use super::slices::{Gather, Scatter};
use rustix::fd::BorrowedFd;
use rustix::io::{Errno, preadv, pwritev};

/// Writes the next `length` bytes of the slices at `offset` of the file.
pub(super) fn write_run(
    file: BorrowedFd<'_>,
    mut offset: u64,
    mut length: u64,
    from: &mut Gather<'_>,
) -> Result<(), StorageErrorKind> {
    while length > 0 {
        match pwritev(file, &from.next(length), offset) {
            // A write of something that writes nothing and names no error would go on for ever.
            Ok(0) => return Err(StorageErrorKind::MediumFault),
            Ok(count) => {
                from.consume(count);
                offset += count as u64;
                length -= count as u64;
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Fills the next `length` bytes of the slices from `offset` of the file.
pub(super) fn read_run(
    file: BorrowedFd<'_>,
    mut offset: u64,
    mut length: u64,
    into: &mut Scatter<'_, '_>,
) -> Result<(), StorageErrorKind> {
    while length > 0 {
        match preadv(file, &mut into.next(length), offset) {
            Ok(0) => return Err(StorageErrorKind::TooShort),
            Ok(count) => {
                into.consume(count);
                offset += count as u64;
                length -= count as u64;
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Fills the next `length` bytes of the slices with zeros.
pub(super) fn zero_run(mut length: u64, into: &mut Scatter<'_, '_>) {
    while length > 0 {
        let mut count = 0;
        for slice in &mut into.next(length) {
            slice.fill(0);
            count += slice.len();
        }
        if count == 0 {
            return;
        }
        into.consume(count);
        length -= count as u64;
    }
}
