//! Where on Earth the pixels are: GeoKeys and transforms.

mod geokeys;
mod transform;

pub(crate) use geokeys::GeoKeys;
pub use transform::{Gcp, GeoTransform};
pub(crate) use transform::{Georeferencing, georeferencing};
