//! What is asked of a server: how often, which bytes, and that none is asked twice.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::single_range_in_vec_init, reason = "one request is a list of one range")]

#[path = "requests/caches.rs"]
mod caches;
#[path = "requests/leaders.rs"]
mod leaders;
#[path = "requests/many.rs"]
mod many;
#[path = "range_server/server.rs"]
mod server;
#[path = "requests/settings.rs"]
mod settings;

use cog::tiff::TagValue;
use cog::{Dataset, Options, Pixels, ReadParams};
use server::{Request, Server};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// What the first request asks for, where nobody sets `io.header_bytes`.
const HEADER: u64 = 16_384;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data").join(name)).unwrap()
}

/// A server of one file, and the file opened from it.
struct Scene {
    server: Server,
    bytes: Vec<u8>,
    dataset: Arc<Dataset>,
}

impl Scene {
    fn new(bytes: Vec<u8>, settings: &[(&str, &str)]) -> Self {
        let server = Server::builder().file("/a.tif", bytes.clone()).start().unwrap();
        let mut options = Options::new();
        // What the environment says is not what these tests are about.
        for (key, value) in
            [("io.header_bytes", "16384"), ("io.header_chunk", "16384"), ("io.merge_gap", "1024"), ("io.merge_ranges", "TRUE")]
        {
            options.set(key, value).unwrap();
        }
        for (key, value) in settings {
            options.set(key, value).unwrap();
        }
        let dataset = Arc::new(Dataset::open(&server.url("/a.tif"), &options).unwrap());
        Self { server, bytes, dataset }
    }

    /// The same file from memory: what is right.
    fn reference(&self) -> Arc<Dataset> {
        Arc::new(Dataset::open_memory(self.bytes.clone().into(), &Options::new()).unwrap())
    }

    /// What `work` made the library ask for.
    fn asked_by<T>(&self, work: impl FnOnce(&Arc<Dataset>) -> T) -> (T, Vec<Range<u64>>) {
        let before = self.server.requests().len();
        let result = work(&self.dataset);
        (result, ranges(&self.server.requests()[before..]))
    }

    /// Reads a window of level 0, checks its pixels, and gives the ranges that were asked for.
    fn read(&self, window: [f64; 4]) -> Vec<Range<u64>> {
        let params = ReadParams { window: Some(window), level: Some(0), ..ReadParams::default() };
        let (pixels, asked) = self.asked_by(|d| d.read_window(&params, None, true).unwrap());
        assert_same(&pixels, &self.reference().read_window(&params, None, true).unwrap());
        asked
    }

    /// The same for a tile.
    fn tile(&self, x: u64, y: u64, level: usize) -> Vec<Range<u64>> {
        let params = ReadParams::default();
        let (pixels, asked) = self.asked_by(|d| d.read_tile(x, y, level, &params, None, false).unwrap());
        assert_same(&pixels, &self.reference().read_tile(x, y, level, &params, None, false).unwrap());
        asked
    }

    /// Where the file stores a tile.
    fn stored(&self, number: usize, level: usize) -> Range<u64> {
        let reference = self.reference();
        let ifd = reference.level_info(level).unwrap().ifd;
        let value = |tag| match reference.tag_value(ifd, tag).unwrap() {
            TagValue::Unsigned(values) => values[number],
            other => panic!("{other:?}"),
        };
        value(324)..value(324) + value(325)
    }
}

fn assert_same(here: &Pixels, there: &Pixels) {
    assert_eq!(here.size, there.size);
    assert!(here.data == there.data, "the pixels differ");
    assert!(here.mask == there.mask, "the masks differ");
}

/// The ranges of requests, each of which must be a GET that was answered with 206.
fn ranges(requests: &[Request]) -> Vec<Range<u64>> {
    let range = |request: &Request| {
        assert_eq!((request.method.as_str(), request.status), ("GET", 206), "{request:?}");
        let (first, last) = request.range.unwrap();
        assert_eq!(request.body_bytes, last + 1 - first, "{request:?}");
        first..last + 1
    };
    requests.iter().map(range).collect()
}

