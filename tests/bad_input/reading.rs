//! Opening and reading, in few words.

use cog::{Dataset, Error, Options, ReadParams};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) fn open_bytes(bytes: Vec<u8>) -> Result<Arc<Dataset>, Error> {
    Dataset::open_memory(bytes.into(), &Options::new()).map(Arc::new)
}

pub(crate) fn read(dataset: &Arc<Dataset>) -> Result<Vec<u8>, Error> {
    dataset.read_window(&ReadParams { level: Some(0), ..ReadParams::default() }, None, false).map(|pixels| pixels.data)
}

pub(crate) fn tile(dataset: &Arc<Dataset>, x: u64, y: u64) -> Result<Vec<u8>, Error> {
    dataset.read_tile(x, y, 0, &ReadParams::default(), None, false).map(|pixels| pixels.data)
}

pub(crate) fn window(window: [f64; 4]) -> ReadParams {
    ReadParams { window: Some(window), ..ReadParams::default() }
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixture_path(&format!("data/{name}"))).unwrap()
}

/// A path below tests/fixtures.
pub(crate) fn fixture_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

pub(crate) fn open_path(path: &Path) -> Result<Arc<Dataset>, Error> {
    Dataset::open(path.to_str().unwrap(), &Options::new()).map(Arc::new)
}
