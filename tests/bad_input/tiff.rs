//! The file that all others are made of.

use crate::memory::alone;
use crate::reading::{open_bytes, read, tile};
use cog::Dataset;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const SHORT: u16 = 3;
pub(crate) const LONG: u16 = 4;

/// A TIFF of four uncompressed tiles of 16 × 16 bytes, byte by byte; a test changes what it is about.
#[derive(Clone)]
pub(crate) struct Tiff {
    /// Tag → field type, count, the entry's four bytes of value or offset.
    fields: BTreeMap<u16, (u16, u32, u32)>,
    next: u32,
    /// Bytes at an offset, written last.
    patches: Vec<(usize, Vec<u8>)>,
    pub(crate) size: usize,
}

/// Where the arrays of offsets and byte counts are, and the first tile.
const OFFSETS: usize = 400;
const COUNTS: usize = 416;
const TILES: usize = 512;
const TILE: u32 = 256;

impl Tiff {
    pub(crate) fn new() -> Self {
        let fields = [
            (256, SHORT, 1, 32),
            (257, SHORT, 1, 32),
            (258, SHORT, 1, 8),
            (259, SHORT, 1, 1),
            (262, SHORT, 1, 1),
            (277, SHORT, 1, 1),
            (322, SHORT, 1, 16),
            (323, SHORT, 1, 16),
            (324, LONG, 4, OFFSETS as u32),
            (325, LONG, 4, COUNTS as u32),
        ];
        let fields = fields.into_iter().map(|(tag, kind, count, value)| (tag, (kind, count, value))).collect();
        Self { fields, next: 0, patches: Vec::new(), size: TILES + 4 * TILE as usize }
    }

    pub(crate) fn set(mut self, tag: u16, kind: u16, count: u32, value: u32) -> Self {
        self.fields.insert(tag, (kind, count, value));
        self
    }

    /// A field of one LONG.
    pub(crate) fn long(self, tag: u16, value: u32) -> Self {
        self.set(tag, LONG, 1, value)
    }

    pub(crate) fn without(mut self, tag: u16) -> Self {
        self.fields.remove(&tag);
        self
    }

    pub(crate) fn next(mut self, offset: u32) -> Self {
        self.next = offset;
        self
    }

    pub(crate) fn patch(mut self, at: usize, bytes: &[u8]) -> Self {
        self.patches.push((at, bytes.to_vec()));
        self
    }

    pub(crate) fn tile_offset(self, tile: usize, offset: u32) -> Self {
        self.patch(OFFSETS + 4 * tile, &offset.to_le_bytes())
    }

    pub(crate) fn tile_count(self, tile: usize, count: u32) -> Self {
        self.patch(COUNTS + 4 * tile, &count.to_le_bytes())
    }

    pub(crate) fn ifd(&self) -> Vec<u8> {
        let mut ifd = (self.fields.len() as u16).to_le_bytes().to_vec();
        for (tag, (kind, count, value)) in &self.fields {
            ifd.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
            ifd.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
        }
        ifd.extend(self.next.to_le_bytes());
        ifd
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut file = b"II\x2a\0\x08\0\0\0".to_vec();
        file.extend(self.ifd());
        assert!(file.len() <= OFFSETS);
        file.resize(self.size, 0);
        let mut write = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        for tile in 0..4u32 {
            write(OFFSETS + 4 * tile as usize, &(TILES as u32 + tile * TILE).to_le_bytes());
            write(COUNTS + 4 * tile as usize, &TILE.to_le_bytes());
            let pixels: Vec<u8> = (0..TILE).map(|i| (tile * 53 + i * 7 + 1) as u8).collect();
            write(TILES + (tile * TILE) as usize, &pixels);
        }
        for (at, bytes) in &self.patches {
            write(*at, bytes);
        }
        file
    }

    pub(crate) fn open(&self) -> Arc<Dataset> {
        open_bytes(self.build()).unwrap()
    }
}

#[test]
fn the_file_that_all_others_are_made_of_is_read() {
    let _alone = alone();
    let dataset = Tiff::new().open();
    let first = tile(&dataset, 0, 0).unwrap();
    assert_eq!(first, (0..256u32).map(|i| (i * 7 + 1) as u8).collect::<Vec<_>>());
    let whole = read(&dataset).unwrap();
    assert_eq!((whole.len(), whole[0], whole[16], whole[32 * 16]), (1024, 1, 54, 107));
}
