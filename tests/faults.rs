//! Servers that fail, lie, stall or change their files: the exact error each time, and never a wrong pixel or a secret in a message.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "range_server/server.rs"]
mod server;

use cog::error::Status;
use cog::log::{self, Level};
use cog::{CancelToken, Dataset, Error, Options, ReadParams};
use server::{Behaviour, Server};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once};
use std::thread;
use std::time::{Duration, Instant};

/// Uncompressed, where wrong bytes would be wrong pixels that nobody notices; and deflate.
const FILES: [&str; 2] = ["type_int16_none_tile_be.tif", "type_uint16_deflate_p2_tile.tif"];
const PATH: &str = "/folder/a.tif";

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data").join(name)).unwrap()
}

fn options(settings: &[(&str, &str)]) -> Options {
    let mut options = Options::new();
    // A first request that brings the header, and no whole tile, of the fixtures that are used here.
    for (key, value) in [("io.header_bytes", "468"), ("io.header_chunk", "64")].iter().chain(settings) {
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
        (Behaviour::CutBody, (Status::Io, None, "request failed")),
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

#[test]
fn each_fault_while_opening_is_its_own_error() {
    let mut wrong = Vec::new();
    for name in FILES {
        for (behaviour, expected) in statuses().into_iter().chain(lies()) {
            let server = serve(&fixture(name), behaviour.clone());
            match open(&server, &[]) {
                Err(e) => compare(&format!("{name} {behaviour:?}"), &e, expected, &mut wrong),
                Ok(_) => wrong.push(format!("{name} {behaviour:?}: it opened")),
            }
        }
    }
    assert_none(&wrong);
}

/// Opens a good file, then meets the fault at its tiles.
fn fault_at_a_tile(name: &str, behaviour: &Behaviour, expected: Expected, wrong: &mut Vec<String>) {
    let what = format!("{name} {behaviour:?}");
    let bytes = fixture(name);
    let truth = truth(&bytes);
    let server = serve(&bytes, Behaviour::Normal);
    let dataset = open(&server, &[]).unwrap();
    dataset.level_count().unwrap();
    server.set_behaviour(PATH, behaviour.clone());
    match tile(&dataset, 2, 1) {
        Err(e) => {
            compare(&what, &e, expected, wrong);
            if e.place().tile != Some((2, 1)) || e.place().level != Some(0) || !e.to_string().contains("level 0, tile (2, 1)") {
                wrong.push(format!("{what}: the tile is not named: {e}"));
            }
        }
        Ok(pixels) if pixels == tile(&truth, 2, 1).unwrap() => wrong.push(format!("{what}: the tile was read, rightly")),
        Ok(_) => wrong.push(format!("{what}: WRONG PIXELS of a tile")),
    }
    match read(&dataset) {
        Err(e) => compare(&what, &e, expected, wrong),
        Ok(pixels) if pixels == read(&truth).unwrap() => wrong.push(format!("{what}: the window was read, rightly")),
        Ok(_) => wrong.push(format!("{what}: WRONG PIXELS of a window")),
    }
    server.set_behaviour(PATH, Behaviour::Normal);
    match read(&dataset) {
        Ok(pixels) if pixels == read(&truth).unwrap() => {}
        Ok(_) => wrong.push(format!("{what}: WRONG PIXELS when the server was well again")),
        Err(e) => wrong.push(format!("{what}: an error when the server was well again: {e}")),
    }
}

#[test]
fn each_fault_while_reading_names_its_tile_and_spoils_nothing() {
    let later = [
        (Behaviour::IgnoreRange, (Status::Io, Some(200), "200 with the whole file")),
        (Behaviour::LoginPage, (Status::Io, Some(200), "200")),
    ];
    let mut wrong = Vec::new();
    for name in FILES {
        for (behaviour, expected) in statuses().into_iter().chain(lies()).chain(later.clone()) {
            fault_at_a_tile(name, &behaviour, expected, &mut wrong);
        }
    }
    assert_none(&wrong);
}

#[test]
fn a_small_file_sent_whole_is_used_without_a_further_request() {
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::IgnoreRange);
        let dataset = open(&server, &[]).unwrap();
        assert_eq!(read(&dataset).unwrap(), read(&truth(&bytes)).unwrap());
        assert_eq!(dataset.file_size(), bytes.len() as u64);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_file_sent_whole_is_refused_above_its_limit_and_taken_at_it() {
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::IgnoreRange);
        let at = bytes.len().to_string();
        assert_eq!(read(&open(&server, &[("http.whole_file_bytes", &at)]).unwrap()).unwrap(), read(&truth(&bytes)).unwrap());
        let below = (bytes.len() - 1).to_string();
        let e = refused(&server, &[("http.whole_file_bytes", &below)]);
        assert_eq!((e.status(), e.place().http_status), (Status::Unsupported, Some(200)), "{e}");
        let text = e.to_string();
        assert!(text.contains("http.whole_file_bytes") && text.contains(&at) && text.contains(PATH), "{text}");
    }
}

