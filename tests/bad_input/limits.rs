//! What is too large or too long: refused before it takes memory, or done in time.

use crate::memory::{self, MIB, alone};
use crate::reading::{fixture_path, read, tile, window};
use crate::tiff::Tiff;
use crate::time::bounded;
use cog::error::{Reason, Status};
use cog::{Dataset, Error, Options, ReadParams};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// A setting, the value (empty: the default) at which its file in tests/fixtures/limits is refused, and one at which it is read.
const LIMITS: [(&str, &str, &str); 6] = [
    ("limits.tile_bytes", "16777215", ""),
    ("limits.output_bytes", "", "4000000000000"),
    ("limits.header_bytes", "65536", ""),
    ("limits.ifds", "", "1100"),
    ("limits.tag_bytes", "4096", ""),
    ("limits.jpeg_scans", "", "200"),
];

fn open_limited(setting: &str, value: &str) -> Result<Arc<Dataset>, Error> {
    let mut options = Options::new();
    if !value.is_empty() {
        options.set(setting, value).unwrap();
    }
    let path = fixture_path(&format!("limits/{}.tif", setting.trim_start_matches("limits.")));
    Dataset::open(path.to_str().unwrap(), &options).map(Arc::new)
}

/// Opens, follows the chain, asks for every tag, plans the whole image, and reads a corner of it.
fn use_all_of(setting: &str, value: &str) -> Result<(), Error> {
    let dataset = open_limited(setting, value)?;
    for ifd in 0..dataset.ifd_count()? {
        for entry in dataset.tags(ifd)? {
            dataset.tag_value(ifd, entry.tag)?;
        }
    }
    dataset.read_size(&ReadParams { level: Some(0), ..ReadParams::default() })?;
    dataset.read_window(&window([0.0, 0.0, 16.0, 16.0]), None, true).map(drop)
}

#[test]
fn each_limit_refuses_its_file_by_name_and_reads_it_when_raised() {
    let _alone = alone();
    for (setting, refuses, reads) in LIMITS {
        memory::reset();
        let e = use_all_of(setting, refuses).expect_err(setting);
        assert_eq!(e.status(), Status::LimitExceeded, "{setting}: {e}");
        assert!(e.to_string().contains(&format!("{setting} = ")), "{e}");
        assert!(memory::largest() < 4 * MIB, "{setting}: {} bytes were asked for at once", memory::largest());
        // jpeg-decoder takes a refinement that comes again for damage.
        if cfg!(feature = "native-codecs") || setting != "limits.jpeg_scans" {
            use_all_of(setting, reads).unwrap_or_else(|e| panic!("{setting} = {reads:?}: {e}"));
        }
    }
}

#[test]
fn every_limit_has_its_file() {
    let settings: Vec<&str> = cog::options::SETTINGS.iter().map(|s| s.key).filter(|key| key.starts_with("limits.")).collect();
    let mut tested: Vec<&str> = LIMITS.iter().map(|(setting, ..)| *setting).collect();
    tested.sort_by_key(|key| settings.iter().position(|s| s == key));
    assert_eq!(tested, settings);
}

#[test]
fn a_chain_longer_than_its_limit_is_refused_by_the_name_of_the_setting() {
    let _alone = alone();
    let small = Tiff::new().long(254, 1).long(256, 16).long(257, 16);
    let mut tiff = Tiff::new().next(2000);
    tiff.size = 2000 + 1100 * 200;
    for i in 0..1100u32 {
        tiff = tiff.patch(2000 + 200 * i as usize, &small.clone().next(2000 + 200 * (i + 1) % (1100 * 200)).ifd());
    }
    let e = tiff.open().level_count().unwrap_err();
    assert_eq!(e.status(), Status::LimitExceeded, "{e}");
    assert!(e.to_string().contains("limits.ifds = 1024") && e.to_string().starts_with("memory: "), "{e}");
    let mut options = Options::new();
    options.set("limits.ifds", "2000").unwrap();
    let dataset = Dataset::open_memory(tiff.build().into(), &options).unwrap();
    assert_eq!(dataset.ifd_count().unwrap(), 1101);
    // GDAL takes no more than 30 overviews.
    assert_eq!(dataset.level_count().unwrap(), 31);
}

