//! The native decoders and the pure-Rust ones read the same pixels: exactly where nothing was lost, nearly where JPEG is decoded.

use super::{Case, assert_none, corpus, fixtures, manifest, open, read_level};
use cog::Dataset;
use std::sync::Arc;

/// The grey levels by which jpeg-decoder's pixels may differ from libjpeg-turbo's.
const JPEG_LEVELS: u8 = 3;

/// What the backends disagree on in one file.
fn disagreement(case: &Case) -> Vec<String> {
    let (native, rust) = (open(&case.path, &[("decode.backend", "native")]), open(&case.path, &[("decode.backend", "rust")]));
    let allowed = if case.want["compress"] == "jpeg" || case.want["compress"] == "OJPEG" { JPEG_LEVELS } else { 0 };
    let levels = 0..native.level_count().unwrap();
    levels.filter_map(|level| level_disagreement(&native, &rust, level, allowed)).map(|what| format!("{}: {what}", case.name)).collect()
}

fn level_disagreement(native: &Arc<Dataset>, rust: &Arc<Dataset>, level: usize, allowed: u8) -> Option<String> {
    let (native, rust) = match (read_level(native, level), read_level(rust, level)) {
        (Ok(native), Ok(rust)) => (native, rust),
        (Err(native), Err(rust)) if native.status() == rust.status() => return None,
        (native, rust) => return Some(format!("level {level}: {:?} and {:?}", native.err(), rust.err())),
    };
    if native.mask != rust.mask {
        return Some(format!("level {level}: the masks differ"));
    }
    if native.data.len() != rust.data.len() {
        return Some(format!("level {level}: {} and {} bytes", native.data.len(), rust.data.len()));
    }
    let difference = native.data.iter().zip(&rust.data).map(|(a, b)| a.abs_diff(*b)).max()?;
    (difference > allowed).then(|| format!("level {level}: pixels differ by up to {difference}"))
}

#[test]
fn both_backends_read_the_same_pixels_of_every_fixture() {
    let cases = fixtures();
    let jpeg = cases.iter().filter(|case| case.want["compress"] == "jpeg").count();
    assert!(jpeg >= 8, "only {jpeg} files are JPEG");
    assert_none(&cases.iter().flat_map(disagreement).collect::<Vec<_>>());
}

#[test]
fn both_backends_read_the_same_pixels_of_every_file_of_the_corpus() {
    for folder in ["matrix", "real"] {
        let Some(path) = corpus::folder_of(folder) else { return };
        let read = |case: &Case| case.want.get("error").is_none();
        assert_none(&manifest(&path).iter().filter(|case| read(case)).flat_map(disagreement).collect::<Vec<_>>());
    }
}
