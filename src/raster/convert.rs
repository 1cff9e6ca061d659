//! From a decoded block to the caller's rows: band selection, nearest sampling, and GDAL's type conversion
//! (`GDALCopyWords`: NaN to 0, round half away from zero, clamp).

use super::dtype::DType;
use super::interleave::split_row;
use super::mask::Nodata;
use super::view::{Axis, BlockView, Destination, Scale};
use half::f16;
use std::borrow::Cow;
use std::ops::Range;

/// A real number type that samples are stored in.
trait Number: Copy {
    const INTEGER: bool = false;
    /// 64-bit integers don't fit a double and take the way through `i128`.
    const WIDE: bool = false;
    fn load(bytes: &[u8]) -> Self;
    fn store(self, bytes: &mut [u8]);
    fn to_f64(self) -> f64;
    /// What is cut off to a whole number when it becomes an integer. GDAL adds the half in the number's own precision, in which the largest
    /// float below 0.5 becomes 1, and odd floats above 2²³ the next even number.
    fn plus_half(self) -> f64 {
        self.to_f64()
    }
    fn to_i128(self) -> i128 {
        0
    }
    /// An integer cuts off the fraction.
    fn from_f64(value: f64) -> Self;
    fn from_i128(value: i128) -> Self;
}

macro_rules! integer {
    ($($type:ty, $wide:literal;)*) => {$(
        impl Number for $type {
            const INTEGER: bool = true;
            const WIDE: bool = $wide;
            #[inline]
            fn load(bytes: &[u8]) -> Self {
                bytes.try_into().map_or(0, <$type>::from_ne_bytes)
            }
            #[inline]
            fn store(self, bytes: &mut [u8]) {
                bytes.iter_mut().zip(self.to_ne_bytes()).for_each(|(to, from)| *to = from);
            }
            #[inline]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline]
            fn to_i128(self) -> i128 {
                self as i128
            }
            // `as` clamps and takes NaN to 0.
            #[inline]
            fn from_f64(value: f64) -> Self {
                value as $type
            }
            #[inline]
            fn from_i128(value: i128) -> Self {
                value.clamp(<$type>::MIN as i128, <$type>::MAX as i128) as $type
            }
        }
    )*};
}
integer! { u8, false; i8, false; u16, false; i16, false; u32, false; i32, false; u64, true; i64, true; }

impl Number for f64 {
    #[inline]
    fn load(bytes: &[u8]) -> Self {
        bytes.try_into().map_or(0.0, Self::from_ne_bytes)
    }
    #[inline]
    fn store(self, bytes: &mut [u8]) {
        bytes.iter_mut().zip(self.to_ne_bytes()).for_each(|(to, from)| *to = from);
    }
    #[inline]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline]
    fn plus_half(self) -> f64 {
        self + 0.5f64.copysign(self)
    }
    #[inline]
    fn from_f64(value: f64) -> Self {
        value
    }
    #[inline]
    fn from_i128(value: i128) -> Self {
        value as Self
    }
}

impl Number for f32 {
    #[inline]
    fn load(bytes: &[u8]) -> Self {
        bytes.try_into().map_or(0.0, Self::from_ne_bytes)
    }
    #[inline]
    fn store(self, bytes: &mut [u8]) {
        bytes.iter_mut().zip(self.to_ne_bytes()).for_each(|(to, from)| *to = from);
    }
    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline]
    fn plus_half(self) -> f64 {
        f64::from(self + 0.5f32.copysign(self))
    }
    /// What is larger than the largest float is infinite, even where it would round to that float.
    #[inline]
    fn from_f64(value: f64) -> Self {
        if value.abs() > f64::from(Self::MAX) { Self::INFINITY.copysign(value as Self) } else { value as Self }
    }
    #[inline]
    fn from_i128(value: i128) -> Self {
        value as Self
    }
}

impl Number for f16 {
    #[inline]
    fn load(bytes: &[u8]) -> Self {
        bytes.try_into().map_or(Self::ZERO, Self::from_ne_bytes)
    }
    #[inline]
    fn store(self, bytes: &mut [u8]) {
        bytes.iter_mut().zip(self.to_ne_bytes()).for_each(|(to, from)| *to = from);
    }
    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline]
    fn plus_half(self) -> f64 {
        f32::from(self).plus_half()
    }
    #[inline]
    fn from_f64(value: f64) -> Self {
        Self::from_f64(value)
    }
    #[inline]
    fn from_i128(value: i128) -> Self {
        Self::from_f64(value as f64)
    }
}

