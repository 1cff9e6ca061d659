//! aiocogeo's settings of reads, by its own names: what is asked of the server under each value.

use super::{Scene, fixture};
use cog::error::Status;
use cog::{Pixels, ReadParams};

fn scene(settings: &[(&str, &str)]) -> Scene {
    Scene::new(fixture("cog_rgb_deflate.tif"), settings)
}

/// A window whose left half lies outside the image of 301 × 259 pixels, in tiles of 128.
fn half_outside(scene: &Scene) -> Result<Pixels, cog::Error> {
    let params = ReadParams { window: Some([-64.0, 128.0, 128.0, 64.0]), level: Some(0), boundless: true, ..ReadParams::default() };
    scene.dataset.read_window(&params, None, true)
}

#[test]
fn boundless_read_decides_whether_what_lies_outside_is_filled_or_refused_without_a_request() {
    let allowed = scene(&[("BOUNDLESS_READ", "TRUE")]);
    let (pixels, asked) = allowed.asked_by(|_| half_outside(&allowed).unwrap());
    assert_eq!(asked, [allowed.stored(3, 0)]);
    assert_eq!((pixels.data[0], pixels.mask[0], pixels.mask[64]), (0, 0, 255));
    let refused = scene(&[("BOUNDLESS_READ", "FALSE")]);
    let (error, asked) = refused.asked_by(|_| half_outside(&refused).unwrap_err());
    assert_eq!((error.status(), asked), (Status::OutOfBounds, vec![]), "{error}");
}

#[test]
fn boundless_read_fill_value_is_what_lies_outside() {
    for value in ["7", "255"] {
        let scene = scene(&[("BOUNDLESS_READ_FILL_VALUE", value)]);
        let (pixels, asked) = scene.asked_by(|_| half_outside(&scene).unwrap());
        assert_eq!(asked, [scene.stored(3, 0)]);
        assert_eq!((pixels.data[0].to_string(), pixels.mask[0]), (value.to_owned(), 0));
    }
}

#[test]
fn zoom_level_strategy_decides_which_overview_is_asked_for() {
    // 1.6 pixels of level 0 for one: LOWER takes the coarser level, UPPER the finer one, AUTO (50) the coarser one from 1.5 on.
    for (strategy, level) in [("LOWER", 1), ("UPPER", 0), ("AUTO", 1), ("100", 1), ("0", 0), ("30", 0)] {
        let scene = scene(&[("ZOOM_LEVEL_STRATEGY", strategy), ("INGESTED_BYTES_AT_OPEN", "4096")]);
        let params = ReadParams { out_size: (188, 162), ..ReadParams::default() };
        let (pixels, asked) = scene.asked_by(|d| d.read_window(&params, None, false).unwrap());
        assert_eq!(pixels.size.level, level, "{strategy}");
        let first = scene.stored(0, level);
        assert!(asked.iter().any(|range| range.start <= first.start && first.end <= range.end), "{strategy}: {asked:?}, not {first:?}");
        let other = scene.stored(0, 1 - level);
        assert!(asked.iter().all(|range| range.end <= other.start || other.end <= range.start), "{strategy}: {asked:?}");
    }
}
