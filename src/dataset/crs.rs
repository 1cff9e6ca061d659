//! The dataset's CRS, read from its GeoKeys when somebody asks.

use super::Dataset;
use crate::error::Result;
use crate::geo::Crs;
use std::sync::OnceLock;

/// What has been read so far.
#[derive(Default)]
pub(crate) struct LazyCrs {
    crs: OnceLock<Result<Option<Crs>>>,
    epsg: OnceLock<Option<u32>>,
}

impl Dataset {
    /// The CRS; `None` where the file has no GeoKeys. An error where the keys can't be expressed as a CRS, and says why.
    pub fn crs(&self) -> Result<Option<&Crs>> {
        let read = || Crs::from_geo_keys(&self.description.geo_keys).map_err(|e| e.in_file(self.name()));
        self.crs.crs.get_or_init(read).as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// The EPSG code of the CRS, also where the file gives the CRS by parameters that are those of a registered one. `None` where there is
    /// no such code.
    pub fn epsg(&self) -> Option<u32> {
        *self.crs.epsg.get_or_init(|| self.crs().ok().flatten().and_then(|crs| crs.epsg_of_geo_keys(&self.description.geo_keys)))
    }
}
