//! Many internal tiles in one call: their requests are merged, and one that can't be read spoils no other.

use super::job::{Block, Job, Work};
use super::locate::fetch_runs;
use super::params::ReadParams;
use super::placing::{PartOfFile, Placing};
use super::plan::Plan;
use super::target::Target;
use crate::cancel::Stop;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::raster::{BlockView, DType, Destination, RawBuffer};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// A tile of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileId {
    /// Column.
    pub x: u64,
    /// Row.
    pub y: u64,
    /// 0 is full resolution.
    pub level: usize,
}

/// What one file has of a tile.
struct Part {
    work: PartOfFile,
    /// The tile's place in the caller's list.
    tile: usize,
    /// Number of its first block.
    first: usize,
}

/// What one file has of all tiles.
struct Tiles {
    file: Arc<Dataset>,
    parts: Vec<Part>,
    errors: Arc<Errors>,
}

/// The first error of each tile of the caller's list.
struct Errors(Mutex<Vec<Option<Error>>>);

impl Errors {
    fn refuse(&self, tile: usize, error: Error) {
        if let Some(slot) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(tile) {
            slot.get_or_insert(error);
        }
    }
}

/// Files with their parts: the dataset itself first, then its sidecars.
type ByFile = Vec<(Arc<Dataset>, Vec<Part>)>;

impl Dataset {
    /// Reads tiles into equal parts of the caller's buffer, one after another, each laid out by the buffer's strides. Gives one result a
    /// tile; the call itself fails where the buffer is refused, before any tile is read.
    ///
    /// # Safety
    /// As for [`Dataset::read_window_into`].
    #[allow(unsafe_code, reason = "the caller's buffer is a raw pointer")]
    pub(crate) unsafe fn read_tiles_into(
        self: &Arc<Self>,
        tiles: &[TileId],
        params: &ReadParams,
        buffer: &RawBuffer,
        dtype: Option<DType>,
    ) -> Result<Vec<Result<()>>> {
        let stop = params.stop(self);
        self.wait(async {
            self.reader.check_process()?;
            let mut files: ByFile = vec![(Arc::clone(self), Vec::new())];
            let errors = Arc::new(Errors(Mutex::new(vec![None; tiles.len()])));
            for (i, tile) in tiles.iter().enumerate() {
                let target = match Target::tile(self, (tile.x, tile.y, tile.level), params, &stop).await {
                    Ok(target) => target,
                    Err(e) => {
                        errors.refuse(i, e.at_tile(tile.x, tile.y).at_level(tile.level));
                        continue;
                    }
                };
                let part = part_of(buffer, i, tiles.len());
                let size = target.size;
                // SAFETY: promised by the caller; the parts don't overlap.
                let to = unsafe { Destination::new(&part, dtype.unwrap_or(size.dtype), size.width, size.height, size.bands)? };
                let to = to.scaled(target.scales.clone());
                let target = if to.wants_mask() { target.masked(self, &stop).await? } else { target };
                let plan = Plan::new(self, &target, to.wants_mask())?;
                Placing::new(plan, to).parts().into_iter().for_each(|work| add(&mut files, work, i));
            }
            for (file, parts) in files {
                let work = Arc::new(Tiles::with_index(&file, parts, &errors, &stop).await);
                Job::run(Arc::clone(&file), work, stop.clone()).await.map_err(|e| e.in_file(file.name()))?;
            }
            let errors = std::mem::take(&mut *errors.0.lock().unwrap_or_else(PoisonError::into_inner));
            Ok(errors.into_iter().map(|e| e.map_or(Ok(()), |e| Err(e.in_file(self.name())))).collect())
        })
    }
}

/// Adds what a file has of a tile to what it has of others.
fn add(files: &mut ByFile, work: PartOfFile, tile: usize) {
    let at = match work.file() {
        None => Some(0),
        Some(file) => files.iter().position(|(known, _)| Arc::ptr_eq(known, file)),
    };
    let at = at.unwrap_or_else(|| {
        files.extend(work.file().map(|file| (Arc::clone(file), Vec::new())));
        files.len() - 1
    });
    if let Some((_, parts)) = files.get_mut(at) {
        parts.push(Part { first: end(parts), work, tile });
    }
}

/// The number after that of the last block.
fn end(parts: &[Part]) -> usize {
    parts.last().map_or(0, |last| last.first + last.work.blocks())
}

/// The `i`-th of `n` equal parts of a buffer.
fn part_of(buffer: &RawBuffer, i: usize, n: usize) -> RawBuffer {
    let (len, mask_len) = (buffer.len / n, buffer.mask_len / n);
    // NULL stays NULL, and is refused or means that there is no mask.
    let at = |start: *mut u8, offset: usize| if start.is_null() { start } else { start.wrapping_add(offset) };
    RawBuffer { data: at(buffer.data, i * len), len, mask: at(buffer.mask, i * mask_len), mask_len, ..*buffer }
}

