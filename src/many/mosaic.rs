//! One picture of many: for each pixel the first, the last, the highest, the lowest value that is valid, or the mean of all.

use super::AT_ONCE;
use super::read::{Request, read_one, target_of};
use crate::dataset::Dataset;
use crate::error::{Error, Result, Status};
use crate::raster::{DType, Destination, RawBuffer};
use crate::read::{Pixels, ReadParams, ReadSize};
use crate::statistics::Sample;
use futures_util::stream::{self, StreamExt};
use std::sync::Arc;

/// How valid pixels of several files become one. The numbers are those of `cog_reducer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum Reducer {
    /// That of the first file that has one. Files behind those that fill the picture are not read.
    #[default]
    First = 0,
    /// That of the last file.
    Last = 1,
    /// Each band's highest value.
    Highest = 2,
    /// Each band's lowest value.
    Lowest = 3,
    /// Each band's mean.
    Mean = 4,
}

impl Reducer {
    /// The reducer of this number in `cog_reducer`.
    pub fn from_code(code: i32) -> Option<Self> {
        [Self::First, Self::Last, Self::Highest, Self::Lowest, Self::Mean].into_iter().find(|r| *r as i32 == code)
    }
}

/// Bytes of results that may wait for their turn.
const WAITING_BYTES: u64 = 256 << 20;

/// Reads the same of each dataset and makes one picture of it, of the size that `params` say or the first dataset's read would have. Pixels
/// that are valid nowhere are `params.fill`, with mask 0. Files that lie outside the bounds of the request have no part in it; any other
/// failure of a file is the failure of the whole.
pub fn mosaic(datasets: &[Arc<Dataset>], request: &Request, reducer: Reducer, params: &ReadParams, dtype: Option<DType>) -> Result<Pixels> {
    crate::runtime::block_on(async {
        let (size, params) = common_size(datasets, request, params).await?;
        let size = ReadSize { dtype: dtype.unwrap_or(size.dtype), ..size };
        let first = datasets.first().ok_or_else(no_datasets)?;
        let mut result = first.room(size)?;
        let pixels = reduced(datasets, request, reducer, &params, size).await?;
        result.put(&pixels)?;
        Ok(result)
    })
}

/// The same into the caller's buffer.
///
/// # Safety
/// As for [`Dataset::read_window_into`].
#[allow(unsafe_code, reason = "the caller's buffer is a raw pointer")]
pub(crate) unsafe fn mosaic_into(
    datasets: &[Arc<Dataset>],
    request: &Request,
    reducer: Reducer,
    params: &ReadParams,
    buffer: &RawBuffer,
    dtype: Option<DType>,
) -> Result<()> {
    crate::runtime::block_on(async {
        let (size, params) = common_size(datasets, request, params).await?;
        let size = ReadSize { dtype: dtype.unwrap_or(size.dtype), ..size };
        // SAFETY: promised by the caller. This refuses a bad buffer before anything is read.
        let to = unsafe { Destination::new(buffer, size.dtype, size.width, size.height, size.bands)? };
        let pixels = reduced(datasets, request, reducer, &params, size).await?;
        pixels.write_to(&to);
        Ok(())
    })
}

/// The size of the result, and parameters by which every file is read at that size.
async fn common_size(datasets: &[Arc<Dataset>], request: &Request, params: &ReadParams) -> Result<(ReadSize, ReadParams)> {
    let first = datasets.first().ok_or_else(no_datasets)?;
    let mut params = params.clone();
    let mut missed = None;
    for dataset in datasets {
        match target_of(dataset, request, &params).await {
            Ok(target) => {
                let size = target.size;
                if !matches!(request, Request::Tile(_)) {
                    params.out_size = (size.width as u64, size.height as u64);
                }
                return Ok((ReadSize { dtype: if params.unscale { size.dtype } else { first.dtype() }, ..size }, params));
            }
            Err(e) if lies_outside(request, &e) => missed = missed.or(Some(e.in_file(dataset.name()))),
            Err(e) => return Err(e.in_file(dataset.name())),
        }
    }
    // No file reaches the bounds: the first one's error says so.
    Err(missed.unwrap_or_else(no_datasets))
}

fn no_datasets() -> Error {
    Error::invalid("a mosaic needs at least one dataset")
}

fn lies_outside(request: &Request, e: &Error) -> bool {
    matches!(request, Request::Bounds(..)) && e.status() == Status::OutOfBounds
}

