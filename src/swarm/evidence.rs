//! What a bad piece looked like, kept until it has come again.

use std::fmt;

/// SHA-1 of each block of a piece that failed its hash. Made and compared by hash threads; the
/// main thread only keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence(pub Box<[[u8; 20]]>);

/// As a count: a piece may have thousands of blocks.
impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Evidence({} blocks)", self.0.len())
    }
}
