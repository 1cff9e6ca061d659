//! Where a block's bytes are: the tile index, read a page at a time.

use super::job::{Block, Work};
use super::leader::{self, Part};
use crate::cancel::Stop;
use crate::codec;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::raster::Colors;
use crate::tiff::Image;
use std::ops::Range;

/// A block in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stored {
    At(Range<u64>),
    /// The file does not store it: it reads as nodata, or 0.
    Sparse,
}

/// What the known parts of the index say of a block.
pub(super) enum Found {
    Stored(Stored),
    /// Its leader, in this range, leads to it.
    Led(Range<u64>, Part),
    /// More of the index is needed.
    Unknown,
}

/// Fetches the index pages of one block.
pub(crate) async fn fetch_page(dataset: &Dataset, image: &Image, number: u64, stop: &Stop) -> Result<()> {
    fetch_runs(dataset, &[image], image.index.elements(number).collect(), stop).await
}

/// Fetches the index pages that hold these parts of it. A request that reads an array of these images to its end reads on for a block:
/// GDAL's sparse files have their blocks there.
pub(crate) async fn fetch_runs(dataset: &Dataset, images: &[&Image], runs: Vec<Range<u64>>, stop: &Stop) -> Result<()> {
    let reader = &dataset.reader;
    // An array that begins inside the file and ends beyond it is damaged; its elements can't be trusted to be there.
    for run in &runs {
        reader.range(run.start, run.end - run.start).map_err(|e| Error::format(format!("the tile index is cut short: {}", e.reason())))?;
    }
    reader.pages(&runs, &images.iter().filter_map(|image| tail(image)).collect::<Vec<_>>(), stop).await
}

/// Where the index of an image ends, with the bytes of a block, as they are at most or 64 KiB.
fn tail(image: &Image) -> Option<(u64, u64)> {
    const MOST: u64 = 1 << 16;
    let (offsets, counts) = image.index.extents();
    let end = [offsets, counts].into_iter().flatten().map(|array| array.end).max()?;
    Some((end, packed_bytes(image, image.tiling.height).unwrap_or(MOST).min(MOST)))
}

/// Fetches what a job needs of the index: where the blocks' leaders say how long they are, only the offsets.
pub(super) async fn fetch_index(dataset: &Dataset, work: &dyn Work, stop: &Stop) -> Result<()> {
    let mut runs = work.index_runs();
    if leader::is_known(&dataset.reader, &runs) {
        return Ok(());
    }
    let mut images: Vec<(&Image, usize)> = Vec::new();
    for block in (0..work.blocks()).filter_map(|i| work.at(i)) {
        if !images.iter().any(|(image, _)| std::ptr::eq(*image, block.image)) {
            images.push((block.image, block.level));
        }
    }
    if dataset.leaders().is_some() {
        runs = leader::trim(dataset, &images, runs);
    }
    let images: Vec<&Image> = images.into_iter().map(|(image, _)| image).collect();
    fetch_runs(dataset, &images, runs, stop).await
}

/// Finds a block of a job.
pub(super) fn locate_block(dataset: &Dataset, block: &Block<'_>) -> Result<Found> {
    let number = block.number();
    let elements: Vec<Range<u64>> = block.image.index.elements(number).collect();
    if leader::is_known(&dataset.reader, &elements) {
        return locate(dataset, block.image, number, block.image.stored_rows(block.y)).map(Found::Stored);
    }
    if leader::offset(dataset, block.image, number) == Some(0) {
        return Ok(Found::Stored(Stored::Sparse));
    }
    let span = |(image, part)| Some(Found::Led(leader::span(dataset, image, number)?, part));
    Ok(leader::led(dataset, block.image, block.level).and_then(span).unwrap_or(Found::Unknown))
}

/// Finds one block, from index pages that are in memory.
pub(crate) fn locate(dataset: &Dataset, image: &Image, number: u64, stored_rows: u64) -> Result<Stored> {
    let reader = &dataset.reader;
    let (offset, count) = image.index.locate(number, dataset.header.order, &|range: &Range<u64>| reader.known(range))?;
    if offset == 0 || count == Some(0) {
        return Ok(Stored::Sparse);
    }
    let (offset, count) = in_jpeg_stream(image, offset, count);
    let plain = packed_bytes(image, stored_rows).filter(|_| image.compression == codec::NONE);
    let len = match (plain, count) {
        // What an uncompressed block needs is known, and libtiff reads that, whatever the count.
        (Some(need), _) => need,
        (None, Some(count)) => count,
        (None, None) if image.tiling.across * image.tiling.down == 1 => reader.size().saturating_sub(offset),
        (None, None) => return Err(Error::format("the file does not say how long its compressed blocks are (no TileByteCounts)")),
    };
    reader.settings.limits.check_block("stored", len)?;
    reader.range(offset, len).map(Stored::At).map_err(|e| Error::format(format!("the block's {}", e.reason())).at_offset(offset))
}

/// The first block of old-style JPEG begins where its header ends, whatever its offset says; an only one ends with the stream.
fn in_jpeg_stream(image: &Image, offset: u64, count: Option<u64>) -> (u64, Option<u64>) {
    let Some(stream) = image.jpeg_stream.filter(|stream| (stream.start..stream.data).contains(&offset)) else { return (offset, count) };
    let end = offset.saturating_add(count.unwrap_or(0));
    let end = if image.tiling.across * image.tiling.down == 1 { end.max(stream.end) } else { end };
    (stream.data, Some(end.saturating_sub(stream.data)))
}

/// Bytes of a block without compression, where that can be counted.
pub(crate) fn packed_bytes(image: &Image, rows: u64) -> Option<u64> {
    if let Colors::YCbCr(model) = &image.colors {
        return model.stored_bytes(image.tiling.width, rows);
    }
    let row_bits = image.tiling.width.checked_mul(image.stored_block_samples() as u64)?.checked_mul(u64::from(image.bits))?;
    row_bits.div_ceil(8).checked_mul(rows)
}