/// How many bytes are in more than one of these ranges.
fn asked_twice(mut ranges: Vec<Range<u64>>) -> u64 {
    ranges.sort_by_key(|r| r.start);
    let mut end = 0;
    let mut twice = 0;
    for range in ranges {
        twice += end.min(range.end).saturating_sub(range.start);
        end = end.max(range.end);
    }
    twice
}

/// One field of an IFD: tag, field type, values.
type Field = (u16, u16, Vec<u32>);

/// A TIFF of one uncompressed 8-bit band, byte by byte.
struct Layout {
    /// Pixels of a side of a tile, and tiles of a side of the image.
    tile: u32,
    tiles: u32,
    /// Where the first tile begins; the others follow without gaps.
    data: u32,
    ifd_at_end: bool,
}

impl Layout {
    fn build(&self) -> Vec<u8> {
        let (side, count, len) = (self.tile * self.tiles, self.tiles * self.tiles, self.tile * self.tile);
        let offsets: Vec<u32> = (0..count).map(|i| self.data + i * len).collect();
        let fields: [Field; 10] = [
            (256, 4, vec![side]),
            (257, 4, vec![side]),
            (258, 3, vec![8]),
            (259, 3, vec![1]),
            (262, 3, vec![1]),
            (277, 3, vec![1]),
            (322, 3, vec![self.tile]),
            (323, 3, vec![self.tile]),
            (324, 4, offsets),
            (325, 4, vec![len; count as usize]),
        ];
        let pixels: Vec<u8> = (0..count * len).map(|i| (i / len * 37 + i % len * 11 + i / 977) as u8).collect();
        let ifd = if self.ifd_at_end { self.data + count * len } else { 8 };
        let mut file = [&b"II\x2a\0"[..], &ifd.to_le_bytes()].concat();
        if self.ifd_at_end {
            file.resize(self.data as usize, 0);
            file.extend(&pixels);
            file.extend(directory(&fields, ifd));
        } else {
            file.extend(directory(&fields, ifd));
            assert!(file.len() <= self.data as usize, "the IFD takes {} bytes", file.len());
            file.resize(self.data as usize, 0);
            file.extend(&pixels);
        }
        file
    }
}

/// An IFD at `at`, followed by the values that don't fit into it.
fn directory(fields: &[Field], at: u32) -> Vec<u8> {
    let mut entries = (fields.len() as u16).to_le_bytes().to_vec();
    let mut values = Vec::new();
    let after = at + 2 + 12 * fields.len() as u32 + 4;
    for (tag, kind, numbers) in fields {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()[..if *kind == 3 { 2 } else { 4 }].to_vec()).collect();
        entries.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        entries.extend((numbers.len() as u32).to_le_bytes());
        if bytes.len() <= 4 {
            entries.extend([bytes.clone(), vec![0; 4 - bytes.len()]].concat());
        } else {
            entries.extend((after + values.len() as u32).to_le_bytes());
            values.extend(bytes);
        }
    }
    [entries, vec![0; 4], values].concat()
}

#[test]
fn opening_is_one_get_with_a_range_and_no_head() {
    let scene = Scene::new(fixture("cog_rgb_deflate.tif"), &[]);
    let requests = scene.server.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!((requests[0].method.as_str(), requests[0].header("range")), ("GET", Some("bytes=0-16383")));
    assert_eq!(requests[0].header("accept-encoding"), Some("identity"));
    assert_eq!((requests[0].status, requests[0].body_bytes), (206, HEADER));
}

#[test]
fn a_file_smaller_than_the_first_request_is_one_request_in_all() {
    let scene = Scene::new(fixture("type_uint16_deflate_p2_tile.tif"), &[]);
    let size = scene.bytes.len() as u64;
    assert!(size < HEADER);
    assert_eq!(scene.read([0.0, 0.0, 67.0, 53.0]), []);
    assert_eq!(ranges(&scene.server.requests()), [0..size]);
}

