//! The files of one torrent on disk.
//!
//! Many threads use one [`Storage`] at once: peers write blocks and read what they upload, hash
//! threads read pieces, the disk thread prepares. All IO is positioned, so nobody shares a file
//! offset, and no lock is held while bytes are read or written. Nothing here ever writes outside
//! the root folder: paths are walked part by part and a symbolic link on the way is refused (BEP 3
//! gives the paths, BEP 47 pad files, exec bits and links).
//!
//! Who may write a block is decided before, by `kit::claim`. Whether the bytes are right is the
//! business of the hash threads; which parts of a path are lawful names, that of the metainfo.
//!
//! - [`error`](StorageError): what went wrong, with which file, and what to do about it
//! - `spec`: what a torrent wants on disk, and what is found there
//! - `slices`: walking over lists of buffers without copying
//! - `positioned`: reading and writing a run of one file, to the last byte
//! - `table`: the bounded set of open files that all torrents share
//! - `choice`: files that are not wanted, and the scraps of them
//! - `folders`: the walk from the root to a file
//! - `store`: [`Storage`] itself: read, write
//! - `unflushed`: what is still to be flushed, and what can never be
//! - `flush`: making what was written survive a power failure
//! - `prepare`: creating and inspecting
//! - `unmake`: taking back what was created in vain
//! - `marks`: one bit for each file
//! - `stamp`: what a file system says of a file without reading it
//! - `follow`: telling our own changes of a file from those of others
//! - `lock`: keeping other processes off
//! - `holes`: what was never written
//! - [`resume`]: the record of what was verified
//! - [`contacts`]: the addresses that a ring node comes back with
//! - `confirm`: finding in their places the files that were written

mod choice;
mod confirm;
pub mod contacts;
mod error;
mod flush;
mod folders;
mod follow;
mod holes;
mod lock;
mod marks;
mod positioned;
mod prepare;
pub mod resume;
mod slices;
mod spec;
mod stamp;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod unflushed;
mod unmake;

pub use error::{Operation, StorageError, StorageErrorKind};
pub use spec::{Allocation, FileKind, FileProblem, FileSpec, Inspection, Prepared, ProblemKind};
pub use store::Storage;
pub use table::{Access, FileTable};
