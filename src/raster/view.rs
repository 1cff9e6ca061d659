//! The caller's buffer, written from many threads, and the decoded block that is placed into it.
//!
//! One of the few homes of `unsafe`: blocks are decoded in parallel and each writes its own part of one buffer, which a `&mut [u8]`
//! can't express for strided destinations.
#![allow(unsafe_code, reason = "disjoint parts of one buffer are written from several threads")]

use super::dtype::DType;
use crate::error::{Error, Reason, Result};
use std::ops::Range;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Maps output positions of one axis to source pixels.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    /// Source pixel of each output position, never decreasing; `None` where output i is source `start + i`.
    map: Option<Vec<u32>>,
    start: u64,
    len: usize,
}

impl Axis {
    /// Source pixels `start..start + len`, one to one.
    pub(crate) fn identity(start: u64, len: usize) -> Self {
        Self { map: None, start, len }
    }

    /// GDAL's nearest neighbour: source = ⌊(i + 0.5)·step + offset + 1e-10⌋ (`GDALRasterBand::IRasterIO`), for `len` positions over
    /// `extent` source pixels from `offset` on, kept within `0..limit`.
    pub(crate) fn nearest(offset: f64, extent: f64, len: usize, limit: u64) -> Result<Self> {
        let step = extent / len as f64;
        Self::mapped(len, limit, (0..len).map(|i| (i as f64 + 0.5) * step + offset + 1e-10))
    }

    /// The same for columns, where GDAL adds the step up from column to column: after thousands of additions a position that lies on the
    /// edge of a pixel may come out on its other side.
    pub(crate) fn nearest_columns(offset: f64, extent: f64, len: usize, limit: u64) -> Result<Self> {
        let step = extent / len as f64;
        let mut next = 0.5 * step + offset + 1e-10;
        let positions = (0..len).map(|_| {
            let position = next;
            next += step;
            position
        });
        Self::mapped(len, limit, positions)
    }

    fn mapped(len: usize, limit: u64, positions: impl Iterator<Item = f64>) -> Result<Self> {
        let last = limit.saturating_sub(1) as f64;
        let mut map = Vec::new();
        map.try_reserve_exact(len).map_err(|_| no_memory(len))?;
        map.extend(positions.map(|position| position.clamp(0.0, last) as u32));
        Ok(Self { map: Some(map), start: 0, len })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The source pixel of output position `i`.
    pub(crate) fn source(&self, i: usize) -> u64 {
        match &self.map {
            None => self.start + i as u64,
            Some(map) => map.get(i).map_or(0, |s| u64::from(*s)),
        }
    }

    pub(crate) fn is_identity(&self) -> bool {
        self.map.is_none()
    }

    /// The blocks of `size` source pixels that are touched, each with the output positions that it serves.
    pub(crate) fn blocks(&self, size: u64) -> Result<Vec<(u64, Range<usize>)>> {
        let mut blocks: Vec<(u64, Range<usize>)> = Vec::new();
        let mut i = 0;
        while i < self.len {
            let block = self.source(i) / size;
            let end = match &self.map {
                None => ((block + 1) * size).saturating_sub(self.start).min(self.len as u64) as usize,
                Some(map) => i + map.get(i..).unwrap_or_default().partition_point(|s| u64::from(*s) / size == block),
            };
            blocks.try_reserve(1).map_err(|_| no_memory(blocks.len()))?;
            blocks.push((block, i..end));
            i = end;
        }
        Ok(blocks)
    }
}

fn no_memory(entries: usize) -> Error {
    Error::io(format!("there is not enough memory to plan a read of {entries} columns, rows or blocks"))
}

/// A decoded block: native-endian samples, chunky.
pub(crate) struct BlockView<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) dtype: DType,
    /// Samples a pixel.
    pub(crate) samples: usize,
    /// Pixels a row.
    pub(crate) width: usize,
    /// First column and row of the block in its image.
    pub(crate) x: u64,
    pub(crate) y: u64,
}

