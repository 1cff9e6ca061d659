//! Blocks found without the array of their byte counts: by the promises of GDAL's ghost area.
//!
//! With `BLOCK_LEADER=SIZE_AS_UINT4` the four bytes before a block hold its size, with `BLOCK_TRAILER=LAST_4_BYTES_REPEATED` its last four
//! bytes follow it again, with `BLOCK_ORDER=ROW_MAJOR` the next block comes then, and with `MASK_INTERLEAVED_WITH_IMAGERY=YES` the block of
//! the mask lies between. So what lies between the leader of a block and that of the next is one range that holds the block and its
//! mask, and two offsets name it. <https://gdal.org/drivers/raster/cog.html#header-ghost-area>
//!
//! A promise is believed block by block. An editor that did not know of it leaves sizes that the trailer gives away; the arrays count then.

use super::locate::packed_bytes;
use crate::dataset::Dataset;
use crate::source::reader::Reader;
use crate::tiff::Image;
use std::ops::Range;

/// Bytes of a leader, and of a trailer.
const WORD: usize = 4;

/// Which of the blocks in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Imagery,
    Mask,
}

/// The image whose blocks say where those of `image` are, and which of the two they are: `image` itself, or the one that it is the mask of.
/// `None` where the file promises nothing of the kind, or where it is not worth a thought: in local files.
pub(super) fn led<'a>(dataset: &'a Dataset, image: &'a Image, level: usize) -> Option<(&'a Image, Part)> {
    let ghost = dataset.leaders().filter(|_| dataset.reader.local().is_none())?;
    if let Some(of) = dataset.imagery_of(image, level) {
        let same = of.tiling == image.tiling && !of.planar && !image.planar;
        return (ghost.mask_interleaved && same && of.tiling.tiled).then_some((of, Part::Mask));
    }
    (image.tiling.tiled && !image.is_mask()).then_some((image, Part::Imagery))
}

/// From the leader of block `number` of `image` to that of the next block; `None` where the known pages of the index don't say.
pub(super) fn span(dataset: &Dataset, image: &Image, number: u64) -> Option<Range<u64>> {
    let reader = &dataset.reader;
    let offset = |i| offset(dataset, image, i).filter(|offset| *offset >= WORD as u64);
    let start = offset(number)? - WORD as u64;
    let end = match offset(number + 1) {
        Some(next) => next - WORD as u64,
        // The last block of full resolution is the end of the file. What follows another last block is not said here.
        None if number + 1 == image.index.count() => reader.size(),
        None => return None,
    };
    // More than the block can take is the sign of another order.
    let longest = packed_bytes(image, image.tiling.height)?.saturating_mul(2).saturating_add(1 << 16);
    let len = end.checked_sub(start).filter(|len| *len > 2 * WORD as u64 && *len <= longest)?;
    (end <= reader.size() && reader.settings.limits.check_block("stored", len).is_ok()).then_some(start..end)
}

/// What the known pages of the index say of the offset of a block: 0 where it is sparse.
pub(super) fn offset(dataset: &Dataset, image: &Image, number: u64) -> Option<u64> {
    image.index.offset(number, dataset.header.order, &|range: &Range<u64>| dataset.reader.known(range))
}

/// Where a block lies in its span; `None` where the promise is not kept.
pub(super) fn find(span: &[u8], part: Part) -> Option<Range<usize>> {
    let imagery = block_at(span, 0)?;
    match part {
        Part::Imagery => Some(imagery),
        Part::Mask => block_at(span, imagery.end + WORD),
    }
}

/// The block whose leader is at `at`, where its trailer repeats its last bytes.
fn block_at(span: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at.checked_add(WORD)?;
    let size = u32::from_le_bytes(*span.get(at..start)?.first_chunk()?) as usize;
    let end = start.checked_add(size)?;
    let last = span.get(start..end)?.last_chunk::<WORD>()?;
    (span.get(end..end + WORD)? == last).then_some(start..end)
}

/// The parts of the index that the leaders make needless, taken from `runs`; those of offsets reach to the next block's.
pub(super) fn trim(dataset: &Dataset, images: &[(&Image, usize)], runs: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let inside = |run: &Range<u64>, array: &Option<Range<u64>>| array.as_ref().is_some_and(|a| a.start <= run.start && run.end <= a.end);
    let trim = |run: Range<u64>| {
        for (image, level) in images {
            let (offsets, counts) = image.index.extents();
            let Some((_, part)) = led(dataset, image, *level) else { continue };
            let needed = match (inside(&run, &offsets), inside(&run, &counts)) {
                (true, _) => part == Part::Imagery,
                (false, true) => false,
                (false, false) => continue,
            };
            let size = image.index.offset_size();
            return needed.then(|| run.start..offsets.map_or(run.end, |array| array.end.min(run.end + size)));
        }
        Some(run)
    };
    runs.into_iter().filter_map(trim).collect()
}

/// Whether these parts of the index are in memory.
pub(super) fn is_known(reader: &Reader, runs: &[Range<u64>]) -> bool {
    let known = reader.object().known();
    runs.iter().all(|run| known.missing(run).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(block: &[u8]) -> Vec<u8> {
        [&(block.len() as u32).to_le_bytes(), block, block.last_chunk::<4>().unwrap()].concat()
    }

    #[test]
    fn a_block_and_its_mask_are_found_where_the_promises_are_kept() {
        let span = [stored(b"imagery"), stored(b"mask")].concat();
        assert_eq!(find(&span, Part::Imagery), Some(4..11));
        assert_eq!(find(&span, Part::Mask), Some(19..23));
        assert_eq!(find(&stored(b"imagery"), Part::Mask), None);
    }

    #[test]
    fn a_size_that_the_trailer_does_not_confirm_is_not_believed() {
        let good = stored(b"imagery");
        for i in [0, 1, 3, 8, 10, 11, 14] {
            let mut bad = good.clone();
            bad[i] ^= 0x41;
            assert_eq!(find(&bad, Part::Imagery), None, "byte {i}");
        }
        for len in 0..good.len() {
            assert_eq!(find(&good[..len], Part::Imagery), None);
        }
        assert_eq!(find(&[3, 0, 0, 0, 1, 2, 3, 1, 2, 3], Part::Imagery), None);
    }
}
