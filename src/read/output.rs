//! A finished result on its way to the caller: converted, and filled where it is not valid.

use super::{Pixels, ReadSize, owned};
use crate::dataset::Dataset;
use crate::error::Result;
use crate::raster::{Axis, BlockView, DType, Destination, Part, copy_samples, fill_samples};
use std::ops::Range;

impl Dataset {
    /// Room for a result of this dataset with its mask, all zeroes.
    pub(crate) fn room(&self, size: ReadSize) -> Result<Pixels> {
        owned(self, size, true)
    }

    /// What lies beyond the image, as the parameters or else the settings say.
    pub(crate) fn fill_of(&self, params: &super::ReadParams) -> f64 {
        params.fill.unwrap_or(self.reader.settings.read.fill)
    }
}

impl Pixels {
    /// Writes all pixels and the mask to a destination of the same size, converted to its type.
    pub(crate) fn write_to(&self, to: &Destination) {
        let ReadSize { width, height, dtype, .. } = self.size;
        for (band, bytes) in self.data.chunks((width * height * dtype.size()).max(1)).enumerate() {
            write_band(bytes, (width, height), dtype, band, to);
        }
        for (row, mask) in self.mask.chunks(width.max(1)).enumerate() {
            to.write_mask_row(row, 0, mask.iter().copied());
        }
    }

    /// Takes another result of the same size, converted to this one's type.
    pub(crate) fn put(&mut self, from: &Self) -> Result<()> {
        from.write_to(&self.destination()?);
        Ok(())
    }

    /// Sets the samples of all pixels whose mask is 0.
    pub(crate) fn fill_invalid(&mut self, fill: f64) -> Result<()> {
        let mask = std::mem::take(&mut self.mask);
        let (width, bands) = (self.size.width, self.size.bands);
        let to = self.destination()?;
        for (row, mask) in mask.chunks(width.max(1)).enumerate() {
            for band in 0..bands {
                fill_row(band, row, fill, &runs(width, |i| mask.get(i) == Some(&0)), &to);
            }
        }
        self.mask = mask;
        Ok(())
    }

    fn destination(&mut self) -> Result<Destination> {
        let (buffer, size) = (self.buffer(), self.size);
        #[allow(unsafe_code, reason = "vectors of our own")]
        // SAFETY: the callers keep `self`, unused, as long as the destination.
        unsafe {
            Destination::new(&buffer, size.dtype, size.width, size.height, size.bands)
        }
    }
}

/// Writes the packed samples of a band, converted to the destination's type.
pub(super) fn write_band(bytes: &[u8], (width, height): (usize, usize), dtype: DType, band: usize, to: &Destination) {
    let (columns, rows) = (Axis::identity(0, width), Axis::identity(0, height));
    let view = BlockView { bytes, dtype, samples: 1, width, x: 0, y: 0 };
    copy_samples(&view, &[(0, band)], &Part { columns: &columns, rows: &rows, out_columns: 0..width, out_rows: 0..height }, to);
}

/// Writes a value to runs of a row.
pub(super) fn fill_row(band: usize, row: usize, value: f64, runs: &[Range<usize>], to: &Destination) {
    let mut sample = [0; 16];
    sample.iter_mut().zip(value.to_ne_bytes()).for_each(|(to, from)| *to = from);
    let axis = Axis::identity(0, 0);
    for run in runs {
        let part = Part { columns: &axis, rows: &axis, out_columns: run.clone(), out_rows: row..row + 1 };
        fill_samples(&sample, DType::Float64, &[band], &part, to);
    }
}

/// The runs of `0..n` for which `belongs` is true.
pub(super) fn runs(n: usize, belongs: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for i in (0..n).filter(|i| belongs(*i)) {
        match runs.last_mut() {
            Some(last) if last.end == i => last.end += 1,
            _ => runs.push(i..i + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_join_neighbours() {
        assert_eq!(runs(8, |i| matches!(i, 0 | 1 | 4 | 7)), [0..2, 4..5, 7..8]);
    }

    #[test]
    fn a_result_is_converted_and_filled_where_it_is_not_valid() {
        let size = ReadSize { width: 3, height: 1, bands: 2, dtype: DType::Float64, level: 0 };
        let data = [1.4f64, 300.0, -2.0, 7.0, 8.0, 9.5].iter().flat_map(|v| v.to_ne_bytes()).collect();
        let mut from = Pixels { size, data, mask: vec![255, 0, 255] };
        from.fill_invalid(77.0).unwrap();
        let mut to = Pixels { size: ReadSize { dtype: DType::UInt8, ..size }, data: vec![0; 6], mask: vec![9; 3] };
        to.put(&from).unwrap();
        assert_eq!((to.data, to.mask), (vec![1, 77, 0, 7, 77, 10], vec![255, 0, 255]));
    }
}
