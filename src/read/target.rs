//! What a read asks for, checked: which level, which part of it, which bands, how large the result is. Nothing is allocated by it yet.

use super::ReadSize;
use super::level;
use super::locate::packed_bytes;
use super::params::{ReadParams, Resampling};
use super::window::{Span, spans};
use crate::cancel::Stop;
use crate::dataset::{Dataset, Level, MaskSource};
use crate::error::{Error, Result};
use crate::options::LevelChoice;
use crate::raster::resample::Kernel;
use crate::raster::{Axis, DType, Scale};
use std::ops::Range;

/// A read that can be planned.
pub(crate) struct Target {
    /// The whole result.
    pub(crate) size: ReadSize,
    /// The columns and rows of the result that lie inside the image; the others are `fill`.
    pub(super) inside: (Range<usize>, Range<usize>),
    pub(super) fill: f64,
    pub(super) level: Level,
    /// From 0 on.
    pub(super) bands: Vec<usize>,
    /// One a band where samples are to be scaled.
    pub(super) scales: Vec<Scale>,
    /// `None`: sampled nearest.
    pub(super) kernel: Option<Kernel>,
    /// Whether GDAL would resample all bands together, where they allow it: no overview stands beside this level.
    pub(super) has_dataset_path: bool,
    /// The window of what lies inside.
    pub(super) columns: Span,
    pub(super) rows: Span,
    /// Where the mask comes from, if it is not read along with the pixels.
    pub(super) mask_apart: Option<MaskApart>,
}

/// A mask that is read from another level than the pixels, or by another kernel.
pub(super) struct MaskApart {
    level: Level,
    number: usize,
    kernel: Option<Kernel>,
    columns: Span,
    rows: Span,
}

/// Both axes of a window on a level.
struct Placed {
    level: usize,
    out: (usize, usize),
    inside: (Range<usize>, Range<usize>),
    columns: Span,
    rows: Span,
    has_dataset_path: bool,
    mask_apart: Option<MaskApart>,
}

impl Target {
    /// A window of a level, or of the level that suits the output size.
    pub(crate) async fn window(dataset: &Dataset, params: &ReadParams, stop: &Stop) -> Result<Self> {
        let boundless = params.boundless && dataset.reader.settings.read.boundless;
        let placed = match params.level {
            Some(number) => {
                let image = dataset.level_image(number, stop).await?.image;
                Placed::new(params, number, (image.width, image.height), boundless).map_err(|e| e.at_level(number))?.clipped()
            }
            None if params.out_size == (0, 0) => Placed::new(params, 0, dataset.size(), boundless)?.clipped(),
            None => {
                let placed = Placed::new(params, 0, dataset.size(), boundless)?;
                let chain = &dataset.chain(stop).await?.levels;
                let levels: Vec<_> = chain.iter().map(Level::size).collect();
                let number = choose(&levels, params, dataset.reader.settings.read.level_choice, &placed);
                let less = |span: &Span| (span.out as u64) < span.count;
                let (across, down) = (less(&placed.columns), less(&placed.rows));
                let has_dataset_path = if number > 0 { across && down } else { levels.len() == 1 || !(across || down) };
                let kernel = params.resampling.kernel();
                let same_kernel = kernel.is_none_or(|kernel| can_resample(dataset, kernel));
                let mask_level = mask_level(dataset, chain, params, &placed).filter(|mask| *mask != number || !same_kernel);
                let inside = placed.clipped();
                let mask_apart = mask_level.and_then(|number| {
                    let level = chain.get(number)?.clone();
                    let (columns, rows) = inside.spans_on(number, Some(level.size()), params.resampling);
                    let kernel = kernel.filter(|_| !(columns.is_identity() && rows.is_identity()));
                    Some(MaskApart { level, number, kernel, columns, rows })
                });
                let (columns, rows) = inside.spans_on(number, levels.get(number).copied(), params.resampling);
                Placed { level: number, columns, rows, has_dataset_path, mask_apart, ..inside }
            }
        };
        let level = dataset.level_image(placed.level, stop).await?;
        Self::new(dataset, level, params, placed)
    }

