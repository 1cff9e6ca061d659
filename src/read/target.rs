//! What a read asks for, checked: which level, which part of it, which bands, how large the result is. Nothing is allocated by it yet.

use super::ReadSize;
use super::level::{Window, choose, on_level};
use super::locate::packed_bytes;
use super::params::{ReadParams, Resampling};
use crate::cancel::Stop;
use crate::dataset::{Dataset, Level};
use crate::error::{Error, Result};
use crate::raster::Axis;

/// One axis of the result: `out` positions over `extent` source pixels from `offset` on, in an image of `limit` pixels.
#[derive(Debug, Clone, Copy)]
struct Span {
    offset: f64,
    extent: f64,
    out: usize,
    limit: u64,
}

impl Span {
    fn is_identity(&self) -> bool {
        self.offset.fract() == 0.0 && self.extent == self.out as f64
    }

    fn axis(&self) -> Result<Axis> {
        if self.is_identity() {
            Ok(Axis::identity(self.offset as u64, self.out))
        } else {
            Axis::nearest(self.offset, self.extent, self.out, self.limit)
        }
    }
}

/// A read that can be planned.
pub(crate) struct Target {
    pub(crate) size: ReadSize,
    pub(super) level: Level,
    /// From 0 on.
    pub(super) bands: Vec<usize>,
    columns: Span,
    rows: Span,
}

impl Target {
    /// A window of a level, or of the level that suits the output size.
    pub(crate) async fn window(dataset: &Dataset, params: &ReadParams, stop: &Stop) -> Result<Self> {
        let (level_number, source) = match params.level {
            Some(level) => (level, None),
            None if params.out_size == (0, 0) => (0, None),
            None => {
                let full = dataset.size();
                let window = checked_window(params.window, full)?;
                let levels = dataset.chain(stop).await?.levels.iter().map(|l| (l.image.width, l.image.height)).collect::<Vec<_>>();
                let level = choose(&levels, &window, out_size(params, &window)?);
                let on = levels.get(level).filter(|_| level > 0).map(|size| on_level(&window, full, *size));
                (level, Some((window, on.unwrap_or(window))))
            }
        };
        let level = dataset.level_image(level_number, stop).await?;
        let size = (level.image.width, level.image.height);
        let (asked, window) = match source {
            Some(windows) => windows,
            None => checked_window(params.window, size).map(|w| (w, w)).map_err(|e| e.at_level(level_number))?,
        };
        let out = out_size(params, &asked)?;
        let [x, y, width, height] = window;
        let columns = Span { offset: x, extent: width, out: out.0 as usize, limit: size.0 };
        let rows = Span { offset: y, extent: height, out: out.1 as usize, limit: size.1 };
        if !(columns.is_identity() && rows.is_identity()) && params.resampling != Resampling::Nearest {
            let message = format!("resampling {:?} is not available yet; only Nearest changes the size of a window", params.resampling);
            return Err(Error::unsupported(message));
        }
        Self::new(dataset, level, level_number, params, columns, rows)
    }

    /// One whole block of a level.
    pub(crate) async fn tile(dataset: &Dataset, (x, y, level_number): (u64, u64, usize), params: &ReadParams, stop: &Stop) -> Result<Self> {
        let level = dataset.level_image(level_number, stop).await?;
        let tiling = level.image.tiling;
        if x >= tiling.across || y >= tiling.down {
            let message = format!("there is no tile ({x}, {y}); level {level_number} has {} × {} tiles", tiling.across, tiling.down);
            return Err(Error::out_of_bounds(message).at_level(level_number).at_tile(x, y));
        }
        // Refused here, before a result of that size is allocated.
        let stored = packed_bytes(&level.image, tiling.height).unwrap_or(u64::MAX);
        dataset.reader.settings.limits.check_block("decoded", stored).map_err(|e| e.at_level(level_number).at_tile(x, y))?;
        let span = |block: u64, size: u64| Span { offset: (block * size) as f64, extent: size as f64, out: size as usize, limit: u64::MAX };
        let (columns, rows) = (span(x, tiling.width), span(y, tiling.height));
        Self::new(dataset, level, level_number, params, columns, rows)
    }

