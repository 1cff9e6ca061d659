//! Which source pixels the columns (or rows) of a result are made of: windows, their parts inside the image, and the same on an overview.

use crate::error::{Error, Result};
use std::ops::Range;

/// A window in pixels: x, y, width, height.
pub(crate) type Window = [f64; 4];

/// One axis of a window: `out` positions over `extent` source pixels from `offset` on, in an image of `limit` pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) offset: f64,
    pub(crate) extent: f64,
    pub(crate) out: usize,
    pub(crate) limit: u64,
    /// The same in whole pixels, as GDAL's RasterIO takes it beside the exact window (`nXOff`, `nXSize`): it decides on overviews, and
    /// which pixels are read at once for resampling.
    pub(crate) first: u64,
    pub(crate) count: u64,
}

impl Span {
    pub(crate) fn new(offset: f64, extent: f64, out: usize, limit: u64) -> Self {
        let first = (offset.max(0.0) as u64).min(limit.saturating_sub(1));
        Self { offset, extent, out, limit, first, count: (extent as u64).max(1) }
    }

    /// Whether the window lies on whole pixels.
    pub(crate) fn is_whole(&self) -> bool {
        self.offset.fract() == 0.0 && self.extent.fract() == 0.0
    }

    /// Whether each output position is one source pixel.
    pub(crate) fn is_identity(&self) -> bool {
        self.offset.fract() == 0.0 && self.extent == self.out as f64
    }

    /// The window must lie inside the image.
    fn is_inside(&self) -> bool {
        self.offset >= 0.0 && self.offset + self.extent <= self.limit as f64
    }

    fn overlaps(&self) -> bool {
        self.offset < self.limit as f64 && self.offset + self.extent > 0.0
    }

    /// The output positions whose centres lie inside the image, and the window of these.
    pub(crate) fn inside(&self) -> (Range<usize>, Self) {
        if self.is_inside() {
            return (0..self.out, *self);
        }
        let step = self.extent / self.out as f64;
        let before = |edge: f64| ((edge - self.offset) / step - 0.5).ceil().clamp(0.0, self.out as f64) as usize;
        let (start, end) = (before(0.0), before(self.limit as f64));
        let count = end.saturating_sub(start);
        (start..start + count, Self::new(self.offset + start as f64 * step, count as f64 * step, count, self.limit))
    }

    /// The same part of the image on a level of `limit` pixels. `exactly` is how GDAL does it for all but nearest sampling of whole pixels,
    /// for which the window is rounded (`GDALBandGetBestOverviewLevel2`).
    pub(crate) fn on_level(&self, limit: u64, exactly: bool) -> Self {
        let factor = self.limit as f64 / limit as f64;
        let rounded = |pixels: u64| (pixels as f64 / factor + 0.5) as u64;
        let first = rounded(self.first).min(limit.saturating_sub(1));
        let count = rounded(self.count).max(1).min(limit - first);
        let (offset, extent) = if exactly { (self.offset / factor, self.extent / factor) } else { (first as f64, count as f64) };
        Self { offset, extent, limit, first, count, ..*self }
    }
}

/// Both axes of the window asked for, which must lie inside an image of this size, or where `boundless` at least touch it.
pub(crate) fn spans(window: Option<Window>, out: (u64, u64), size: (u64, u64), boundless: bool) -> Result<(Span, Span)> {
    let (width, height) = size;
    let window @ [x, y, across, down] = window.unwrap_or([0.0, 0.0, width as f64, height as f64]);
    if !(window.iter().all(|v| v.is_finite()) && across > 0.0 && down > 0.0) {
        return Err(Error::invalid(format!("the window {x}, {y}, {across} × {down} is empty or not a number")));
    }
    let side = |given: u64, window: f64| if given == 0 { window.round().max(1.0) as u64 } else { given };
    let (w, h) = (side(out.0, across), side(out.1, down));
    let place = || format!("the window {x}, {y}, {across} × {down}");
    let image = || format!("the image of {width} × {height} pixels");
    let (columns, rows) = (Span::new(x, across, w as usize, width), Span::new(y, down, h as usize, height));
    let is_inside = columns.is_inside() && rows.is_inside();
    if !(boundless || is_inside) {
        return Err(Error::out_of_bounds(format!("{} is not inside {}", place(), image())));
    }
    if !(columns.overlaps() && rows.overlaps()) {
        return Err(Error::out_of_bounds(format!("{} does not overlap {}", place(), image())));
    }
    if w > i32::MAX as u64 || h > i32::MAX as u64 {
        return Err(Error::invalid(format!("an output of {w} × {h} pixels is larger than any image can be")));
    }
    Ok((columns, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_outside_and_empty_ones_are_told_apart() {
        use crate::error::Status;
        let status = |w, boundless| spans(Some(w), (0, 0), (10, 10), boundless).map_err(|e| e.status());
        assert!(status([0.0, 0.0, 10.0, 10.0], false).is_ok());
        for window in [[1.0, 0.0, 10.0, 1.0], [-1.0, 0.0, 1.5, 1.0], [0.0, 9.5, 1.0, 1.0]] {
            assert_eq!(status(window, false), Err(Status::OutOfBounds));
            assert!(status(window, true).is_ok());
        }
        for window in [[-1.0, 0.0, 1.0, 1.0], [10.0, 0.0, 1.0, 1.0], [0.0, 1e9, 1.0, 1.0]] {
            assert_eq!(status(window, true), Err(Status::OutOfBounds));
        }
        assert_eq!(status([0.0, 0.0, 0.0, 1.0], true), Err(Status::InvalidArgument));
        assert_eq!(status([f64::NAN, 0.0, 1.0, 1.0], true), Err(Status::InvalidArgument));
    }

    #[test]
    fn the_part_inside_has_the_positions_whose_centres_are_inside() {
        let inside = |offset, extent, out| Span::new(offset, extent, out, 10).inside();
        assert_eq!(inside(2.0, 5.0, 5).0, 0..5);
        let (positions, part) = inside(-3.0, 20.0, 20);
        assert_eq!((positions, part.offset, part.extent), (3..13, 0.0, 10.0));
        let (positions, part) = inside(-3.0, 20.0, 10);
        assert_eq!((positions, part.offset, part.extent), (1..6, -1.0, 10.0));
        assert_eq!(inside(9.0, 100.0, 1).0, 0..0);
        assert!(inside(-1e300, 2e300, 3).0.len() <= 1);
    }

    #[test]
    fn windows_on_a_level_are_rounded_for_nearest_only() {
        let axis = |offset, extent| Span::new(offset, extent, 4, 1000);
        let rounded = axis(3.0, 5.0).on_level(500, false);
        assert_eq!((rounded.offset, rounded.extent, rounded.first, rounded.count), (2.0, 3.0, 2, 3));
        let edge = axis(999.0, 1.0).on_level(500, false);
        assert_eq!((edge.offset, edge.extent), (499.0, 1.0));
        let exact = axis(3.0, 5.0).on_level(500, true);
        assert_eq!((exact.offset, exact.extent, exact.first, exact.count), (1.5, 2.5, 2, 3));
    }
}
