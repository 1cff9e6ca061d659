//! Many files at once: the same read of each, concurrently, with one result a file; a mosaic of them; the COG assets of a STAC item.
//!
//! [`read`] reads, [`mosaic`] reduces, [`stac`] finds and opens.

mod mosaic;
mod read;
mod stac;

pub use mosaic::{Reducer, mosaic};
pub use read::{Request, read_many};
pub use stac::{Asset, StacParams, open_stac};

pub(crate) use mosaic::mosaic_into;
pub(crate) use read::read_many_into;

/// Files that are read or opened at once.
const AT_ONCE: usize = 16;