#[test]
fn a_login_page_is_not_a_tiff() {
    let server = serve(&fixture(FILES[0]), Behaviour::LoginPage);
    let e = refused(&server, &[]);
    assert_eq!(e.status(), Status::Format, "{e}");
    assert!(e.to_string().contains("not a TIFF") && e.to_string().contains("<!DOCTYP") && e.to_string().contains(PATH), "{e}");
}

#[test]
fn an_empty_file_is_said_to_be_empty() {
    for behaviour in [Behaviour::Normal, Behaviour::IgnoreRange] {
        let server = serve(&[], behaviour);
        let e = refused(&server, &[]);
        assert_eq!(e.status(), Status::Format, "{e}");
        assert!(e.to_string().contains("the file is empty") && e.to_string().contains(PATH), "{e}");
    }
}

#[test]
fn a_failure_that_passes_leaves_a_handle_that_reads() {
    for name in FILES {
        let bytes = fixture(name);
        let fail = |status, retry_after| Behaviour::FailFirst { requests: 1, status, retry_after };
        for status in [429, 500, 503] {
            let server = serve(&bytes, Behaviour::Normal);
            let dataset = open(&server, &[]).unwrap();
            server.set_behaviour(PATH, fail(status, Some(0)));
            // A library that tries again itself succeeds at once.
            if let Err(e) = tile(&dataset, 1, 1) {
                assert_eq!((e.status(), e.place().http_status), (Status::Io, Some(status)), "{e}");
            }
            assert_eq!(tile(&dataset, 1, 1).unwrap(), tile(&truth(&bytes), 1, 1).unwrap());
            let server = serve(&bytes, fail(status, None));
            if let Err(e) = open(&server, &[]) {
                assert_eq!((e.status(), e.place().http_status), (Status::Io, Some(status)), "{e}");
            }
            assert_eq!(read(&open(&server, &[]).unwrap()).unwrap(), read(&truth(&bytes)).unwrap());
        }
    }
}

#[test]
fn a_slow_answer_is_waited_for() {
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::DelayMs(50));
        assert_eq!(read(&open(&server, &[]).unwrap()).unwrap(), read(&truth(&bytes)).unwrap());
    }
}

#[test]
fn a_file_replaced_while_open_is_modified_and_not_mixed() {
    for name in FILES {
        let bytes = fixture(name);
        let mut same_size = bytes.clone();
        same_size[500..].iter_mut().for_each(|b| *b ^= 0x55);
        for other in [same_size, bytes[..bytes.len() - 1].to_vec(), [bytes.clone(), vec![0]].concat(), Vec::new()] {
            let server = serve(&bytes, Behaviour::ChangeAfter { requests: 1, body: other });
            let dataset = open(&server, &[]).unwrap();
            for e in [tile(&dataset, 2, 1).unwrap_err(), read(&dataset).unwrap_err()] {
                assert_eq!((e.status(), e.place().http_status), (Status::Modified, Some(412)), "{e}");
                assert!(e.to_string().contains(PATH) && e.to_string().contains("open it again"), "{e}");
            }
            assert_eq!(tile(&dataset, 2, 1).unwrap_err().place().tile, Some((2, 1)));
        }
    }
}

#[test]
fn a_file_replaced_by_itself_is_read_on() {
    let bytes = fixture(FILES[0]);
    let server = serve(&bytes, Behaviour::ChangeAfter { requests: 1, body: bytes.clone() });
    assert_eq!(read(&open(&server, &[]).unwrap()).unwrap(), read(&truth(&bytes)).unwrap());
}

#[test]
fn a_redirect_is_followed() {
    for name in FILES {
        let bytes = fixture(name);
        let target = serve(&bytes, Behaviour::Normal);
        let server = Server::builder().behaviour(PATH, Behaviour::RedirectTo(target.url(PATH))).start().unwrap();
        assert_eq!(read(&open(&server, &[]).unwrap()).unwrap(), read(&truth(&bytes)).unwrap());
    }
}

