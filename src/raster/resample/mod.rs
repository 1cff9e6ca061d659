//! Resampling with GDAL's numbers: what `GDALRasterBand::RasterIOResampled` makes of one chunk of source pixels (`overview.cpp`). One file a
//! family of kernels.
//!
//! A kernel is told where a chunk and the output lie ([`Line`], one an axis, in GDAL's own coordinates) and gives the rows asked for. Sums are
//! added up in GDAL's order: with weights that are no binary fractions another order rounds differently, and a tie falls to the other side.

mod average;
mod convolution;
mod filter;
mod gauss;
mod mode;
mod palette;
mod run;
mod warped;

pub(crate) use convolution::Results;
pub(crate) use filter::Filter;
pub(crate) use palette::Colors as PaletteColors;
pub(crate) use run::{Emit, Kernel, Run};

use super::DType;
use std::ops::Range;

/// One axis of a chunk and of the output pixels that are made of it (`GDALOverviewResampleArgs`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    /// Source pixels to an output pixel: `dfXRatioDstToSrc`.
    pub(crate) ratio: f64,
    /// Where output position 0 lies: `dfSrcXDelta`.
    pub(crate) delta: f64,
    /// The first source pixel of the chunk, and how many there are: `nChunkXOff`, `nChunkXSize`.
    pub(crate) first: i64,
    pub(crate) count: usize,
    /// The first output position, how many there are, and where the output ends: `nDstXOff`, `nDstXOff2`, `nOvrXSize`.
    pub(crate) out_first: i64,
    pub(crate) out_count: usize,
    pub(crate) out_total: i64,
    /// The image's edges: a window may begin between the first pixel's edge and its centre, or a little before the image.
    pub(crate) edges: (f64, f64),
}

impl Line {
    fn end(&self) -> i64 {
        self.first + self.count as i64
    }

    /// The source pixels that an output pixel lies on, as places in the chunk, and the weights of the first and the last: GDAL's average.
    fn covered(&self, out: usize) -> Covered {
        let out = self.out_first + out as i64;
        let from = (self.delta + out as f64 * self.ratio).max(self.edges.0);
        let to = (self.delta + (out + 1) as f64 * self.ratio).min(self.edges.1);
        let first = ((from + 1e-8) as i64).max(self.first);
        let mut end = (to - 1e-8).ceil() as i64;
        if end == first {
            end += 1;
        }
        end = end.min(self.end());
        let first_weight = if end == first + 1 { 1.0 } else { 1.0 - (from - first as f64) };
        let place = |pixel: i64| (pixel - self.first).clamp(0, self.count as i64) as usize;
        Covered { pixels: place(first)..place(end), first_weight, last_weight: 1.0 - (end as f64 - to) }
    }
}

/// Pixels under an output pixel.
struct Covered {
    pixels: Range<usize>,
    first_weight: f64,
    last_weight: f64,
}

impl Covered {
    fn total_weight(&self) -> f64 {
        let middle = self.pixels.len().saturating_sub(2) as f64;
        if self.pixels.len() > 1 { self.first_weight + middle + self.last_weight } else { self.first_weight }
    }
}

/// The source pixels of a chunk: rows of `stride` samples, of which the chunk is the first `x.count`.
#[derive(Clone, Copy)]
pub(crate) struct Chunk<'a, T> {
    pub(crate) x: &'a Line,
    pub(crate) y: &'a Line,
    pub(crate) samples: &'a [T],
    pub(crate) stride: usize,
    /// One byte a pixel of the chunk, packed: 0 is left out. `None`: all are valid.
    pub(crate) mask: Option<&'a [u8]>,
}

impl<T> Chunk<'_, T> {
    fn row(&self, row: usize) -> &[T] {
        self.samples.get(row * self.stride..row * self.stride + self.x.count).unwrap_or_default()
    }

    fn mask_row(&self, row: usize) -> Option<&[u8]> {
        self.mask.map(|mask| mask.get(row * self.x.count..(row + 1) * self.x.count).unwrap_or_default())
    }
}

/// What kernels know of nodata: the value of pixels that have no valid one under them, and what stands for a result that happens to be it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Nodata {
    pub(crate) value: f64,
    pub(crate) replacement: f64,
}

impl Nodata {
    /// `GDALGetNoDataReplacementValue`: the next larger value of the type, or the next smaller one of its largest.
    pub(crate) fn new(value: f64, dtype: DType) -> Self {
        let replacement = match dtype {
            DType::Float32 if value.is_nan() => value,
            DType::Float32 => {
                let value = value as f32;
                f64::from(if value == f32::MAX { value.next_down() } else { value.next_up() })
            }
            DType::Float64 if value == f64::MAX => value.next_down(),
            DType::Float64 => value.next_up(),
            _ if value == dtype.range().1 => value - 1.0,
            _ => value + 1.0,
        };
        Self { value, replacement }
    }
}

/// A number that kernels work in.
pub(crate) trait Number: Copy + PartialEq + Default + Send + Sync {
    const DTYPE: DType;
    fn to_f64(self) -> f64;
    /// C's cast from a double.
    fn from_f64(value: f64) -> Self;
    fn push_to(self, bytes: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($type:ty, $dtype:ident;)*) => {$(
        impl Number for $type {
            const DTYPE: DType = DType::$dtype;
            #[inline]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline]
            fn from_f64(value: f64) -> Self {
                value as $type
            }
            fn push_to(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_ne_bytes());
            }
        }
    )*};
}
numbers! { u8, UInt8; u16, UInt16; f32, Float32; f64, Float64; }

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured on GDAL 3.10.3.
    #[test]
    fn nodata_is_replaced_by_its_neighbour() {
        let replaced = |value, dtype| Nodata::new(value, dtype).replacement;
        assert_eq!(replaced(0.0, DType::UInt8), 1.0);
        assert_eq!(replaced(255.0, DType::UInt8), 254.0);
        assert_eq!(replaced(-9999.0, DType::Int16), -9998.0);
        assert_eq!(replaced(-9999.0, DType::Float32), -9_998.999_023_437_5);
        assert_eq!(replaced(f64::from(f32::MIN), DType::Float32), -3.402_823_263_561_192_6e38);
        assert_eq!(replaced(0.0, DType::Float64), 5e-324);
    }
}
