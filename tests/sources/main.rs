//! The same file from every kind of source, from real servers where there are any, and the credentials that lead to them.
//!
//! `./dev test` installs the servers ([`servers`]) and insists on them; a plain `cargo test` passes over what needs them, and says so.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod azure;
mod callback;
mod conformance;
mod gcs;
mod proxy;
mod refusals;
mod s3;
mod scripted;
mod secrets;
mod servers;

#[path = "../range_server/server.rs"]
mod range_server;

use cog::{Dataset, Error, Options};
use std::path::PathBuf;
use std::sync::Arc;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data").join(name)
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

/// Settings as a handle's options.
fn options(settings: &[(&str, &str)]) -> Options {
    let mut options = Options::new();
    // What the environment says, and what is in memory, is not what these tests are about.
    let fixed = [("http.proxy", "none"), ("aws.region", "us-east-1"), ("aws.config_file", ""), ("aws.shared_credentials_file", "")];
    let no_caches = [("cache.headers", "FALSE"), ("cache.blocks", "FALSE")];
    for (key, value) in fixed.iter().chain(&no_caches).chain(settings) {
        options.set(key, value).unwrap();
    }
    options
}

fn open(uri: &str, settings: &[(&str, &str)]) -> Result<Arc<Dataset>, Error> {
    Dataset::open(uri, &options(settings)).map(Arc::new)
}