#[test]
fn a_redirect_loop_ends_after_five() {
    let server = serve(&[], Behaviour::RedirectLoop);
    refused(&server, &[]);
    assert_eq!(server.requests().len(), 6, "the first request and five that it led to");
}

#[test]
fn credentials_do_not_follow_a_redirect_to_another_origin() {
    let bytes = fixture(FILES[0]);
    for settings in [("http.bearer_token", "TOKEN-7f3a"), ("http.headers", "Authorization: Basic VE9LRU4tN2YzYQ==\nCookie: key=TOKEN-7f3a")]
    {
        let target = serve(&bytes, Behaviour::Normal);
        let server = Server::builder().behaviour(PATH, Behaviour::RedirectTo(target.url(PATH))).start().unwrap();
        read(&open(&server, &[settings]).unwrap()).unwrap();
        assert!(server.requests().iter().all(|r| r.header("authorization").is_some()));
        for request in target.requests() {
            assert_eq!((request.header("authorization"), request.header("cookie")), (None, None));
        }
    }
}

#[test]
fn credentials_follow_a_redirect_within_their_origin() {
    let bytes = fixture(FILES[0]);
    let server = Server::builder().file("/b.tif", bytes).behaviour(PATH, Behaviour::RedirectTo("/b.tif".to_owned())).start().unwrap();
    read(&open(&server, &[("http.bearer_token", "TOKEN-7f3a")]).unwrap()).unwrap();
    assert!(server.requests().iter().all(|r| r.header("authorization") == Some("Bearer TOKEN-7f3a")));
}

#[test]
fn a_server_that_is_not_there_can_not_be_reached() {
    let server = serve(&fixture(FILES[0]), Behaviour::Normal);
    let url = server.url(PATH);
    drop(server);
    let e = Dataset::open(&url, &options(&[])).err().unwrap();
    assert_eq!(e.status(), Status::Io, "{e}");
    assert!(e.to_string().contains("could not be reached") && e.to_string().contains(PATH), "{e}");
    assert_eq!(e.place().http_status, None);
}

#[test]
fn a_server_that_goes_away_is_an_error_at_the_tile() {
    let server = serve(&fixture(FILES[0]), Behaviour::Normal);
    let dataset = open(&server, &[]).unwrap();
    drop(server);
    let e = tile(&dataset, 1, 2).unwrap_err();
    assert_eq!((e.status(), e.place().tile, e.place().level), (Status::Io, Some((1, 2)), Some(0)), "{e}");
}

#[test]
fn a_stalled_answer_ends_at_the_limit_of_a_request() {
    for name in FILES {
        let server = serve(&fixture(name), Behaviour::Stall);
        let e = refused(&server, &[("http.timeout_ms", "700")]);
        assert_eq!(e.status(), Status::Timeout, "{e}");
        assert!(e.to_string().contains("700 ms (http.timeout_ms)") && e.to_string().contains(PATH), "{e}");
        server.set_behaviour(PATH, Behaviour::Normal);
        let dataset = open(&server, &[("http.timeout_ms", "700")]).unwrap();
        server.set_behaviour(PATH, Behaviour::Stall);
        let e = tile(&dataset, 1, 1).unwrap_err();
        assert_eq!((e.status(), e.place().tile), (Status::Timeout, Some((1, 1))), "{e}");
        assert_eq!(read(&dataset).unwrap_err().status(), Status::Timeout);
        server.set_behaviour(PATH, Behaviour::Normal);
        assert_eq!(read(&dataset).unwrap(), read(&truth(&fixture(name))).unwrap());
    }
}

/// An answer that would come in time of its own is later than this: whoever sees another error was not stopped by the caller.
const NEVER: (&str, &str) = ("http.timeout_ms", "3600000");

#[test]
fn the_time_limit_of_a_call_ends_it() {
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::Normal);
        let dataset = open(&server, &[NEVER]).unwrap();
        server.set_behaviour(PATH, Behaviour::Stall);
        let limited = |ms| ReadParams { timeout: Some(Duration::from_millis(ms)), ..ReadParams::default() };
        let e = dataset.read_window(&limited(120), None, true).unwrap_err();
        assert_eq!(e.status(), Status::Timeout, "{e}");
        assert!(e.to_string().contains("120 ms") && e.to_string().contains(PATH), "{e}");
        let e = dataset.read_tile(1, 1, 0, &limited(120), None, false).unwrap_err();
        assert_eq!(e.status(), Status::Timeout, "{e}");
        // A limit of nothing leaves no time for a request.
        let before = server.requests().len();
        assert_eq!(dataset.read_window(&limited(0), None, true).unwrap_err().status(), Status::Timeout);
        assert_eq!(server.requests().len(), before);
        server.set_behaviour(PATH, Behaviour::Normal);
        assert_eq!(dataset.read_window(&limited(600_000), None, false).unwrap().data, read(&truth(&bytes)).unwrap());
    }
}

