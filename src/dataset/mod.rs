//! An open file: its levels, masks, metadata and source.
//!
//! [`Dataset::open`] reads the header and the first IFD. The rest of the IFD chain (overviews, masks) is followed when somebody asks for
//! it, once: a file whose other IFDs lie far behind opens in one request.

mod color;
mod color_profile;
mod crs;
mod describe;
mod details;
mod domains;
mod exif;
mod gdal_xml;
mod json;
mod levels;
mod metadata;
mod old_jpeg;
mod open;
mod rpc;
mod sidecars;
mod structure;

pub use color::Palette;
pub use describe::Band;
pub use domains::{Domain, Domains};
pub use rpc::Rpc;

pub(crate) use describe::{Description, MaskSource};
pub(crate) use details::Details;
pub(crate) use levels::{Chain, Level};
pub(crate) use open::read_tag;

use crate::cancel::Stop;
use crate::error::{Error, Result};
use crate::geo::{Gcp, GeoTransform};
use crate::options::Options;
use crate::raster::{DType, Nodata};
use crate::source::callback::ReadRanges;
use crate::source::reader::Reader;
use crate::source::{CallbackSource, MemorySource, Source, uri};
use crate::stats::Snapshot;
use crate::tiff::{Entry, Ghost, Header, Ifd, Image, TagValue};
use bytes::Bytes;
use sidecars::Beside;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::sync::OnceCell;

/// An open file. Cheap to share: every method may be called from any thread at any time.
pub struct Dataset {
    pub(crate) reader: Reader,
    pub(crate) header: Header,
    ghost: Option<Ghost>,
    first_ifd: Ifd,
    first_image: Arc<Image>,
    description: Description,
    chain: OnceCell<Chain>,
    /// A block was found where its leader and trailer did not say the same.
    leaders_broken: AtomicBool,
    /// Where sidecars are looked for; `None`: nowhere.
    beside: Option<Beside>,
    details: OnceCell<Details>,
    crs: crs::LazyCrs,
}

/// One resolution of the image.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LevelInfo {
    /// Pixels.
    pub width: u64,
    /// Pixels.
    pub height: u64,
    /// Pixels of one block; strips are as wide as the image.
    pub block_width: u64,
    /// Pixels of one block.
    pub block_height: u64,
    /// Columns of blocks.
    pub blocks_across: u64,
    /// Rows of blocks.
    pub blocks_down: u64,
    /// Tiles, not strips.
    pub tiled: bool,
    /// A mask belongs to it, in the file or in a sidecar.
    pub has_mask: bool,
    /// `Compression`.
    pub compression: u16,
    /// `Predictor`.
    pub predictor: u16,
    /// The IFD, as [`Dataset::tags`] counts them.
    pub ifd: usize,
}

impl Dataset {
    /// Opens a path or a URL. Blocks; not to be called inside a callback of this library.
    pub fn open(uri: &str, options: &Options) -> Result<Self> {
        crate::runtime::block_on(Self::open_later(uri, options))
    }

    /// The same, for callers that open several.
    pub(crate) async fn open_later(uri: &str, options: &Options) -> Result<Self> {
        let name = uri::public_name(uri);
        let settings = options.resolve()?;
        let location = uri::Location::parse(uri)?;
        let counters = Arc::default();
        let source = crate::source::connect(&location, &name, &settings, &counters).map_err(|e| e.in_file(&name))?;
        let beside = settings.sidecars.then(|| Beside::new(location));
        let dataset = open::open(source, name, settings, counters).await?;
        Ok(Self { beside, ..dataset })
    }

    /// Opens a file that lies in memory.
    pub fn open_memory(bytes: Bytes, options: &Options) -> Result<Self> {
        Self::open_source(Arc::new(MemorySource::new(bytes)), "memory", options)
    }

    /// Opens a file that the caller's reader reads.
    pub(crate) fn open_reader(reader: Arc<dyn ReadRanges>, options: &Options) -> Result<Self> {
        Self::open_source(Arc::new(CallbackSource::new(reader)), "reader", options)
    }

    fn open_source(source: Arc<dyn Source>, name: &str, options: &Options) -> Result<Self> {
        let settings = options.resolve()?;
        crate::runtime::block_on(open::open(source, name.to_owned(), settings, Arc::default()))
    }

    /// The file's name, without credentials.
    pub fn name(&self) -> &str {
        self.reader.name()
    }

    /// The file's size in bytes.
    pub fn file_size(&self) -> u64 {
        self.reader.size()
    }