    /// One whole block of a level.
    pub(crate) async fn tile(dataset: &Dataset, (x, y, number): (u64, u64, usize), params: &ReadParams, stop: &Stop) -> Result<Self> {
        let level = dataset.level_image(number, stop).await?;
        let tiling = level.image.tiling;
        if x >= tiling.across || y >= tiling.down {
            let message = format!("there is no tile ({x}, {y}); level {number} has {} × {} tiles", tiling.across, tiling.down);
            return Err(Error::out_of_bounds(message).at_level(number).at_tile(x, y));
        }
        // Refused here, before a result of that size is allocated.
        let stored = packed_bytes(&level.image, tiling.height).unwrap_or(u64::MAX);
        dataset.reader.settings.limits.check_block("decoded", stored).map_err(|e| e.at_level(number).at_tile(x, y))?;
        let span = |block: u64, size: u64| Span::new((block * size) as f64, size as f64, size as usize, u64::MAX);
        let (columns, rows) = (span(x, tiling.width), span(y, tiling.height));
        let out = (columns.out, rows.out);
        Self::new(
            dataset,
            level,
            params,
            Placed { level: number, out, inside: (0..out.0, 0..out.1), columns, rows, has_dataset_path: true, mask_apart: None },
        )
    }

    /// The same with the level's mask, whose IFD may have to be looked for.
    pub(super) async fn masked(self, dataset: &Dataset, stop: &Stop) -> Result<Self> {
        let level = dataset.level(self.size.level, stop).await?.clone();
        Ok(Self { level, ..self })
    }

    fn new(dataset: &Dataset, level: Level, params: &ReadParams, placed: Placed) -> Result<Self> {
        let bands = band_list(params.bands.as_deref(), level.image.samples)?;
        let scales = if params.unscale { scales(dataset, &bands) } else { Vec::new() };
        let dtype = if params.unscale { unscaled_type(dataset.dtype()) } else { dataset.dtype() };
        let Placed { level: number, out, inside, columns, rows, has_dataset_path, mask_apart } = placed;
        let size = ReadSize { width: out.0, height: out.1, bands: bands.len(), dtype, level: number };
        check_output(dataset, &size)?;
        let fill = params.fill.unwrap_or(dataset.reader.settings.read.fill);
        let is_identity = columns.is_identity() && rows.is_identity();
        let kernel = params.resampling.kernel().filter(|kernel| !is_identity && can_resample(dataset, *kernel));
        Ok(Self { size, inside, fill, level, bands, scales, kernel, has_dataset_path, columns, rows, mask_apart })
    }

    /// The mask's own read, where it is not read along with the pixels.
    pub(super) fn take_mask(&mut self) -> Option<Self> {
        let MaskApart { level, number, kernel, columns, rows } = self.mask_apart.take()?;
        Some(Self {
            size: ReadSize { level: number, bands: 0, ..self.size },
            inside: self.inside.clone(),
            level,
            bands: Vec::new(),
            scales: Vec::new(),
            kernel,
            columns,
            rows,
            mask_apart: None,
            ..*self
        })
    }

    /// Whether the whole result lies inside the image.
    pub(super) fn is_inside(&self) -> bool {
        self.inside == (0..self.size.width, 0..self.size.height)
    }

    /// Whether none of it does.
    pub(super) fn is_outside(&self) -> bool {
        self.inside.0.is_empty() || self.inside.1.is_empty()
    }

    /// Columns and rows of the source for those of the output, sampled nearest.
    pub(super) fn axes(&self) -> Result<(Axis, Axis)> {
        let identity = |span: &Span| Axis::identity(span.offset as u64, span.out);
        let (x, y) = (&self.columns, &self.rows);
        if x.is_identity() && y.is_identity() {
            return Ok((identity(x), identity(y)));
        }
        Ok((Axis::nearest_columns(x.offset, x.extent, x.out, x.limit)?, Axis::nearest(y.offset, y.extent, y.out, y.limit)?))
    }
}

impl Placed {
    fn new(params: &ReadParams, level: usize, size: (u64, u64), boundless: bool) -> Result<Self> {
        let (columns, rows) = spans(params.window, params.out_size, size, boundless)?;
        let out = (columns.out, rows.out);
        Ok(Self { level, out, inside: (0..out.0, 0..out.1), columns, rows, has_dataset_path: true, mask_apart: None })
    }