async fn reduced(datasets: &[Arc<Dataset>], request: &Request, reducer: Reducer, params: &ReadParams, size: ReadSize) -> Result<Pixels> {
    if size.dtype.is_complex() && !matches!(reducer, Reducer::First | Reducer::Last) {
        return Err(Error::unsupported("complex samples have no order and no mean here; reduce them by the first or the last"));
    }
    // A mean is rounded once, at the end.
    let dtype = if reducer == Reducer::Mean { DType::Float64 } else { size.dtype };
    let mut picture = Picture::new(datasets, ReadSize { dtype, ..size }, reducer, params)?;
    let bytes = ReadSize { dtype, ..size }.bytes().max(1);
    let at_once = (WAITING_BYTES / bytes).clamp(1, AT_ONCE as u64) as usize;
    let each = datasets.iter().map(|dataset| read_one(dataset, request, params, Some(dtype), true));
    let mut results = stream::iter(each).buffered(at_once);
    while let Some(result) = results.next().await {
        match result {
            Ok(pixels) => picture.add(&pixels)?,
            Err(e) if lies_outside(request, &e) => {}
            Err(e) => return Err(e),
        }
        if picture.is_complete() {
            break;
        }
    }
    picture.finish()
}

/// The picture as it grows.
struct Picture {
    pixels: Pixels,
    reducer: Reducer,
    /// How many files were valid, for the mean; empty for others.
    counts: Vec<u32>,
    fill: f64,
}

impl Picture {
    fn new(datasets: &[Arc<Dataset>], size: ReadSize, reducer: Reducer, params: &ReadParams) -> Result<Self> {
        let first = datasets.first().ok_or_else(no_datasets)?;
        let pixels = first.room(size)?;
        let counts = if reducer == Reducer::Mean { vec![0; size.width * size.height] } else { Vec::new() };
        Ok(Self { pixels, reducer, counts, fill: first.fill_of(params) })
    }

    /// Whether further files can't change it.
    fn is_complete(&self) -> bool {
        self.reducer == Reducer::First && self.pixels.mask.iter().all(|m| *m != 0)
    }

