//! Samples at many points in one call: every block that a point needs is fetched and decoded once, however many points lie in it.
//!
//! A point lies in the pixel whose corner is its coordinates' whole part. `Bilinear` is GDAL's `GDALRasterBand::InterpolateAtPoint`: from the
//! four pixels whose centres surround the point, those beyond the image's edge being the edge's own; a value is missing where any of the
//! four is. `Nearest` gives the pixel as a window of one pixel would.

use super::gather::{Gather, Slot};
use super::output::{fill_row, runs, write_band};
use super::params::{ReadParams, Resampling};
use super::plan::MaskKind;
use super::target::{band_list, check_output, scales, unscaled_type};
use super::{Pixels, ReadSize, owned};
use crate::cancel::Stop;
use crate::dataset::{Dataset, Level};
use crate::error::{Error, Result};
use crate::raster::{DType, Destination, Nodata, RawBuffer, Scale};
use std::ops::Range;
use std::sync::Arc;

/// What the coordinates of points are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coordinates {
    /// x and y in the image's CRS.
    #[default]
    Map,
    /// Columns and rows of the level, pixel corners being whole numbers.
    Pixels,
}

/// GDAL takes points this far beyond the right and the lower edge to lie in the last pixel.
const EDGE: f64 = 1e-5;

/// Points on a level, checked.
struct Points {
    level: Level,
    size: ReadSize,
    bands: Vec<usize>,
    /// One a band where samples are to be scaled.
    scales: Vec<Scale>,
    /// Column and row; `None`: outside the image.
    places: Vec<Option<(f64, f64)>>,
    bilinear: bool,
    fill: f64,
}

impl Dataset {
    /// Reads the samples at points: a result of `points.len()` × 1 pixels. Of `params` level (0 where none is named), bands, resampling
    /// (`Nearest` or `Bilinear`), fill and what ends the call count. Points outside the image are `fill`, with mask 0.
    pub fn read_points(
        self: &Arc<Self>,
        points: &[[f64; 2]],
        coordinates: Coordinates,
        params: &ReadParams,
        dtype: Option<DType>,
        mask: bool,
    ) -> Result<Pixels> {
        let stop = params.stop(self);
        self.wait(async {
            let points = Points::new(self, points, coordinates, params, &stop).await?;
            let mut pixels = owned(self, ReadSize { dtype: dtype.unwrap_or(points.size.dtype), ..points.size }, mask)?;
            if pixels.data.is_empty() {
                return Ok(pixels);
            }
            let buffer = pixels.buffer();
            #[allow(unsafe_code, reason = "vectors of our own")]
            // SAFETY: the vectors outlive the call, and nothing else touches them until it returns.
            let to = unsafe { points.destination(&buffer, Some(pixels.size.dtype))? };
            points.read(self, to, &stop).await?;
            Ok(pixels)
        })
    }

    /// Reads the samples at points into the caller's buffer.
    ///
    /// # Safety
    /// As for [`Dataset::read_window_into`].
    #[allow(unsafe_code, reason = "the caller's buffer is a raw pointer")]
    pub(crate) unsafe fn read_points_into(
        self: &Arc<Self>,
        points: &[[f64; 2]],
        coordinates: Coordinates,
        params: &ReadParams,
        buffer: &RawBuffer,
        dtype: Option<DType>,
    ) -> Result<()> {
        let stop = params.stop(self);
        self.wait(async {
            let points = Points::new(self, points, coordinates, params, &stop).await?;
            if points.places.is_empty() {
                return Ok(());
            }
            // SAFETY: promised by the caller for the whole call.
            let to = unsafe { points.destination(buffer, dtype)? };
            points.read(self, to, &stop).await
        })
    }
}