    /// Whether it is a BigTIFF.
    pub fn is_big_tiff(&self) -> bool {
        self.header.big_tiff
    }

    /// Whether its numbers are big-endian (`MM`).
    pub fn is_big_endian(&self) -> bool {
        self.header.order.is_big()
    }

    /// Width and height of level 0 in pixels.
    pub fn size(&self) -> (u64, u64) {
        (self.first_image.width, self.first_image.height)
    }

    /// The type of the samples, as they are read.
    pub fn dtype(&self) -> DType {
        self.first_image.dtype
    }

    /// The bands, described.
    pub fn bands(&self) -> &[Band] {
        &self.description.bands
    }

    /// The palette of a paletted image.
    pub fn palette(&self) -> Option<&Palette> {
        self.description.palette.as_ref()
    }

    /// The promises of GDAL's ghost area, where the file has one.
    pub fn ghost(&self) -> Option<&Ghost> {
        self.ghost.as_ref()
    }

    /// The ghost area, where blocks can be found by their leaders and trailers.
    pub(crate) fn leaders(&self) -> Option<&Ghost> {
        let kept = |ghost: &&Ghost| ghost.block_leader && ghost.block_trailer && ghost.row_major;
        self.ghost.as_ref().filter(kept).filter(|_| !self.leaders_broken.load(Relaxed))
    }

    /// From now on the arrays of the tile index count alone.
    pub(crate) fn distrust_leaders(&self) {
        if !self.leaders_broken.swap(true, Relaxed) {
            self.reader.warn(|| "the ghost area's promise of block leaders is not kept; the tile index is used".to_owned());
        }
    }

    /// The image that `image` is the mask of, if it is the mask of this level.
    pub(crate) fn imagery_of(&self, image: &Image, level: usize) -> Option<&Image> {
        let level = self.chain.get()?.levels.get(level)?;
        level.mask.as_ref().filter(|mask| std::ptr::eq(&raw const *mask.image, image)).map(|_| &*level.image)
    }

    /// The dataset's metadata. Reads tags that the open did not need, and the rest of the IFD chain, the first time.
    pub fn domains(&self) -> Result<&Domains> {
        Ok(&self.details()?.domains)
    }

    /// Rational polynomial coefficients, where the file has them. Reads as [`Dataset::domains`].
    pub fn rpc(&self) -> Result<Option<&Rpc>> {
        Ok(self.details()?.rpc.as_ref())
    }

    /// The ICC profile, where the file has one. Reads as [`Dataset::domains`].
    pub fn icc_profile(&self) -> Result<Option<&Bytes>> {
        Ok(self.details()?.icc_profile.as_ref())
    }

    fn details(&self) -> Result<&Details> {
        self.wait(async { self.details.get_or_try_init(async || details::read(self, &self.stop()).await).await })
    }

    /// The epoch of the coordinates in decimal years (GeoKey 5120), where the CRS moves with time.
    pub fn coordinate_epoch(&self) -> Option<f64> {
        self.description.geo_keys.coordinate_epoch()
    }

    /// The nodata value as a double, where samples can have it. (Integers of 64 bits are exact in [`Dataset::nodata_integer`].)
    pub fn nodata(&self) -> Option<f64> {
        let value = self.description.nodata?;
        self.nodata_integer().map(|_| value.as_f64()).or_else(|| value.reported(self.dtype()))
    }

    /// The nodata value of a dataset of 64-bit integers.
    pub fn nodata_integer(&self) -> Option<i128> {
        match self.description.nodata? {
            Nodata::Signed(value) => Some(value.into()),
            Nodata::Unsigned(value) => Some(value.into()),
            Nodata::Real(_) | Nodata::Exact(_) => None,
        }
    }

    pub(crate) fn nodata_value(&self) -> Option<Nodata> {
        self.description.nodata
    }

    pub(crate) fn description(&self) -> &Description {
        &self.description
    }

    pub(crate) fn first_image(&self) -> &Image {
        &self.first_image
    }

    /// Transform of level 0; `None` where the file has none.
    pub fn transform(&self) -> Option<GeoTransform> {
        self.description.transform
    }

    /// Ground control points, where there is no transform.
    pub fn gcps(&self) -> &[Gcp] {
        &self.description.gcps
    }

    /// Left, bottom, right, top in the image's CRS; `None` without a transform.
    pub fn bounds(&self) -> Option<[f64; 4]> {
        let (width, height) = self.size();
        self.transform().map(|t| t.bounds(width, height))
    }

    /// What this handle has done so far.
    pub fn stats(&self) -> Snapshot {
        self.reader.counters.snapshot()
    }

