//! What a bad piece looked like, kept until it has come again.

/// SHA-1 of each block of a piece that failed its hash. Made and compared by hash threads; the
/// main thread only keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence(pub Box<[[u8; 20]]>);
