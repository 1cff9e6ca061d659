//! Reading pixels: plan → fetch → decode → place.
//!
//! [`target`] checks what was asked for: which [`window`] of which [`level`]; [`plan`] says which blocks a window needs and where each goes
//! (pure); [`locate`] finds their bytes in the file's index; [`fetch`] brings them in the fewest requests and hands each block on as it
//! arrives; [`decode`] turns one into samples; [`placing`] puts them where they go. [`resampled`] reads in
//! steps, for filters.
//!
//! The pipeline is asynchronous. A blocking call runs it on the caller's thread, which decodes along with the pool.

mod bounds;
mod buffer;
mod chunks;
mod decode;
mod fetch;
mod gather;
mod job;
mod leader;
mod level;
mod locate;
mod output;
mod params;
mod placing;
mod plan;
mod points;
mod preview;
mod resampled;
mod slab;
mod target;
mod tile;
mod tiles;
mod window;

pub(crate) use locate::{Stored, fetch_page, locate};
pub use params::{ReadParams, Resampling};
pub(crate) use plan::MaskKind;
pub use points::Coordinates;
pub use preview::preview_size;
pub(crate) use target::Target;
pub use tile::StoredTile;
pub use tiles::TileId;

use crate::cancel::Stop;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::raster::{DType, Destination, RawBuffer, fill_outside};
use placing::Placing;
use plan::Plan;
use resampled::Resampled;
use std::sync::Arc;

/// The shape of a result, before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadSize {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// Bands.
    pub bands: usize,
    /// The file's sample type, or where samples are to be scaled the float type that holds them.
    pub dtype: DType,
    /// The level that will be read.
    pub level: usize,
}

impl ReadSize {
    /// Bytes of the result, packed, in the file's own sample type; the largest number there is where they can't be counted.
    pub fn bytes(&self) -> u64 {
        let pixels = (self.width as u64).saturating_mul(self.height as u64);
        pixels.saturating_mul(self.bands as u64).saturating_mul(self.dtype.size() as u64)
    }
}

/// A result in memory of its own: band-sequential samples in native byte order, and one mask byte a pixel.
#[derive(Debug, Clone)]
pub struct Pixels {
    /// The shape, and the type of the samples in `data`.
    pub size: ReadSize,
    /// All rows of band 1, then of band 2, ….
    pub data: Vec<u8>,
    /// 255 valid, 0 not (the alpha band's values where that is the mask); empty where it was not wanted.
    pub mask: Vec<u8>,
}

impl Pixels {
    /// The vectors as a destination: packed, and with a mask where there is one.
    fn buffer(&mut self) -> RawBuffer {
        RawBuffer {
            data: self.data.as_mut_ptr(),
            len: self.data.len(),
            strides: [0; 3],
            mask: if self.mask.is_empty() { std::ptr::null_mut() } else { self.mask.as_mut_ptr() },
            mask_len: self.mask.len(),
            mask_line_stride: 0,
        }
    }

    /// All samples as doubles, in the order of `data`; `None` for complex ones.
    pub fn values(&self) -> Option<Vec<f64>> {
        fn each<const N: usize>(data: &[u8], value: impl Fn([u8; N]) -> f64) -> Vec<f64> {
            data.as_chunks::<N>().0.iter().map(|b| value(*b)).collect()
        }
        let data = &self.data;
        Some(match self.size.dtype {
            DType::UInt8 => each(data, |b| f64::from(u8::from_ne_bytes(b))),
            DType::Int8 => each(data, |b| f64::from(i8::from_ne_bytes(b))),
            DType::UInt16 => each(data, |b| f64::from(u16::from_ne_bytes(b))),
            DType::Int16 => each(data, |b| f64::from(i16::from_ne_bytes(b))),
            DType::UInt32 => each(data, |b| f64::from(u32::from_ne_bytes(b))),
            DType::Int32 => each(data, |b| f64::from(i32::from_ne_bytes(b))),
            DType::UInt64 => each(data, |b| u64::from_ne_bytes(b) as f64),
            DType::Int64 => each(data, |b| i64::from_ne_bytes(b) as f64),
            DType::Float16 => each(data, |b| f64::from(half::f16::from_ne_bytes(b))),
            DType::Float32 => each(data, |b| f64::from(f32::from_ne_bytes(b))),
            DType::Float64 => each(data, f64::from_ne_bytes),
            DType::CInt16 | DType::CInt32 | DType::CFloat32 | DType::CFloat64 => return None,
        })
    }
}