#[test]
fn describing_a_cog_costs_nothing_more() {
    let scene = Scene::new(fixture("cog_64_blocks.tif"), &[]);
    let (levels, asked) = scene.asked_by(|d| {
        d.metadata_json().unwrap();
        (0..d.ifd_count().unwrap()).for_each(|ifd| drop(d.tag_value(ifd, 256).unwrap()));
        d.level_count().unwrap()
    });
    assert_eq!((levels, asked), (4, vec![]));
}

#[test]
fn tags_that_only_describe_are_read_when_somebody_asks() {
    let file = fixture("rpc_xmp.tif");
    // The header of 300 bytes holds the IFD; the values of the tags come after the pixels.
    let scene = Scene::new(file, &[("io.header_bytes", "300"), ("io.header_chunk", "64")]);
    let opened = scene.server.requests().len();
    let (domains, asked) = scene.asked_by(|d| d.domains().unwrap().iter().map(|domain| domain.name.clone()).collect::<Vec<_>>());
    assert!(domains.contains(&"RPC".to_owned()) && domains.contains(&"xml:XMP".to_owned()), "{domains:?}");
    assert!(asked.len() <= 2, "{opened} at open, then {asked:?}");
    assert_eq!(scene.asked_by(|d| (d.rpc().unwrap().copied(), d.metadata_json().unwrap())).1, []);
}

#[test]
fn a_tile_is_one_more_request_for_its_bytes_alone() {
    let scene = Scene::new(fixture("cog_rgb_deflate.tif"), &[]);
    for (x, y) in [(1, 1), (0, 2), (2, 0)] {
        let stored = scene.stored((y * 3 + x) as usize, 0);
        assert_eq!(scene.tile(x, y, 0), [stored]);
    }
    assert_eq!(scene.server.requests().len(), 4);
}

#[test]
fn a_tile_inside_the_header_bytes_is_no_request() {
    let scene = Scene::new(fixture("cog_rgb_deflate.tif"), &[]);
    let stored = scene.stored(0, 2);
    assert!(stored.end <= HEADER, "{stored:?}");
    assert_eq!(scene.tile(0, 0, 2), []);
    let stats = scene.dataset.stats();
    assert_eq!((stats.cache_hits, stats.tiles_decoded, stats.requests), (1, 1, 1));
}

#[test]
fn the_stored_bytes_of_a_tile_cost_one_request_too() {
    let scene = Scene::new(fixture("cog_rgb_deflate.tif"), &[]);
    let stored = scene.stored(4, 0);
    let (tile, asked) = scene.asked_by(|d| d.tile_bytes(1, 1, 0).unwrap());
    assert_eq!(asked, std::slice::from_ref(&stored));
    assert_eq!(tile.bytes, scene.bytes[stored.start as usize..stored.end as usize]);
    assert_eq!((tile.compression, tile.predictor), (8, 2));
}

#[test]
fn all_tiles_of_a_level_of_a_cog_are_one_request() {
    let scene = Scene::new(fixture("cog_rgb_deflate.tif"), &[]);
    let (first, last) = (scene.stored(0, 0), scene.stored(8, 0));
    assert_eq!(scene.read([0.0, 0.0, 301.0, 259.0]), [first.start..last.end]);
}

#[test]
fn a_window_of_contiguous_tiles_is_one_request_of_exactly_their_bytes() {
    for (window, tiles) in [([0.0, 0.0, 256.0, 256.0], 0..16), ([60.0, 70.0, 100.0, 50.0], 4..7)] {
        let scene = Scene::new(Layout { tile: 64, tiles: 4, data: 20_480, ifd_at_end: false }.build(), &[]);
        assert_eq!(scene.read(window), [20_480 + tiles.start * 4096..20_480 + tiles.end * 4096]);
    }
}

#[test]
fn rows_of_tiles_that_lie_apart_are_one_request_each() {
    let scene = Scene::new(Layout { tile: 64, tiles: 8, data: 20_480, ifd_at_end: false }.build(), &[]);
    let mut asked = scene.read([130.0, 66.0, 120.0, 120.0]);
    asked.sort_by_key(|r| r.start);
    let row = |y: u64| 20_480 + (y * 8 + 2) * 4096..20_480 + (y * 8 + 4) * 4096;
    assert_eq!(asked, [row(1), row(2)]);
}

