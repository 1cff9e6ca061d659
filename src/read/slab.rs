//! Source pixels in memory while they are resampled: some rows of a level, in the type that kernels work in.
#![allow(unsafe_code, reason = "blocks are placed into it from several threads, as into a caller's buffer")]

use super::buffer::refused;
use crate::error::Result;
use crate::raster::resample::{Chunk, Emit, Line, Run};
use crate::raster::{DType, Destination, Nodata, RawBuffer};
use std::ops::Range;

/// Rows of a level. A row has the samples of one band after the other.
pub(super) struct Slab {
    work: DType,
    planes: usize,
    columns: Range<u64>,
    rows: Range<u64>,
    samples: Samples,
    /// One byte a pixel, where a mask is read along.
    mask: Option<Vec<u8>>,
}

macro_rules! samples {
    ($($variant:ident: $type:ty;)*) => {
        /// Samples of a type.
        enum Samples {
            $($variant(Vec<$type>),)*
        }

        impl Samples {
            /// Moves what lies at `kept` to the beginning and makes the rest zeroes, `len` in all.
            fn shift(&mut self, kept: Range<usize>, len: usize) -> Result<()> {
                match self {
                    $(Self::$variant(samples) => shift(samples, kept, len),)*
                }
            }

            /// The memory from sample `start` on.
            fn raw(&mut self, start: usize) -> (*mut u8, usize) {
                match self {
                    $(Self::$variant(samples) => {
                        let rest = samples.get_mut(start..).unwrap_or_default();
                        (rest.as_mut_ptr().cast(), size_of_val(rest))
                    })*
                }
            }
        }
    };
}
samples! {
    U8: u8; I8: i8; U16: u16; I16: i16; U32: u32; I32: i32; U64: u64; I64: i64;
    F32: f32; F64: f64; C64: [f32; 2]; C128: [f64; 2];
}

impl Samples {
    fn new(dtype: DType) -> Self {
        match dtype {
            DType::UInt8 => Self::U8(Vec::new()),
            DType::Int8 => Self::I8(Vec::new()),
            DType::UInt16 => Self::U16(Vec::new()),
            DType::Int16 => Self::I16(Vec::new()),
            DType::UInt32 => Self::U32(Vec::new()),
            DType::Int32 => Self::I32(Vec::new()),
            DType::UInt64 => Self::U64(Vec::new()),
            DType::Int64 => Self::I64(Vec::new()),
            DType::Float16 | DType::Float32 => Self::F32(Vec::new()),
            DType::Float64 => Self::F64(Vec::new()),
            DType::CInt16 | DType::CFloat32 => Self::C64(Vec::new()),
            DType::CInt32 | DType::CFloat64 => Self::C128(Vec::new()),
        }
    }
}

fn shift<T: Copy + Default>(samples: &mut Vec<T>, kept: Range<usize>, len: usize) -> Result<()> {
    samples.copy_within(kept.clone(), 0);
    samples.truncate(kept.len());
    let more = len.saturating_sub(samples.len());
    samples.try_reserve_exact(more).map_err(|_| refused((len * size_of::<T>()) as u64, "source pixels"))?;
    samples.resize(len, T::default());
    Ok(())
}

impl Slab {
    /// An empty slab for samples of a type.
    pub(super) fn new(work: DType, planes: usize, mask: bool) -> Self {
        Self { work, planes, columns: 0..0, rows: 0..0, samples: Samples::new(work), mask: mask.then(Vec::new) }
    }

    fn width(&self) -> usize {
        (self.columns.end - self.columns.start) as usize
    }

    /// Makes it hold these columns and rows. Rows that it held of the same columns stay.
    pub(super) fn move_to(&mut self, (columns, rows): &(Range<u64>, Range<u64>)) -> Result<()> {
        let same = self.columns == *columns;
        let (start, end) = (rows.start.max(self.rows.start), rows.end.min(self.rows.end));
        // What stays lies at the beginning of the new rows: steps go down.
        let kept = if same && start == rows.start && start < end { start - self.rows.start..end - self.rows.start } else { 0..0 };
        self.columns = columns.clone();
        self.rows = rows.clone();
        let (width, height) = (self.width(), (rows.end - rows.start) as usize);
        let size = |row: usize| row.checked_mul(height).ok_or_else(|| refused(u64::MAX, "source pixels"));
        let row = width.checked_mul(self.planes).ok_or_else(|| refused(u64::MAX, "source pixels"))?;
        let scaled = |row: usize| kept.start as usize * row..kept.end as usize * row;
        self.samples.shift(scaled(row), size(row)?)?;
        if let Some(mask) = &mut self.mask {
            shift(mask, scaled(width), size(width)?)?;
        }
        Ok(())
    }