impl Points {
    async fn new(dataset: &Dataset, points: &[[f64; 2]], coordinates: Coordinates, params: &ReadParams, stop: &Stop) -> Result<Self> {
        let bilinear = match params.resampling {
            Resampling::Nearest => false,
            Resampling::Bilinear => true,
            other => return Err(Error::unsupported(format!("points are sampled Nearest or Bilinear, not {other:?}"))),
        };
        let number = params.level.unwrap_or(0);
        let level = dataset.level_image(number, stop).await?;
        let (width, height) = (level.image.width as f64, level.image.height as f64);
        let places = match coordinates {
            Coordinates::Pixels => points.iter().map(|[x, y]| inside(*x, *y, width, height)).collect(),
            Coordinates::Map => {
                let missing = || Error::invalid("the image has no transform that could be inverted; give the points as pixels");
                let inverse = dataset.transform().and_then(|t| t.inverse()).ok_or_else(missing)?;
                let (full_width, full_height) = dataset.size();
                let (across, down) = (width / full_width as f64, height / full_height as f64);
                let place = |[x, y]: &[f64; 2]| {
                    let (column, row) = inverse.apply(*x, *y);
                    inside(column * across, row * down, width, height)
                };
                points.iter().map(place).collect()
            }
        };
        let bands = band_list(params.bands.as_deref(), level.image.samples)?;
        let scales = if params.unscale { scales(dataset, &bands) } else { Vec::new() };
        let dtype = if params.unscale { unscaled_type(dataset.dtype()) } else { dataset.dtype() };
        let size = ReadSize { width: points.len(), height: 1, bands: bands.len(), dtype, level: number };
        let bilinear = bilinear && level.image.width > 1 && level.image.height > 1;
        let fill = dataset.fill_of(params);
        Ok(Self { level, size, bands, scales, places, bilinear, fill })
    }

    #[allow(unsafe_code, reason = "the caller's buffer is a raw pointer")]
    /// # Safety
    /// As for [`Destination::new`].
    unsafe fn destination(&self, buffer: &RawBuffer, dtype: Option<DType>) -> Result<Destination> {
        // SAFETY: promised by the caller.
        unsafe { Destination::new(buffer, dtype.unwrap_or(self.size.dtype), self.size.width, 1, self.size.bands) }
    }

    /// Pixels that a point is made of.
    fn pixels_each(&self) -> usize {
        if self.bilinear { 4 } else { 1 }
    }

    async fn read(&self, dataset: &Arc<Dataset>, to: Destination, stop: &Stop) -> Result<()> {
        let with_mask = to.wants_mask() || self.bilinear;
        // The mask's IFD may have to be looked for.
        let level = if with_mask { dataset.level(self.size.level, stop).await?.clone() } else { self.level.clone() };
        let kind = if with_mask { MaskKind::of(dataset, &level, &self.bands) } else { MaskKind::AllValid };
        let size = ReadSize { width: self.places.len().saturating_mul(self.pixels_each()), dtype: level.image.dtype, ..self.size };
        check_output(dataset, &size)?;
        let gathered = Gather::read(dataset, &level, &self.bands, kind.clone(), size, self.slots()?, stop).await?;
        let to = to.scaled(self.scales.clone());
        let missing =
            if self.bilinear { self.interpolate(&kind, dataset.nodata_value(), &gathered, &to)? } else { self.copy(&gathered, &to) };
        // What fills is not scaled.
        let to = to.scaled(Vec::new());
        for (band, missing) in missing.iter().enumerate() {
            fill_row(band, 0, self.fill, missing, &to);
        }
        Ok(())
    }