#[test]
fn a_gap_up_to_the_setting_is_fetched_along_and_a_larger_one_is_not() {
    // Two columns of a 4 × 4 grid: two tiles wanted, two between them not.
    for (gap, requests) in [("8191", 4), ("8192", 1)] {
        let scene = Scene::new(Layout { tile: 64, tiles: 4, data: 20_480, ifd_at_end: false }.build(), &[("io.merge_gap", gap)]);
        assert_eq!(scene.read([64.0, 0.0, 128.0, 256.0]).len(), requests, "gap {gap}");
    }
}

#[test]
fn a_request_stays_within_the_setting_for_the_largest() {
    let scene = Scene::new(Layout { tile: 64, tiles: 4, data: 20_480, ifd_at_end: false }.build(), &[("io.max_request", "16384")]);
    let mut asked = scene.read([0.0, 0.0, 256.0, 256.0]);
    asked.sort_by_key(|r| r.start);
    assert_eq!(asked, (0..4).map(|i| 20_480 + i * 16_384..20_480 + (i + 1) * 16_384).collect::<Vec<_>>());
}

#[test]
fn a_block_larger_than_the_largest_request_is_fetched_in_parts() {
    let scene = Scene::new(Layout { tile: 512, tiles: 2, data: 20_480, ifd_at_end: false }.build(), &[("io.max_request", "65536")]);
    let mut asked = scene.tile(1, 1, 0);
    asked.sort_by_key(|r| r.start);
    let start = 20_480 + 3 * 512 * 512;
    assert_eq!(asked, (0..4).map(|i| start + i * 65_536..start + (i + 1) * 65_536).collect::<Vec<_>>());
}

#[test]
fn ingested_bytes_at_open_is_the_size_of_the_first_request() {
    for bytes in [4096, 32_768] {
        let scene = Scene::new(fixture("cog_rgb_deflate.tif"), &[("INGESTED_BYTES_AT_OPEN", &bytes.to_string())]);
        assert_eq!(ranges(&scene.server.requests()), [0..bytes]);
    }
}

#[test]
fn header_chunk_size_is_how_far_a_further_request_for_the_header_reads_on() {
    let requests = |chunk| {
        let scene = Scene::new(fixture("cog_64_blocks.tif"), &[("INGESTED_BYTES_AT_OPEN", "300"), ("HEADER_CHUNK_SIZE", chunk)]);
        scene.dataset.metadata_json().unwrap();
        scene.server.requests().len()
    };
    assert_eq!(requests("16384"), 2);
    assert!(requests("64") > requests("512") && requests("512") > 2);
}

#[test]
fn http_merge_consecutive_ranges_decides_whether_neighbours_are_one_request() {
    for (merge, requests) in [("TRUE", 1), ("FALSE", 16)] {
        let settings = [("HTTP_MERGE_CONSECUTIVE_RANGES", merge)];
        let scene = Scene::new(Layout { tile: 64, tiles: 4, data: 20_480, ifd_at_end: false }.build(), &settings);
        assert_eq!(scene.read([0.0, 0.0, 256.0, 256.0]).len(), requests);
    }
}

#[test]
fn without_merging_each_tile_is_a_request() {
    let scene = Scene::new(Layout { tile: 64, tiles: 4, data: 20_480, ifd_at_end: false }.build(), &[("io.merge_ranges", "OFF")]);
    let mut asked = scene.read([0.0, 0.0, 256.0, 256.0]);
    asked.sort_by_key(|r| r.start);
    assert_eq!(asked, (0..16).map(|i| 20_480 + i * 4096..20_480 + (i + 1) * 4096).collect::<Vec<_>>());
}

#[test]
fn a_second_read_does_not_ask_for_the_header_again() {
    let scene = Scene::new(fixture("cog_int16_deflate_nodata.tif"), &[]);
    let window = [0.0, 0.0, 301.0, 259.0];
    let first = scene.read(window);
    let second = scene.read(window);
    assert_eq!(first.len(), 1);
    assert!(second == first || second.is_empty(), "{second:?}");
    assert!(second.iter().all(|r| r.start >= HEADER), "{second:?}");
}

