//! Servers that fail, lie, stall or change their files: the exact error each time, and never a wrong pixel or a secret in a message.
//!
//! [`table`] is the whole list of faults, and prints what a caller sees of each; the others look closer.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod answers;
mod elsewhere;
mod limits;
mod redirects;
mod retries;
mod secrets;
mod stores;
mod table;
mod tls;
mod versions;

#[path = "../sources/scripted.rs"]
#[allow(dead_code, reason = "each program uses a part of it")]
mod scripted;
#[path = "../range_server/server.rs"]
mod server;

use cog::error::Status;
use cog::{Dataset, Error, Options, ReadParams};
use server::{Behaviour, Server};
use std::path::PathBuf;
use std::sync::Arc;

/// Uncompressed, where wrong bytes would be wrong pixels that nobody notices; and deflate.
const FILES: [&str; 2] = ["type_int16_none_tile_be.tif", "type_uint16_deflate_p2_tile.tif"];
const PATH: &str = "/folder/a.tif";

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data").join(name)).unwrap()
}

fn options(settings: &[(&str, &str)]) -> Options {
    let mut options = Options::new();
    // A first request that brings the header, and no whole tile, of the fixtures that are used here.
    let header = [("io.header_bytes", "468"), ("io.header_chunk", "64")];
    // The port of a server that is gone may be another one's soon, whose file is another one.
    let quick = [("http.retry_delay_ms", "1"), ("cache.headers", "FALSE")];
    for (key, value) in header.iter().chain(&quick).chain(settings) {
        options.set(key, value).unwrap();
    }
    options
}

fn serve(bytes: &[u8], behaviour: Behaviour) -> Server {
    Server::builder().file(PATH, bytes).behaviour(PATH, behaviour).start().unwrap()
}

fn open(server: &Server, settings: &[(&str, &str)]) -> Result<Arc<Dataset>, Error> {
    Dataset::open(&server.url(PATH), &options(settings)).map(Arc::new)
}

/// Opens a file that must not open.
fn refused(server: &Server, settings: &[(&str, &str)]) -> Error {
    open(server, settings).err().unwrap_or_else(|| panic!("it opened"))
}

fn read(dataset: &Arc<Dataset>) -> Result<Vec<u8>, Error> {
    dataset.read_window(&ReadParams::default(), None, false).map(|pixels| pixels.data)
}

fn tile(dataset: &Arc<Dataset>, x: u64, y: u64) -> Result<Vec<u8>, Error> {
    dataset.read_tile(x, y, 0, &ReadParams::default(), None, false).map(|pixels| pixels.data)
}

fn truth(bytes: &[u8]) -> Arc<Dataset> {
    Arc::new(Dataset::open_memory(bytes.to_vec().into(), &Options::new()).unwrap())
}

/// What is expected of a fault: the status, the server's status where it answered with one, and words of the message.
type Expected = (Status, Option<u16>, &'static str);

fn statuses() -> Vec<(Behaviour, Expected)> {
    let rows: [(u16, Status, &str); 15] = [
        (400, Status::Io, "400 Bad Request"),
        (401, Status::PermissionDenied, "401 Unauthorized"),
        (403, Status::PermissionDenied, "403 Forbidden"),
        (404, Status::NotFound, "404 Not Found"),
        (405, Status::Io, "405 Method Not Allowed"),
        (407, Status::PermissionDenied, "407 Proxy Authentication Required"),
        (408, Status::Timeout, "408 Request Timeout"),
        (410, Status::NotFound, "410 Gone"),
        (416, Status::Io, "416 Range Not Satisfiable"),
        (418, Status::Io, "418"),
        (429, Status::Io, "429 Too Many Requests"),
        (500, Status::Io, "500 Internal Server Error"),
        (502, Status::Io, "502 Bad Gateway"),
        (503, Status::Io, "503 Service Unavailable"),
        (504, Status::Timeout, "504 Gateway Timeout"),
    ];
    rows.into_iter().map(|(code, status, words)| (Behaviour::Status(code), (status, Some(code), words))).collect()
}

/// Answers that are wrong whenever they come.
fn lies() -> Vec<(Behaviour, Expected)> {
    vec![
        (Behaviour::NoContentRange, (Status::Io, Some(206), "no Content-Range")),
        (Behaviour::WrongContentRange, (Status::Io, Some(206), "Content-Range: bytes ")),
        (Behaviour::ShortBody, (Status::Io, Some(206), "were asked for and promised")),
        (Behaviour::LongBody, (Status::Io, Some(206), "more than the ")),
        (Behaviour::Gzip, (Status::Io, Some(206), "Content-Encoding: gzip")),
        (Behaviour::Multipart, (Status::Io, Some(206), "multipart")),
        // The connection broke: there is no whole answer whose status would count.
        (Behaviour::CutBody, (Status::Io, None, "the connection broke")),
        (Behaviour::RedirectLoop, (Status::Io, None, "redirected more than 5 times")),
    ]
}

/// The ways in which an error is not the expected one.
fn compare(what: &str, e: &Error, (status, http, words): Expected, wrong: &mut Vec<String>) {
    let text = e.to_string();
    if e.status() != status {
        wrong.push(format!("{what}: the status is {:?} and should be {status:?}: {text}", e.status()));
    }
    // A transport's failure may or may not know of a status that came before it.
    if http.is_some() && e.place().http_status != http {
        wrong.push(format!("{what}: http_status is {:?} and should be {http:?}: {text}", e.place().http_status));
    }
    if !text.contains(words) {
        wrong.push(format!("{what}: the message does not say {words:?}: {text}"));
    }
    if !text.contains(PATH) || e.place().file.is_none() {
        wrong.push(format!("{what}: the message does not name the file: {text}"));
    }
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