    /// The pixels of all points. Those of point `i` begin at slot `i` × [`Points::pixels_each`].
    fn slots(&self) -> Result<Vec<Slot>> {
        let each = self.pixels_each();
        let (last_column, last_row) = (self.level.image.width - 1, self.level.image.height - 1);
        let mut slots = Vec::new();
        let wanted = self.places.iter().flatten().count().saturating_mul(each);
        slots.try_reserve_exact(wanted).map_err(|_| Error::io(format!("there is not enough memory for {wanted} pixels of points")))?;
        for (i, place) in self.places.iter().enumerate() {
            let Some((x, y)) = *place else { continue };
            if self.bilinear {
                let axis = |position: f64, last: u64| {
                    let first = (position - 0.5).floor();
                    [first, first + 1.0].map(|at| (at.max(0.0) as u64).min(last))
                };
                let (columns, rows) = (axis(x, last_column), axis(y, last_row));
                let corners = rows.into_iter().flat_map(|row| columns.map(|column| (column, row)));
                slots.extend(corners.enumerate().map(|(k, (column, row))| Slot { column, row, place: i * each + k }));
            } else {
                slots.push(Slot { column: (x as u64).min(last_column), row: (y as u64).min(last_row), place: i });
            }
        }
        Ok(slots)
    }

    /// Returns the points that have no value, for each band.
    fn copy(&self, gathered: &Pixels, to: &Destination) -> Vec<Vec<Range<usize>>> {
        let size = gathered.size.dtype.size();
        for (band, row) in gathered.data.chunks(self.places.len().max(1) * size).enumerate() {
            write_band(row, (self.places.len(), 1), gathered.size.dtype, band, to);
        }
        for (i, (place, mask)) in self.places.iter().zip(&gathered.mask).enumerate() {
            to.set_mask(0, i, if place.is_some() { *mask } else { 0 });
        }
        let outside = runs(self.places.len(), |i| self.places.get(i).is_none_or(Option::is_none));
        vec![outside; self.size.bands]
    }

    /// Returns the points that have no value, for each band.
    fn interpolate(&self, kind: &MaskKind, nodata: Option<Nodata>, gathered: &Pixels, to: &Destination) -> Result<Vec<Vec<Range<usize>>>> {
        let dtype = gathered.size.dtype;
        let (wide, parts) = if dtype.is_complex() { (DType::CFloat64, 2) } else { (DType::Float64, 1) };
        // Each band leaves out its own nodata; where the mask is made of it, some bands decide on the mask.
        let values: &[(usize, Nodata)] = if let MaskKind::Nodata(values) | MaskKind::NodataValues(values) = kind { values } else { &[] };
        let value_of = |band: usize| values.iter().find(|(b, _)| *b == band).map(|(_, value)| *value).or(nodata);
        let decides = |band: &usize| values.is_empty() || values.iter().any(|(b, _)| b == band);
        let row_bytes = self.places.len().max(1) * 4 * dtype.size();
        // Which points have a value in a deciding band.
        let mut valid = vec![false; self.places.len()];
        let mut missing = Vec::new();
        for (band, row) in gathered.data.chunks(row_bytes).enumerate() {
            let mut present = self.surrounded(kind, gathered);
            if let Some(nodata) = self.bands.get(band).and_then(|band| value_of(*band)) {
                let mut samples = vec![false; self.places.len() * 4];
                nodata.each_valid(dtype, row, dtype.size(), 0..samples.len(), |i| samples.get_mut(i).into_iter().for_each(|v| *v = true));
                present.iter_mut().zip(samples.as_chunks::<4>().0).for_each(|(p, four)| *p &= four.iter().all(|v| *v));
            }
            let values = widened(row, dtype, wide, self.places.len() * 4)?;
            let results: Vec<u8> = self.places.iter().enumerate().flat_map(|(i, place)| blend(*place, &values, i, parts)).collect();
            write_band(&results, (self.places.len(), 1), wide, band, to);
            missing.push(runs(self.places.len(), |i| !present.get(i).copied().unwrap_or(false)));
            if self.bands.get(band).is_some_and(decides) {
                valid.iter_mut().zip(&present).for_each(|(v, p)| *v |= *p);
            }
        }
        for (i, valid) in valid.iter().enumerate() {
            let mask = match (valid, kind) {
                (false, _) => 0,
                (true, MaskKind::Alpha(_)) => self.blend_alpha(i, gathered),
                (true, _) => 255,
            };
            to.set_mask(0, i, mask);
        }
        Ok(missing)
    }

