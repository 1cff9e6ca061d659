//! Lies and loops that do not keep from reading.

use crate::memory::{self, MIB, alone};
use crate::reading::read;
use crate::tiff::{LONG, Tiff};
use crate::time::bounded;
use std::sync::Arc;

#[test]
fn harmless_lies_do_not_keep_from_reading() {
    let _alone = alone();
    let right = read(&Tiff::new().open()).unwrap();
    let cases = [
        ("byte counts too large of uncompressed tiles", Tiff::new().tile_count(3, u32::MAX)),
        ("byte counts too small of uncompressed tiles", Tiff::new().tile_count(3, 10)),
        ("no byte counts of uncompressed tiles", Tiff::new().without(325)),
        ("a description that is not in the file", Tiff::new().set(270, 2, 1000, 70_000)),
        ("a description of 4 GiB", Tiff::new().set(270, 2, u32::MAX, 400)),
        ("a date of an unknown type", Tiff::new().set(306, 99, 1, 0)),
        ("a tag that nobody knows, of a type that nobody knows", Tiff::new().set(65_000, 77, u32::MAX, u32::MAX)),
        ("an array longer than it need be", Tiff::new().set(324, LONG, 90_000_000, 400)),
        ("a next IFD beyond the end", Tiff::new().next(4_000_000_000)),
        ("a next IFD inside the pixels", Tiff::new().next(700)),
        ("a next IFD at the last byte", Tiff::new().next(1535)),
    ];
    for (name, tiff) in cases {
        let dataset = tiff.open();
        assert_eq!(dataset.level_count().map_err(|e| e.to_string()), Ok(1), "{name}");
        assert!(dataset.metadata_json().is_ok(), "{name}");
        assert!(read(&dataset).unwrap() == right, "{name}");
    }
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

#[test]
fn loops_of_ifds_end() {
    let _alone = alone();
    let right = read(&Tiff::new().open()).unwrap();
    let overview = |next: u32| Tiff::new().long(254, 1).long(256, 16).long(257, 16).next(next).ifd();
    let at = |tiff: Tiff, offset: usize, bytes: &[u8]| {
        let mut tiff = tiff;
        tiff.size = 4096;
        tiff.patch(offset, bytes)
    };
    let cases = [
        ("an IFD that is its own next", Tiff::new().next(8), 1, 1),
        ("two that lead to each other", at(Tiff::new().next(2000), 2000, &overview(8)), 2, 2),
        ("a second that is its own next", at(Tiff::new().next(2000), 2000, &overview(2000)), 2, 2),
        ("a SubIFD that is the first", Tiff::new().set(330, LONG, 1, 8), 1, 1),
        ("a SubIFD that is also next", at(Tiff::new().next(2000).set(330, LONG, 1, 2000), 2000, &overview(2000)), 2, 2),
    ];
    for (name, tiff, ifds, levels) in cases {
        let dataset = tiff.open();
        let (counts, pixels) = bounded(20, {
            let dataset = Arc::clone(&dataset);
            move || ((dataset.ifd_count().unwrap(), dataset.level_count().unwrap()), read(&dataset).unwrap())
        });
        assert_eq!(counts, (ifds, levels), "{name}");
        assert!(pixels == right, "{name}");
    }
}
