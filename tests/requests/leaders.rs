//! Files whose tile index is large: what the ghost area promises spares requests, and what it promises falsely does no harm.

use super::{Field, HEADER, Scene, directory, ranges};
use cog::{Dataset, Options, ReadParams};
use std::sync::Arc;

const TRUE: &str = "LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\nBLOCK_TRAILER=LAST_4_BYTES_REPEATED\n\
                    KNOWN_INCOMPATIBLE_EDITION=NO\n MASK_INTERLEAVED_WITH_IMAGERY=YES\n";

/// A COG of uncompressed tiles of 16 × 16 pixels, its blocks with leaders and trailers as GDAL writes them.
struct Cog {
    /// Tiles of a side.
    tiles: u32,
    ghost: String,
    masked: bool,
    /// The tiles that are stored.
    stored: fn(u32) -> bool,
}

impl Cog {
    fn masked(tiles: u32) -> Self {
        Self { tiles, ghost: TRUE.to_owned(), masked: true, stored: |_| true }
    }

    fn build(&self) -> Vec<u8> {
        let ghost = format!("GDAL_STRUCTURAL_METADATA_SIZE={:06} bytes\n{}", self.ghost.len(), self.ghost);
        let first = (8 + ghost.len() as u32).next_multiple_of(2);
        let size = |fields: &[Field]| directory(fields, 0).len() as u32;
        let nothing = vec![0; (self.tiles * self.tiles) as usize];
        let second = (first + size(&self.fields(false, &nothing, &nothing))).next_multiple_of(2);
        let mut data = second + if self.masked { size(&self.fields(true, &nothing, &nothing)) } else { 0 };
        let mut blocks = Vec::new();
        let mut arrays = [nothing.clone(), nothing.clone(), nothing.clone(), nothing];
        for i in (0..self.tiles * self.tiles).filter(|i| (self.stored)(*i)) {
            let pixels: Vec<u8> = (0..256).map(|p| (i * 37 + p * 11 + i / 256) as u8).collect();
            let mask: Vec<u8> = (0..32).map(|p| (i * 5 + p * 3) as u8).collect();
            for (k, block) in [pixels, mask].iter().enumerate().take(if self.masked { 2 } else { 1 }) {
                arrays[k * 2][i as usize] = data + 4;
                arrays[k * 2 + 1][i as usize] = block.len() as u32;
                let stored = [&(block.len() as u32).to_le_bytes(), block.as_slice(), block.last_chunk::<4>().unwrap()].concat();
                data += stored.len() as u32;
                blocks.extend(stored);
            }
        }
        let mut file = [&b"II\x2a\0"[..], &first.to_le_bytes(), ghost.as_bytes()].concat();
        file.resize(first as usize, 0);
        let mut imagery = directory(&self.fields(false, &arrays[0], &arrays[1]), first);
        if self.masked {
            let next = 2 + 12 * 10;
            imagery[next..next + 4].copy_from_slice(&second.to_le_bytes());
        }
        file.extend(imagery);
        file.resize(second as usize, 0);
        if self.masked {
            file.extend(directory(&self.fields(true, &arrays[2], &arrays[3]), second));
        }
        file.extend(blocks);
        file
    }

    fn fields(&self, mask: bool, offsets: &[u32], counts: &[u32]) -> [Field; 10] {
        let side = self.tiles * 16;
        let [subfile, bits, photometric] = if mask { [4, 1, 4] } else { [0, 8, 1] };
        [
            (254, 4, vec![subfile]),
            (256, 4, vec![side]),
            (257, 4, vec![side]),
            (258, 3, vec![bits]),
            (259, 3, vec![1]),
            (262, 3, vec![photometric]),
            (322, 3, vec![16]),
            (323, 3, vec![16]),
            (324, 4, offsets.to_vec()),
            (325, 4, counts.to_vec()),
        ]
    }
}

/// Bytes from the leader of a tile to that of the next.
const STEP: u64 = 4 + 256 + 4 + 4 + 32 + 4;

#[test]
fn leaders_and_interleaved_masks_spare_the_byte_counts_and_the_index_of_the_mask() {
    // 10,000 tiles: each of the four arrays takes 40,000 bytes.
    let scene = Scene::new(Cog::masked(100).build(), &[]);
    scene.dataset.level_count().unwrap();
    let before = scene.server.requests().len();
    let asked = scene.read([800.0, 800.0, 64.0, 16.0]);
    // A page of the offsets, and the four tiles with their masks.
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(asked[0].end - asked[0].start, 4096);
    assert_eq!(asked[1].end - asked[1].start, 4 * STEP);
    assert_eq!(scene.server.requests().len() - before, 2);
    // The next tiles to the right are in the same page.
    assert_eq!(scene.read([864.0, 800.0, 32.0, 16.0]).len(), 1);
    assert_eq!(scene.dataset.stats().tiles_decoded, 8 + 4);
}

#[test]
fn a_masked_cog_costs_no_more_requests_than_one_without_a_mask() {
    for window in [[800.0, 160.0, 64.0, 64.0], [0.0, 0.0, 16.0, 16.0], [1584.0, 1584.0, 16.0, 16.0]] {
        let count = |masked| {
            let scene = Scene::new(Cog { masked, ..Cog::masked(100) }.build(), &[]);
            scene.dataset.level_count().unwrap();
            let before = scene.server.requests().len();
            scene.read(window);
            scene.server.requests().len() - before
        };
        assert!(count(true) <= count(false), "{window:?}: {} and {}", count(true), count(false));
    }
}