impl BlockView<'_> {
    /// The bytes of a row of the image, or nothing where the block does not store it (a strip cut short).
    pub(crate) fn row(&self, image_row: u64) -> &[u8] {
        let row_bytes = self.width * self.samples * self.dtype.size();
        let start = (image_row - self.y.min(image_row)) as usize * row_bytes;
        self.bytes.get(start..start + row_bytes).unwrap_or_default()
    }
}

/// Where the pixels go, checked once: every position within width × height × bands lies inside the caller's memory, and no two overlap.
pub(crate) struct Destination {
    data: *mut u8,
    pub(crate) dtype: DType,
    width: usize,
    height: usize,
    bands: usize,
    /// Byte offset of the first sample; not 0 where a stride is negative.
    origin: usize,
    strides: [i64; 3],
    mask: Option<Mask>,
    /// By band; empty where samples are written as they are.
    scales: Vec<Scale>,
}

/// What a sample means: value × scale + offset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    pub(crate) scale: f64,
    pub(crate) offset: f64,
}

#[derive(Clone, Copy)]
struct Mask {
    data: *mut u8,
    origin: usize,
    line_stride: i64,
}

// SAFETY: the pointers lead to memory that the creator of the Destination promised to keep until it is dropped, and every write
// goes through methods that keep to the checked layout. Threads write disjoint positions; mask bytes that several may write are atomic.
unsafe impl Send for Destination {}
// SAFETY: as above.
unsafe impl Sync for Destination {}

/// A buffer as the caller describes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawBuffer {
    pub(crate) data: *mut u8,
    pub(crate) len: usize,
    /// Bytes from pixel to pixel, line to line, band to band; 0: packed (pixel: the type's size, line: width pixels, band: height lines).
    pub(crate) strides: [i64; 3],
    /// Null where no mask is wanted.
    pub(crate) mask: *mut u8,
    pub(crate) mask_len: usize,
    pub(crate) mask_line_stride: i64,
}

impl Destination {
    /// Checks a caller's buffer against the size of what will be written. With negative strides `data` is still the lowest address.
    ///
    /// # Safety
    /// `data` must be valid for writes of `len` bytes, and `mask` (where not null) of `mask_len`, until the `Destination` is dropped,
    /// and nobody else may read or write them meanwhile.
    pub(crate) unsafe fn new(buffer: &RawBuffer, dtype: DType, width: usize, height: usize, bands: usize) -> Result<Self> {
        if buffer.data.is_null() {
            return Err(Error::invalid("dst.data is NULL"));
        }
        let sample = dtype.size() as i64;
        let packed = |given: i64, inner: i64, n: usize| -> Result<i64> {
            let product = i64::try_from(n).ok().and_then(|n| inner.checked_abs()?.checked_mul(n));
            if given != 0 { Ok(given) } else { product.ok_or_else(|| Error::invalid("the result is larger than memory can be")) }
        };
        let [pixel, line, band] = buffer.strides;
        let pixel = packed(pixel, sample, 1)?;
        let line = packed(line, pixel, width)?;
        let band = packed(band, line, height)?;
        let strides = [pixel, line, band];
        let origin = layout("dst.data", buffer.len, dtype.size(), &[(width, pixel), (height, line), (bands, band)])?;
        let mask = if buffer.mask.is_null() {
            None
        } else {
            let line_stride = packed(buffer.mask_line_stride, 1, width)?;
            let origin = layout("dst.mask", buffer.mask_len, 1, &[(width, 1), (height, line_stride)])?;
            let ends = |start: *mut u8, len: usize| start as usize..(start as usize).saturating_add(len);
            let (a, b) = (ends(buffer.data, buffer.len), ends(buffer.mask, buffer.mask_len));
            if a.start < b.end && b.start < a.end {
                return Err(Error::invalid("dst.mask lies inside dst.data"));
            }
            Some(Mask { data: buffer.mask, origin, line_stride })
        };
        Ok(Self { data: buffer.data, dtype, width, height, bands, origin, strides, mask, scales: Vec::new() })
    }

    /// The same destination, whose samples are scaled as they are written; one scale a band.
    pub(crate) fn scaled(mut self, scales: Vec<Scale>) -> Self {
        self.scales = scales;
        self
    }

    /// How the samples of a band are scaled.
    pub(crate) fn scale(&self, band: usize) -> Option<Scale> {
        self.scales.get(band).copied()
    }