    fn add(&mut self, from: &Pixels) -> Result<()> {
        let size = self.pixels.size;
        let to = &mut self.pixels;
        if (from.size.width, from.size.height, from.size.bands) != (size.width, size.height, size.bands) {
            return Err(Error::invalid(format!(
                "the files of a mosaic must give the same: one gives {} × {} pixels of {} bands where the first gives {} × {} of {}",
                from.size.width, from.size.height, from.size.bands, size.width, size.height, size.bands
            )));
        }
        let count = size.width * size.height;
        let bands = to.data.chunks_exact_mut(count * size.dtype.size()).zip(from.data.chunks_exact(count * size.dtype.size()));
        for (to_band, from_band) in bands {
            let masks = (to.mask.as_slice(), from.mask.as_slice());
            match self.reducer {
                Reducer::First => copy(to_band, from_band, size.dtype.size(), masks, |to, from| to == 0 && from != 0),
                Reducer::Last => copy(to_band, from_band, size.dtype.size(), masks, |_, from| from != 0),
                Reducer::Mean => sum(to_band, from_band, masks.1),
                Reducer::Highest => choose(size.dtype, to_band, from_band, masks, |to, from| from > to),
                Reducer::Lowest => choose(size.dtype, to_band, from_band, masks, |to, from| from < to),
            }
        }
        for (count, mask) in self.counts.iter_mut().zip(&from.mask) {
            *count += u32::from(*mask != 0);
        }
        for (to, from) in to.mask.iter_mut().zip(&from.mask) {
            *to = match self.reducer {
                Reducer::First if *to != 0 => *to,
                Reducer::Last if *from == 0 => *to,
                Reducer::First | Reducer::Last => *from,
                Reducer::Highest | Reducer::Lowest | Reducer::Mean => (*to).max(*from),
            };
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Pixels> {
        for band in self.pixels.data.chunks_exact_mut(self.counts.len().max(1) * 8).filter(|_| self.reducer == Reducer::Mean) {
            for (sum, count) in band.as_chunks_mut::<8>().0.iter_mut().zip(&self.counts).filter(|(_, n)| **n > 0) {
                *sum = (f64::from_ne_bytes(*sum) / f64::from(*count)).to_ne_bytes();
            }
        }
        self.pixels.fill_invalid(self.fill)?;
        Ok(self.pixels)
    }
}

/// Copies the samples of which `takes` says so, by the mask of the picture and of the file.
fn copy(to: &mut [u8], from: &[u8], size: usize, masks: (&[u8], &[u8]), takes: impl Fn(u8, u8) -> bool) {
    let samples = to.chunks_exact_mut(size).zip(from.chunks_exact(size));
    for ((to, from), _) in samples.zip(masks.0.iter().zip(masks.1)).filter(|(_, (a, b))| takes(**a, **b)) {
        to.copy_from_slice(from);
    }
}

/// Takes the samples that are `better`. What is no finite number is worse than any other.
fn choose(dtype: DType, to: &mut [u8], from: &[u8], masks: (&[u8], &[u8]), better: impl Fn(u64, u64) -> bool) {
    match dtype {
        DType::UInt8 => choose_of::<u8>(to, from, masks, better),
        DType::Int8 => choose_of::<i8>(to, from, masks, better),
        DType::UInt16 => choose_of::<u16>(to, from, masks, better),
        DType::Int16 => choose_of::<i16>(to, from, masks, better),
        DType::UInt32 => choose_of::<u32>(to, from, masks, better),
        DType::Int32 => choose_of::<i32>(to, from, masks, better),
        DType::UInt64 => choose_of::<u64>(to, from, masks, better),
        DType::Int64 => choose_of::<i64>(to, from, masks, better),
        DType::Float16 => choose_of::<half::f16>(to, from, masks, better),
        DType::Float32 => choose_of::<f32>(to, from, masks, better),
        DType::Float64 => choose_of::<f64>(to, from, masks, better),
        // `reduced` refuses them.
        DType::CInt16 | DType::CInt32 | DType::CFloat32 | DType::CFloat64 => {}
    }
}

fn choose_of<T: Sample>(to: &mut [u8], from: &[u8], (had, has): (&[u8], &[u8]), better: impl Fn(u64, u64) -> bool) {
    let samples = to.chunks_exact_mut(size_of::<T>()).zip(from.chunks_exact(size_of::<T>()));
    for ((to, from), (had, _)) in samples.zip(had.iter().zip(has)).filter(|(_, (_, has))| **has != 0) {
        let takes = match (T::load(to).key().filter(|_| *had != 0), T::load(from).key()) {
            (Some(to), Some(from)) => better(to, from),
            (None, Some(_)) => true,
            // The first NaN stays where nothing else comes.
            (_, None) => *had == 0,
        };
        if takes {
            to.copy_from_slice(from);
        }
    }
}

fn sum(to: &mut [u8], from: &[u8], mask: &[u8]) {
    let samples = to.as_chunks_mut::<8>().0.iter_mut().zip(from.as_chunks::<8>().0);
    for ((to, from), _) in samples.zip(mask).filter(|(_, m)| **m != 0) {
        *to = (f64::from_ne_bytes(*to) + f64::from_ne_bytes(*from)).to_ne_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: [i16; 4], mask: [u8; 4], dtype: DType) -> Pixels {
        let size = ReadSize { width: 4, height: 1, bands: 1, dtype, level: 0 };
        let data = match dtype {
            DType::Float64 => values.iter().flat_map(|v| f64::from(*v).to_ne_bytes()).collect(),
            _ => values.iter().flat_map(|v| v.to_ne_bytes()).collect(),
        };
        Pixels { size, data, mask: mask.to_vec() }
    }

    fn reduce(reducer: Reducer) -> (Vec<f64>, Vec<u8>) {
        let dtype = if reducer == Reducer::Mean { DType::Float64 } else { DType::Int16 };
        let counts = if reducer == Reducer::Mean { vec![0; 4] } else { Vec::new() };
        let mut picture = Picture { pixels: of([0; 4], [0; 4], dtype), reducer, counts, fill: -1.0 };
        picture.add(&of([5, 6, 99, 99], [255, 255, 0, 0], dtype)).unwrap();
        picture.add(&of([-7, 99, 8, 99], [200, 0, 200, 0], dtype)).unwrap();
        picture.add(&of([2, 9, 3, 99], [255, 255, 255, 0], dtype)).unwrap();
        let pixels = picture.finish().unwrap();
        (pixels.values().unwrap(), pixels.mask)
    }

    #[test]
    fn each_reducer_takes_what_it_says_and_nothing_invalid() {
        assert_eq!(reduce(Reducer::First), (vec![5.0, 6.0, 8.0, -1.0], vec![255, 255, 200, 0]));
        assert_eq!(reduce(Reducer::Last), (vec![2.0, 9.0, 3.0, -1.0], vec![255, 255, 255, 0]));
        assert_eq!(reduce(Reducer::Highest), (vec![5.0, 9.0, 8.0, -1.0], vec![255, 255, 255, 0]));
        assert_eq!(reduce(Reducer::Lowest), (vec![-7.0, 6.0, 3.0, -1.0], vec![255, 255, 255, 0]));
        assert_eq!(reduce(Reducer::Mean), (vec![0.0, 7.5, 5.5, -1.0], vec![255, 255, 255, 0]));
    }

    #[test]
    fn files_that_give_another_shape_are_refused() {
        let mut picture = Picture { pixels: of([0; 4], [0; 4], DType::Int16), reducer: Reducer::First, counts: Vec::new(), fill: 0.0 };
        let mut other = of([0; 4], [0; 4], DType::Int16);
        other.size.bands = 2;
        assert!(picture.add(&other).unwrap_err().to_string().contains("must give the same"));
    }
}