#[test]
fn every_block_of_a_masked_cog_is_read_right_through_its_leader() {
    let scene = Scene::new(Cog::masked(100).build(), &[]);
    scene.read([0.0, 0.0, 1600.0, 1600.0]);
    assert_eq!(super::asked_twice(ranges(&scene.server.requests())), 0);
}

/// Reads all of a file whose promises are false, and gives the number of requests of the read.
fn read_all(file: Vec<u8>) -> usize {
    let scene = Scene::new(file, &[]);
    scene.dataset.level_count().unwrap();
    scene.read([0.0, 0.0, 1600.0, 1600.0]).len()
}

#[test]
fn leaders_that_do_not_lead_to_the_block_are_found_out_and_the_index_is_used() {
    let good = Cog::masked(100).build();
    let first_tile = good.len() - 10_000 * STEP as usize;
    let reference = read_all(good.clone());
    // A leader, a trailer and the leader of a mask are wrong; the arrays are right.
    for at in [first_tile + 50 * STEP as usize, first_tile + 51 * STEP as usize - 44, first_tile + 51 * STEP as usize - 40] {
        let mut file = good.clone();
        file[at] ^= 0x15;
        assert!(read_all(file) > reference);
    }
}

#[test]
fn nothing_is_promised_by_a_file_that_was_edited_by_a_stranger() {
    let edited = Cog { ghost: TRUE.replace("EDITION=NO", "EDITION=YES"), ..Cog::masked(100) };
    let scene = Scene::new(edited.build(), &[]);
    scene.dataset.level_count().unwrap();
    // Pages of four arrays, and the tiles.
    assert_eq!(scene.read([800.0, 800.0, 64.0, 16.0]).len(), 5);
}

#[test]
fn a_file_of_a_million_tiles_opens_in_two_requests_and_gives_its_last_tile_in_two_more() {
    let cog = Cog { tiles: 1000, ghost: TRUE.to_owned(), masked: false, stored: |i| i == 999_999 || i == 17 };
    let file = cog.build();
    assert!(file.len() > 8_000_000);
    let scene = Scene::new(file, &[]);
    let opened = ranges(&scene.server.requests());
    assert!(opened.len() <= 2 && opened.iter().map(|r| r.end - r.start).sum::<u64>() <= 64 << 10, "{opened:?}");
    let asked = scene.tile(999, 999, 0);
    assert!(asked.len() <= 2 && asked.iter().map(|r| r.end - r.start).sum::<u64>() <= 4096 + 264, "{asked:?}");
    assert_eq!(scene.tile(998, 999, 0), [], "it is sparse, and the same page says so");
}

#[test]
fn full_resolution_is_read_without_looking_for_the_other_ifds() {
    // The mask's IFD comes after 80,000 bytes of index.
    let scene = Scene::new(Cog::masked(100).build(), &[]);
    assert_eq!(ranges(&scene.server.requests()), [0..HEADER]);
    let params = ReadParams { window: Some([0.0, 0.0, 16.0, 16.0]), level: Some(0), ..ReadParams::default() };
    let (pixels, asked) = scene.asked_by(|d| d.read_window(&params, None, false).unwrap());
    assert!(pixels.data == scene.reference().read_window(&params, None, false).unwrap().data);
    assert_eq!(asked.len(), 1, "{asked:?}");
}

#[test]
fn the_file_itself_is_what_gdal_would_read() {
    // The builder above is checked by the arrays alone: a reader of memory does not look at leaders.
    let file = Cog::masked(4).build();
    let dataset = Arc::new(Dataset::open_memory(file.into(), &Options::new()).unwrap());
    let pixels = dataset.read_window(&ReadParams::default(), None, true).unwrap();
    assert_eq!((pixels.data[0], pixels.data[1], pixels.data[16]), (0, 11, 37));
    assert!(pixels.mask.contains(&0) && pixels.mask.contains(&255));
}

/// As GDAL leaves a file of a million tiles of which it wrote only the last: byte counts, offsets, and the tile behind them.
#[test]
fn the_last_tile_of_a_sparse_file_without_leaders_comes_with_the_end_of_its_index() {
    for tile in [16, 256_u32] {
        let (count, len) = (1_000_000_u32, tile * tile);
        let mut counts = vec![0; count as usize];
        let mut offsets = counts.clone();
        let fields = |offsets: &[u32], counts: &[u32]| -> [Field; 10] {
            let side = (4, vec![tile * 1000]);
            let [bits, one] = [8, 1].map(|value| (3, vec![value]));
            [
                (256, &side),
                (257, &side),
                (258, &bits),
                (259, &one),
                (262, &one),
                (277, &one),
                (322, &(4, vec![tile])),
                (323, &(4, vec![tile])),
                (325, &(4, counts.to_vec())),
                (324, &(4, offsets.to_vec())),
            ]
            .map(|(tag, (kind, values))| (tag, *kind, values.clone()))
        };
        let end = 8 + directory(&fields(&offsets, &counts), 8).len() as u32;
        (offsets[count as usize - 1], counts[count as usize - 1]) = (end, len);
        let pixels: Vec<u8> = (0..len).map(|i| (i * 7 + i / 256) as u8).collect();
        let file = [&b"II\x2a\0\x08\0\0\0"[..], &directory(&fields(&offsets, &counts), 8), &pixels].concat();
        let scene = Scene::new(file, &[]);
        assert_eq!(ranges(&scene.server.requests()), [0..HEADER]);
        let asked = scene.tile(999, 999, 0);
        assert_eq!(asked.len(), 2, "{asked:?}");
        assert_eq!(scene.tile(998, 999, 0), []);
    }
}