    /// Whether samples of this type are written as they are.
    pub(crate) fn takes(&self, dtype: DType) -> bool {
        dtype == self.dtype && self.scales.is_empty()
    }

    /// A rectangle of this destination, as one of its own. Positions beyond the destination are cut off.
    pub(crate) fn part(self, columns: &Range<usize>, rows: &Range<usize>) -> Self {
        let (left, top) = (columns.start.min(self.width), rows.start.min(self.height));
        let (width, height) = (columns.len().min(self.width - left), rows.len().min(self.height - top));
        let [pixel, line, _] = self.strides;
        // Within the layout that `new` checked.
        let moved = |origin: usize, pixel: i64, line: i64| (origin as i64 + left as i64 * pixel + top as i64 * line) as usize;
        let origin = moved(self.origin, pixel, line);
        let mask = self.mask.map(|mask| Mask { origin: moved(mask.origin, 1, mask.line_stride), ..mask });
        Self { width, height, origin, mask, ..self }
    }

    /// Its pixels alone, and its mask alone.
    pub(crate) fn apart(self) -> (Self, Self) {
        let pixels = Self { mask: None, scales: self.scales.clone(), ..self };
        (pixels, Self { bands: 0, scales: Vec::new(), ..self })
    }

    pub(crate) fn wants_mask(&self) -> bool {
        self.mask.is_some()
    }

