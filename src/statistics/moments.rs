//! Count, extremes, mean and standard deviation.

/// Values that are taken together before their sums are joined with the others: few enough to stay in cache, so that the second loop costs
/// little, and always the same, so that the result does not depend on the number of threads.
pub(super) const PIECE: usize = 1 << 16;

/// What a set of values has in common, without the values. Joined by Chan, Golub and LeVeque's formula, which loses no precision where the
/// mean is large and the deviation small.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    pub(super) count: u64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) mean: f64,
    /// The sum of the squares of (value − mean).
    squares: f64,
}

impl Moments {
    pub(super) const NONE: Self = Self { count: 0, min: f64::INFINITY, max: f64::NEG_INFINITY, mean: 0.0, squares: 0.0 };

    pub(super) fn of(values: &[f64]) -> Self {
        let mut m = Self::NONE;
        m.count = values.len() as u64;
        if m.count > 0 {
            m.min = values.iter().copied().fold(m.min, f64::min);
            m.max = values.iter().copied().fold(m.max, f64::max);
            m.mean = values.iter().sum::<f64>() / m.count as f64;
            m.squares = values.iter().map(|v| (v - m.mean) * (v - m.mean)).sum();
        }
        m
    }

    /// Of integers that were counted: (value, how often), exact until the last division.
    pub(super) fn of_counts(counts: impl Iterator<Item = (i64, u64)>) -> Self {
        let mut m = Self::NONE;
        let (mut sum, mut squares) = (0i128, 0i128);
        for (value, n) in counts.filter(|(_, n)| *n > 0) {
            m.count += n;
            m.min = m.min.min(value as f64);
            m.max = m.max.max(value as f64);
            sum += i128::from(value) * i128::from(n);
            squares += i128::from(value) * i128::from(value) * i128::from(n);
        }
        if m.count > 0 {
            let count = i128::from(m.count);
            m.mean = sum as f64 / m.count as f64;
            m.squares = (squares * count - sum * sum) as f64 / m.count as f64;
        }
        m
    }

    pub(super) fn join(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (a, b) = (self.count as f64, other.count as f64);
        let apart = other.mean - self.mean;
        self.mean += apart * (b / (a + b));
        self.squares += other.squares + apart * apart * (a * b / (a + b));
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Of the whole population, as GDAL and numpy give it.
    pub(super) fn standard_deviation(&self) -> f64 {
        (self.squares / self.count as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_joined_are_the_whole_also_far_from_zero() {
        let values: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i * i % 97)).collect();
        let whole = Moments::of(&values);
        let mut joined = Moments::NONE;
        values.chunks(77).for_each(|part| joined.join(&Moments::of(part)));
        assert_eq!((joined.count, joined.min, joined.max), (1000, 1e9, 1e9 + 96.0));
        assert!((joined.mean - whole.mean).abs() < 1e-6);
        assert!((joined.standard_deviation() / whole.standard_deviation() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn counted_integers_are_exact() {
        let m = Moments::of_counts([(-3, 2), (5, 1), (7, 0)].into_iter());
        assert_eq!((m.count, m.min, m.max), (3, -3.0, 5.0));
        assert!((m.mean + 1.0 / 3.0).abs() < 1e-15);
        assert!((m.standard_deviation() - (128f64 / 9.0).sqrt()).abs() < 1e-15);
        assert_eq!(Moments::of_counts(std::iter::empty()), Moments::NONE);
    }
}
