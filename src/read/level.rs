//! The level that suits an output size: GDAL's `GDALBandGetBestOverviewLevel2`, for nearest sampling.

/// A window in pixels: x, y, width, height.
pub(crate) type Window = [f64; 4];

/// GDAL takes an overview that is this much coarser than was asked for, when sampling nearest.
const NEAREST_THRESHOLD: f64 = 1.2;

/// Chooses among levels (width, height; 0 is full) the one to read `window` (of level 0) from into `out` pixels: the most reduced overview
/// whose factor is below want × 1.2 + 0.1.
pub(crate) fn choose(levels: &[(u64, u64)], window: &Window, out: (u64, u64)) -> usize {
    let [_, _, width, height] = *window;
    let (out_width, out_height) = (out.0 as f64, out.1 as f64);
    let Some(&(full_width, full_height)) = levels.first() else { return 0 };
    if out_width >= width && out_height >= height {
        return 0;
    }
    let (x, y) = (width / out_width, height / out_height);
    let want = if x < y || out.1 == 1 { x } else { y };
    let limit = want * NEAREST_THRESHOLD + 0.1;
    let mut best = (0, 1.0);
    for (level, (w, h)) in levels.iter().enumerate().skip(1) {
        let factor = (full_width as f64 / *w as f64).min(full_height as f64 / *h as f64);
        if factor > best.1 && factor < limit {
            best = (level, factor);
        }
    }
    best.0
}

/// The window of level 0 on an overview, as GDAL rounds it for nearest sampling.
pub(crate) fn on_level(window: &Window, full: (u64, u64), level: (u64, u64)) -> Window {
    let axis = |offset: f64, extent: f64, full: u64, size: u64| {
        let factor = full as f64 / size as f64;
        let start = (offset / factor + 0.5).floor().min(size as f64 - 1.0);
        let length = (extent / factor + 0.5).floor().max(1.0).min(size as f64 - start);
        (start, length)
    };
    let [x, y, width, height] = *window;
    let ((x, width), (y, height)) = (axis(x, width, full.0, level.0), axis(y, height, full.1, level.1));
    [x, y, width, height]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [(u64, u64); 3] = [(1000, 1000), (500, 500), (250, 250)];

    /// The switches that `shared/facts/gdal.md` measured for nearest.
    #[test]
    fn the_overview_changes_where_gdal_changes_it() {
        let at = |factor: f64| choose(&LEVELS, &[0.0, 0.0, 1000.0, 1000.0], ((1000.0 / factor) as u64, (1000.0 / factor) as u64));
        assert_eq!((at(1.0), at(1.57), at(1.59), at(3.2), at(3.3), at(50.0)), (0, 0, 1, 1, 2, 2));
    }

    #[test]
    fn the_smaller_reduction_counts() {
        assert_eq!(choose(&LEVELS, &[0.0, 0.0, 1000.0, 1000.0], (100, 1000)), 0);
        assert_eq!(choose(&LEVELS, &[0.0, 0.0, 1000.0, 1000.0], (100, 500)), 1);
    }

    #[test]
    fn windows_are_rounded_and_kept_inside() {
        assert_eq!(on_level(&[3.0, 999.0, 5.0, 1.0], (1000, 1000), (500, 500)), [2.0, 499.0, 3.0, 1.0]);
    }
}