/// Waits until the server has seen `count` requests.
fn wait_for_requests(server: &Server, count: usize) {
    let begin = Instant::now();
    while server.requests().len() < count {
        assert!(begin.elapsed() < Duration::from_secs(20), "the request did not come");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The server stalls for 30 seconds and then closes, which would be another error: `Cancelled` says that nobody waited for that.
#[test]
fn a_token_fired_by_another_thread_ends_a_stalled_read() {
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::Normal);
        let dataset = open(&server, &[NEVER]).unwrap();
        dataset.level_count().unwrap();
        server.reset();
        server.set_behaviour(PATH, Behaviour::Stall);
        let token = CancelToken::new();
        let e = thread::scope(|scope| {
            scope.spawn(|| {
                wait_for_requests(&server, 1);
                token.fire();
            });
            let params = ReadParams { cancel: Some(token.clone()), ..ReadParams::default() };
            dataset.read_window(&params, None, true).unwrap_err()
        });
        assert_eq!(e.status(), Status::Cancelled, "{e}");
        assert!(e.to_string().contains(PATH), "{e}");
        // The handle lives on; the fired token stays fired.
        server.set_behaviour(PATH, Behaviour::Normal);
        assert_eq!(read(&dataset).unwrap(), read(&truth(&bytes)).unwrap());
        let before = server.requests().len();
        let params = ReadParams { cancel: Some(token.clone()), ..ReadParams::default() };
        assert_eq!(dataset.read_window(&params, None, true).unwrap_err().status(), Status::Cancelled);
        assert_eq!(server.requests().len(), before);
    }
}

#[test]
fn the_token_of_a_handle_ends_a_stalled_opening_and_every_later_call() {
    let bytes = fixture(FILES[1]);
    let server = serve(&bytes, Behaviour::Stall);
    let token = CancelToken::new();
    let mut with_token = options(&[NEVER]);
    with_token.cancel = Some(token.clone());
    let e = thread::scope(|scope| {
        scope.spawn(|| {
            wait_for_requests(&server, 1);
            token.fire();
        });
        Dataset::open(&server.url(PATH), &with_token).err().unwrap()
    });
    assert_eq!(e.status(), Status::Cancelled, "{e}");
    assert!(e.to_string().contains(PATH), "{e}");

    let later = CancelToken::new();
    let mut with_token = options(&[]);
    with_token.cancel = Some(later.clone());
    server.set_behaviour(PATH, Behaviour::Normal);
    let dataset = Arc::new(Dataset::open(&server.url(PATH), &with_token).unwrap());
    assert!(read(&dataset).is_ok());
    later.fire();
    assert_eq!(read(&dataset).unwrap_err().status(), Status::Cancelled);
    assert_eq!(tile(&dataset, 0, 0).unwrap_err().status(), Status::Cancelled);
    assert_eq!(dataset.tile_bytes(0, 0, 0).unwrap_err().status(), Status::Cancelled);
}

#[test]
fn a_fired_token_stops_a_read_from_memory_too() {
    let dataset = truth(&fixture(FILES[0]));
    let token = CancelToken::new();
    token.fire();
    let params = ReadParams { cancel: Some(token), ..ReadParams::default() };
    assert_eq!(dataset.read_window(&params, None, false).unwrap_err().status(), Status::Cancelled);
}

/// Every line that was logged by any test of this program.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn keep_lines() {
    static ONCE: Once = Once::new();
    let keep = |_: Level, line: &str| LINES.lock().unwrap().push(line.to_owned());
    ONCE.call_once(|| log::set_sink(Some((Arc::new(keep), Level::Debug))));
}

/// What must never be shown: of the query, of the user and password, of the tokens.
const SECRETS: [&str; 5] = ["SIGNATURE-19c4", "user-5d1e", "password-82bb", "TOKEN-e07a", "KEY-33d9"];

fn assert_no_secret(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in: {text}");
    }
}