    /// Some of its rows as a destination for all bands, and for the mask.
    ///
    /// # Safety
    /// The slab must not be used, moved or dropped before the destination is dropped.
    pub(super) unsafe fn destination(&mut self, rows: &Range<u64>) -> Result<Destination> {
        let (width, planes, first) = (self.width(), self.planes, (rows.start - self.rows.start) as usize);
        let size = self.work.size() as i64;
        let (data, len) = self.samples.raw(first * width * planes);
        let (mask, mask_len) = match &mut self.mask {
            None => (std::ptr::null_mut(), 0),
            Some(mask) => {
                let rest = mask.get_mut(first * width..).unwrap_or_default();
                (rest.as_mut_ptr(), rest.len())
            }
        };
        let strides = [size, size * (width * planes) as i64, size * width as i64];
        let buffer = RawBuffer { data, len, strides, mask, mask_len, mask_line_stride: width as i64 };
        // SAFETY: the vectors live, and nobody else uses them, as long as the caller promises.
        unsafe { Destination::new(&buffer, self.work, width, (rows.end - rows.start) as usize, planes) }
    }

    /// Where a rectangle begins: the row, and the column in a row of one band.
    fn corner(&self, columns: &Range<u64>, rows: &Range<u64>) -> (usize, usize) {
        ((rows.start.saturating_sub(self.rows.start)) as usize, columns.start.saturating_sub(self.columns.start) as usize)
    }

    /// The mask of a rectangle, packed.
    pub(super) fn mask(&self, columns: &Range<u64>, rows: &Range<u64>) -> Vec<u8> {
        let Some(mask) = &self.mask else { return Vec::new() };
        let (first, left) = self.corner(columns, rows);
        let count = (columns.end - columns.start) as usize;
        let row = |y: usize| mask.get((first + y) * self.width() + left..).and_then(|m| m.get(..count)).unwrap_or_default();
        (0..(rows.end - rows.start) as usize).flat_map(|y| row(y).iter().copied()).collect()
    }

    /// 255 where a band's pixel of a rectangle is not nodata, else 0, packed. `dtype` is the file's type.
    pub(super) fn valid(&self, plane: usize, columns: &Range<u64>, rows: &Range<u64>, nodata: Nodata, dtype: DType) -> Vec<u8> {
        let is_valid = nodata.is_valid(dtype);
        let is_valid = |value: f64| if is_valid(value) { 255 } else { 0 };
        let (first, left) = self.corner(columns, rows);
        let (count, height) = ((columns.end - columns.start) as usize, (rows.end - rows.start) as usize);
        let start = |y: usize| ((first + y) * self.planes + plane) * self.width() + left;
        let starts = (0..height).map(start);
        macro_rules! each {
            ($samples:expr, $value:expr) => {
                starts.flat_map(|at| $samples.get(at..at + count).unwrap_or_default().iter().map($value)).map(is_valid).collect()
            };
        }
        match &self.samples {
            Samples::U8(samples) => each!(samples, |v| f64::from(*v)),
            Samples::I8(samples) => each!(samples, |v| f64::from(*v)),
            Samples::U16(samples) => each!(samples, |v| f64::from(*v)),
            Samples::I16(samples) => each!(samples, |v| f64::from(*v)),
            Samples::U32(samples) => each!(samples, |v| f64::from(*v)),
            Samples::I32(samples) => each!(samples, |v| f64::from(*v)),
            Samples::U64(samples) => each!(samples, |v| *v as f64),
            Samples::I64(samples) => each!(samples, |v| *v as f64),
            Samples::F32(samples) => each!(samples, |v| f64::from(*v)),
            Samples::F64(samples) => each!(samples, |v| *v),
            Samples::C64(samples) => each!(samples, |v| f64::from(v[0])),
            Samples::C128(samples) => each!(samples, |v| v[0]),
        }
    }

    /// Runs a kernel on a rectangle of one band.
    pub(super) fn chunk(
        &self,
        plane: usize,
        (columns, rows): (&Range<u64>, &Range<u64>),
        (x, y): (&Line, &Line),
        mask: Option<&[u8]>,
        run: &Run<'_>,
        emit: Emit<'_>,
    ) {
        let (first, left) = self.corner(columns, rows);
        let start = (first * self.planes + plane) * self.width() + left;
        let stride = self.width() * self.planes;
        macro_rules! chunk {
            ($samples:expr) => {
                &Chunk { x, y, samples: $samples.get(start..).unwrap_or_default(), stride, mask }
            };
        }
        match &self.samples {
            Samples::U8(samples) => run.real(chunk!(samples), emit),
            Samples::U16(samples) => run.real(chunk!(samples), emit),
            Samples::F32(samples) => run.real(chunk!(samples), emit),
            Samples::F64(samples) => run.real(chunk!(samples), emit),
            Samples::I8(samples) => run.mode(chunk!(samples), self.work, emit),
            Samples::I16(samples) => run.mode(chunk!(samples), self.work, emit),
            Samples::U32(samples) => run.mode(chunk!(samples), self.work, emit),
            Samples::I32(samples) => run.mode(chunk!(samples), self.work, emit),
            Samples::U64(samples) => run.mode(chunk!(samples), self.work, emit),
            Samples::I64(samples) => run.mode(chunk!(samples), self.work, emit),
            Samples::C64(samples) => run.mode(chunk!(samples), self.work, emit),
            Samples::C128(samples) => run.complex(chunk!(samples), emit),
        }
    }
}
