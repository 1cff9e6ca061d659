//! libcog reads Cloud-Optimized GeoTIFFs, and every other GeoTIFF, from HTTP(S), S3, GCS, Azure, files, memory and caller-supplied readers.
//!
//! It is made to be called from C: `include/cog.h` is its interface and documentation. This crate's own Rust items serve the `cogtool`
//! command and the tests, and may change in any version.
//!
//! Data flows one way:
//! [`ffi`] → [`dataset`] → [`read`] (plan: which blocks, which bytes) → [`source`] (fewest requests) → [`codec`] (one block) →
//! [`raster`] (convert, sample, mask) → the caller's buffer.
//!
//! - [`ffi`]: the C ABI and nothing else
//! - [`dataset`]: an open file: levels, masks, metadata
//! - [`tiff`]: bytes → header, ghost area, IFDs, tags, tile index; no I/O of its own
//! - [`geo`]: GeoKeys → CRS code, transforms
//! - [`source`]: where bytes come from
//! - [`codec`]: one file a compression, and predictors
//! - [`raster`]: sample types, strided destinations, conversion, masks
//! - [`read`]: the pipeline
//! - [`limits`]: how much a file may make it take
//! - [`statistics`]: extremes, moments, percentiles and histograms of bands
//! - [`many`]: many files at once: results, mosaics, STAC items
//! - [`runtime`]: the hidden threads; [`options`], [`error`], [`log`], [`stats`], [`cancel`]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic"))]

mod c_numbers;
pub mod cancel;
mod codec;
pub mod dataset;
pub mod error;
pub mod ffi;
mod geo;
mod limits;
pub mod log;
pub mod many;
pub mod options;
mod raster;
pub mod read;
mod registry;
mod runtime;
mod source;
mod statistics;
pub mod stats;
pub mod tiff;

pub use cancel::CancelToken;
pub use codec::Backend;
pub use dataset::Dataset;
pub use error::{Error, Result};
pub use geo::{Crs, Gcp, GeoTransform};
pub use options::Options;
pub use raster::DType;
pub use read::{Coordinates, Pixels, ReadParams, ReadSize, Resampling, TileId, preview_size};
pub use runtime::shutdown;
pub use statistics::{BandStatistics, StatisticsParams};