    /// The same with the level's mask, whose IFD may have to be looked for.
    pub(super) async fn masked(self, dataset: &Dataset, stop: &Stop) -> Result<Self> {
        let level = dataset.level(self.size.level, stop).await?.clone();
        Ok(Self { level, ..self })
    }

    fn new(dataset: &Dataset, level: Level, number: usize, params: &ReadParams, columns: Span, rows: Span) -> Result<Self> {
        let bands = band_list(params.bands.as_deref(), level.image.samples)?;
        let size = ReadSize { width: columns.out, height: rows.out, bands: bands.len(), dtype: dataset.dtype(), level: number };
        check_output(dataset, &size)?;
        Ok(Self { size, level, bands, columns, rows })
    }

    /// Columns and rows of the source for those of the output.
    pub(super) fn axes(&self) -> Result<(Axis, Axis)> {
        Ok((self.columns.axis()?, self.rows.axis()?))
    }
}

/// Refuses results beyond `limits.output_bytes`.
pub(super) fn check_output(dataset: &Dataset, size: &ReadSize) -> Result<()> {
    let shape = || format!("{} × {} pixels, {} bands of {}", size.width, size.height, size.bands, size.dtype.name());
    dataset.reader.settings.limits.check_output(size.bytes(), shape)
}

fn band_list(bands: Option<&[u32]>, samples: usize) -> Result<Vec<usize>> {
    let Some(bands) = bands else { return Ok((0..samples).collect()) };
    if bands.is_empty() {
        return Err(Error::invalid("the list of bands is empty"));
    }
    let index = |band: &u32| match *band as usize {
        b if (1..=samples).contains(&b) => Ok(b - 1),
        b => Err(Error::out_of_bounds(format!("there is no band {b}; bands are 1 to {samples}"))),
    };
    bands.iter().map(index).collect()
}

/// The window asked for, which must lie inside the level.
fn checked_window(window: Option<Window>, (width, height): (u64, u64)) -> Result<Window> {
    let (w, h) = (width as f64, height as f64);
    let Some(window) = window else { return Ok([0.0, 0.0, w, h]) };
    let [x, y, across, down] = window;
    if !(window.iter().all(|v| v.is_finite()) && across > 0.0 && down > 0.0) {
        return Err(Error::invalid(format!("the window {x}, {y}, {across} × {down} is empty or not a number")));
    }
    if x < 0.0 || y < 0.0 || x + across > w || y + down > h {
        return Err(Error::out_of_bounds(format!(
            "the window {x}, {y}, {across} × {down} is not inside the image of {width} × {height} pixels"
        )));
    }
    Ok(window)
}

fn out_size(params: &ReadParams, window: &Window) -> Result<(u64, u64)> {
    let [_, _, width, height] = *window;
    let side = |given: u64, window: f64| if given == 0 { window.round().max(1.0) as u64 } else { given };
    let (w, h) = (side(params.out_size.0, width), side(params.out_size.1, height));
    if w > i32::MAX as u64 || h > i32::MAX as u64 {
        return Err(Error::invalid(format!("an output of {w} × {h} pixels is larger than any image can be")));
    }
    Ok((w, h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_outside_and_empty_ones_are_told_apart() {
        use crate::error::Status;
        let status = |w| checked_window(Some(w), (10, 10)).map_err(|e| e.status());
        assert!(status([0.0, 0.0, 10.0, 10.0]).is_ok());
        assert_eq!(status([1.0, 0.0, 10.0, 1.0]), Err(Status::OutOfBounds));
        assert_eq!(status([-1.0, 0.0, 1.0, 1.0]), Err(Status::OutOfBounds));
        assert_eq!(status([0.0, 0.0, 0.0, 1.0]), Err(Status::InvalidArgument));
        assert_eq!(status([f64::NAN, 0.0, 1.0, 1.0]), Err(Status::InvalidArgument));
    }

    #[test]
    fn bands_are_counted_from_one_and_may_repeat() {
        assert_eq!(band_list(Some(&[3, 1, 3]), 3).unwrap(), [2, 0, 2]);
        assert!(band_list(Some(&[0]), 3).is_err());
        assert!(band_list(Some(&[4]), 3).is_err());
        assert!(band_list(Some(&[]), 3).is_err());
    }
}
