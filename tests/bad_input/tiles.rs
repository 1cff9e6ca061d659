//! Files that open, with tiles that can't be read.

use crate::errors::Errors;
use crate::memory::{self, MIB, alone};
use crate::reading::tile;
use crate::tiff::{LONG, Tiff};
use cog::error::Status;

#[test]
fn each_tile_that_can_not_be_read_is_named_with_the_reason() {
    let _alone = alone();
    let tiff = Tiff::new;
    let deflate = || Tiff::new().long(259, 8);
    let mut errors = Errors::default();
    let cases = [
        ("offset beyond the end", tiff().tile_offset(3, 70_000), Status::Format, "at offset 70000 reach beyond the end"),
        ("offset so that the end is beyond", tiff().tile_offset(3, 1300), Status::Format, "at offset 1300 reach beyond the end"),
        ("a stored tile of 4 GiB", deflate().tile_count(3, u32::MAX), Status::LimitExceeded, "4294967295"),
        ("a stored tile of 500 MB", deflate().tile_count(3, 500_000_000), Status::Format, "500000000 bytes at offset 1280"),
        ("deflate of nonsense", deflate(), Status::Format, "deflate"),
        ("LZW of nonsense", tiff().long(259, 5).patch(1280, &[0xff; 256]), Status::Format, "LZW"),
        ("PackBits that ends early", tiff().long(259, 32773).tile_count(3, 2), Status::Format, "2 stored bytes can't hold"),
        ("JPEG of nonsense", tiff().long(259, 7), Status::Format, "JPEG"),
        ("WebP of nonsense", tiff().long(259, 50001).long(277, 3), Status::Format, "WebP"),
        ("zstd of nonsense", tiff().long(259, 50000), Status::Format, "std"),
        ("compression that nobody knows", tiff().long(259, 12_345), Status::Unsupported, "12345"),
        ("compression 0", tiff().long(259, 0), Status::Unsupported, "0 (unknown)"),
        ("JPEG 2000", tiff().long(259, 34712), Status::Unsupported, "34712 (JP2000)"),
        ("predictor that nobody knows", tiff().long(259, 8).long(317, 77).patch(1280, &zlib(256)), Status::Unsupported, "77"),
        ("65535 samples", tiff().long(277, 65_535), Status::Format, "16776960 bytes"),
        ("no offsets", tiff().without(324), Status::Format, "no TileOffsets"),
        ("deflate without byte counts", deflate().without(325), Status::Format, "no TileByteCounts"),
    ];
    for (name, tiff, status, words) in cases {
        let dataset = tiff.open();
        errors.check(name, tile(&dataset, 1, 1).map(drop), status, words, Some((1, 1)), "memory");
    }
    errors.end();
    // 65535 samples of a tile of 16 × 16: what was asked for takes 16 MiB.
    assert!(memory::largest() <= 17 * MIB, "{} bytes were asked for at once", memory::largest());
}

/// `len` zeroes, deflated.
fn zlib(len: usize) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&vec![0; len]).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_index_beyond_the_end_is_said_to_be_cut_short() {
    let _alone = alone();
    for tiff in [Tiff::new().set(324, LONG, 4, 60_000), Tiff::new().set(325, LONG, 4, 1530)] {
        let dataset = tiff.open();
        let e = tile(&dataset, 1, 1).unwrap_err();
        assert_eq!((e.status(), e.place().level), (Status::Format, Some(0)), "{e}");
        assert!(e.to_string().contains("the tile index is cut short") && e.to_string().starts_with("memory: level 0"), "{e}");
    }
}