    /// Columns and rows.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    pub(crate) fn bands(&self) -> usize {
        self.bands
    }

    /// Whether a row of one band is contiguous in memory.
    pub(crate) fn rows_are_packed(&self) -> bool {
        self.strides[0] == self.dtype.size() as i64
    }

    /// Whether whole pixels of all bands are contiguous (BIP).
    pub(crate) fn is_pixel_interleaved(&self) -> bool {
        let size = self.dtype.size() as i64;
        self.strides[2] == size && self.strides[0] == size * self.bands as i64
    }

    /// The address of a sample, where `count` samples from there on (in the row) are inside the destination.
    fn at(&self, band: usize, row: usize, column: usize, count: usize) -> Option<*mut u8> {
        if band >= self.bands || row >= self.height || column.checked_add(count)? > self.width {
            return None;
        }
        let [pixel, line, plane] = self.strides;
        let offset = self.origin as i64 + column as i64 * pixel + row as i64 * line + band as i64 * plane;
        // SAFETY: `layout` checked that the offset of every position within width × height × bands lies in 0..len.
        Some(unsafe { self.data.offset(offset as isize) })
    }

    /// Writes values to consecutive pixels of a row. `shift` moves within the sample: the imaginary part of a complex one.
    pub(crate) fn write_row<T: Copy>(
        &self,
        band: usize,
        row: usize,
        column: usize,
        shift: usize,
        values: impl ExactSizeIterator<Item = T>,
    ) {
        let Some(start) = self.at(band, row, column, values.len()) else { return };
        if shift + size_of::<T>() > self.dtype.size() {
            return;
        }
        let stride = self.strides[0] as isize;
        let limit = self.width - column;
        if stride == size_of::<T>() as isize && shift == 0 {
            let start = start.cast::<T>();
            for (i, value) in values.take(limit).enumerate() {
                // SAFETY: `at` checked that these samples are inside the destination; `T` is as large as a sample. Alignment is not asked for.
                unsafe { start.add(i).write_unaligned(value) };
            }
            return;
        }
        for (i, value) in values.take(limit).enumerate() {
            // SAFETY: as above; `shift` keeps the write inside its sample.
            unsafe { start.offset(i as isize * stride).add(shift).cast::<T>().write_unaligned(value) };
        }
    }

    /// Hands out `count` pixels of a row, of several bands at once, to be written in full: one slice a band, in their order, and a part of
    /// `spare` where there is none. `false`, with nothing done, where rows are not packed or a band comes twice.
    pub(crate) fn with_rows(
        &self,
        bands: &[Option<usize>],
        (row, column, count): (usize, usize, usize),
        spare: &mut Vec<u8>,
        write: impl FnOnce(&mut [&mut [u8]]) -> bool,
    ) -> bool {
        const MOST: usize = 4;
        let twice = |i: usize| bands.iter().skip(i + 1).flatten().any(|b| bands.get(i) == Some(&Some(*b)));
        if !self.rows_are_packed() || bands.len() > MOST || (0..bands.len()).any(twice) {
            return false;
        }
        let bytes = count * self.dtype.size();
        spare.resize(bands.iter().filter(|band| band.is_none()).count() * bytes, 0);
        let mut spares = spare.chunks_exact_mut(bytes.max(1));
        let mut rows: [&mut [u8]; MOST] = Default::default();
        for (slot, band) in rows.iter_mut().zip(bands) {
            *slot = match band {
                None => spares.next().unwrap_or_default(),
                Some(band) => {
                    let Some(start) = self.at(*band, row, column, count) else { return false };
                    // SAFETY: `at` checked the range and rows are packed. The bands differ, so no two slices overlap; other threads
                    // write other pixels.
                    unsafe { std::slice::from_raw_parts_mut(start, bytes) }
                }
            };
        }
        write(rows.get_mut(..bands.len()).unwrap_or_default())
    }

    /// Copies packed samples to a row whose samples are packed too.
    pub(crate) fn copy_row(&self, band: usize, row: usize, column: usize, samples: &[u8]) {
        let count = samples.len() / self.dtype.size();
        debug_assert!(self.rows_are_packed());
        if let Some(start) = self.at(band, row, column, count).filter(|_| self.rows_are_packed()) {
            // SAFETY: `at` checked the range, rows are packed, and a decoded block is never the caller's memory.
            unsafe { std::ptr::copy_nonoverlapping(samples.as_ptr(), start, count * self.dtype.size()) };
        }
    }

    /// Copies whole pixels (all bands) to a row of a pixel-interleaved destination.
    pub(crate) fn copy_pixels(&self, row: usize, column: usize, pixels: &[u8]) {
        let pixel = self.dtype.size() * self.bands;
        let count = pixels.len() / pixel;
        if let Some(start) = self.at(0, row, column, count).filter(|_| self.is_pixel_interleaved()) {
            // SAFETY: `at` checked the range for the first band; pixels of a BIP destination are contiguous, bands included.
            unsafe { std::ptr::copy_nonoverlapping(pixels.as_ptr(), start, count * pixel) };
        }
    }

    /// Sets the mask of one pixel. Several threads may set the same pixel to the same value.
    pub(crate) fn set_mask(&self, row: usize, column: usize, value: u8) {
        if let Some(start) = self.mask_at(row, column, 1) {
            // SAFETY: `mask_at` checked the position, which stays valid as long as self; all concurrent accesses are atomic.
            unsafe { AtomicU8::from_ptr(start) }.store(value, Relaxed);
        }
    }

    /// Writes the mask of consecutive pixels of a row, which nobody else writes.
    pub(crate) fn write_mask_row(&self, row: usize, column: usize, values: impl ExactSizeIterator<Item = u8>) {
        let count = values.len();
        let Some(start) = self.mask_at(row, column, count) else { return };
        for (i, value) in values.take(count).enumerate() {
            // SAFETY: `mask_at` checked the run.
            unsafe { start.add(i).write(value) };
        }
    }

    /// Sets a rectangle of the mask, before any thread writes to it.
    pub(crate) fn fill_mask(&mut self, value: u8, columns: Range<usize>, rows: Range<usize>) {
        for row in rows {
            if let Some(start) = self.mask_at(row, columns.start, columns.len()) {
                // SAFETY: `mask_at` checked the run; `&mut self` says that no other thread writes now.
                unsafe { std::ptr::write_bytes(start, value, columns.len()) };
            }
        }
    }

    fn mask_at(&self, row: usize, column: usize, count: usize) -> Option<*mut u8> {
        let mask = self.mask?;
        if row >= self.height || column.checked_add(count)? > self.width {
            return None;
        }
        let offset = mask.origin as i64 + row as i64 * mask.line_stride + column as i64;
        // SAFETY: `layout` checked that the offset of every position within width × height lies in 0..mask_len.
        Some(unsafe { mask.data.offset(offset as isize) })
    }
}