#[test]
fn no_byte_of_a_window_of_16_tiles_is_fetched_twice() {
    let scene = Scene::new(Layout { tile: 64, tiles: 8, data: 20_480, ifd_at_end: false }.build(), &[]);
    let asked = scene.read([128.0, 128.0, 256.0, 256.0]);
    assert_eq!((asked.len(), asked.iter().map(|r| r.end - r.start).sum::<u64>()), (4, 16 * 4096));
    assert_eq!(asked_twice(ranges(&scene.server.requests())), 0);
    let scene = Scene::new(fixture("cog_64_blocks.tif"), &[]);
    scene.read([0.0, 0.0, 256.0, 256.0]);
    assert_eq!(asked_twice(ranges(&scene.server.requests())), 0);
}

#[test]
fn no_byte_is_fetched_twice_where_a_tile_begins_in_the_header_bytes() {
    let scene = Scene::new(Layout { tile: 64, tiles: 4, data: 1000, ifd_at_end: false }.build(), &[]);
    let asked = scene.read([0.0, 0.0, 256.0, 256.0]);
    assert_eq!(asked.len(), 1, "{asked:?}");
    let all = ranges(&scene.server.requests());
    assert_eq!(asked_twice(all.clone()), 0, "{all:?}");
}

#[test]
fn the_counters_say_what_the_server_saw() {
    let scene = Scene::new(fixture("cog_rgb_deflate_mask.tif"), &[]);
    let check = || {
        let (stats, requests) = (scene.dataset.stats(), scene.server.requests());
        assert_eq!(stats.requests, requests.len() as u64);
        assert_eq!(stats.bytes, requests.iter().map(|r| r.body_bytes).sum::<u64>());
        stats
    };
    let opened = check();
    assert_eq!((opened.requests, opened.bytes, opened.header_bytes, opened.tiles_decoded), (1, HEADER, HEADER, 0));
    scene.tile(1, 1, 0);
    let one = check();
    assert_eq!((one.requests, one.tiles_decoded, one.header_bytes), (2, 1, HEADER));
    scene.read([0.0, 0.0, 301.0, 259.0]);
    let all = check();
    // Nine tiles and nine tiles of the mask, but for the one that was decoded before.
    assert_eq!((all.tiles_decoded, all.retries, all.header_bytes), (one.tiles_decoded + 17, 0, HEADER));
    assert_eq!(all.cache_hits + all.cache_misses, all.ranges);
}

#[test]
fn the_counters_of_all_handles_grow_by_those_of_each() {
    let before = cog::stats::total();
    let scene = Scene::new(fixture("cog_uint8_lzw.tif"), &[]);
    scene.read([0.0, 0.0, 301.0, 259.0]);
    let (own, after) = (scene.dataset.stats(), cog::stats::total());
    // Other tests run meanwhile, so it may be more.
    assert!(after.requests >= before.requests + own.requests);
    assert!(after.bytes >= before.bytes + own.bytes);
}

#[test]
fn a_header_larger_than_the_first_request_costs_more_requests_and_is_read_right() {
    for name in ["cog_64_blocks.tif", "cog_rgb_jpeg_mask.tif", "metadata.tif", "cog_uint8_deflate_big.tif"] {
        for (bytes, chunk) in [("16", "1"), ("100", "64"), ("300", "512"), ("1024", "4096")] {
            let scene = Scene::new(fixture(name), &[("io.header_bytes", bytes), ("io.header_chunk", chunk)]);
            let (described, _) = scene.asked_by(|d| d.metadata_json().unwrap());
            let asked = ranges(&scene.server.requests());
            assert!(asked.len() > 1, "{name} {bytes}: {asked:?}");
            assert_eq!(asked_twice(asked.clone()), 0, "{name} {bytes}: {asked:?}");
            let mut reference = scene.reference().metadata_json().unwrap();
            reference["file"] = described["file"].clone();
            // The ghost area is read where the first request brings it whole.
            reference["ghost"] = described["ghost"].clone();
            assert_eq!(described, reference, "{name} {bytes}");
            let (width, height) = scene.dataset.size();
            scene.read([0.0, 0.0, width as f64, height as f64]);
        }
    }
}

