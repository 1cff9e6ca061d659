//! The stored bytes of one block, for callers that decode them elsewhere.

use super::locate::{Stored, fetch_page, locate};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use bytes::Bytes;
use std::sync::Arc;

/// A block as the file stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTile {
    /// Empty where the file does not store the block (sparse).
    pub bytes: Bytes,
    /// `Compression`.
    pub compression: u16,
    /// `Predictor`.
    pub predictor: u16,
    /// The level's JPEGTables, which a decoder must be given first.
    pub jpeg_tables: Option<Bytes>,
}

impl Dataset {
    /// The stored bytes of a block. In a planar file the planes' rows of blocks follow each other: row `y` of plane `p` is
    /// `p × blocks_down + y`.
    pub fn tile_bytes(self: &Arc<Self>, x: u64, y: u64, level_number: usize) -> Result<StoredTile> {
        self.wait(async { self.stored_tile(x, y, level_number).await.map_err(|e| e.at_tile(x, y).at_level(level_number)) })
    }

    async fn stored_tile(&self, x: u64, y: u64, level_number: usize) -> Result<StoredTile> {
        let stop = self.stop();
        self.reader.check_process()?;
        let level = self.level_image(level_number, &stop).await?;
        let (image, file) = (&level.image, level.file.as_deref().unwrap_or(self));
        let planes = if image.planar { image.stored_samples as u64 } else { 1 };
        let (across, down) = (image.tiling.across, image.tiling.down);
        if x >= across || y >= down * planes {
            return Err(Error::out_of_bounds(format!(
                "there is no tile ({x}, {y}); level {level_number} has {across} × {} tiles",
                down * planes
            )));
        }
        let number = y * across + x;
        let of_file = |e: Error| e.in_file(file.name());
        fetch_page(file, image, number, &stop).await.map_err(of_file)?;
        let bytes = match locate(file, image, number, image.stored_rows(y % down)).map_err(of_file)? {
            Stored::Sparse => Bytes::new(),
            Stored::At(range) => file.stored_bytes(range, &stop).await?,
        };
        Ok(StoredTile { bytes, compression: image.compression, predictor: image.predictor, jpeg_tables: image.jpeg_tables.clone() })
    }

    async fn stored_bytes(&self, range: std::ops::Range<u64>, stop: &crate::cancel::Stop) -> Result<Bytes> {
        if self.reader.local().is_none() {
            return self.reader.block(range, stop).await;
        }
        self.reader.counters.add(|c| &c.ranges, 1);
        let answers = self.reader.fetch(vec![range], stop).await?;
        answers.into_iter().next().ok_or_else(|| Error::io("the source returned nothing"))
    }
}