    /// The number of resolutions: 1 plus the overviews. Reads the rest of the IFD chain the first time.
    pub fn level_count(&self) -> Result<usize> {
        self.wait(async { Ok(self.chain(&self.stop()).await?.levels.len()) })
    }

    /// One resolution, 0 being full. Reads the rest of the IFD chain the first time.
    pub fn level_info(&self, level: usize) -> Result<LevelInfo> {
        self.wait(async {
            let level = self.level(level, &self.stop()).await?;
            let (image, tiling) = (&level.image, level.image.tiling);
            Ok(LevelInfo {
                width: image.width,
                height: image.height,
                block_width: tiling.width,
                block_height: tiling.height,
                blocks_across: tiling.across,
                blocks_down: tiling.down,
                tiled: tiling.tiled,
                has_mask: level.mask.is_some(),
                compression: image.compression,
                predictor: image.predictor,
                ifd: level.ifd,
            })
        })
    }

    /// The transform of a level: that of level 0, with larger pixels.
    pub fn level_transform(&self, level: usize) -> Result<Option<GeoTransform>> {
        let (info, (width, height)) = (self.level_info(level)?, self.size());
        let factor = |full: u64, reduced: u64| full as f64 / reduced as f64;
        Ok(self.transform().map(|t| t.scaled(factor(width, info.width), factor(height, info.height))))
    }

    /// The number of IFDs: those of the chain, then the SubIFDs, then those of sidecars.
    pub fn ifd_count(&self) -> Result<usize> {
        self.wait(async { Ok(self.chain(&self.stop()).await?.directories.len()) })
    }

    /// The entries of an IFD, in file order.
    pub fn tags(&self, ifd: usize) -> Result<Vec<Entry>> {
        if ifd == 0 {
            return Ok(self.first_ifd.entries.clone());
        }
        self.wait(async { Ok(self.ifd(ifd, &self.stop()).await?.1.entries.clone()) })
    }

    /// The value of an IFD's tag. Reads it from the file where it is not in memory yet.
    pub fn tag_value(&self, ifd: usize, tag: u16) -> Result<TagValue> {
        self.wait(async {
            let stop = self.stop();
            let (file, ifd_of_file) = self.ifd(ifd, &stop).await?;
            let entry = *ifd_of_file.find(tag).ok_or_else(|| Error::out_of_bounds(format!("IFD {ifd} has no tag {tag}")))?;
            open::read_tag(&file.reader, &file.header, &entry, &stop).await
        })
    }

    /// An IFD, and the file that has it: this one or a sidecar.
    async fn ifd(&self, ifd: usize, stop: &Stop) -> Result<(&Self, &Ifd)> {
        if ifd == 0 {
            return Ok((self, &self.first_ifd));
        }
        let directories = &self.chain(stop).await?.directories;
        let directory = directories
            .get(ifd)
            .ok_or_else(|| Error::out_of_bounds(format!("there is no IFD {ifd}; the file has {}", directories.len())))?;
        Ok((directory.file.as_deref().unwrap_or(self), &directory.ifd))
    }

    /// All levels and IFDs, read once.
    pub(crate) async fn chain(&self, stop: &Stop) -> Result<&Chain> {
        self.chain.get_or_try_init(|| levels::follow(self, stop)).await
    }

    /// A level without its mask: full resolution is there from the start, wherever the other IFDs are.
    pub(crate) async fn level_image(&self, level: usize, stop: &Stop) -> Result<Level> {
        if level == 0 {
            return Ok(Level { image: Arc::clone(&self.first_image), file: None, ifd: 0, mask: None });
        }
        Ok(Level { mask: None, ..self.level(level, stop).await?.clone() })
    }

    pub(crate) async fn level(&self, level: usize, stop: &Stop) -> Result<&Level> {
        let levels = &self.chain(stop).await?.levels;
        let missing = || Error::out_of_bounds(format!("there is no level {level}; the file has levels 0 to {}", levels.len() - 1));
        levels.get(level).ok_or_else(missing)
    }

    /// Runs a call on this file to its end, on the calling thread; its error names the file.
    pub(crate) fn wait<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        crate::runtime::block_on(call).map_err(|e| e.in_file(self.name()))
    }

    /// What stops calls that have no limits of their own.
    pub(crate) fn stop(&self) -> Stop {
        Stop::new(self.reader.settings.cancel.clone(), None)
    }

    /// The whole description as JSON: what `cogtool info --json` prints (keys in `api.md`).
    pub fn metadata_json(&self) -> Result<serde_json::Value> {
        json::describe(self)
    }
}