#[inline]
fn cast<S: Number, D: Number>(value: S) -> D {
    if S::WIDE {
        D::from_i128(value.to_i128())
    } else if D::INTEGER {
        D::from_f64(value.plus_half())
    } else {
        D::from_f64(value.to_f64())
    }
}

/// Where in the output one block goes.
pub(crate) struct Part<'a> {
    pub(crate) columns: &'a Axis,
    pub(crate) rows: &'a Axis,
    pub(crate) out_columns: Range<usize>,
    pub(crate) out_rows: Range<usize>,
}

impl Part<'_> {
    fn first_column(&self, block: &BlockView<'_>) -> usize {
        self.columns.source(self.out_columns.start).saturating_sub(block.x) as usize
    }
}

/// Copies bands of a block to its part of the destination. `bands` pairs a sample of the block's pixels with a band of the destination.
pub(crate) fn copy_samples(block: &BlockView<'_>, bands: &[(usize, usize)], part: &Part<'_>, to: &Destination) {
    let same_type = to.takes(block.dtype);
    let size = block.dtype.size();
    let step = block.samples * size;
    let whole_pixels = same_type
        && part.columns.is_identity()
        && to.is_pixel_interleaved()
        && bands.len() == block.samples
        && to.bands() == block.samples
        && bands.iter().all(|(from, to)| from == to);
    let first = part.first_column(block) * step;
    let targets = one_band_each(block.samples, bands).filter(|_| same_type && part.columns.is_identity());
    let mut spare = Vec::new();
    for out_row in part.out_rows.clone() {
        let row = block.row(part.rows.source(out_row));
        if whole_pixels {
            to.copy_pixels(out_row, part.out_columns.start, row.get(first..first + part.out_columns.len() * step).unwrap_or_default());
            continue;
        }
        if let Some(targets) = &targets {
            let pixels = row.get(first..first + part.out_columns.len() * step).unwrap_or_default();
            let at = (out_row, part.out_columns.start, pixels.len() / step);
            if to.with_rows(targets, at, &mut spare, |rows| split_row(pixels, size, rows)) {
                continue;
            }
        }
        for &(sample, band) in bands {
            let source = Source { row, offset: sample * size, step };
            if same_type && part.columns.is_identity() {
                copy_same_type(&source, first, size, part, band, out_row, to);
            } else {
                convert_row(&source, block, part, band, out_row, to);
            }
        }
    }
}

/// The band that each of a pixel's few samples goes to, where none goes to two and not only one is wanted.
fn one_band_each(samples: usize, bands: &[(usize, usize)]) -> Option<Vec<Option<usize>>> {
    const FEW: usize = 4;
    if samples > FEW || !(2..=samples).contains(&bands.len()) {
        return None;
    }
    let mut targets = vec![None; samples];
    for &(sample, band) in bands {
        if targets.get_mut(sample)?.replace(band).is_some() {
            return None;
        }
    }
    Some(targets)
}

/// A row of one band inside a chunky block.
struct Source<'a> {
    row: &'a [u8],
    offset: usize,
    step: usize,
}

fn copy_same_type(source: &Source<'_>, first: usize, size: usize, part: &Part<'_>, band: usize, out_row: usize, to: &Destination) {
    let (n, column) = (part.out_columns.len(), part.out_columns.start);
    if n == 0 {
        return;
    }
    let start = first + source.offset;
    let Some(run) = source.row.get(start..start + (n - 1) * source.step + size) else { return };
    if source.step == size && to.rows_are_packed() {
        to.copy_row(band, out_row, column, run);
        return;
    }
    match size {
        1 => strided::<1>(run, source.step, band, out_row, column, to),
        2 => strided::<2>(run, source.step, band, out_row, column, to),
        4 => strided::<4>(run, source.step, band, out_row, column, to),
        8 => strided::<8>(run, source.step, band, out_row, column, to),
        _ => strided::<16>(run, source.step, band, out_row, column, to),
    }
}

