//! Where on Earth the pixels are: GeoKeys and transforms.

mod crs;
mod geokeys;
mod transform;

pub use crs::Crs;
pub(crate) use geokeys::GeoKeys;
pub use transform::{Gcp, GeoTransform};
pub(crate) use transform::{Georeferencing, georeferencing};