impl Tiles {
    /// Fetches the index of all tiles at once; where that fails, of each alone, so that it fails only those that it must.
    async fn with_index(file: &Arc<Dataset>, mut parts: Vec<Part>, errors: &Arc<Errors>, stop: &Stop) -> Self {
        let all = parts.iter().flat_map(|part| part.work.index_runs()).collect();
        if fetch_runs(file, &[], all, stop).await.is_err() {
            let mut kept = Vec::new();
            for part in parts {
                match fetch_runs(file, &[], part.work.index_runs(), stop).await {
                    Ok(()) => kept.push(Part { first: end(&kept), ..part }),
                    Err(e) => part.refuse(e.in_file(file.name()), errors),
                }
            }
            parts = kept;
        }
        Self { file: Arc::clone(file), parts, errors: Arc::clone(errors) }
    }

    fn part(&self, i: usize) -> Option<(&Part, usize)> {
        let after = self.parts.partition_point(|part| part.first <= i);
        let part = self.parts.get(after.checked_sub(1)?)?;
        Some((part, i - part.first))
    }
}

impl Part {
    /// Says of the tile why it can't be read.
    fn refuse(&self, error: Error, errors: &Errors) {
        let error = match self.work.at(0) {
            Some(block) => error.at_tile(block.x, block.y).at_level(block.level),
            None => error,
        };
        errors.refuse(self.tile, error);
    }
}

impl Work for Tiles {
    fn blocks(&self) -> usize {
        end(&self.parts)
    }

    fn at(&self, i: usize) -> Option<Block<'_>> {
        self.part(i).and_then(|(part, i)| part.work.at(i))
    }

    /// [`Tiles::with_index`] has fetched them.
    fn index_runs(&self) -> Vec<Range<u64>> {
        Vec::new()
    }

    fn place(&self, i: usize, view: &BlockView<'_>) {
        if let Some((part, i)) = self.part(i) {
            part.work.place(i, view);
        }
    }

    fn place_sparse(&self, i: usize) {
        if let Some((part, i)) = self.part(i) {
            part.work.place_sparse(i);
        }
    }

    fn refuse(&self, i: usize, error: Error) -> Option<Error> {
        if let Some((part, _)) = self.part(i) {
            part.refuse(error.in_file(self.file.name()), &self.errors);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    fn open(name: &str) -> Arc<Dataset> {
        let path = format!("{}/tests/fixtures/sidecars/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut options = Options::new();
        options.set("read.sidecars", "TRUE").unwrap();
        Arc::new(Dataset::open(&path, &options).unwrap())
    }

    /// Tiles of all levels, which lie in the file, in overviews beside it, and their masks in both: as one read after another gives them.
    #[test]
    fn tiles_and_masks_beside_the_file_are_read_along() {
        for name in ["mask_all_beside.tif", "internal_mask.tif", "mask.tif", "big_endian.tif"] {
            let dataset = open(name);
            let levels = dataset.level_count().unwrap();
            let tiles: Vec<TileId> = (0..levels).rev().flat_map(|level| [0, 0].map(|x| TileId { x, y: 0, level })).collect();
            let read = |tile: &TileId| dataset.read_tile(tile.x, tile.y, tile.level, &ReadParams::default(), None, true).unwrap();
            let expected: Vec<_> = tiles.iter().map(read).collect();
            let room = expected.iter().map(|p| p.data.len()).max().unwrap();
            let mask_room = expected.iter().map(|p| p.mask.len()).max().unwrap();
            let (mut data, mut mask) = (vec![0; room * tiles.len()], vec![0; mask_room * tiles.len()]);
            let (len, mask_len) = (data.len(), mask.len());
            let buffer =
                RawBuffer { data: data.as_mut_ptr(), len, strides: [0; 3], mask: mask.as_mut_ptr(), mask_len, mask_line_stride: 0 };
            #[allow(unsafe_code)]
            // SAFETY: the vectors outlive the read.
            let results = unsafe { dataset.read_tiles_into(&tiles, &ReadParams::default(), &buffer, None).unwrap() };
            assert!(results.iter().all(Result::is_ok), "{name}: {results:?}");
            for (i, pixels) in expected.iter().enumerate() {
                assert!(data[i * room..][..pixels.data.len()] == pixels.data, "{name}, tile {i}");
                assert!(mask[i * mask_room..][..pixels.mask.len()] == pixels.mask, "{name}, mask of tile {i}");
            }
        }
    }
}
