//! What the Chord papers found: Stoica et al., "Chord: A Scalable Peer-to-peer Lookup Service for
//! Internet Applications" (SIGCOMM 2001) and "… Lookup Protocol …" (IEEE/ACM ToN, 2003). Values of
//! figures were read off the plots.

/// Mean path length by the number of nodes (ToN Fig. 10; 1st and 99th percentile).
pub const PATHS: [(usize, f64, (u32, u32)); 12] = [
    (8, 1.72, (1, 3)),
    (16, 2.09, (1, 4)),
    (32, 2.49, (1, 5)),
    (64, 2.96, (1, 5)),
    (128, 3.39, (1, 6)),
    (256, 3.88, (1, 7)),
    (512, 4.38, (1, 7)),
    (1_024, 4.89, (2, 8)),
    (2_048, 5.36, (2, 9)),
    (4_096, 5.85, (2, 10)),
    (8_192, 6.35, (2, 10)),
    (16_384, 6.87, (3, 11)),
];

/// How often a path has 1, 2, 3, … steps among 2^12 nodes (ToN Fig. 10 b).
pub const PATHS_OF_4096: [f64; 12] = [
    0.0033, 0.0180, 0.0571, 0.1288, 0.2124, 0.2254, 0.1938, 0.1094, 0.0412, 0.0092, 0.0012, 0.0002,
];

/// Keys a node for each ten keys of the mean, 99th percentile over mean, among 10,000 nodes and
/// 500,000 keys (ToN Fig. 8): and the greatest.
pub const BALANCE: (f64, f64) = (4.6, 9.1);

/// After the simultaneous failure of a part of 1,000 nodes with lists of 20 (ToN Table II): percent
/// that failed, mean path, mean timeouts.
pub const FAILURES: [(u32, f64, f64); 6] = [
    (0, 3.84, 0.0),
    (10, 4.03, 0.60),
    (20, 4.22, 1.17),
    (30, 4.44, 2.02),
    (40, 4.69, 3.23),
    (50, 5.09, 5.10),
];

/// While nodes join and leave 1,000 nodes (ToN Table III): joins and leaves a second, mean path,
/// mean timeouts, failures of 10,000 lookups.
pub const CHURN: [(f64, f64, f64, f64); 8] = [
    (0.05, 3.90, 0.05, 0.0),
    (0.10, 3.83, 0.11, 0.0),
    (0.15, 3.84, 0.16, 2.0),
    (0.20, 3.81, 0.23, 5.0),
    (0.25, 3.83, 0.30, 6.0),
    (0.30, 3.91, 0.34, 8.0),
    (0.35, 3.94, 0.42, 16.0),
    (0.40, 4.06, 0.46, 15.0),
];

/// While nodes join and crash in a ring of 500 (SIGCOMM Fig. 12): joins and crashes a second, the
/// fraction of lookups that fail.
pub const CRASHES: [(f64, f64); 4] =
    [(0.01, 0.0030), (0.02, 0.0095), (0.05, 0.0245), (0.10, 0.0645)];