/// Moves every `step`-th sample of `N` bytes. The common steps are constants, so that the loop is unrolled and vectorised.
fn strided<const N: usize>(run: &[u8], step: usize, band: usize, row: usize, column: usize, to: &Destination) {
    fn each<const N: usize>(run: &[u8], step: usize) -> impl ExactSizeIterator<Item = [u8; N]> {
        run.chunks(step).map(|pixel| pixel.first_chunk::<N>().copied().unwrap_or([0; N]))
    }
    match step / N {
        1 => to.write_row(band, row, column, 0, each::<N>(run, N)),
        3 => to.write_row(band, row, column, 0, each::<N>(run, 3 * N)),
        4 => to.write_row(band, row, column, 0, each::<N>(run, 4 * N)),
        _ => to.write_row(band, row, column, 0, each::<N>(run, step)),
    }
}

/// The real type that a sample's parts have, and how many parts there are.
fn parts(dtype: DType) -> (DType, usize) {
    match dtype {
        DType::CInt16 => (DType::Int16, 2),
        DType::CInt32 => (DType::Int32, 2),
        DType::CFloat32 => (DType::Float32, 2),
        DType::CFloat64 => (DType::Float64, 2),
        real => (real, 1),
    }
}

/// Runs an expression with the number type of a real sample type.
macro_rules! with_number {
    ($dtype:expr, $number:ident => $body:expr) => {
        match $dtype {
            DType::UInt8 => with_number!(@ u8, $number, $body),
            DType::Int8 => with_number!(@ i8, $number, $body),
            DType::UInt16 => with_number!(@ u16, $number, $body),
            DType::Int16 => with_number!(@ i16, $number, $body),
            DType::UInt32 => with_number!(@ u32, $number, $body),
            DType::Int32 => with_number!(@ i32, $number, $body),
            DType::UInt64 => with_number!(@ u64, $number, $body),
            DType::Int64 => with_number!(@ i64, $number, $body),
            DType::Float16 => with_number!(@ f16, $number, $body),
            DType::Float32 => with_number!(@ f32, $number, $body),
            _ => with_number!(@ f64, $number, $body),
        }
    };
    (@ $type:ty, $number:ident, $body:expr) => {{
        type $number = $type;
        $body
    }};
}

fn convert_row(source: &Source<'_>, block: &BlockView<'_>, part: &Part<'_>, band: usize, out_row: usize, to: &Destination) {
    let (from_type, from_parts) = parts(block.dtype);
    let (to_type, to_parts) = parts(to.dtype);
    for i in 0..to_parts {
        let shift = i * to_type.size();
        // A real number has no imaginary part: any offset beyond the row reads as 0.
        let offset = if i < from_parts { source.offset + i * from_type.size() } else { usize::MAX / 2 };
        let part_of = Source { row: source.row, offset, step: source.step };
        let place = Place { band, row: out_row, shift };
        with_number!(from_type, S => with_number!(to_type, D => convert::<S, D>(&part_of, block.x, part, &place, to)));
    }
}

struct Place {
    band: usize,
    row: usize,
    shift: usize,
}

fn convert<S: Number, D: Number>(source: &Source<'_>, block_x: u64, part: &Part<'_>, place: &Place, to: &Destination) {
    let load = |i: usize| {
        let at = part.columns.source(i).saturating_sub(block_x) as usize * source.step + source.offset;
        S::load(source.row.get(at..at + size_of::<S>()).unwrap_or_default())
    };
    let columns = part.out_columns.clone();
    match to.scale(place.band) {
        None => to.write_row(place.band, place.row, columns.start, place.shift, columns.map(|i| cast::<S, D>(load(i)))),
        Some(Scale { scale, offset }) => {
            // An imaginary part has no offset.
            let offset = if place.shift == 0 { offset } else { 0.0 };
            let scaled = |i| cast::<f64, D>(load(i).to_f64() * scale + offset);
            to.write_row(place.band, place.row, columns.start, place.shift, columns.map(scaled));
        }
    }
}

