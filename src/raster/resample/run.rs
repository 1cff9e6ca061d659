//! Which kernel runs on which type, and its rows as bytes.

use super::average::{Average, average, rms};
use super::convolution::{Convolve, Results, convolution};
use super::filter::Filter;
use super::gauss::gauss;
use super::mode::{Mode, mode};
use super::palette::Colors;
use super::warped::warped;
use super::{Chunk, Nodata, Number};
use crate::raster::DType;
use std::ops::Range;

/// How several pixels become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    Convolution(Filter),
    Average,
    Rms,
    Mode,
    Gauss,
}

impl Kernel {
    /// Source pixels beyond those that an output pixel covers, where the output is not reduced (`GDALGetResampleFunction`).
    pub(crate) fn radius(self) -> usize {
        match self {
            Self::Convolution(filter) => filter.radius(),
            Self::Gauss => 1,
            Self::Average | Self::Rms | Self::Mode => 0,
        }
    }

    /// The type that samples are resampled in (`GDALGetOvrWorkDataType`). Complex ones are floats of 64 bits, or for mode such as hold them.
    pub(crate) fn work_type(self, dtype: DType) -> DType {
        use DType::{CFloat32, CFloat64, CInt16, CInt32, Float32, Float64, Int8, Int16, UInt8, UInt16};
        match (self, dtype) {
            (Self::Mode, CInt16) => CFloat32,
            (Self::Mode, CInt32) => CFloat64,
            (Self::Mode, dtype) => dtype,
            (_, CInt16 | CInt32 | CFloat32 | CFloat64) => CFloat64,
            (Self::Gauss, _) => Float64,
            (_, UInt8 | UInt16) => dtype,
            (_, Int8 | Int16 | DType::Float16 | Float32) => Float32,
            _ => Float64,
        }
    }
}

/// Receives the rows of a chunk's output: number, type and samples.
pub(crate) type Emit<'a> = &'a mut dyn FnMut(usize, DType, &[u8]);

/// A real number type that all kernels work on.
pub(crate) trait Real: Average + Convolve + Mode {}
impl<T: Average + Convolve + Mode> Real for T {}

/// One kernel, to be run on some output rows of chunks.
pub(crate) struct Run<'a> {
    pub(crate) kernel: Kernel,
    pub(crate) nodata: Option<Nodata>,
    /// For filters: what their results become.
    pub(crate) results: Results,
    pub(crate) palette: Option<&'a Colors>,
    pub(crate) rows: Range<usize>,
}

impl Run<'_> {
    pub(crate) fn real<T: Real>(&self, chunk: &Chunk<'_, T>, emit: Emit<'_>) {
        let rows = self.rows.clone();
        let mut bytes = Vec::new();
        let mut numbers = |row: usize, line: &[T]| {
            bytes.clear();
            for value in line {
                Number::push_to(*value, &mut bytes);
            }
            emit(row, T::DTYPE, &bytes);
        };
        match (self.kernel, self.palette) {
            (Kernel::Average | Kernel::Rms, Some(colors)) => colors.average(chunk, self.kernel == Kernel::Rms, rows, numbers),
            (Kernel::Average, None) => average(chunk, self.nodata, rows, numbers),
            (Kernel::Rms, None) => rms(chunk, self.nodata, rows, numbers),
            (Kernel::Mode, _) => mode(chunk, self.nodata.map(|n| n.value), rows, &mut numbers),
            (Kernel::Convolution(filter), _) => convolution(chunk, filter, &self.results, rows, |row, line| {
                emit_floats(row, line, T::SINGLE, emit);
            }),
            (Kernel::Gauss, colors) => {
                let samples: Vec<f64> = (0..chunk.y.count).flat_map(|y| chunk.row(y).iter().map(|v| v.to_f64())).collect();
                // GDAL does not look at the mask where there is a palette.
                let mask = if colors.is_some() { None } else { chunk.mask };
                let chunk = Chunk { x: chunk.x, y: chunk.y, samples: &samples, stride: chunk.x.count, mask };
                gauss(&chunk, colors, self.nodata.map_or(0.0, |n| n.value), rows, |row, line| emit_floats(row, line, false, emit));
            }
        }
    }

    /// Mode, which any type has.
    pub(crate) fn mode<T: Mode>(&self, chunk: &Chunk<'_, T>, dtype: DType, emit: Emit<'_>) {
        let mut bytes = Vec::new();
        mode(chunk, self.nodata.map(|n| n.value), self.rows.clone(), |row, line: &[T]| {
            bytes.clear();
            for value in line {
                value.push_to(&mut bytes);
            }
            emit(row, dtype, &bytes);
        });
    }

    /// As GDAL's warper does it where all pixels are valid; else real and imaginary parts each by themselves.
    pub(crate) fn complex(&self, chunk: &Chunk<'_, [f64; 2]>, emit: Emit<'_>) {
        if self.kernel == Kernel::Mode {
            return self.mode(chunk, DType::CFloat64, emit);
        }
        if chunk.mask.is_none() {
            let whole = self.results.is_integer;
            return warped(chunk, self.kernel, self.rows.clone(), |row, line| {
                // Ties are rounded up there, not away from zero.
                let part = |part: &f64| if whole { (part + 0.5).floor() } else { *part };
                let bytes: Vec<u8> = line.iter().flatten().map(part).flat_map(f64::to_ne_bytes).collect();
                emit(row, DType::CFloat64, &bytes);
            });
        }
        let [real, imaginary] = [0, 1].map(|part: usize| {
            let value = |pixel: &[f64; 2]| if part == 0 { pixel[0] } else { pixel[1] };
            let samples: Vec<f64> = (0..chunk.y.count).flat_map(|y| chunk.row(y).iter().map(value)).collect();
            let chunk = Chunk { x: chunk.x, y: chunk.y, samples: &samples, stride: chunk.x.count, mask: chunk.mask };
            let mut lines: Vec<Vec<u8>> = Vec::with_capacity(self.rows.len());
            self.real(&chunk, &mut |_, _, line| lines.push(line.to_vec()));
            lines
        });
        for (row, (real, imaginary)) in self.rows.clone().zip(real.iter().zip(&imaginary)) {
            let pairs = real.as_chunks::<8>().0.iter().zip(imaginary.as_chunks::<8>().0);
            let line: Vec<u8> = pairs.flat_map(|(re, im)| re.iter().chain(im).copied()).collect();
            emit(row, DType::CFloat64, &line);
        }
    }
}

fn emit_floats(row: usize, line: &[f64], single: bool, emit: Emit<'_>) {
    if single {
        let bytes: Vec<u8> = line.iter().flat_map(|v| (*v as f32).to_ne_bytes()).collect();
        emit(row, DType::Float32, &bytes);
    } else {
        let bytes: Vec<u8> = line.iter().flat_map(|v| v.to_ne_bytes()).collect();
        emit(row, DType::Float64, &bytes);
    }
}
