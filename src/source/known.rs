//! The bytes of a file that are in memory: the header, IFDs, tag values and the pages of tile indexes that were needed so far.

use bytes::{Bytes, BytesMut};
use std::collections::BTreeMap;
use std::ops::Range;

/// Pieces of a file, by offset; they don't overlap.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pieces: BTreeMap<u64, Bytes>,
    total: u64,
}

impl Known {
    /// Bytes kept.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The bytes of a range, where all of them are known. No copy where they came in one piece.
    pub(crate) fn get(&self, range: &Range<u64>) -> Option<Bytes> {
        if range.is_empty() {
            return Some(Bytes::new());
        }
        let (&start, piece) = self.pieces.range(..=range.start).next_back()?;
        let skip = usize::try_from(range.start - start).ok()?;
        let len = usize::try_from(range.end.checked_sub(range.start)?).ok()?;
        if let Some(end) = skip.checked_add(len).filter(|end| *end <= piece.len()) {
            return Some(piece.slice(skip..end));
        }
        self.missing(range).is_empty().then(|| self.gather(range, len))
    }

    fn gather(&self, range: &Range<u64>, len: usize) -> Bytes {
        let mut all = BytesMut::with_capacity(len);
        for (&start, piece) in self.overlapping(range) {
            let from = range.start.saturating_sub(start) as usize;
            let to = (range.end - start).min(piece.len() as u64) as usize;
            all.extend_from_slice(piece.get(from..to).unwrap_or_default());
        }
        all.freeze()
    }

    fn overlapping(&self, range: &Range<u64>) -> impl Iterator<Item = (&u64, &Bytes)> {
        let first = self.pieces.range(..=range.start).next_back().map_or(range.start, |(start, _)| *start);
        let wanted = range.clone();
        self.pieces
            .range(first..range.end.max(first))
            .filter(move |(start, piece)| **start < wanted.end && **start + piece.len() as u64 > wanted.start)
    }

    /// The parts of a range that are not known, in order.
    pub(crate) fn missing(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let mut gaps = Vec::new();
        let mut at = range.start;
        for (&start, piece) in self.overlapping(range) {
            if start > at {
                gaps.push(at..start);
            }
            at = at.max(start + piece.len() as u64);
        }
        if at < range.end {
            gaps.push(at..range.end);
        }
        gaps
    }

    /// Keeps the bytes at `offset`; what is known already is left as it was.
    pub(crate) fn insert(&mut self, offset: u64, bytes: &Bytes) {
        for gap in self.missing(&(offset..offset + bytes.len() as u64)) {
            let piece = bytes.slice((gap.start - offset) as usize..(gap.end - offset) as usize);
            self.total += piece.len() as u64;
            self.pieces.insert(gap.start, piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Bytes {
        (0..=255u8).collect::<Vec<_>>().into()
    }

    #[test]
    fn what_was_inserted_comes_back_and_nothing_else_does() {
        let file = file();
        let mut known = Known::default();
        let mut have = [false; 256];
        let mut seed = 1u64;
        for _ in 0..400 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (a, b) = ((seed >> 33) % 256, (seed >> 45) % 257);
            let range = a.min(b)..a.max(b);
            let indices = range.start as usize..range.end as usize;
            let missing: u64 = known.missing(&range).iter().map(|r| r.end - r.start).sum();
            assert_eq!(missing, have[indices.clone()].iter().filter(|h| !**h).count() as u64);
            if !range.is_empty() {
                let got = known.get(&range);
                assert_eq!(got.is_some(), missing == 0, "{range:?}");
                assert!(got.is_none_or(|bytes| bytes == file[indices.clone()]));
            }
            if seed.is_multiple_of(3) {
                known.insert(range.start, &file.slice(indices.clone()));
                have[indices].fill(true);
            }
        }
        assert_eq!(known.total(), have.iter().filter(|h| **h).count() as u64);
    }
}