/// Writes one value (a sample of `dtype`) to all pixels of a part, in the bands named: a block that the file does not store.
pub(crate) fn fill_samples(sample: &[u8; 16], dtype: DType, bands: &[usize], part: &Part<'_>, to: &Destination) {
    // One pixel that every position maps to: its step is 0.
    let block = BlockView { bytes: sample.get(..dtype.size()).unwrap_or_default(), dtype, samples: 1, width: 1, x: 0, y: 0 };
    let columns = Axis::identity(0, part.out_columns.end);
    let flat = Part { columns: &columns, rows: part.rows, out_columns: part.out_columns.clone(), out_rows: 0..0 };
    for out_row in part.out_rows.clone() {
        for &band in bands {
            let source = Source { row: block.bytes, offset: 0, step: 0 };
            convert_row(&source, &block, &flat, band, out_row, to);
        }
    }
}

/// Fills what lies outside a rectangle of a destination: samples with `value`, the mask with 0.
pub(crate) fn fill_outside(to: &mut Destination, (columns, rows): &(Range<usize>, Range<usize>), value: f64) {
    let (width, height) = to.size();
    let mut sample = [0; 16];
    sample.iter_mut().zip(value.to_ne_bytes()).for_each(|(to, from)| *to = from);
    let bands: Vec<usize> = (0..to.bands()).collect();
    let axis = Axis::identity(0, 0);
    let beside =
        [(0..width, 0..rows.start), (0..width, rows.end..height), (0..columns.start, rows.clone()), (columns.end..width, rows.clone())];
    for (out_columns, out_rows) in beside {
        to.fill_mask(0, out_columns.clone(), out_rows.clone());
        fill_samples(&sample, DType::Float64, &bands, &Part { columns: &axis, rows: &axis, out_columns, out_rows }, to);
    }
}

/// A row of one band's samples in memory of its own.
pub(crate) struct PackedRow<'a> {
    dtype: DType,
    bytes: Cow<'a, [u8]>,
}

impl<'a> PackedRow<'a> {
    pub(crate) fn new(dtype: DType, bytes: &'a [u8]) -> Self {
        Self { dtype, bytes: Cow::Borrowed(bytes) }
    }

