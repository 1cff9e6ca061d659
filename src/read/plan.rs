//! Which blocks a read needs, and where each goes in the output. No I/O beyond the IFD chain.

use super::ReadSize;
use super::level::{Window, choose, on_level};
use super::params::{ReadParams, Resampling};
use crate::cancel::Stop;
use crate::dataset::{Dataset, Level};
use crate::error::{Error, Result};
use crate::raster::{Axis, Nodata};
use crate::tiff::Image;
use std::ops::Range;
use std::sync::Arc;

/// Blocks along one axis: block number, and the output positions that it serves.
type Spans = Vec<(u64, Range<usize>)>;

/// What the blocks of a pass are read for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Role {
    /// Pixels: (sample within the block's pixels, band of the output). Empty where a plane is read for the mask alone.
    Bands(Vec<(usize, usize)>),
    /// The internal mask.
    Mask,
}

/// What a block of pixels says of the mask.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MaskFrom {
    Nothing,
    /// A pixel is valid where any of these samples of the block's pixels is not nodata.
    Nodata(Nodata, Vec<usize>),
    /// This sample is the mask.
    Alpha(usize),
}

/// Blocks of one image and plane.
pub(crate) struct Pass {
    pub(crate) image: Arc<Image>,
    pub(crate) plane: usize,
    pub(crate) role: Role,
    pub(crate) mask: MaskFrom,
    pub(crate) columns: Spans,
    pub(crate) rows: Spans,
}

impl Pass {
    pub(crate) fn blocks(&self) -> usize {
        self.columns.len() * self.rows.len()
    }
}

/// A read, planned.
pub(crate) struct Plan {
    pub(crate) size: ReadSize,
    pub(crate) columns: Axis,
    pub(crate) rows: Axis,
    /// What the mask is filled with before any block is read.
    pub(crate) mask_start: u8,
    pub(crate) passes: Vec<Pass>,
    /// Fills sparse blocks.
    pub(crate) fill: Option<Nodata>,
    /// Width and height of the level: beyond it the mask is 0.
    pub(crate) image_size: (u64, u64),
}

impl Plan {
    /// A window of a level, or of the level that suits the output size.
    pub(crate) async fn window(dataset: &Dataset, params: &ReadParams, mask: bool, stop: &Stop) -> Result<Self> {
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
        let level = dataset.level(level_number, stop).await?.clone();
        let size = (level.image.width, level.image.height);
        let (asked, window) = match source {
            Some(windows) => windows,
            None => checked_window(params.window, size).map(|w| (w, w)).map_err(|e| e.at_level(level_number))?,
        };
        let out = out_size(params, &asked)?;
        let (columns, rows) = axes(&window, out, size);
        if (!columns.is_identity() || !rows.is_identity()) && params.resampling != Resampling::Nearest {
            let message = format!("resampling {:?} is not available yet; only Nearest changes the size of a window", params.resampling);
            return Err(Error::unsupported(message));
        }
        let bands = band_list(params.bands.as_deref(), level.image.samples)?;
        let shape = ReadSize { width: columns.len(), height: rows.len(), bands: bands.len(), dtype: dataset.dtype(), level: level_number };
        Ok(Self::assemble(dataset, &level, &bands, (columns, rows), shape, mask))
    }

    /// One whole block of a level.
    pub(crate) async fn tile(
        dataset: &Dataset,
        x: u64,
        y: u64,
        level_number: usize,
        params: &ReadParams,
        mask: bool,
        stop: &Stop,
    ) -> Result<Self> {
        let level = dataset.level(level_number, stop).await?.clone();
        let tiling = level.image.tiling;
        if x >= tiling.across || y >= tiling.down {
            let message = format!("there is no tile ({x}, {y}); level {level_number} has {} × {} tiles", tiling.across, tiling.down);
            return Err(Error::out_of_bounds(message).at_level(level_number).at_tile(x, y));
        }
        let bands = band_list(params.bands.as_deref(), level.image.samples)?;
        let axis = |block: u64, size: u64| Axis::identity(block * size, size as usize);
        let axes = (axis(x, tiling.width), axis(y, tiling.height));
        let shape = ReadSize {
            width: tiling.width as usize,
            height: tiling.height as usize,
            bands: bands.len(),
            dtype: dataset.dtype(),
            level: level_number,
        };
        Ok(Self::assemble(dataset, &level, &bands, axes, shape, mask))
    }

