//! Exact percentiles without holding the values: digit by digit.
//!
//! A first pass over the image counts the top bits of all keys, which says in which bucket each wanted rank lies. Where those buckets hold
//! few values, the next pass collects them; where they hold too many, it counts the next digit of each. Types of up to 16 bits are done
//! after the first pass, others after two as a rule, and after five at the very most.

/// Bits of the first digit.
pub(super) const FIRST_DIGIT: u32 = 16;
/// Bits of the digits that follow.
const DIGIT: u32 = 12;

/// Counts of the first digit of all keys.
#[derive(Clone)]
pub(super) struct Table {
    /// Bits of the keys.
    bits: u32,
    pub(super) counts: Vec<u64>,
}

impl Table {
    pub(super) fn new(bits: u32) -> Self {
        Self { bits, counts: vec![0; 1 << bits.min(FIRST_DIGIT)] }
    }

    #[inline]
    pub(super) fn add(&mut self, key: u64) {
        let digit = key >> (self.bits - self.bits.min(FIRST_DIGIT));
        if let Some(count) = self.counts.get_mut(digit as usize) {
            *count += 1;
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(to, n)| *to += n);
    }
}

/// The keys whose first bits are `prefix`.
#[derive(Debug, Clone)]
struct Bucket {
    prefix: u64,
    count: u64,
    /// Wanted ranks within the bucket: (rank, place in the list of results).
    ranks: Vec<(u64, usize)>,
}

/// The search for the keys of some ranks.
#[derive(Clone)]
pub(super) struct Selection {
    bits: u32,
    /// Bits of the buckets' prefixes.
    known: u32,
    /// In order of their prefixes.
    buckets: Vec<Bucket>,
    /// Which first digits lead to a bucket: most values are turned away here.
    gate: Vec<bool>,
    results: Vec<u64>,
}

/// What one pass finds for a selection. Passes run in parts, which are joined.
#[derive(Clone)]
pub(super) enum Found {
    /// The keys of each bucket.
    Keys(Vec<Vec<u64>>),
    /// The counts of the next digit in each bucket.
    Counts(Vec<Vec<u64>>),
}

impl Selection {
    /// Of the keys of `ranks`, from 0 on, each below the number of keys counted.
    pub(super) fn new(table: &Table, ranks: &[u64]) -> Self {
        let mut selection = Self { bits: table.bits, known: 0, buckets: Vec::new(), gate: Vec::new(), results: vec![0; ranks.len()] };
        let all = ranks.iter().copied().enumerate().map(|(i, rank)| (rank, i)).collect();
        let digits = table.bits.min(FIRST_DIGIT);
        selection.buckets = refined(&Bucket { prefix: 0, count: 0, ranks: all }, &table.counts, digits);
        selection.know(digits);
        selection
    }