/// 1000 IFDs of 60,000 entries each, every one four bytes behind the last: 700 KB of file, 2.4 GB of entries.
#[test]
fn ifds_that_overlap_take_no_more_memory_than_their_limit() {
    const FIRST: usize = 2000;
    const ENTRIES: usize = 60_000;
    let mut file = Tiff::new().next(FIRST as u32).build();
    file.resize(FIRST, 0);
    // Every other byte pair counts 60,000 entries.
    file.extend((0..ENTRIES * 6 + 4096).flat_map(|_| (ENTRIES as u16).to_le_bytes()));
    for i in 0..1000 {
        let next = FIRST + 4 * i + 2 + ENTRIES * 12;
        file[next..next + 4].copy_from_slice(&((FIRST + 4 * (i + 1)) as u32).to_le_bytes());
    }
    let _alone = alone();
    let dataset = Dataset::open_memory(file.into(), &Options::new()).unwrap();
    let e = dataset.level_count().unwrap_err();
    assert_eq!(e.status(), Status::LimitExceeded, "{e}");
    assert!(e.to_string().contains("limits.header_bytes"), "{e}");
}

#[test]
fn a_tile_of_16_gib_in_a_tiny_file_is_refused_and_takes_no_memory() {
    let _alone = alone();
    let huge = |compression| Tiff::new().long(256, 131_072).long(257, 131_072).long(322, 131_072).long(323, 131_072).long(259, compression);
    for compression in [1, 5, 7, 8, 32773, 50000, 50001] {
        let dataset = huge(compression).open();
        memory::reset();
        let e = dataset.read_window(&window([0.0, 0.0, 16.0, 16.0]), None, true).unwrap_err();
        assert!(matches!(e.status(), Status::LimitExceeded | Status::Format), "{compression}: {e}");
        assert_eq!((e.place().level, e.place().tile), (Some(0), Some((0, 0))), "{e}");
        assert!(memory::largest() < MIB, "{compression}: {} bytes were asked for at once", memory::largest());
    }
}

