//! What can't be opened.

use crate::errors::Errors;
use crate::memory::{self, MIB, alone};
use crate::reading::{open_bytes, open_path};
use crate::tiff::{SHORT, Tiff};
use cog::error::Status;
use cog::{Dataset, Options};
use std::path::Path;

#[test]
fn what_is_no_file_is_named_each_in_its_own_words() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut errors = Errors::default();
    let mut open = |what: &str, path: &Path, status, words: &str| {
        errors.check(what, open_path(path).map(drop), status, words, None, path.to_str().unwrap());
    };
    open("missing", &folder.path().join("none.tif"), Status::NotFound, "no such file");
    open("below a missing folder", &folder.path().join("none/none.tif"), Status::NotFound, "no such file");
    open("directory", folder.path(), Status::InvalidArgument, "is a directory");
    open("device", Path::new("/dev/null"), Status::InvalidArgument, "not a regular file");
    errors.seen.retain(|_, what| what != "below a missing folder" && what != "missing");
    errors.wrong.retain(|wrong| !wrong.starts_with("below a missing folder: the same message"));
    errors.end();
    assert_eq!(Dataset::open("", &Options::new()).err().unwrap().status(), Status::InvalidArgument);
    assert_eq!(Dataset::open("gopher://x/a.tif", &Options::new()).err().unwrap().status(), Status::Unsupported);
}

/// Files that must not open: name, bytes, status, words.
fn unopenable() -> Vec<(&'static str, Vec<u8>, Status, &'static str)> {
    let tiff = Tiff::new;
    let format = |name, bytes, words| (name, bytes, Status::Format, words);
    let first_ifd = |offset: u32| {
        let mut file = tiff().build();
        file[4..8].copy_from_slice(&offset.to_le_bytes());
        file
    };
    let big = |size: u16, zero: u16, ifd: u64, entries: u64| {
        let start = [b"II\x2b\0".to_vec(), size.to_le_bytes().to_vec(), zero.to_le_bytes().to_vec(), ifd.to_le_bytes().to_vec()].concat();
        [start, entries.to_le_bytes().to_vec(), vec![0; 500]].concat()
    };
    vec![
        format("empty", Vec::new(), "the file is empty"),
        format("text", b"Dear Sir or Madam".to_vec(), "Dear Sir"),
        format("html", b"<!DOCTYPE html>".to_vec(), "<!DOCTYP"),
        format("png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "\\x89PNG"),
        format("seven bytes", b"II\x2a\0\x08\0\0".to_vec(), "ends inside the TIFF header"),
        format("version 44", b"II\x2c\0\x08\0\0\0".to_vec(), "44"),
        format("BigTIFF of small offsets", big(4, 0, 16, 0), "4 bytes"),
        format("IFD beyond the end", first_ifd(99_999), "offset 99999"),
        format("IFD at 0", first_ifd(0), "offset 0"),
        format("IFD at 2^32 - 1", first_ifd(u32::MAX), "offset 4294967295"),
        format("BigTIFF with its IFD at 2^64 - 1", big(8, 0, u64::MAX, 0), "18446744073709551615"),
        format("IFD without entries", tiff().patch(600, &[0; 64]).patch(4, &600u32.to_le_bytes()).build(), "no entries"),
        format("IFD of 65535 entries", tiff().patch(8, &[0xff, 0xff]).build(), "an IFD is cut short"),
        format("IFD at the last byte", first_ifd(1535), "2 bytes at offset 1535"),
        format("BigTIFF IFD of 2^40 entries", big(8, 0, 16, 1 << 40), "1099511627776"),
        format("no width", tiff().without(256).build(), "no ImageWidth"),
        format("no height", tiff().without(257).build(), "no ImageLength"),
        format("width 0", tiff().long(256, 0).build(), "ImageWidth is 0"),
        format("height 0", tiff().long(257, 0).build(), "ImageLength is 0"),
        format("width 2^32 - 1", tiff().long(256, u32::MAX).build(), "ImageWidth is 4294967295"),
        format("height 2^31", tiff().long(257, 1 << 31).build(), "ImageLength is 2147483648"),
        format("tile width 0", tiff().long(322, 0).build(), "tile size is 0 × 16"),
        format("tile height 0", tiff().long(323, 0).build(), "tile size is 16 × 0"),
        format("tile width 2^32 - 1", tiff().long(322, u32::MAX).build(), "tile size is 4294967295 × 16"),
        format("no samples", tiff().long(277, 0).build(), "SamplesPerPixel is 0"),
        format("BitsPerSample beyond the end", tiff().set(258, SHORT, 3, 5000).build(), "at offset 5000"),
        format("BitsPerSample 2^32 - 1 times", tiff().set(258, SHORT, u32::MAX, 400).build(), "4294967295 values"),
        format("width of an unknown type", tiff().set(256, 99, 1, 32).build(), "99"),
        format("offsets of an unknown type", tiff().set(324, 99, 4, 400).build(), "field type 99"),
        ("33 bits", tiff().long(258, 33).build(), Status::Unsupported, "33 bits"),
        ("0 bits", tiff().long(258, 0).build(), Status::Unsupported, "0 bits"),
        ("compression 65537, which is not 1", tiff().long(259, 65_537).build(), Status::Unsupported, "Compression 65537"),
        ("SampleFormat 9", tiff().long(339, 9).build(), Status::Unsupported, "SampleFormat 9"),
        ("bits that differ", tiff().set(258, SHORT, 2, 16 << 16 | 8).long(277, 2).build(), Status::Unsupported, "[8, 16]"),
    ]
}

#[test]
fn each_file_that_can_not_be_opened_says_why() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut errors = Errors::default();
    for (name, bytes, status, words) in unopenable() {
        let path = folder.path().join("a.tif");
        std::fs::write(&path, &bytes).unwrap();
        errors.check(name, open_path(&path).map(drop), status, words, None, path.to_str().unwrap());
        let from_memory = open_bytes(bytes).err().map(|e| (e.status(), e.place().file.clone()));
        assert_eq!(from_memory, Some((status, Some("memory".to_owned()))), "{name}");
    }
    errors.end();
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}