#[test]
fn secrets_are_sent_and_never_shown() {
    keep_lines();
    let bytes = fixture(FILES[0]);
    let mut all: Vec<Behaviour> = statuses().into_iter().chain(lies()).map(|(behaviour, _)| behaviour).collect();
    let elsewhere = Server::builder().file("/b.tif", bytes.clone()).start().unwrap();
    all.extend([
        Behaviour::LoginPage,
        Behaviour::IgnoreRange,
        Behaviour::Stall,
        Behaviour::RedirectTo(elsewhere.url("/none.tif?sig=SIGNATURE-19c4")),
        Behaviour::RedirectTo("http://user-5d1e:password-82bb@127.0.0.1:1/b.tif?sig=SIGNATURE-19c4".to_owned()),
        Behaviour::RedirectTo("gopher://user-5d1e:password-82bb@x/?sig=SIGNATURE-19c4".to_owned()),
        Behaviour::ChangeAfter { requests: 1, body: b"other".to_vec() },
    ]);
    let ways = [
        ("", vec![("http.bearer_token", "TOKEN-e07a"), ("http.headers", "X-Key: KEY-33d9")], "Bearer TOKEN-e07a"),
        ("user-5d1e:password-82bb@", vec![("http.headers", "X-Key: KEY-33d9")], "Basic dXNlci01ZDFlOnBhc3N3b3JkLTgyYmI="),
    ];
    for (userinfo, settings, sent) in ways {
        for behaviour in &all {
            let server = serve(&bytes, behaviour.clone());
            let url = format!("http://{userinfo}{}{PATH}?X-Amz-Signature=SIGNATURE-19c4#KEY-33d9", server.address());
            let mut options = options(&settings);
            // Each open and each read meets the fault.
            options.set("cache.headers", "FALSE").unwrap();
            options.set("cache.blocks", "FALSE").unwrap();
            if *behaviour == Behaviour::Stall {
                options.set("http.timeout_ms", "700").unwrap();
            }
            let mut errors = Vec::new();
            match Dataset::open(&url, &options).map(Arc::new) {
                Err(e) => errors.push(e),
                Ok(dataset) => {
                    assert_no_secret(dataset.name());
                    assert_no_secret(&dataset.metadata_json().map(|json| json.to_string()).unwrap_or_default());
                    errors.extend(tile(&dataset, 1, 1).err());
                }
            }
            server.set_behaviour(PATH, Behaviour::Normal);
            let dataset = Arc::new(Dataset::open(&url, &options).unwrap());
            server.set_behaviour(PATH, behaviour.clone());
            errors.extend(read(&dataset).err());
            errors.extend(dataset.tile_bytes(1, 1, 0).err());
            assert!(!errors.is_empty(), "{behaviour:?} is no fault");
            for e in &errors {
                assert_no_secret(&e.to_string());
                assert_no_secret(&format!("{e:?}"));
                let source = std::error::Error::source(e).map(ToString::to_string);
                assert_no_secret(&source.unwrap_or_default());
            }
            let first = &server.requests()[0];
            assert_eq!(first.path, format!("{PATH}?X-Amz-Signature=SIGNATURE-19c4"));
            assert_eq!((first.header("authorization"), first.header("x-key")), (Some(sent), Some("KEY-33d9")));
        }
    }
    let lines = LINES.lock().unwrap();
    assert!(lines.iter().any(|line| line.contains(PATH) && line.contains("503")), "the faults are logged");
    lines.iter().for_each(|line| assert_no_secret(line));
}

#[test]
fn secrets_in_a_url_that_is_none_are_not_shown() {
    for url in [
        "http://user-5d1e:password-82bb@:99999/a.tif?sig=SIGNATURE-19c4",
        "http://user-5d1e:password-82bb@[::1/a.tif?sig=SIGNATURE-19c4",
        "ftp://user-5d1e:password-82bb@127.0.0.1/a.tif?sig=SIGNATURE-19c4",
        "http://user-5d1e:password-82bb@127.0.0.1:1/a.tif?sig=SIGNATURE-19c4",
    ] {
        let e = Dataset::open(url, &options(&[])).err().unwrap();
        assert_no_secret(&format!("{e} {e:?}"));
    }
}

/// A password with a slash must be percent-encoded. Where it is not, there is no telling where it ends.
#[test]
fn a_password_that_is_not_encoded_is_not_shown() {
    let e = Dataset::open("http://user-5d1e:12/password-82bb@127.0.0.1:1/a.tif", &options(&[])).err().unwrap();
    assert_no_secret(&format!("{e} {e:?}"));
}