#[test]
fn a_whole_tile_of_16_gib_in_a_tiny_file_is_refused_before_its_result_is_allocated() {
    let _alone = alone();
    let dataset = Tiff::new().long(256, 131_072).long(257, 131_072).long(322, 131_072).long(323, 131_072).long(259, 8).open();
    memory::reset();
    let e = tile(&dataset, 0, 0).unwrap_err();
    assert!(matches!(e.status(), Status::LimitExceeded | Status::Format), "{e}");
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

/// A block of less than a kilobyte can't hold 900 MB: deflate packs at most 1032 to 1.
#[test]
fn a_tile_larger_than_its_stored_bytes_can_hold_takes_no_memory() {
    let _alone = alone();
    let dataset = Tiff::new().long(256, 30_000).long(257, 30_000).long(322, 30_000).long(323, 30_000).open();
    memory::reset();
    let e = dataset.read_window(&window([0.0, 0.0, 16.0, 16.0]), None, false).unwrap_err();
    assert_eq!(e.status(), Status::Format, "{e}");
    assert!(memory::largest() < MIB, "uncompressed: {} bytes were asked for at once", memory::largest());
}

#[test]
fn the_largest_image_that_there_can_be_opens_and_is_read_tile_by_tile() {
    let _alone = alone();
    let side = i32::MAX as u32;
    let dataset = Tiff::new().long(256, side).long(257, side).open();
    let info = dataset.level_info(0).unwrap();
    assert_eq!((info.width, info.height, info.blocks_across), (u64::from(side), u64::from(side), 1 << 27));
    assert!(tile(&dataset, 0, 0).unwrap() == tile(&Tiff::new().open(), 0, 0).unwrap());
    // The index has four entries: the other tiles are sparse.
    assert_eq!(tile(&dataset, (1 << 27) - 1, (1 << 27) - 1).unwrap(), [0; 256]);
    let corner = f64::from(side) - 5.0;
    assert_eq!(dataset.read_window(&window([corner, corner, 5.0, 5.0]), None, true).unwrap().data, [0; 25]);
    let e = tile(&dataset, 1 << 27, 0).unwrap_err();
    assert_eq!((e.status(), e.place().tile), (Status::OutOfBounds, Some((1 << 27, 0))), "{e}");
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

/// 2^31 - 1 squared, times 8 bytes, is more than 64 bits hold.
#[test]
fn a_result_too_large_to_be_counted_is_refused() {
    let _alone = alone();
    let side = i32::MAX as u32;
    let dataset = Tiff::new().long(256, side).long(257, side).long(322, side).long(323, side).long(258, 64).long(339, 3).open();
    for what in ["size", "window", "tile"] {
        let result = catch_unwind(AssertUnwindSafe(|| match what {
            "size" => dataset.read_size(&ReadParams::default()).map(|size| assert!(size.bytes() > 0)),
            "window" => dataset.read_window(&ReadParams::default(), None, false).map(drop),
            _ => dataset.read_tile(0, 0, 0, &ReadParams::default(), None, false).map(drop),
        }));
        let result = result.unwrap_or_else(|_| panic!("a panic while reading the {what}"));
        if let (Err(e), true) = (&result, what != "size") {
            assert_eq!(e.status(), Status::LimitExceeded, "{what}: {e}");
        } else {
            assert_eq!(what, "size", "it was read");
        }
    }
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

#[test]
fn a_result_above_its_limit_is_refused_before_the_read_is_planned() {
    let _alone = alone();
    // A million columns of tiles, a million rows of them: 256 TB.
    let dataset = Tiff::new().long(256, 16_000_000).long(257, 16_000_000).open();
    memory::reset();
    let e = read(&dataset).unwrap_err();
    assert_eq!(e.status(), Status::LimitExceeded, "{e}");
    assert!(e.to_string().contains("limits.output_bytes") && e.to_string().starts_with("memory: "), "{e}");
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

#[test]
fn an_output_above_its_limit_is_refused_before_the_read_is_planned() {
    let _alone = alone();
    let mut options = Options::new();
    options.set("limits.output_bytes", "1000").unwrap();
    let dataset = Arc::new(Dataset::open_memory(Tiff::new().build().into(), &options).unwrap());
    memory::reset();
    let params = ReadParams { out_size: (20_000_000, 1), ..window([0.0, 0.0, 32.0, 32.0]) };
    let e = dataset.read_window(&params, None, false).unwrap_err();
    assert_eq!(e.status(), Status::LimitExceeded, "{e}");
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

#[test]
fn limits_name_their_setting_and_can_be_raised_to_the_byte() {
    let _alone = alone();
    let with = |key: &str, value: &str| {
        let mut options = Options::new();
        options.set(key, value).unwrap();
        Arc::new(Dataset::open_memory(Tiff::new().build().into(), &options).unwrap())
    };
    let limit = |e: &Error| match e.reason() {
        Reason::LimitExceeded { value, setting, limit, .. } => (*value, *setting, *limit),
        other => panic!("{other}"),
    };
    assert_eq!(limit(&read(&with("limits.output_bytes", "1023")).unwrap_err()), (1024, "limits.output_bytes", 1023));
    assert!(read(&with("limits.output_bytes", "1024")).is_ok());
    let e = read(&with("limits.tile_bytes", "255")).unwrap_err();
    assert_eq!(limit(&e), (256, "limits.tile_bytes", 255));
    assert!(e.to_string().contains("limits.tile_bytes = 255") && e.place().tile.is_some(), "{e}");
    assert!(read(&with("limits.tile_bytes", "256")).is_ok());
}

/// Work for each pair of bands would be four thousand million steps, for a file of a kilobyte.
#[test]
fn a_planar_file_of_65535_bands_ends_in_time() {
    let _alone = alone();
    let dataset = Tiff::new().long(277, 65_535).long(284, 2).open();
    for bands in [None, Some(vec![1, 65_535])] {
        let dataset = Arc::clone(&dataset);
        let params = ReadParams { bands, timeout: Some(Duration::from_secs(10)), ..ReadParams::default() };
        let asked = params.bands.clone().map_or(65_535, |bands| bands.len());
        let result = bounded(30, move || dataset.read_tile(0, 0, 0, &params, None, false));
        // Four offsets are there: the other planes are sparse.
        let pixels = result.unwrap_or_else(|e| panic!("{asked} bands: {e}"));
        assert_eq!((pixels.size.bands, pixels.data.len()), (asked, asked * 256));
        assert!(pixels.data[..256] == tile(&Tiff::new().open(), 0, 0).unwrap());
        assert!(pixels.data[(asked - 1) * 256..] == [0; 256]);
    }
}
