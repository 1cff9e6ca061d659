//! One read of each of many files.

use super::AT_ONCE;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::raster::{DType, RawBuffer};
use crate::read::{Pixels, ReadParams, Target, TileId};
use futures_util::stream::{self, StreamExt};
use std::sync::Arc;

/// What is read of each file.
#[derive(Debug, Clone, Default)]
pub enum Request {
    /// The window of the parameters, in each file's own pixels.
    #[default]
    Window,
    /// An internal tile.
    Tile(TileId),
    /// Left, bottom, right, top, in a CRS that is named, or in each file's own.
    Bounds([f64; 4], Option<String>),
}

/// Reads the same of each dataset, up to 16 of them at once. One result a dataset, in their order: what one can't give spoils no other.
pub fn read_many(
    datasets: &[Arc<Dataset>],
    request: &Request,
    params: &ReadParams,
    dtype: Option<DType>,
    mask: bool,
) -> Result<Vec<Result<Pixels>>> {
    crate::runtime::block_on(async {
        let each = datasets.iter().map(|dataset| read_one(dataset, request, params, dtype, mask));
        Ok(stream::iter(each).buffered(AT_ONCE).collect().await)
    })
}

/// The same into buffers of the caller's, one a dataset.
///
/// # Safety
/// As for [`Dataset::read_window_into`], for all buffers, which must not overlap.
#[allow(unsafe_code, reason = "the callers' buffers are raw pointers")]
pub(crate) unsafe fn read_many_into(
    datasets: &[Result<Arc<Dataset>>],
    request: &Request,
    params: &ReadParams,
    buffers: &[(RawBuffer, Option<DType>)],
) -> Result<Vec<Result<()>>> {
    crate::runtime::block_on(async {
        let each = datasets.iter().zip(buffers).map(async |(dataset, (buffer, dtype))| {
            let dataset = dataset.as_ref().map_err(Clone::clone)?;
            let read = async {
                let target = target_of(dataset, request, params).await?;
                // SAFETY: promised by the caller for the whole call.
                unsafe { dataset.read_target_into(target, params, buffer, *dtype).await }
            };
            read.await.map_err(|e: Error| e.in_file(dataset.name()))
        });
        Ok(stream::iter(each).buffered(AT_ONCE).collect().await)
    })
}

/// What was asked for, in one dataset.
pub(super) async fn target_of(dataset: &Dataset, request: &Request, params: &ReadParams) -> Result<Target> {
    let stop = params.stop(dataset);
    match request {
        Request::Window => Target::window(dataset, params, &stop).await,
        Request::Tile(tile) => Target::tile(dataset, (tile.x, tile.y, tile.level), params, &stop).await,
        Request::Bounds(bounds, crs) => Target::window(dataset, &dataset.bounds_params(*bounds, crs.as_deref(), params)?, &stop).await,
    }
}

/// Reads what was asked for of one dataset.
pub(super) async fn read_one(
    dataset: &Arc<Dataset>,
    request: &Request,
    params: &ReadParams,
    dtype: Option<DType>,
    mask: bool,
) -> Result<Pixels> {
    let read = async {
        let target = target_of(dataset, request, params).await?;
        dataset.read_target(target, params, dtype, mask).await
    };
    read.await.map_err(|e: Error| e.in_file(dataset.name()))
}