#[test]
fn one_chunk_more_holds_the_rest_of_the_header() {
    let scene = Scene::new(fixture("cog_64_blocks.tif"), &[("io.header_bytes", "300"), ("io.header_chunk", "16384")]);
    scene.dataset.metadata_json().unwrap();
    let asked = ranges(&scene.server.requests());
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(asked[0], 0..300);
}

#[test]
fn an_ifd_at_the_end_is_two_requests_and_not_the_whole_file() {
    let file = Layout { tile: 64, tiles: 16, data: 8, ifd_at_end: true }.build();
    let size = file.len() as u64;
    assert!(size > 1_000_000);
    let scene = Scene::new(file, &[]);
    let asked = ranges(&scene.server.requests());
    assert_eq!(asked, [0..HEADER, 1_048_584..size]);
    let stored = 8 + (7 * 16 + 9) * 4096;
    assert_eq!(scene.tile(9, 7, 0), [stored..stored + 4096]);
}

#[test]
fn overviews_at_the_end_of_the_file_are_asked_for_when_they_are_needed() {
    let scene = Scene::new(fixture("mask_rgb_overviews.tif"), &[]);
    assert_eq!(ranges(&scene.server.requests()), [0..HEADER]);
    let (levels, asked) = scene.asked_by(|d| d.level_count().unwrap());
    assert_eq!((levels, asked.len()), (3, 1), "{asked:?}");
    assert!(asked[0].start >= HEADER);
    assert_eq!(scene.asked_by(|d| d.level_count().unwrap()).1, []);
}

#[test]
fn a_large_tile_index_is_read_a_page_at_a_time() {
    // 10,000 tiles: each array takes 40,000 bytes, of which the first request brings a part of one.
    let scene = Scene::new(Layout { tile: 16, tiles: 100, data: 81_920, ifd_at_end: false }.build(), &[]);
    assert_eq!(ranges(&scene.server.requests()), [0..HEADER]);
    let asked = scene.tile(50, 50, 0);
    let stored = 81_920 + (50 * 100 + 50) * 256;
    assert_eq!(asked.last(), Some(&(stored..stored + 256)));
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked[..2].iter().all(|r| r.end - r.start <= 8192 && r.start >= HEADER && r.end <= 81_920), "{asked:?}");
    // The neighbour's entries came along.
    assert_eq!(scene.tile(51, 50, 0), [stored + 256..stored + 512]);
}

#[test]
fn sparse_tiles_are_no_requests() {
    let scene = Scene::new(fixture("cog_sparse.tif"), &[]);
    assert_eq!(scene.stored(1, 0), 0..0);
    assert_eq!(scene.tile(1, 0, 0), []);
    assert_eq!(scene.stored(2, 0), 0..0);
    assert_eq!(scene.read([130.0, 5.0, 171.0, 100.0]), []);
    assert_eq!(scene.server.requests().len(), 1);
    assert_eq!(scene.dataset.stats().tiles_decoded, 0);
}

#[test]
fn every_further_request_names_the_version_that_was_opened() {
    let scene = Scene::new(fixture("cog_rgb_deflate.tif"), &[]);
    scene.tile(1, 1, 0);
    let requests = scene.server.requests();
    assert_eq!(requests[0].header("if-match"), None);
    let etag = requests[1].header("if-match").unwrap();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
}

#[test]
fn a_refused_argument_is_no_request() {
    let scene = Scene::new(fixture("cog_rgb_deflate.tif"), &[]);
    let outside = ReadParams { window: Some([0.0, 0.0, 999.0, 1.0]), level: Some(0), ..ReadParams::default() };
    let band = ReadParams { bands: Some(vec![4]), level: Some(0), ..ReadParams::default() };
    let ((), asked) = scene.asked_by(|d| {
        assert!(d.read_window(&outside, None, false).is_err());
        assert!(d.read_window(&band, None, false).is_err());
        assert!(d.read_tile(3, 0, 0, &ReadParams::default(), None, false).is_err());
    });
    assert_eq!(asked, []);
}