    /// The same samples in another type.
    pub(crate) fn converted(self, dtype: DType) -> Self {
        if self.dtype == dtype {
            return self;
        }
        let (from, to) = (self.dtype, dtype);
        let mut bytes = vec![0; self.bytes.len() / from.size() * to.size()];
        let ((from_type, from_parts), (to_type, to_parts)) = (parts(from), parts(to));
        for i in 0..from_parts.min(to_parts) {
            let (offset, shift) = (i * from_type.size(), i * to_type.size());
            let pixels = self.bytes.chunks_exact(from.size()).zip(bytes.chunks_exact_mut(to.size()));
            with_number!(from_type, S => with_number!(to_type, D => pixels.for_each(|(from, to)| {
                let value = S::load(from.get(offset..offset + size_of::<S>()).unwrap_or_default());
                cast::<S, D>(value).store(to.get_mut(shift..).unwrap_or_default());
            })));
        }
        Self { dtype, bytes: Cow::Owned(bytes) }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Calls `valid(i)` for each sample that is not nodata.
    pub(crate) fn each_valid(&self, nodata: Nodata, valid: impl FnMut(usize)) {
        let size = self.dtype.size();
        nodata.each_valid(self.dtype, &self.bytes, size, 0..self.bytes.len() / size, valid);
    }

    /// The same with zeroes where samples are nodata.
    pub(crate) fn without_nodata(self, nodata: Option<Nodata>) -> Self {
        let Some(nodata) = nodata else { return self };
        let size = self.dtype.size();
        let mut bytes = vec![0; self.bytes.len()];
        self.each_valid(nodata, |i| {
            let range = i * size..(i + 1) * size;
            if let (Some(to), Some(from)) = (bytes.get_mut(range.clone()), self.bytes.get(range)) {
                to.copy_from_slice(from);
            }
        });
        Self { dtype: self.dtype, bytes: Cow::Owned(bytes) }
    }

    /// Writes the row to a band of a destination, converted and scaled as that wants it.
    pub(crate) fn write(&self, to: &Destination, band: usize, row: usize, column: usize) {
        let width = self.bytes.len() / self.dtype.size();
        let block = BlockView { bytes: &self.bytes, dtype: self.dtype, samples: 1, width, x: column as u64, y: row as u64 };
        let (columns, rows) = (Axis::identity(0, column + width), Axis::identity(0, row + 1));
        let part = Part { columns: &columns, rows: &rows, out_columns: column..column + width, out_rows: row..row + 1 };
        copy_samples(&block, &[(0, band)], &part, to);
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::RawBuffer;
    use super::*;

    fn convert_one<T: Copy>(value: T, from: DType, to: DType) -> Vec<u8> {
        let mut out = vec![0xaau8; to.size()];
        let buffer = RawBuffer {
            data: out.as_mut_ptr(),
            len: out.len(),
            strides: [0; 3],
            mask: std::ptr::null_mut(),
            mask_len: 0,
            mask_line_stride: 0,
        };
        #[allow(unsafe_code)]
        // SAFETY: `out` outlives the destination; any T here is plain numbers.
        let (destination, bytes) = unsafe {
            let bytes = std::slice::from_raw_parts((&raw const value).cast::<u8>(), size_of::<T>());
            (Destination::new(&buffer, to, 1, 1, 1).unwrap(), bytes)
        };
        let block = BlockView { bytes, dtype: from, samples: 1, width: 1, x: 0, y: 0 };
        let axis = Axis::identity(0, 1);
        let part = Part { columns: &axis, rows: &axis, out_columns: 0..1, out_rows: 0..1 };
        copy_samples(&block, &[(0, 0)], &part, &destination);
        out
    }

    #[test]
    fn floats_round_half_away_and_clamp_and_nan_is_zero() {
        for (value, expected) in [(2.5f32, 3u8), (-0.5, 0), (255.4, 255), (300.0, 255), (-7.0, 0), (f32::NAN, 0), (f32::INFINITY, 255)] {
            assert_eq!(convert_one(value, DType::Float32, DType::UInt8), [expected], "{value}");
        }
        assert_eq!(convert_one(-2.5f64, DType::Float64, DType::Int16), (-3i16).to_ne_bytes());
    }

    /// Measured on GDAL 3.10.3 (`GDALCopyWords64`).
    #[test]
    fn the_half_is_added_in_the_samples_own_precision() {
        assert_eq!(convert_one(0.499_999_97f32, DType::Float32, DType::UInt8), [1]);
        assert_eq!(convert_one(8_388_609f32, DType::Float32, DType::Int32), 8_388_610i32.to_ne_bytes());
        assert_eq!(convert_one(0.499_999_99f64, DType::Float64, DType::UInt8), [0]);
        assert_eq!(convert_one(4_503_599_627_370_497f64, DType::Float64, DType::Int64), 4_503_599_627_370_498i64.to_ne_bytes());
        assert_eq!(convert_one(3.402_823_51e38f64, DType::Float64, DType::Float32), f32::INFINITY.to_ne_bytes());
        let between = (1i64 << 53) + (1 << 29) + 1;
        assert_eq!(convert_one(between, DType::Int64, DType::Float32), (between as f32).to_ne_bytes());
    }

    #[test]
    fn integers_clamp_and_large_ones_stay_exact() {
        assert_eq!(convert_one(70_000i32, DType::Int32, DType::UInt16), u16::MAX.to_ne_bytes());
        assert_eq!(convert_one(-1i8, DType::Int8, DType::UInt8), [0]);
        let big = (1i64 << 53) + 1;
        assert_eq!(convert_one(big, DType::Int64, DType::UInt64), (big as u64).to_ne_bytes());
        assert_eq!(convert_one(u64::MAX, DType::UInt64, DType::Int64), i64::MAX.to_ne_bytes());
    }

    #[test]
    fn complex_to_real_keeps_the_real_part_and_real_to_complex_adds_zero() {
        assert_eq!(convert_one([3i16, 4], DType::CInt16, DType::Int32), 3i32.to_ne_bytes());
        let out = convert_one(7u8, DType::UInt8, DType::CFloat32);
        assert_eq!(out, [7f32.to_ne_bytes(), 0f32.to_ne_bytes()].concat());
        let wide = convert_one([3i16, -4], DType::CInt16, DType::CFloat64);
        assert_eq!(wide, [3f64.to_ne_bytes(), (-4f64).to_ne_bytes()].concat());
    }
}
