//! Samples: their types, conversion between them, strided destinations, masks, resampling.

mod colors;
mod convert;
mod dtype;
mod interleave;
mod lab;
mod mask;
pub(crate) mod resample;
mod unpack;
mod view;

pub(crate) use colors::{Colors, YCbCr};
pub(crate) use convert::{PackedRow, Part, copy_samples, fill_outside, fill_samples};
pub use dtype::DType;
pub(crate) use lab::{D50, Lab};
pub(crate) use mask::Nodata;
pub(crate) use unpack::unpack;
pub(crate) use view::{Axis, BlockView, Destination, RawBuffer, Scale};
