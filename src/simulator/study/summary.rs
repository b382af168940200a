//! Means and percentiles of what was measured.

/// Numbers in a few words.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Summary {
    /// How many numbers.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// The 1st percentile.
    pub p1: f64,
    /// The median.
    pub p50: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The greatest.
    pub max: f64,
}

impl Summary {
    /// Sums numbers up; all zero if there are none. Percentiles are of the nearest rank.
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        let Some(max) = sorted.last().copied() else { return Self::default() };
        let rank = |part: f64| {
            let rank = (part * count as f64).ceil() as usize;
            sorted[rank.clamp(1, count) - 1]
        };
        Self {
            count,
            mean: sorted.iter().sum::<f64>() / count as f64,
            p1: rank(0.01),
            p50: rank(0.5),
            p95: rank(0.95),
            p99: rank(0.99),
            max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let hundred = Summary::of((1..=100).rev().map(f64::from));
        let told = (hundred.p1, hundred.p50, hundred.p95, hundred.p99, hundred.max);
        assert_eq!(told, (1.0, 50.0, 95.0, 99.0, 100.0));
        assert_eq!((hundred.count, hundred.mean), (100, 50.5));
        assert_eq!(Summary::of([]), Summary::default());
        assert_eq!(Summary::of([7.0]).p1, 7.0);
    }
}