impl Dataset {
    /// The shape of what [`Dataset::read_window`] would give for these parameters.
    pub fn read_size(&self, params: &ReadParams) -> Result<ReadSize> {
        let stop = params.stop(self);
        self.wait(async { Ok(Target::window(self, params, &stop).await?.size) })
    }

    /// Reads a window into memory of its own. `dtype` is the type to convert to; `None`: the file's.
    pub fn read_window(self: &Arc<Self>, params: &ReadParams, dtype: Option<DType>, mask: bool) -> Result<Pixels> {
        let stop = params.stop(self);
        self.wait(async {
            let target = Target::window(self, params, &stop).await?;
            read_owned(self, target, dtype, mask, &stop).await
        })
    }

    /// Reads the window that `bounds` (left, bottom, right, top) are in the image, as rasterio's `from_bounds` has it. `crs` names the CRS
    /// of the bounds; `None`: the image's. They may reach beyond the image, unless the setting `read.boundless` forbids it.
    pub fn read_bounds(
        self: &Arc<Self>,
        bounds: [f64; 4],
        crs: Option<&str>,
        params: &ReadParams,
        dtype: Option<DType>,
        mask: bool,
    ) -> Result<Pixels> {
        self.read_window(&self.bounds_params(bounds, crs, params)?, dtype, mask)
    }

    /// Reads one block of a level, whole: edge tiles too, with what the file stores beyond the image's edge.
    pub fn read_tile(
        self: &Arc<Self>,
        x: u64,
        y: u64,
        level: usize,
        params: &ReadParams,
        dtype: Option<DType>,
        mask: bool,
    ) -> Result<Pixels> {
        let stop = params.stop(self);
        self.wait(async {
            let target = Target::tile(self, (x, y, level), params, &stop).await?;
            read_owned(self, target, dtype, mask, &stop).await
        })
    }

    /// Reads a window into the caller's buffer.
    ///
    /// # Safety
    /// The buffer's pointers must be valid for writes of their lengths during the call, and nobody else may use that memory meanwhile.
    #[allow(unsafe_code, reason = "the caller's buffer is a raw pointer")]
    pub(crate) unsafe fn read_window_into(self: &Arc<Self>, params: &ReadParams, buffer: &RawBuffer, dtype: Option<DType>) -> Result<()> {
        let stop = params.stop(self);
        self.wait(async {
            let target = Target::window(self, params, &stop).await?;
            // SAFETY: the caller keeps the buffer for the whole call, and `run` returns only when nobody writes any more.
            unsafe { read_into(self, target, buffer, dtype, &stop).await }
        })
    }

    /// Reads bounds into the caller's buffer.
    ///
    /// # Safety
    /// As for [`Dataset::read_window_into`].
    #[allow(unsafe_code, reason = "the caller's buffer is a raw pointer")]
    pub(crate) unsafe fn read_bounds_into(
        self: &Arc<Self>,
        (bounds, crs): ([f64; 4], Option<&str>),
        params: &ReadParams,
        buffer: &RawBuffer,
        dtype: Option<DType>,
    ) -> Result<()> {
        let params = self.bounds_params(bounds, crs, params)?;
        // SAFETY: promised by the caller.
        unsafe { self.read_window_into(&params, buffer, dtype) }
    }

    /// Reads what was planned into memory of its own.
    pub(crate) async fn read_target(
        self: &Arc<Self>,
        target: Target,
        params: &ReadParams,
        dtype: Option<DType>,
        mask: bool,
    ) -> Result<Pixels> {
        read_owned(self, target, dtype, mask, &params.stop(self)).await
    }

    /// Reads what was planned into the caller's buffer.
    ///
    /// # Safety
    /// As for [`Dataset::read_window_into`], until the future is done or dropped.
    #[allow(unsafe_code, reason = "the caller's buffer is a raw pointer")]
    pub(crate) async unsafe fn read_target_into(
        self: &Arc<Self>,
        target: Target,
        params: &ReadParams,
        buffer: &RawBuffer,
        dtype: Option<DType>,
    ) -> Result<()> {
        // SAFETY: promised by the caller.
        unsafe { read_into(self, target, buffer, dtype, &params.stop(self)).await }
    }