    fn know(&mut self, more: u32) {
        self.known += more;
        if self.known == self.bits {
            // A bucket is one key now.
            for bucket in self.buckets.drain(..) {
                for (_, i) in &bucket.ranks {
                    self.results.get_mut(*i).into_iter().for_each(|to| *to = bucket.prefix);
                }
            }
        }
        let above = self.known - self.known.min(FIRST_DIGIT);
        self.gate = vec![false; 1 << self.bits.min(FIRST_DIGIT)];
        for bucket in &self.buckets {
            self.gate.get_mut((bucket.prefix >> above) as usize).into_iter().for_each(|open| *open = true);
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.buckets.is_empty()
    }

    /// The keys of the ranks, once the search is done.
    pub(super) fn results(&self) -> &[u64] {
        &self.results
    }

    fn next_digit(&self) -> u32 {
        DIGIT.min(self.bits - self.known)
    }

    /// An empty find for the next pass, which may keep `most` keys.
    pub(super) fn start(&self, most: u64) -> Found {
        let total: u64 = self.buckets.iter().map(|b| b.count).sum();
        let each = || self.buckets.iter();
        if total <= most {
            Found::Keys(each().map(|_| Vec::new()).collect())
        } else {
            Found::Counts(each().map(|_| vec![0; 1 << self.next_digit()]).collect())
        }
    }

    #[inline]
    pub(super) fn offer(&self, key: u64, found: &mut Found) {
        if self.gate.get((key >> (self.bits - self.bits.min(FIRST_DIGIT))) as usize) == Some(&true) {
            self.take(key, found);
        }
    }

    fn take(&self, key: u64, found: &mut Found) {
        let rest = self.bits - self.known;
        let Ok(i) = self.buckets.binary_search_by_key(&(key >> rest), |b| b.prefix) else { return };
        match found {
            Found::Keys(keys) => keys.get_mut(i).into_iter().for_each(|keys| keys.push(key)),
            Found::Counts(counts) => {
                let digit = (key >> (rest - self.next_digit())) & ((1 << self.next_digit()) - 1);
                counts.get_mut(i).and_then(|c| c.get_mut(digit as usize)).into_iter().for_each(|n| *n += 1);
            }
        }
    }

    /// Goes on with what a pass has found.
    pub(super) fn advance(&mut self, found: Found) {
        match found {
            Found::Keys(keys) => {
                for (bucket, mut keys) in self.buckets.drain(..).zip(keys) {
                    keys.sort_unstable();
                    for (rank, i) in bucket.ranks {
                        let key = keys.get(rank as usize).copied().unwrap_or_default();
                        self.results.get_mut(i).into_iter().for_each(|to| *to = key);
                    }
                }
            }
            Found::Counts(counts) => {
                let digit = self.next_digit();
                self.buckets = self.buckets.iter().zip(&counts).flat_map(|(bucket, counts)| refined(bucket, counts, digit)).collect();
                self.know(digit);
            }
        }
    }
}

impl Found {
    pub(super) fn join(&mut self, other: Self) {
        match (self, other) {
            (Self::Keys(to), Self::Keys(from)) => to.iter_mut().zip(from).for_each(|(to, from)| to.extend(from)),
            (Self::Counts(to), Self::Counts(from)) => {
                to.iter_mut().zip(from).for_each(|(to, from)| to.iter_mut().zip(from).for_each(|(to, n)| *to += n));
            }
            // Both come from one `start`.
            _ => {}
        }
    }
}

/// The buckets of a bucket's next digit in which wanted ranks lie.
fn refined(bucket: &Bucket, counts: &[u64], digits: u32) -> Vec<Bucket> {
    let mut ranks = bucket.ranks.clone();
    ranks.sort_unstable();
    let mut ranks = ranks.into_iter().peekable();
    let mut found = Vec::new();
    let mut before = 0;
    for (digit, count) in counts.iter().enumerate() {
        let mut here = Vec::new();
        while let Some((rank, i)) = ranks.next_if(|(rank, _)| *rank < before + count) {
            here.push((rank - before, i));
        }
        if !here.is_empty() {
            found.push(Bucket { prefix: bucket.prefix << digits | digit as u64, count: *count, ranks: here });
        }
        before += count;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(keys: &[u64], bits: u32, ranks: &[u64], most: u64) -> (Vec<u64>, usize) {
        let mut table = Table::new(bits);
        for key in keys {
            table.add(*key);
        }
        let mut selection = Selection::new(&table, ranks);
        let mut passes = 1;
        while !selection.is_done() {
            let mut found = selection.start(most);
            // In parts, as the image is read.
            for part in keys.chunks(100) {
                let mut one = selection.start(most);
                for key in part {
                    selection.offer(*key, &mut one);
                }
                found.join(one);
            }
            selection.advance(found);
            passes += 1;
        }
        (selection.results().to_vec(), passes)
    }

    #[test]
    fn ranks_are_those_of_the_sorted_keys_whatever_the_memory() {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 7
        };
        for (bits, spread) in [(8, 8), (16, 16), (32, 32), (32, 5), (64, 57), (64, 3)] {
            let base = if bits == 64 { 1 << 63 } else { 0 };
            let keys: Vec<u64> = (0..1000).map(|_| base | (random() & ((1 << spread) - 1))).collect();
            let mut sorted = keys.clone();
            sorted.sort_unstable();
            let ranks = [999, 0, 500, 500, 20, 979];
            let wanted: Vec<u64> = ranks.iter().map(|r| sorted[*r as usize]).collect();
            for most in [0, 10, 100_000] {
                let (found, passes) = select(&keys, bits, &ranks, most);
                assert_eq!(found, wanted, "{bits} bits, {most} keys kept");
                assert!(passes <= 6);
            }
        }
    }
}