    /// Only what lies inside the image.
    fn clipped(self) -> Self {
        let ((left, columns), (top, rows)) = (self.columns.inside(), self.rows.inside());
        Self { inside: (left, top), columns, rows, ..self }
    }

    /// This window of level 0 on another level.
    fn spans_on(&self, level: usize, size: Option<(u64, u64)>, resampling: Resampling) -> (Span, Span) {
        let Some((width, height)) = size.filter(|_| level > 0) else { return (self.columns, self.rows) };
        let exactly = resampling != Resampling::Nearest || !(self.columns.is_whole() && self.rows.is_whole());
        (self.columns.on_level(width, exactly), self.rows.on_level(height, exactly))
    }
}

/// The level that suits the output.
fn choose(levels: level::Sizes<'_>, params: &ReadParams, by: LevelChoice, placed: &Placed) -> usize {
    match by {
        LevelChoice::Gdal => level::gdal(levels, &placed.columns, &placed.rows, params.resampling == Resampling::Nearest),
        LevelChoice::Aiocogeo(percent) => level::aiocogeo(levels, &placed.columns, percent),
    }
}

/// The level that GDAL reads the mask of the whole dataset from: one that has such a mask. NODATA_VALUES are those of level 0. `None`: the
/// mask is made of the pixels that are read.
fn mask_level(dataset: &Dataset, levels: &[Level], params: &ReadParams, placed: &Placed) -> Option<usize> {
    if levels.first()?.mask.is_none() {
        return matches!(dataset.description().mask, MaskSource::NodataValues(_)).then_some(0);
    }
    let (numbers, sizes): (Vec<_>, Vec<_>) =
        levels.iter().enumerate().filter(|(_, level)| level.mask.is_some()).map(|(number, level)| (number, level.size())).unzip();
    numbers.get(choose(&sizes, params, dataset.reader.settings.read.level_choice, placed)).copied()
}

/// What GDAL falls back to nearest for: filters on palettes, Gauss on complex samples.
fn can_resample(dataset: &Dataset, kernel: Kernel) -> bool {
    match kernel {
        Kernel::Convolution(_) => dataset.palette().is_none(),
        Kernel::Gauss => !dataset.dtype().is_complex(),
        Kernel::Average | Kernel::Rms | Kernel::Mode => true,
    }
}

pub(super) fn scales(dataset: &Dataset, bands: &[usize]) -> Vec<Scale> {
    let all = dataset.bands();
    bands
        .iter()
        .map(|band| all.get(*band).map_or(Scale { scale: 1.0, offset: 0.0 }, |b| Scale { scale: b.scale, offset: b.offset }))
        .collect()
}

/// The type of value × scale + offset: a float of 32 bits for samples of up to 16 bits and for such floats, else of 64.
pub(super) fn unscaled_type(dtype: DType) -> DType {
    match dtype {
        DType::UInt8 | DType::Int8 | DType::UInt16 | DType::Int16 | DType::Float16 | DType::Float32 => DType::Float32,
        DType::CInt16 | DType::CFloat32 => DType::CFloat32,
        DType::CInt32 | DType::CFloat64 => DType::CFloat64,
        DType::UInt32 | DType::Int32 | DType::UInt64 | DType::Int64 | DType::Float64 => DType::Float64,
    }
}

/// Refuses results beyond `limits.output_bytes`.
pub(super) fn check_output(dataset: &Dataset, size: &ReadSize) -> Result<()> {
    let shape = || format!("{} × {} pixels, {} bands of {}", size.width, size.height, size.bands, size.dtype.name());
    dataset.reader.settings.limits.check_output(size.bytes(), shape)
}

pub(super) fn band_list(bands: Option<&[u32]>, samples: usize) -> Result<Vec<usize>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_counted_from_one_and_may_repeat() {
        assert_eq!(band_list(Some(&[3, 1, 3]), 3).unwrap(), [2, 0, 2]);
        assert!(band_list(Some(&[0]), 3).is_err());
        assert!(band_list(Some(&[4]), 3).is_err());
        assert!(band_list(Some(&[]), 3).is_err());
    }
}
