//! Which requests fetch a set of byte ranges. Pure functions of plain values.

use std::ops::Range;

/// One request and the wanted ranges that it carries, by their place in the caller's list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(crate) range: Range<u64>,
    pub(crate) carries: Vec<usize>,
}

/// Merges `wanted` (in any order; they may overlap) into requests in file order. Ranges at most `gap` bytes apart are one request, as long
/// as it stays within `max_request` bytes; `None` merges nothing but ranges that are the same.
pub(crate) fn merge(wanted: &[Range<u64>], gap: Option<u64>, max_request: u64) -> Vec<Request> {
    let mut order: Vec<(usize, &Range<u64>)> = wanted.iter().enumerate().collect();
    order.sort_by_key(|(_, range)| (range.start, range.end));
    let mut requests: Vec<Request> = Vec::new();
    for (index, range) in order {
        match requests.last_mut() {
            Some(last) if joins(&last.range, range, gap, max_request) => {
                last.range.end = last.range.end.max(range.end);
                last.carries.push(index);
            }
            _ => requests.push(Request { range: range.clone(), carries: vec![index] }),
        }
    }
    requests
}

fn joins(last: &Range<u64>, next: &Range<u64>, gap: Option<u64>, max_request: u64) -> bool {
    if next.end <= last.end {
        return true;
    }
    gap.is_some_and(|gap| next.start <= last.end.saturating_add(gap)) && next.end - last.start <= max_request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_merge_and_strangers_do_not() {
        let merged = merge(&[10..20, 0..10, 30..40], Some(9), 1000);
        assert_eq!(merged, [Request { range: 0..20, carries: vec![1, 0] }, Request { range: 30..40, carries: vec![2] }]);
        assert_eq!(merge(&[0..10, 20..30], Some(10), 1000).len(), 1);
    }

    #[test]
    fn a_request_stays_within_its_size_unless_one_range_is_larger() {
        let merged = merge(&[0..60, 60..120, 120..500], Some(0), 120);
        assert_eq!(merged.iter().map(|r| r.range.clone()).collect::<Vec<_>>(), [0..120, 120..500]);
    }

    #[test]
    fn equal_ranges_are_fetched_once_even_without_merging() {
        assert_eq!(merge(&[5..9, 5..9, 9..12], None, 1000).len(), 2);
    }

    /// Whatever the input: each range is inside the one request that carries it, each is carried once, and requests don't overlap
    /// where merging is on and the size allows it.
    #[test]
    fn random_ranges_are_each_carried_once() {
        let mut seed = 7u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        for _ in 0..500 {
            let wanted: Vec<_> = (0..next(40))
                .map(|_| {
                    let start = next(10_000);
                    start..start + 1 + next(300)
                })
                .collect();
            let gap = [None, Some(0), Some(next(200))][next(3) as usize];
            let requests = merge(&wanted, gap, 500 + next(3000));
            let mut carried: Vec<usize> = requests.iter().flat_map(|r| r.carries.clone()).collect();
            carried.sort_unstable();
            assert_eq!(carried, (0..wanted.len()).collect::<Vec<_>>());
            for r in &requests {
                assert!(r.carries.iter().all(|&i| r.range.start <= wanted[i].start && wanted[i].end <= r.range.end));
            }
        }
    }
}