    fn assemble(dataset: &Dataset, level: &Level, bands: &[usize], axes: (Axis, Axis), size: ReadSize, mask: bool) -> Self {
        let (columns, rows) = axes;
        let spans = |image: &Image| (columns.blocks(image.tiling.width), rows.blocks(image.tiling.height));
        let mask_of = if mask { MaskKind::of(dataset, level, bands) } else { MaskKind::AllValid };
        let (across, down) = spans(&level.image);
        let mut passes = Vec::new();
        for plane in 0..if level.image.planar { level.image.samples } else { 1 } {
            let sample_in_plane = |band: usize| if level.image.planar { (band == plane).then_some(0) } else { Some(band) };
            let wanted: Vec<_> = bands.iter().enumerate().filter_map(|(out, band)| sample_in_plane(*band).map(|s| (s, out))).collect();
            let mask_from = mask_of.in_plane(&sample_in_plane);
            if !wanted.is_empty() || mask_from != MaskFrom::Nothing {
                let (columns, rows) = (across.clone(), down.clone());
                passes.push(Pass { image: Arc::clone(&level.image), plane, role: Role::Bands(wanted), mask: mask_from, columns, rows });
            }
        }
        if let (MaskKind::Internal, Some(image)) = (&mask_of, &level.mask) {
            let (mut columns, mut rows) = spans(image);
            // A tile may reach beyond the image, where the mask has no blocks.
            columns.retain(|(block, _)| *block < image.tiling.across);
            rows.retain(|(block, _)| *block < image.tiling.down);
            passes.push(Pass { image: Arc::clone(image), plane: 0, role: Role::Mask, mask: MaskFrom::Nothing, columns, rows });
        }
        let mask_start = if matches!(mask_of, MaskKind::AllValid) { 255 } else { 0 };
        let image_size = (level.image.width, level.image.height);
        Self { size, columns, rows, mask_start, passes, fill: dataset.nodata_value(), image_size }
    }

    /// The number of blocks to read.
    pub(crate) fn blocks(&self) -> usize {
        self.passes.iter().map(Pass::blocks).sum()
    }
}

/// What the mask of a dataset is made of, in GDAL's and rasterio's order (`dataset_mask`).
enum MaskKind {
    Internal,
    /// Valid where any of these bands is not nodata.
    Nodata(Nodata, Vec<usize>),
    Alpha(usize),
    AllValid,
}

impl MaskKind {
    fn of(dataset: &Dataset, level: &Level, bands: &[usize]) -> Self {
        if level.mask.is_some() {
            return Self::Internal;
        }
        if let Some(nodata) = dataset.nodata_value() {
            let is_whole_rgba = level.image.samples == 4
                && dataset.bands().first().is_some_and(|b| b.color_interpretation == "red")
                && (0..4).all(|band| bands.contains(&band));
            // rasterio's rule for four bands that begin with red: the fourth decides.
            return Self::Nodata(nodata, if is_whole_rgba { vec![3] } else { bands.to_vec() });
        }
        let alpha = dataset.description().alpha_band();
        alpha.filter(|_| alpha_can_mask(dataset)).map_or(Self::AllValid, Self::Alpha)
    }

    fn in_plane(&self, sample: &impl Fn(usize) -> Option<usize>) -> MaskFrom {
        match self {
            Self::Nodata(value, bands) => {
                let mut samples: Vec<usize> = bands.iter().filter_map(|b| sample(*b)).collect();
                samples.sort_unstable();
                samples.dedup();
                if samples.is_empty() { MaskFrom::Nothing } else { MaskFrom::Nodata(*value, samples) }
            }
            Self::Alpha(band) => sample(*band).map_or(MaskFrom::Nothing, MaskFrom::Alpha),
            Self::Internal | Self::AllValid => MaskFrom::Nothing,
        }
    }
}

/// GDAL takes alpha for a mask only where it has 8 or 16 bits.
fn alpha_can_mask(dataset: &Dataset) -> bool {
    use crate::raster::DType;
    matches!(dataset.dtype(), DType::UInt8 | DType::UInt16)
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

fn axes(window: &Window, out: (u64, u64), size: (u64, u64)) -> (Axis, Axis) {
    let axis = |offset: f64, extent: f64, out: u64, limit: u64| {
        if offset.fract() == 0.0 && extent == out as f64 {
            Axis::identity(offset as u64, out as usize)
        } else {
            Axis::nearest(offset, extent, out as usize, limit)
        }
    };
    let [x, y, width, height] = *window;
    (axis(x, width, out.0, size.0), axis(y, height, out.1, size.1))
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
