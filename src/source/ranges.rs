//! Which requests fetch a set of byte ranges. Pure functions of plain values.

use super::known::Known;
use std::ops::Range;

/// How ranges become requests: the `io.*` settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Merging {
    /// Ranges at most this far apart are one request; `None`: each is its own, but for those that are the same.
    pub(crate) gap: Option<u64>,
    /// Requests are not made larger than this, and what is larger is fetched in parts.
    pub(crate) max_request: u64,
}

/// Bytes that are not in memory: a part of one of the wanted ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The place of the wanted range in the caller's list.
    pub(crate) of: usize,
    pub(crate) range: Range<u64>,
}

/// One request and the pieces that it carries, by their first byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) range: Range<u64>,
    pub(crate) pieces: Vec<Piece>,
    /// The sum of the pieces' lengths: more than the range where they overlap.
    carried: u64,
}

/// What of `wanted` (in any order; ranges may overlap) is not known, in pieces of at most `largest` bytes.
pub(crate) fn pieces(wanted: &[Range<u64>], known: &Known, largest: u64) -> Vec<Piece> {
    let missing = |(of, range): (usize, &Range<u64>)| known.missing(range).into_iter().map(move |range| (of, range));
    let parts = |(of, range): (usize, Range<u64>)| {
        let starts = (range.start..range.end).step_by(usize::try_from(largest.max(1)).unwrap_or(usize::MAX));
        starts.map(move |start| Piece { of, range: start..range.end.min(start.saturating_add(largest)) })
    };
    wanted.iter().enumerate().flat_map(missing).flat_map(parts).collect()
}

/// Merges pieces into requests in file order. What lies between two of them is fetched along, unless it is known.
pub(crate) fn merge(mut pieces: Vec<Piece>, known: &Known, merging: Merging) -> Vec<Request> {
    pieces.sort_by_key(|piece| (piece.range.start, piece.range.end));
    let mut requests: Vec<Request> = Vec::new();
    for piece in pieces {
        let len = piece.range.end - piece.range.start;
        match requests.last_mut() {
            Some(last) if joins(last, &piece.range, known, merging) => {
                last.range.end = last.range.end.max(piece.range.end);
                last.carried += len;
                last.pieces.push(piece);
            }
            _ => requests.push(Request { range: piece.range.clone(), carried: len, pieces: vec![piece] }),
        }
    }
    requests
}

fn joins(last: &Request, next: &Range<u64>, known: &Known, merging: Merging) -> bool {
    // Each piece gets memory of its own: a file whose blocks lie on top of each other must not make one request fill it.
    if last.carried.saturating_add(next.end - next.start) > merging.max_request {
        return false;
    }
    if last.range == *next {
        return true;
    }
    let Some(gap) = merging.gap else { return false };
    if next.start <= last.range.end {
        return next.end.max(last.range.end) - last.range.start <= merging.max_request;
    }
    let between = last.range.end..next.start;
    let near = between.end - between.start <= gap && next.end - last.range.start <= merging.max_request;
    near && known.missing(&between) == [between]
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "one request is a list of one range")]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn plan(wanted: &[Range<u64>], gap: Option<u64>, max_request: u64) -> Vec<Request> {
        let known = Known::default();
        merge(pieces(wanted, &known, max_request), &known, Merging { gap, max_request })
    }

    fn requested(wanted: &[Range<u64>], gap: Option<u64>, max_request: u64) -> Vec<Range<u64>> {
        plan(wanted, gap, max_request).into_iter().map(|r| r.range).collect()
    }

    #[test]
    fn neighbours_merge_and_strangers_do_not() {
        let merged = plan(&[10..20, 0..10, 30..40], Some(9), 1000);
        let carried = |r: &Request| (r.range.clone(), r.pieces.iter().map(|p| p.of).collect::<Vec<_>>());
        assert_eq!(merged.iter().map(carried).collect::<Vec<_>>(), [(0..20, vec![1, 0]), (30..40, vec![2])]);
        assert_eq!(requested(&[0..10, 20..30], Some(10), 1000), [0..30]);
    }

    #[test]
    fn a_request_stays_within_its_size_and_what_is_larger_comes_in_parts() {
        assert_eq!(requested(&[0..60, 60..120, 120..500], Some(0), 120), [0..120, 120..240, 240..360, 360..480, 480..500]);
    }

    #[test]
    fn equal_ranges_are_fetched_once_even_without_merging() {
        assert_eq!(requested(&[5..9, 5..9, 9..12], None, 1000), [5..9, 9..12]);
    }

    #[test]
    fn ranges_on_top_of_each_other_do_not_make_one_request_carry_more_than_its_size() {
        let wanted: Vec<Range<u64>> = (0..1000).map(|i| i..i + 500).collect();
        for request in plan(&wanted, Some(0), 1500) {
            assert!(request.pieces.iter().map(|p| p.range.end - p.range.start).sum::<u64>() <= 1500);
        }
    }

    #[test]
    fn what_is_known_is_not_fetched_again_and_not_fetched_along() {
        let mut known = Known::default();
        known.insert(0, &Bytes::from(vec![0; 100]));
        known.insert(200, &Bytes::from(vec![0; 50]));
        let merging = Merging { gap: Some(1000), max_request: 10_000 };
        let ranges = |wanted: &[Range<u64>]| merge(pieces(wanted, &known, 10_000), &known, merging).into_iter().map(|r| r.range);
        assert_eq!(ranges(&[50..300]).collect::<Vec<_>>(), [100..200, 250..300]);
        assert_eq!(ranges(&[110..120, 260..270]).collect::<Vec<_>>(), [110..120, 260..270]);
        assert_eq!(ranges(&[260..270, 300..310]).collect::<Vec<_>>(), [260..310]);
        assert_eq!(ranges(&[10..20]).collect::<Vec<_>>(), []);
    }

    /// Whatever the input: the pieces are what is not known of the wanted ranges, each lies in the request that carries it, and no request
    /// is larger than allowed.
    #[test]
    fn random_ranges_are_carried_whole_and_once() {
        let mut seed = 7u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        for _ in 0..500 {
            let mut known = Known::default();
            for _ in 0..next(5) {
                known.insert(next(10_000), &Bytes::from(vec![0; next(900) as usize]));
            }
            let wanted: Vec<_> = (0..next(40))
                .map(|_| {
                    let start = next(10_000);
                    start..start + 1 + next(300)
                })
                .collect();
            let merging = Merging { gap: [None, Some(0), Some(next(200))][next(3) as usize], max_request: 100 + next(3000) };
            let requests = merge(pieces(&wanted, &known, merging.max_request), &known, merging);
            let mut carried: Vec<Vec<Range<u64>>> = vec![Vec::new(); wanted.len()];
            for request in &requests {
                assert!(request.range.end - request.range.start <= merging.max_request);
                for piece in &request.pieces {
                    assert!(request.range.start <= piece.range.start && piece.range.end <= request.range.end);
                    carried[piece.of].push(piece.range.clone());
                }
            }
            for (range, mut carried) in wanted.iter().zip(carried) {
                carried.sort_by_key(|r| r.start);
                let joined = carried.iter().fold(Vec::<Range<u64>>::new(), |mut all, r| {
                    match all.last_mut().filter(|last| last.end == r.start) {
                        Some(last) => last.end = r.end,
                        None => all.push(r.clone()),
                    }
                    all
                });
                assert_eq!(joined, known.missing(range));
            }
        }
    }
}
