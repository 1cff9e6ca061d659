//! The IFD chain: which images are overviews, which are masks, and whose (GDAL's `GTiffDataset::ScanDirectories`).

use super::open::{read_ifd, read_image};
use super::{Dataset, Error, Result, sidecars};
use crate::cancel::Stop;
use crate::error::Reason;
use crate::raster::DType;
use crate::tiff::{Ifd, Image, TagValue, tag};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// GDAL looks for no more in one file.
const MAX_OVERVIEWS: usize = 30;

/// One resolution of the image and its mask.
#[derive(Clone)]
pub(crate) struct Level {
    pub(crate) image: Arc<Image>,
    /// The sidecar that has the image; `None`: the file itself.
    pub(crate) file: Option<Arc<Dataset>>,
    /// The image's place in [`Chain::directories`].
    pub(crate) ifd: usize,
    pub(crate) mask: Option<Mask>,
}

/// A mask of one resolution.
#[derive(Clone)]
pub(crate) struct Mask {
    pub(crate) image: Arc<Image>,
    /// The sidecar that has it; `None`: the file itself.
    pub(crate) file: Option<Arc<Dataset>>,
    /// Its samples are the mask's. Otherwise those that are not 0 become 255, as GDAL reads internal masks of one bit.
    pub(crate) as_stored: bool,
}

impl Level {
    /// Width and height.
    pub(crate) fn size(&self) -> (u64, u64) {
        (self.image.width, self.image.height)
    }

    /// Whether it is the image itself, no overview.
    pub(crate) fn is_base(&self) -> bool {
        self.ifd == 0
    }

    /// The level as one of another file, beside which `file` lies.
    pub(super) fn in_file(&self, file: &Arc<Dataset>) -> Self {
        let place = |inner: &Option<Arc<Dataset>>| Some(Arc::clone(inner.as_ref().unwrap_or(file)));
        let mask = self.mask.as_ref().map(|mask| Mask { file: place(&mask.file), ..mask.clone() });
        Self { file: place(&self.file), mask, ..self.clone() }
    }
}

/// An IFD and the sidecar that has it; `None`: the file itself.
pub(crate) struct Directory {
    pub(crate) ifd: Ifd,
    pub(crate) file: Option<Arc<Dataset>>,
}

/// All IFDs of the file, and of its sidecars where those are looked for.
pub(crate) struct Chain {
    /// In the order of the chain, then the SubIFDs of the first, then those of the sidecars.
    pub(crate) directories: Vec<Directory>,
    /// How many of them are in the chain.
    pub(crate) chained: usize,
    /// Full resolution first, then the overviews in file order.
    pub(crate) levels: Vec<Level>,
}

/// Follows the chain from the first IFD on. A damaged IFD ends it, as it does for libtiff; a failing server does not go unsaid.
pub(super) async fn follow(dataset: &Dataset, stop: &Stop) -> Result<Chain> {
    let (reader, header) = (&dataset.reader, &dataset.header);
    let mut ifds = vec![dataset.first_ifd.clone()];
    let mut images = Vec::new();
    let mut seen = HashSet::from([dataset.first_ifd.offset]);
    let mut waiting: VecDeque<u64> = [dataset.first_ifd.next].into();
    let sub_ifds = sub_ifds(dataset, stop).await?;
    // What still waits when the chain has ended.
    let mut chained = None;
    waiting.extend(&sub_ifds);
    while let Some(offset) = waiting.pop_front() {
        if waiting.len() < sub_ifds.len() {
            chained.get_or_insert(ifds.len());
        }
        if offset == 0 {
            continue;
        }
        if !seen.insert(offset) {
            reader.warn(|| format!("the IFD chain leads back to offset {offset}; it is followed no further"));
            continue;
        }
        reader.settings.limits.check_ifds(seen.len() as u64)?;
        reader.settings.limits.check_header(memory(&ifds))?;
        let ifd = match read_ifd(reader, header, offset, stop).await {
            Err(e) if is_damage(&e) => {
                reader.warn(|| format!("the IFD chain ends at a damaged IFD: {e}"));
                continue;
            }
            other => other?,
        };
        // GDAL looks at SubIFDs alone, not at what follows them.
        waiting.push_front(if chained.is_none() { ifd.next } else { 0 });
        match read_image(reader, header, &ifd, stop).await {
            Ok(image) => images.push((ifds.len(), image)),
            Err(e) if is_damage(&e) => reader.warn(|| format!("IFD {} is not used: {e}", ifds.len())),
            Err(e) => return Err(e),
        }
        ifds.push(ifd);
    }
    let chained = chained.unwrap_or(ifds.len());
    images.sort_by_key(|(ifd, _)| *ifd < chained);
    let directories = ifds.into_iter().map(|ifd| Directory { ifd, file: None }).collect();
    let mut chain = Chain { directories, chained, levels: levels(&dataset.first_image, images) };
    sidecars::add(dataset, &mut chain, stop).await?;
    Ok(chain)
}

/// IFDs that overlap in the file take more memory than their bytes.
fn memory(ifds: &[Ifd]) -> u64 {
    ifds.iter().map(|ifd| size_of_val(ifd.entries.as_slice()) as u64).sum()
}

pub(super) fn is_damage(e: &Error) -> bool {
    matches!(e.reason(), Reason::Format(_) | Reason::Unsupported(_))
}

async fn sub_ifds(dataset: &Dataset, stop: &Stop) -> Result<Vec<u64>> {
    let Some(entry) = dataset.first_ifd.find(tag::SUB_IFDS) else { return Ok(Vec::new()) };
    dataset.reader.settings.limits.check_ifds(entry.count)?;
    match super::read_tag(&dataset.reader, &dataset.header, entry, stop).await {
        Ok(TagValue::Unsigned(offsets)) => Ok(offsets),
        Ok(_) => Ok(Vec::new()),
        Err(e) if is_damage(&e) => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}

/// Sorts images into overviews and masks, which come in the order in which GDAL looks at them: the SubIFDs before the rest of the
/// chain. A mask of full resolution may come anywhere, that of an overview only after it; the first of its size counts.
fn levels(first: &Arc<Image>, images: Vec<(usize, Image)>) -> Vec<Level> {
    let mut levels = vec![Level { image: Arc::clone(first), file: None, ifd: 0, mask: None }];
    for (ifd, image) in images {
        if !image.is_mask() {
            // GDAL takes only overviews that have all bands; pages and subdatasets are no levels.
            if image.is_reduced() && image.samples == first.samples && image.dtype == first.dtype && levels.len() <= MAX_OVERVIEWS {
                levels.push(Level { image: Arc::new(image), file: None, ifd, mask: None });
            }
            continue;
        }
        // GDAL also takes masks with a sample for each band, which are then no mask of all bands together.
        if image.samples != 1 || image.dtype != DType::UInt8 {
            continue;
        }
        let fits = |level: &&mut Level| level.mask.is_none() && level.size() == (image.width, image.height);
        let (full, overviews) = levels.split_at_mut(1);
        let candidates = if image.is_reduced() { overviews } else { full };
        if let Some(level) = candidates.iter_mut().find(fits) {
            level.mask = Some(Mask { as_stored: image.bits != 1, image: Arc::new(image), file: None });
        }
    }
    levels
}