    /// Reads a tile into the caller's buffer.
    ///
    /// # Safety
    /// As for [`Dataset::read_window_into`].
    #[allow(unsafe_code, reason = "the caller's buffer is a raw pointer")]
    pub(crate) unsafe fn read_tile_into(
        self: &Arc<Self>,
        tile: (u64, u64, usize),
        params: &ReadParams,
        buffer: &RawBuffer,
        dtype: Option<DType>,
    ) -> Result<()> {
        let stop = params.stop(self);
        self.wait(async {
            let target = Target::tile(self, tile, params, &stop).await?;
            // SAFETY: as above.
            unsafe { read_into(self, target, buffer, dtype, &stop).await }
        })
    }
}

/// Checks the buffer, plans and runs. No block is fetched for a buffer that is refused.
#[allow(unsafe_code, reason = "the caller's buffer is a raw pointer")]
async unsafe fn read_into(dataset: &Arc<Dataset>, mut target: Target, buffer: &RawBuffer, dtype: Option<DType>, stop: &Stop) -> Result<()> {
    let size = target.size;
    // SAFETY: promised by the caller.
    let mut to = unsafe { Destination::new(buffer, dtype.unwrap_or(size.dtype), size.width, size.height, size.bands)? };
    if !target.is_inside() {
        fill_outside(&mut to, &target.inside, target.fill);
        if target.is_outside() {
            return Ok(());
        }
        to = to.part(&target.inside.0, &target.inside.1);
    }
    if !target.scales.is_empty() {
        to = to.scaled(target.scales.clone());
    }
    if let Some(mask) = target.take_mask().filter(|_| to.wants_mask()) {
        let (pixels, of_mask) = to.apart();
        run(dataset, target, pixels, stop).await?;
        return run(dataset, mask, of_mask, stop).await;
    }
    run(dataset, target, to, stop).await
}

/// Reads what lies inside the image.
async fn run(dataset: &Arc<Dataset>, target: Target, to: Destination, stop: &Stop) -> Result<()> {
    // Filters leave out what is not valid, whether the mask is wanted or not.
    let needs_mask = to.wants_mask() || target.kernel.is_some();
    let target = if needs_mask { target.masked(dataset, stop).await? } else { target };
    if let Some(kernel) = target.kernel {
        let level = target.size.level;
        let resampled = Resampled::new(dataset, target, kernel, to.wants_mask());
        return resampled.run(dataset, to, stop).await.map_err(|e| e.at_level(level));
    }
    let plan = Plan::new(dataset, &target, to.wants_mask())?;
    Placing::new(plan, to).run(dataset, stop).await
}

#[allow(unsafe_code, reason = "vectors of our own, written through the same pipeline")]
async fn read_owned(dataset: &Arc<Dataset>, target: Target, dtype: Option<DType>, mask: bool, stop: &Stop) -> Result<Pixels> {
    let mut pixels = owned(dataset, ReadSize { dtype: dtype.unwrap_or(target.size.dtype), ..target.size }, mask)?;
    let buffer = pixels.buffer();
    // SAFETY: both vectors outlive the call, and nothing else touches them until it returns.
    unsafe { read_into(dataset, target, &buffer, Some(pixels.size.dtype), stop).await? };
    Ok(pixels)
}

/// Room for a result, all zeroes.
fn owned(dataset: &Dataset, size: ReadSize, mask: bool) -> Result<Pixels> {
    target::check_output(dataset, &size)?;
    let data = buffer::zeroed(size.bytes(), "the result")?;
    let mask = if mask { buffer::zeroed(size.width as u64 * size.height as u64, "the mask")? } else { Vec::new() };
    Ok(Pixels { size, data, mask })
}

/// A whole-image read by a filter, in steps of `budget` bytes.
#[cfg(test)]
fn read_owned_in_steps(dataset: &Arc<Dataset>, params: &ReadParams, budget: u64) -> Result<Vec<u8>> {
    let stop = params.stop(dataset);
    dataset.wait(async {
        let target = Target::window(dataset, params, &stop).await?;
        let (size, kernel) = (target.size, target.kernel);
        let mut data = buffer::zeroed(size.bytes(), "the result")?;
        let raw = RawBuffer {
            data: data.as_mut_ptr(),
            len: data.len(),
            strides: [0; 3],
            mask: std::ptr::null_mut(),
            mask_len: 0,
            mask_line_stride: 0,
        };
        #[allow(unsafe_code)]
        // SAFETY: the vector outlives the read.
        let to = unsafe { Destination::new(&raw, size.dtype, size.width, size.height, size.bands)? };
        Resampled::within(budget, dataset, target, kernel.unwrap(), false).run(dataset, to, &stop).await?;
        Ok(data)
    })
}