/// Checks that the positions of all axes (count, stride in bytes) fit into `len` bytes and don't overlap, and gives the offset of the first.
fn layout(what: &'static str, len: usize, item: usize, axes: &[(usize, i64)]) -> Result<usize> {
    if axes.iter().any(|(n, _)| *n == 0) {
        return Ok(0);
    }
    let too_large = || Error::invalid(format!("{what}: the strides reach further than memory can"));
    let mut origin: u64 = 0;
    let mut extent = item as u64;
    let mut sorted: Vec<(u64, u64, bool)> = axes.iter().map(|(n, s)| (s.unsigned_abs(), *n as u64, *s < 0)).collect();
    sorted.sort_unstable();
    for (stride, n, negative) in sorted {
        if n <= 1 {
            continue;
        }
        if stride < extent {
            return Err(Error::invalid(format!("{what}: a stride of {stride} bytes makes pixels overlap, which take {extent} bytes")));
        }
        let reach = stride.checked_mul(n - 1).ok_or_else(too_large)?;
        extent = extent.checked_add(reach).ok_or_else(too_large)?;
        if negative {
            origin += reach;
        }
    }
    if extent > len as u64 {
        return Err(Reason::BufferTooSmall { what, needed: extent, given: len as u64 }.into());
    }
    Ok(origin as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(data: &mut [u8], strides: [i64; 3]) -> RawBuffer {
        RawBuffer { data: data.as_mut_ptr(), len: data.len(), strides, mask: std::ptr::null_mut(), mask_len: 0, mask_line_stride: 0 }
    }

    fn destination(data: &mut [u8], strides: [i64; 3], shape: [usize; 3]) -> Result<Destination> {
        // SAFETY: the vectors of these tests outlive the destination.
        unsafe { Destination::new(&raw(data, strides), DType::UInt8, shape[0], shape[1], shape[2]) }
    }

    #[test]
    fn negative_strides_turn_the_picture_inside_the_same_memory() {
        let mut data = vec![0; 6];
        destination(&mut data, [-1, -3, 0], [3, 2, 1]).unwrap().write_row(0, 0, 0, 0, [1u8, 2, 3].into_iter());
        assert_eq!(data, [0, 0, 0, 3, 2, 1]);
    }

    #[test]
    fn small_buffers_and_overlapping_strides_are_refused() {
        assert!(matches!(
            destination(&mut [0; 5], [0; 3], [3, 2, 1]).err().unwrap().reason(),
            Reason::BufferTooSmall { needed: 6, given: 5, .. }
        ));
        assert!(destination(&mut [0; 50], [1, 2, 0], [3, 2, 1]).is_err());
        assert!(destination(&mut [0; 50], [3, 0, 1], [3, 2, 3]).is_ok());
        assert!(destination(&mut [0; 50], [i64::MAX, 0, 0], [3, 2, 1]).is_err());
        assert!(destination(&mut [0; 50], [i64::MIN, 0, 0], [3, 2, 1]).is_err());
    }

    #[test]
    fn writes_outside_are_left_out() {
        let mut data = vec![0; 6];
        let d = destination(&mut data, [0; 3], [3, 2, 1]).unwrap();
        d.write_row(0, 0, 2, 0, [7u8, 8].into_iter());
        d.write_row(0, 2, 0, 0, [7u8].into_iter());
        d.write_row(1, 0, 0, 0, [7u8].into_iter());
        assert_eq!(data, [0; 6]);
    }

    #[test]
    fn axis_blocks_cover_each_output_position_once() {
        for axis in [Axis::identity(5, 30), Axis::nearest(3.0, 40.0, 13, 50).unwrap(), Axis::nearest(0.0, 7.0, 40, 7).unwrap()] {
            let blocks = axis.blocks(8).unwrap();
            let covered: Vec<usize> = blocks.iter().flat_map(|(_, r)| r.clone()).collect();
            assert_eq!(covered, (0..axis.len()).collect::<Vec<_>>());
            for (block, range) in blocks {
                assert!(range.clone().all(|i| axis.source(i) / 8 == block));
            }
        }
    }
}
