//! Spans of a torrent that nothing was ever written to.
//!
//! A file that got its length but not its bytes reads as zeros there, at the cost of reading: a
//! download of a terabyte that was interrupted after a gigabyte would be read for an hour to
//! find nothing. The file system knows where the bytes are.

use super::store::Storage;
use super::table::Access;
use crate::layout::PieceSpan;
use rustix::fd::AsFd;
use rustix::io::Errno;

impl Storage {
    /// Whether a span is known to hold nothing but zeros because it was never written, or because
    /// its files end before. `false` when that cannot be told.
    pub fn is_hole(&self, span: PieceSpan) -> bool {
        self.layout().runs(span).all(|run| {
            if self.is_pad(run) {
                return true;
            }
            // Moves the file's offset, which nobody else uses: all IO is positioned.
            let open = self.open(run.file, Access::Read);
            open.is_ok_and(|file| match next_data(file.as_fd(), run.offset) {
                Ok(at) => at >= run.offset + run.length,
                Err(errno) => errno == Errno::NXIO,
            })
        })
    }
}

/// Where the next bytes lie that were written, from an offset on.
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "freebsd"))]
fn next_data(file: rustix::fd::BorrowedFd<'_>, offset: u64) -> Result<u64, Errno> {
    rustix::fs::seek(file, rustix::fs::SeekFrom::Data(offset))
}

/// Where the next bytes lie that were written: not known here.
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "freebsd")))]
fn next_data(_: rustix::fd::BorrowedFd<'_>, offset: u64) -> Result<u64, Errno> {
    Ok(offset)
}
