//! Many internal tiles in one call: their requests are merged, and one that can't be read spoils no other.

use super::job::{Block, Job, Work};
use super::locate::fetch_runs;
use super::params::ReadParams;
use super::placing::Placing;
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

/// One tile, planned.
struct Part {
    placing: Placing,
    /// Its place in the caller's list.
    tile: usize,
    /// Number of its first block.
    first: usize,
}

struct Tiles {
    parts: Vec<Part>,
    /// One a tile of the caller's list.
    errors: Mutex<Vec<Option<Error>>>,
}

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
            let mut parts: Vec<Part> = Vec::new();
            let mut errors = vec![None; tiles.len()];
            for (i, (tile, error)) in tiles.iter().zip(&mut errors).enumerate() {
                let target = match Target::tile(self, (tile.x, tile.y, tile.level), params, &stop).await {
                    Ok(target) => target,
                    Err(e) => {
                        *error = Some(e.at_tile(tile.x, tile.y).at_level(tile.level));
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
                let first = parts.last().map_or(0, |last| last.first + last.placing.blocks());
                let placing = Placing::new(plan, to);
                if !placing.is_in_one_file() {
                    let what = "many tiles at once of a level or a mask in a sidecar are not read; cog_get_tile reads one";
                    *error = Some(Error::unsupported(what).at_tile(tile.x, tile.y).at_level(tile.level));
                    continue;
                }
                parts.push(Part { placing, tile: i, first });
            }
            let work = Arc::new(Tiles::with_index(self, parts, errors, &stop).await);
            Job::run(Arc::clone(self), Arc::<Tiles>::clone(&work), stop.clone()).await?;
            let errors = std::mem::take(&mut *work.errors.lock().unwrap_or_else(PoisonError::into_inner));
            Ok(errors.into_iter().map(|e| e.map_or(Ok(()), |e| Err(e.in_file(self.name())))).collect())
        })
    }
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
    async fn with_index(dataset: &Dataset, mut parts: Vec<Part>, mut errors: Vec<Option<Error>>, stop: &Stop) -> Self {
        let all = parts.iter().flat_map(|part| part.placing.index_runs(part.placing.passes())).collect();
        if fetch_runs(dataset, &[], all, stop).await.is_err() {
            let mut kept = Vec::new();
            let mut first = 0;
            for part in parts {
                match fetch_runs(dataset, &[], part.placing.index_runs(part.placing.passes()), stop).await {
                    Ok(()) => {
                        first += part.placing.blocks();
                        kept.push(Part { first: first - part.placing.blocks(), ..part });
                    }
                    Err(e) => refuse(&mut errors, &part, e),
                }
            }
            parts = kept;
        }
        Self { parts, errors: Mutex::new(errors) }
    }

    fn part(&self, i: usize) -> Option<(&Part, usize)> {
        let after = self.parts.partition_point(|part| part.first <= i);
        let part = self.parts.get(after.checked_sub(1)?)?;
        Some((part, i - part.first))
    }
}

fn refuse(errors: &mut [Option<Error>], part: &Part, error: Error) {
    let error = match part.placing.at(0) {
        Some(block) => error.at_tile(block.x, block.y).at_level(block.level),
        None => error,
    };
    if let Some(slot) = errors.get_mut(part.tile) {
        slot.get_or_insert(error);
    }
}

impl Work for Tiles {
    fn blocks(&self) -> usize {
        self.parts.last().map_or(0, |last| last.first + last.placing.blocks())
    }

    fn at(&self, i: usize) -> Option<Block<'_>> {
        self.part(i).and_then(|(part, i)| part.placing.at(i))
    }

    /// [`Tiles::with_index`] has fetched them.
    fn index_runs(&self) -> Vec<Range<u64>> {
        Vec::new()
    }

    fn place(&self, i: usize, view: &BlockView<'_>) {
        if let Some((part, i)) = self.part(i) {
            part.placing.place(i, view);
        }
    }

    fn place_sparse(&self, i: usize) {
        if let Some((part, i)) = self.part(i) {
            part.placing.place_sparse(i);
        }
    }

    fn refuse(&self, i: usize, error: Error) -> Option<Error> {
        if let Some((part, _)) = self.part(i) {
            refuse(&mut self.errors.lock().unwrap_or_else(PoisonError::into_inner), part, error);
        }
        None
    }
}
