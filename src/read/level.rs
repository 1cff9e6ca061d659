//! The level that suits an output size: GDAL's choice, or aiocogeo's.

use super::window::Span;

/// GDAL takes an overview that is this much coarser than was asked for, when sampling nearest.
const NEAREST_THRESHOLD: f64 = 1.2;
/// Differences between factors that don't count.
const EPSILON: f64 = 0.1;

/// The sizes (width, height) of the levels of a file, 0 being full.
pub(crate) type Sizes<'a> = &'a [(u64, u64)];

/// `GDALBandGetBestOverviewLevel2`: the most reduced overview whose factor is below want × threshold + 0.1, where the output is smaller than
/// the window in one direction at least. What is wanted is the smaller of the two reductions.
pub(crate) fn gdal(levels: Sizes<'_>, columns: &Span, rows: &Span, nearest: bool) -> usize {
    let Some(&(full_width, full_height)) = levels.first() else { return 0 };
    if columns.out as u64 >= columns.count && rows.out as u64 >= rows.count {
        return 0;
    }
    let reduction = |span: &Span| span.count as f64 / span.out as f64;
    let (x, y) = (reduction(columns), reduction(rows));
    let want = if x < y || rows.out == 1 { x } else { y };
    let limit = want * if nearest { NEAREST_THRESHOLD } else { 1.0 } + EPSILON;
    let mut best = (0, 0.0);
    for (level, &(width, height)) in levels.iter().enumerate().skip(1) {
        if width > full_width || height > full_height {
            continue;
        }
        let factor = (full_width as f64 / width as f64).min(full_height as f64 / height as f64);
        if factor < limit && factor > best.1 {
            best = (level, factor);
            if (want - factor).abs() < EPSILON {
                break;
            }
        }
    }
    best.0
}

/// aiocogeo's `ZOOM_LEVEL_STRATEGY`: from coarse to fine, the first level whose resolution, brought nearer to the next finer one's by
/// `percent` of their distance, is finer than the target's. Resolutions are columns of level 0 to a pixel.
pub(crate) fn aiocogeo(levels: Sizes<'_>, columns: &Span, percent: f64) -> usize {
    let full = levels.first().map_or(0, |size| size.0);
    let resolution = |level: usize| levels.get(level).map_or(f64::INFINITY, |size| full as f64 / size.0 as f64);
    let target = columns.extent / columns.out as f64;
    let takes = |level: &usize| {
        let (current, finer) = (resolution(*level), resolution(level - 1));
        target > current - (current - finer) * percent / 100.0 || target == current
    };
    (1..levels.len()).rev().find(takes).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [(u64, u64); 3] = [(1000, 1000), (500, 500), (250, 250)];

    fn gdal_at(out: (usize, usize), nearest: bool) -> usize {
        let axis = |out| Span::new(0.0, 1000.0, out, 1000);
        gdal(&LEVELS, &axis(out.0), &axis(out.1), nearest)
    }

    /// The switches that GDAL 3.10 was seen to make: nearest at 1.585 and 3.261, the others at 1.903 and 3.908.
    #[test]
    fn the_overview_changes_where_gdal_changes_it() {
        let at = |factor: f64, nearest| gdal_at(((1000.0 / factor) as usize, (1000.0 / factor) as usize), nearest);
        assert_eq!([1.0, 1.57, 1.59, 3.2, 3.3, 50.0].map(|f| at(f, true)), [0, 0, 1, 1, 2, 2]);
        assert_eq!([1.0, 1.89, 1.91, 3.89, 3.92, 50.0].map(|f| at(f, false)), [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn the_smaller_reduction_counts() {
        assert_eq!(gdal_at((100, 1000), true), 0);
        assert_eq!(gdal_at((100, 500), true), 1);
    }

    /// aiocogeo's table: resolution of level 0, side of the output, strategy, and the level that it reads a bounding box of 1000 of its
    /// pixels from. Thresholds by its rule: AUTO 1.5 and 3; LOWER 1 and 2; UPPER 2 and 4 pixels of level 0.
    #[test]
    fn aiocogeos_strategies_choose_its_levels() {
        const AUTO: f64 = 50.0;
        const LOWER: f64 = 100.0;
        const UPPER: f64 = 0.0;
        let table = [
            (1000, AUTO, 0),
            (2000, AUTO, 0),
            (700, AUTO, 0),
            (667, AUTO, 0),
            (666, AUTO, 1),
            (500, AUTO, 1),
            (334, AUTO, 1),
            (333, AUTO, 2),
            (250, AUTO, 2),
            (10, AUTO, 2),
            (1000, LOWER, 0),
            (999, LOWER, 1),
            (500, LOWER, 1),
            (499, LOWER, 2),
            (1000, UPPER, 0),
            (501, UPPER, 0),
            (500, UPPER, 1),
            (251, UPPER, 1),
            (250, UPPER, 2),
            (571, 25.0, 1),
            (572, 25.0, 0),
            (800, 75.0, 0),
            (799, 75.0, 1),
        ];
        for (out, percent, level) in table {
            let columns = Span::new(0.0, 1000.0, out, 1000);
            assert_eq!(aiocogeo(&LEVELS, &columns, percent), level, "{out} pixels, {percent} %");
        }
        assert_eq!(aiocogeo(&LEVELS[..1], &Span::new(0.0, 1000.0, 1, 1000), AUTO), 0);
    }
}
