//! Files beside a file: `FILE.ovr` has overviews, `FILE.msk` the mask (GDAL's `GDALDefaultOverviews`). Looked for only where the setting
//! `read.sidecars` asks for it, once, together with the IFD chain.
//!
//! - Overviews in the file itself win over `FILE.ovr`. Its first image is the first overview, and its own overviews are the others; or
//!   those of `FILE.ovr.ovr` are.
//! - A mask in the file itself wins over `FILE.msk`, and that over nodata and alpha. It is the mask of level 0; masks of overviews are its
//!   own overviews (in it, or in `FILE.msk.ovr`) of the same size. Its values are the mask's as they are.
//! - Where the file has no `FILE.msk`, `FILE.ovr.msk` is looked for, for what is in `FILE.ovr`.
//!
//! A sidecar that can't be used is left out with a warning, as GDAL does it. Only failures to reach it are errors.

use super::levels::{Chain, Directory, Level, Mask};
use super::{Dataset, Result, open};
use crate::cancel::Stop;
use crate::error::{Error, Reason};
use crate::raster::DType;
use crate::source::uri::Location;
use std::sync::Arc;

/// Where a dataset lies, and which sidecars of it are looked for.
pub(super) struct Beside {
    location: Location,
    /// Sidecars of sidecars: 0 is the file that was opened.
    depth: usize,
    /// A mask is looked for: not beside masks.
    masks: bool,
}

/// FILE.ovr.ovr….ovr is followed so far. (GDAL stops at 32; a server that answers every name makes a request of each.)
const MOST_DEEP: usize = 8;

/// GDAL's `GMF_PER_DATASET`: one mask for all bands.
const PER_DATASET: u32 = 2;

impl Beside {
    /// Those of a file that the caller named.
    pub(super) fn new(location: Location) -> Self {
        Self { location, depth: 0, masks: true }
    }
}

/// Adds to the chain of a file what lies beside it.
pub(super) async fn add(dataset: &Dataset, chain: &mut Chain, stop: &Stop) -> Result<()> {
    let Some(beside) = dataset.beside.as_ref().filter(|beside| beside.depth < MOST_DEEP) else { return Ok(()) };
    let has_mask = chain.levels.first().is_some_and(|level| level.mask.is_some());
    let mask = if beside.masks && !has_mask { find(dataset, beside, "msk", false, stop).await? } else { None };
    let is_first = beside.depth == 0;
    if chain.levels.len() == 1
        && let Some(file) = find(dataset, beside, "ovr", beside.masks && !(is_first && mask.is_some()), stop).await?
    {
        add_overviews(dataset, chain, &file, stop).await?;
    }
    if let Some(file) = mask {
        add_masks(dataset, chain, &file, is_first, stop).await?;
    }
    dataset.reader.settings.limits.check_ifds(chain.directories.len() as u64)
}

/// Opens `FILE.extension`, or else (of a local file) `FILE.EXTENSION`.
async fn find(dataset: &Dataset, beside: &Beside, extension: &str, masks: bool, stop: &Stop) -> Result<Option<Arc<Dataset>>> {
    let upper = extension.to_uppercase();
    let spellings: &[&str] = if dataset.reader.local().is_some() { &[extension, &upper] } else { &[extension] };
    for spelling in spellings {
        let location = beside.location.beside(spelling);
        let name = format!("{}.{spelling}", dataset.name());
        match open::open_sidecar(dataset, &location, &name, stop).await {
            Ok(mut file) => {
                file.beside = Some(Beside { location, depth: beside.depth + 1, masks });
                return Ok(Some(Arc::new(file)));
            }
            Err(e) if matches!(e.reason(), Reason::NotFound(_)) => {}
            Err(e) if is_unusable(&e, dataset.reader.local().is_some()) => {
                dataset.reader.warn(|| format!("a file beside it is not used: {e}"));
                return Ok(None);
            }
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}

/// Whether a sidecar is left out for this. A server that fails may do better next time; what a local disk says stays so.
fn is_unusable(e: &Error, local: bool) -> bool {
    use Reason::{Format, InvalidArgument, Io, PermissionDenied, Unsupported};
    matches!(e.reason(), Format(_) | Unsupported(_) | PermissionDenied(_) | InvalidArgument(_)) || (local && matches!(e.reason(), Io(_)))
}

async fn add_overviews(dataset: &Dataset, chain: &mut Chain, file: &Arc<Dataset>, stop: &Stop) -> Result<()> {
    let bands = dataset.bands().len();
    // Boxed, because a chain looks beside its file, and so on.
    let found = Box::pin(file.chain(stop)).await?;
    let first = add_directories(chain, file, found);
    for level in &found.levels {
        if level.image.samples == bands {
            chain.levels.push(Level { ifd: level.ifd + first, ..level.in_file(file) });
        } else {
            let samples = level.image.samples;
            dataset.reader.warn(|| format!("an overview in {} is not used: it has {samples} bands, not {bands}", file.name()));
        }
    }
    Ok(())
}

/// Gives masks to the levels that have none; `all`: those in other sidecars, too.
async fn add_masks(dataset: &Dataset, chain: &mut Chain, file: &Arc<Dataset>, all: bool, stop: &Stop) -> Result<()> {
    if let Err(why) = check_mask(dataset, file) {
        dataset.reader.warn(|| format!("{} is not used as the mask: {why}", file.name()));
        return Ok(());
    }
    let found = Box::pin(file.chain(stop)).await?;
    add_directories(chain, file, found);
    for level in chain.levels.iter_mut().filter(|level| level.mask.is_none() && (all || level.file.is_none())) {
        let size = (level.image.width, level.image.height);
        if let Some(mask) = found.levels.iter().find(|mask| (mask.image.width, mask.image.height) == size) {
            let place = mask.in_file(file);
            level.mask = Some(Mask { image: place.image, file: place.file, as_stored: true });
        }
    }
    Ok(())
}

/// Whether a `.msk` is the mask of all bands, of this image.
fn check_mask(dataset: &Dataset, file: &Dataset) -> Result<(), String> {
    const FLAGS: &str = "INTERNAL_MASK_FLAGS_1";
    let (size, of_mask) = (dataset.size(), file.size());
    let flags = file.description().domains.item("", FLAGS).and_then(|value| value.trim().parse::<u32>().ok());
    if size != of_mask {
        return Err(format!("it has {} × {} pixels, not {} × {}", of_mask.0, of_mask.1, size.0, size.1));
    }
    if file.dtype() != DType::UInt8 {
        return Err(format!("its samples are {}, not uint8", file.dtype().name()));
    }
    match flags {
        Some(flags) if flags & PER_DATASET != 0 => Ok(()),
        Some(flags) => Err(format!("its {FLAGS} is {flags}; only masks of all bands together (2) are read")),
        None => Err(format!("its metadata has no {FLAGS}")),
    }
}

/// Adds the IFDs of a sidecar, and gives the number of the first.
fn add_directories(chain: &mut Chain, file: &Arc<Dataset>, found: &Chain) -> usize {
    let first = chain.directories.len();
    let of = |directory: &Directory| Some(Arc::clone(directory.file.as_ref().unwrap_or(file)));
    chain.directories.extend(found.directories.iter().map(|directory| Directory { ifd: directory.ifd.clone(), file: of(directory) }));
    first
}
