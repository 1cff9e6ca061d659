//! Bins of equal width, as numpy's `histogram` makes them.

/// Counts of values between two edges.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Histogram {
    pub(super) counts: Vec<u64>,
    low: f64,
    high: f64,
    /// Bins a unit.
    per_unit: f64,
}

impl Histogram {
    /// `bins` bins from `low` to `high`. Where the two are the same, numpy's: half a unit to either side.
    pub(super) fn new(bins: usize, low: f64, high: f64) -> Self {
        let (low, high) = if low == high { (low - 0.5, high + 0.5) } else { (low, high) };
        Self { counts: vec![0; bins], low, high, per_unit: bins as f64 / (high - low) }
    }

    /// The same bins with nothing in them.
    pub(super) fn empty(&self) -> Self {
        Self { counts: vec![0; self.counts.len()], ..*self }
    }

    pub(super) fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// The lower edge of bin `i`; that of the bin behind the last is the upper end.
    fn edge(&self, i: usize) -> f64 {
        let bins = self.counts.len();
        if i == bins { self.high } else { i as f64 * ((self.high - self.low) / bins as f64) + self.low }
    }

    /// The bin of a value: lower edges belong to their bin, the upper end to the last. A quotient that was rounded to the wrong side of an
    /// edge is put right, as numpy does.
    pub(super) fn bin(&self, value: f64) -> Option<usize> {
        if !(self.low..=self.high).contains(&value) {
            return None;
        }
        let last = self.counts.len().checked_sub(1)?;
        let i = (((value - self.low) * self.per_unit) as usize).min(last);
        Some(if value < self.edge(i) {
            i.saturating_sub(1)
        } else if i < last && value >= self.edge(i + 1) {
            i + 1
        } else {
            i
        })
    }

    pub(super) fn add(&mut self, value: f64, n: u64) {
        if let Some(count) = self.bin(value).and_then(|i| self.counts.get_mut(i)) {
            *count += n;
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(to, n)| *to += n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.histogram([i / 10 for i in range(11)] + [1.1], 10, (0, 1))[0]` of numpy 2.4: in doubles 3 × 0.1 is more than 0.3.
    #[test]
    fn values_on_edges_go_where_numpy_puts_them() {
        let mut h = Histogram::new(10, 0.0, 1.0);
        (0..=10).for_each(|i| h.add(f64::from(i) / 10.0, 1));
        h.add(1.1, 1);
        h.add(f64::NAN, 1);
        assert_eq!(h.counts, [1, 1, 2, 0, 1, 2, 1, 0, 1, 2]);
    }

    #[test]
    fn one_value_lies_in_the_middle() {
        let mut h = Histogram::new(10, 7.0, 7.0);
        h.add(7.0, 3);
        assert_eq!((h.range(), h.counts.iter().position(|n| *n == 3)), ((6.5, 7.5), Some(5)));
    }
}
