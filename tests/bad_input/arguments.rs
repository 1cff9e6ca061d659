//! Arguments that can't be meant.

use crate::errors::Errors;
use crate::memory::{self, MIB, alone};
use crate::reading::{open_path, read, window};
use crate::tiff::Tiff;
use cog::ReadParams;
use cog::error::Status;

#[test]
fn arguments_that_can_not_be_meant_are_told_apart() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    std::fs::write(&path, Tiff::new().build()).unwrap();
    let dataset = open_path(&path).unwrap();
    let bands = |bands: &[u32]| ReadParams { bands: Some(bands.to_vec()), ..ReadParams::default() };
    let level = |level| ReadParams { level: Some(level), ..ReadParams::default() };
    let out = |w, h| ReadParams { out_size: (w, h), ..ReadParams::default() };
    let (bounds, invalid) = (Status::OutOfBounds, Status::InvalidArgument);
    let cases = [
        ("outside on the right", window([30.0, 0.0, 3.0, 1.0]), bounds, "not inside the image of 32 × 32"),
        ("outside below", window([0.0, 30.0, 1.0, 3.0]), bounds, "not inside"),
        ("outside altogether", window([500.0, 500.0, 1.0, 1.0]), bounds, "not inside"),
        ("outside by a part of a pixel", window([0.0, 0.0, 32.001, 32.0]), bounds, "not inside"),
        ("left of the image", window([-1.0, 0.0, 3.0, 3.0]), bounds, "not inside"),
        ("above the image", window([0.0, -0.5, 3.0, 3.0]), bounds, "not inside"),
        ("as far as there are numbers", window([0.0, 0.0, f64::MAX, 1.0]), bounds, "not inside"),
        ("no width", window([0.0, 0.0, 0.0, 3.0]), invalid, "empty"),
        ("no height", window([0.0, 0.0, 3.0, 0.0]), invalid, "empty"),
        ("negative width", window([3.0, 3.0, -2.0, 1.0]), invalid, "empty"),
        ("NaN for x", window([f64::NAN, 0.0, 1.0, 1.0]), invalid, "not a number"),
        ("NaN for the height", window([0.0, 0.0, 1.0, f64::NAN]), invalid, "not a number"),
        ("an infinite width", window([0.0, 0.0, f64::INFINITY, 1.0]), invalid, "not a number"),
        ("band 0", bands(&[0]), bounds, "no band 0"),
        ("band 2 of 1", bands(&[1, 2]), bounds, "no band 2"),
        ("the highest band", bands(&[u32::MAX]), bounds, "no band 4294967295"),
        ("no bands", bands(&[]), invalid, "list of bands is empty"),
        ("level 1 of 1", level(1), bounds, "no level 1"),
        ("the highest level", level(usize::MAX), bounds, "no level 18446744073709551615"),
        ("an output wider than any image", out(1 << 31, 1), invalid, "2147483648"),
        ("an output higher than any image", out(1, u64::MAX), invalid, "18446744073709551615"),
    ];
    let mut errors = Errors::default();
    let name = path.to_str().unwrap();
    for (what, params, status, words) in cases {
        assert!(dataset.read_size(&params).is_err(), "{what}");
        errors.check(what, dataset.read_window(&params, None, true).map(drop), status, words, None, name);
    }
    let at = |x, y, level| dataset.read_tile(x, y, level, &ReadParams::default(), None, false).map(drop);
    errors.check("a tile too far right", at(2, 0, 0), bounds, "no tile (2, 0)", Some((2, 0)), name);
    errors.check("a tile too far down", at(0, 2, 0), bounds, "no tile (0, 2)", Some((0, 2)), name);
    errors.check("the highest tile", at(u64::MAX, u64::MAX, 0), bounds, "no tile (18446744073709551615", Some((u64::MAX, u64::MAX)), name);
    errors.check("a tile of no level", at(0, 0, 3), bounds, "no level 3", None, name);
    errors.check("the stored bytes of no tile", dataset.tile_bytes(9, 9, 0).map(drop), bounds, "no tile (9, 9)", Some((9, 9)), name);
    errors.check("an IFD that is not there", dataset.tags(1).map(drop), bounds, "no IFD 1", None, name);
    errors.check("a tag that is not there", dataset.tag_value(0, 42_113).map(drop), bounds, "no tag 42113", None, name);
    errors.end();
    assert!(read(&dataset).is_ok(), "the handle lives on");
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}