    /// Points whose four pixels are inside the image, and valid where the mask is not made of nodata (which each band decides for itself).
    fn surrounded(&self, kind: &MaskKind, gathered: &Pixels) -> Vec<bool> {
        let by_mask = matches!(kind, MaskKind::Internal | MaskKind::Alpha(_));
        let four = gathered.mask.as_chunks::<4>().0;
        self.places.iter().zip(four).map(|(place, four)| place.is_some() && (!by_mask || four.iter().all(|m| *m != 0))).collect()
    }

    fn blend_alpha(&self, i: usize, gathered: &Pixels) -> u8 {
        let (Some(Some((x, y))), Some(four)) = (self.places.get(i), gathered.mask.as_chunks::<4>().0.get(i)) else { return 0 };
        // The four are not 0, so neither is what lies between them.
        bilinear(*x, *y, four.map(f64::from)).round() as u8
    }
}

/// The pixel position, where it lies inside the image.
fn inside(x: f64, y: f64, width: f64, height: f64) -> Option<(f64, f64)> {
    let at = |position: f64, size: f64| if (0.0..=size + EDGE).contains(&position) { Some(position.min(size)) } else { None };
    Some((at(x, width)?, at(y, height)?))
}

/// The value at a position between the centres of four pixels: upper left, upper right, lower left, lower right.
fn bilinear(x: f64, y: f64, [a, b, c, d]: [f64; 4]) -> f64 {
    let share = |position: f64| (position - 0.5) - (position - 0.5).floor();
    let (x, y) = (share(x), share(y));
    let (upper, lower) = (a * (1.0 - x) + b * x, c * (1.0 - x) + d * x);
    upper * (1.0 - y) + lower * y
}

/// The bytes of point `i`'s value, of one or two parts.
fn blend(place: Option<(f64, f64)>, values: &[f64], i: usize, parts: usize) -> Vec<u8> {
    let (x, y) = place.unwrap_or_default();
    let part = |part: usize| {
        let four = [0, 1, 2, 3].map(|k| values.get((i * 4 + k) * parts + part).copied().unwrap_or_default());
        bilinear(x, y, four).to_ne_bytes()
    };
    (0..parts).flat_map(part).collect()
}

/// A row of samples as doubles, the parts of complex ones one after the other.
fn widened(row: &[u8], dtype: DType, wide: DType, n: usize) -> Result<Vec<f64>> {
    let mut bytes = super::buffer::zeroed((n * wide.size()) as u64, "the pixels of points")?;
    let (mask, mask_len, mask_line_stride) = (std::ptr::null_mut(), 0, 0);
    let buffer = RawBuffer { data: bytes.as_mut_ptr(), len: bytes.len(), strides: [0; 3], mask, mask_len, mask_line_stride };
    #[allow(unsafe_code, reason = "a vector of our own")]
    // SAFETY: the vector outlives the destination, which is not used after the next line.
    let to = unsafe { Destination::new(&buffer, wide, n, 1, 1)? };
    write_band(row, (n, 1), dtype, 0, &to);
    Ok(bytes.as_chunks::<8>().0.iter().map(|b| f64::from_ne_bytes(*b)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_belong_to_the_image_and_what_lies_beyond_does_not() {
        assert_eq!(inside(0.0, 10.0, 20.0, 10.0), Some((0.0, 10.0)));
        assert_eq!(inside(20.000_001, 3.0, 20.0, 10.0), Some((20.0, 3.0)));
        assert_eq!(inside(-1e-9, 3.0, 20.0, 10.0), None);
        assert_eq!(inside(3.0, 10.1, 20.0, 10.0), None);
        assert_eq!(inside(f64::NAN, 3.0, 20.0, 10.0), None);
    }
}
