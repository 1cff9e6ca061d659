//! The list of faults, each on an uncompressed file, where a wrong byte is a wrong pixel, and on a deflate one.
//!
//! `cargo test --test faults` prints it. A row is a fault met while opening or at a tile; what the caller saw, the requests that the fault
//! cost (where no server counts them, the attempts of the message), and how long it took. Only row 30 gives wrong pixels: nothing in its
//! answers tells.

use super::{FILES, PATH, fixture, open, serve, tile, truth};
use crate::server::{Behaviour, Server, Validators};
use crate::{elsewhere, stores};
use cog::Error;
use cog::error::Status::{self, Format, Io, Modified, NotFound, PermissionDenied, Timeout, Unsupported};
use std::io::Write as _;
use std::time::{Duration, Instant};

/// The tile that is read.
pub(crate) const TILE: (u64, u64) = (2, 1);
/// Short limits, so that the whole table takes seconds.
pub(crate) const SHORT: [(&str, &str); 3] = [("http.low_speed_ms", "500"), ("http.connect_timeout_ms", "5000"), ("http.retries", "3")];

/// An error, as a caller sees it.
pub(crate) struct Complaint {
    pub(crate) status: Status,
    pub(crate) http: Option<u16>,
    pub(crate) names_file: bool,
    pub(crate) text: String,
}

impl From<Error> for Complaint {
    fn from(e: Error) -> Self {
        Self { status: e.status(), http: e.place().http_status, names_file: e.place().file.is_some(), text: e.reason().to_string() }
    }
}

impl Complaint {
    /// How many attempts there were: for where no server could count them.
    pub(crate) fn attempts(&self) -> usize {
        let (_, told) = self.text.rsplit_once("(attempt ").unwrap_or(("", "1 of 1"));
        told.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

/// What is right.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    RightPixels,
    /// The status, the server's status, words of the message.
    Error(Status, Option<u16>, &'static str),
    /// Pixels that are wrong without a sign, or where the codec notices, an error of the format.
    Undetected,
}

/// What happened, once.
pub(crate) struct Outcome {
    pub(crate) got: Result<Vec<u8>, Complaint>,
    /// As the server counted them; connections where no request came so far.
    pub(crate) requests: usize,
}

impl Outcome {
    pub(crate) fn new(got: Result<Vec<u8>, Error>, requests: usize) -> Self {
        Self { got: got.map_err(Complaint::from), requests }
    }
}

pub(crate) struct Row {
    pub(crate) number: u8,
    pub(crate) fault: String,
    pub(crate) expected: Expected,
    pub(crate) requests: usize,
    /// Meets the fault with a file.
    pub(crate) meet: Box<Meet>,
}

type Meet = dyn Fn(&[u8]) -> Outcome;

impl Row {
    pub(crate) fn new(number: u8, fault: &str, (expected, requests): (Expected, usize), meet: impl Fn(&[u8]) -> Outcome + 'static) -> Self {
        Self { number, fault: fault.to_owned(), expected, requests, meet: Box::new(meet) }
    }
}

pub(crate) fn fails(status: Status, http: impl Into<Option<u16>>, words: &'static str, requests: usize) -> (Expected, usize) {
    (Expected::Error(status, http.into(), words), requests)
}

pub(crate) const fn right(requests: usize) -> (Expected, usize) {
    (Expected::RightPixels, requests)
}

/// Where a fault is met.
#[derive(Clone, Copy)]
enum At {
    Open,
    Tile,
}
use At::{Open, Tile};

/// A fault that the range server plays.
struct Played {
    at: At,
    behaviour: Behaviour,
    validators: Validators,
    settings: Vec<(&'static str, &'static str)>,
}

impl Played {
    fn new(at: At, behaviour: Behaviour) -> Self {
        Self { at, behaviour, validators: Validators::Strong, settings: SHORT.to_vec() }
    }

    fn with(mut self, key: &'static str, value: &'static str) -> Self {
        self.settings.push((key, value));
        self
    }

    fn validators(self, validators: Validators) -> Self {
        Self { validators, ..self }
    }

    fn row(self, number: u8, fault: &str, expected: (Expected, usize)) -> Row {
        let at = if matches!(self.at, Open) { "open" } else { "tile" };
        Row::new(number, &format!("{fault}, {at}"), expected, move |bytes| self.meet(bytes))
    }

    fn meet(&self, bytes: &[u8]) -> Outcome {
        match self.at {
            Open => {
                let server = serve(bytes, self.behaviour.clone());
                server.set_validators(PATH, self.validators);
                let got = open(&server, &self.settings).and_then(|dataset| tile(&dataset, TILE.0, TILE.1));
                Outcome::new(got, server.requests().len())
            }
            Tile => {
                let server = serve(bytes, Behaviour::Normal);
                server.set_validators(PATH, self.validators);
                let dataset = open(&server, &self.settings).unwrap();
                dataset.level_count().unwrap();
                server.reset();
                server.set_behaviour(PATH, self.behaviour.clone());
                let got = tile(&dataset, TILE.0, TILE.1);
                Outcome::new(got, server.requests().len())
            }
        }
    }
}

fn status_rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let once = |status, retry_after| Behaviour::FailFirst { requests: 1, status, retry_after };
    rows.push(Played::new(Tile, once(429, Some(1))).row(1, "429 once, Retry-After: 1", right(2)));
    let late = fails(Io, 429, "the server asks for a wait of 3600 s", 1);
    rows.push(Played::new(Tile, once(429, Some(3600))).row(1, "429, Retry-After: 3600", late));
    let lasting = [
        (1, 429, Io, "429 Too Many Requests (attempt 4 of 4)"),
        (2, 500, Io, "500 Internal Server Error (attempt 4 of 4)"),
        (2, 502, Io, "502 Bad Gateway (attempt 4 of 4)"),
        (2, 503, Io, "503 Service Unavailable (attempt 4 of 4)"),
        (2, 504, Timeout, "504 Gateway Timeout (attempt 4 of 4)"),
        (3, 408, Timeout, "408 Request Timeout (attempt 4 of 4)"),
    ];
    for (number, status, expected, words) in lasting {
        rows.push(Played::new(Open, once(status, None)).row(number, &format!("{status} once"), right(3)));
        rows.push(Played::new(Tile, once(status, None)).row(number, &format!("{status} once"), right(2)));
        rows.push(Played::new(Tile, Behaviour::Status(status)).row(number, &format!("{status}"), fails(expected, status, words, 4)));
    }
    let refusals = [
        (401, PermissionDenied, "401 Unauthorized"),
        (403, PermissionDenied, "403 Forbidden"),
        (404, NotFound, "404 Not Found"),
        (410, NotFound, "410 Gone"),
    ];
    for (status, expected, words) in refusals {
        for at in [Open, Tile] {
            rows.push(Played::new(at, Behaviour::Status(status)).row(4, &format!("{status}"), fails(expected, status, words, 1)));
        }
    }
    let unsatisfied = fails(Io, 416, "416 Range Not Satisfiable", 2);
    rows.push(Played::new(Tile, Behaviour::Status(416)).row(6, "416, the file unchanged", unsatisfied));
    let shorter = Behaviour::ChangeAfter { requests: 0, body: vec![0; 1000] };
    let changed = fails(Modified, 416, "open it again", 1);
    rows.push(Played::new(Tile, shorter).validators(Validators::Date).row(6, "416, the file shorter", changed));
    rows
}

fn answer_rows() -> Vec<Row> {
    let mut rows = vec![
        Played::new(Open, Behaviour::IgnoreRange).row(7, "200 for a range, small file", right(1)),
        Played::new(Open, Behaviour::IgnoreRange).with("http.whole_file_bytes", "1000").row(
            7,
            "200 for a range, larger file",
            fails(Unsupported, 200, "http.whole_file_bytes = 1000", 1),
        ),
        Played::new(Tile, Behaviour::IgnoreRange).row(7, "200 for a range", fails(Io, 200, "200 with the whole file", 1)),
        Played::new(Open, Behaviour::LoginPage).row(8, "login page", fails(Format, None, "not a TIFF", 1)),
        Played::new(Tile, Behaviour::LoginPage).row(8, "login page", fails(Io, 200, "200 with text/html", 1)),
    ];
    let lies = [
        (9, "wrong Content-Range", Behaviour::WrongContentRange, "Content-Range: bytes "),
        (10, "no Content-Range", Behaviour::NoContentRange, "no Content-Range"),
        (12, "body longer than asked", Behaviour::LongBody, "more than the "),
        (15, "gzip on a 206", Behaviour::Gzip, "Content-Encoding: gzip"),
        (16, "multipart/byteranges", Behaviour::Multipart, "multipart"),
    ];
    for (number, fault, behaviour, words) in lies {
        for at in [Open, Tile] {
            rows.push(Played::new(at, behaviour.clone()).row(number, fault, fails(Io, 206, words, 1)));
        }
    }
    let passing = [
        (11, "short body", Behaviour::ShortBody, "were asked for and promised (attempt 4 of 4)"),
        (13, "cut body", Behaviour::CutBody, "the connection broke"),
        (14, "no Content-Length, early close", Behaviour::CloseEarly, "were asked for and promised (attempt 4 of 4)"),
        (24, "closed instead of an answer", Behaviour::Close, "the connection broke"),
        (24, "reset instead of an answer", Behaviour::Reset, "the connection broke"),
    ];
    for (number, fault, behaviour, words) in passing {
        for (at, requests) in [(Open, 3), (Tile, 2)] {
            rows.push(Played::new(at, behaviour.clone().once()).row(number, &format!("{fault} once"), right(requests)));
            rows.push(Played::new(at, behaviour.clone()).row(number, fault, fails(Io, None, words, 4)));
        }
    }
    rows
}

fn version_rows() -> Vec<Row> {
    let changed = |bytes: &[u8]| bytes.iter().map(|b| b ^ 0x55).collect::<Vec<u8>>();
    let mut rows = Vec::new();
    let versions = [
        (19, "changed between requests", Validators::Strong, Some(412)),
        (19, "changed, weak ETag", Validators::Weak, Some(206)),
        (20, "changed, no ETag", Validators::Date, Some(206)),
    ];
    for (number, fault, validators, http) in versions {
        rows.push(Row::new(number, fault, fails(Modified, http, "open it again", 1), move |bytes| {
            let server = serve(bytes, Behaviour::Normal);
            server.set_validators(PATH, validators);
            let dataset = open(&server, &SHORT).unwrap();
            dataset.level_count().unwrap();
            server.reset();
            server.set_behaviour(PATH, Behaviour::ChangeAfter { requests: 0, body: changed(bytes) });
            let got = tile(&dataset, TILE.0, TILE.1);
            Outcome::new(got, server.requests().len())
        }));
    }
    rows.push(Row::new(19, "changed, opened again", right(2), |bytes| {
        let server = serve(&[bytes, &[0]].concat(), Behaviour::Normal);
        // The header that the first open has left in memory is not the new file's.
        let settings = [&SHORT[..], &[("cache.headers", "TRUE")]].concat();
        let dataset = open(&server, &settings).unwrap();
        server.set_file(PATH, bytes);
        assert_eq!(tile(&dataset, TILE.0, TILE.1).unwrap_err().status(), Modified);
        server.reset();
        let got = open(&server, &settings).and_then(|dataset| tile(&dataset, TILE.0, TILE.1));
        Outcome::new(got, server.requests().len())
    }));
    for (fault, validators) in [("cut body once, no ETag", Validators::Date), ("cut body once, no validator", Validators::None)] {
        rows.push(Played::new(Tile, Behaviour::CutBody.once()).validators(validators).row(20, fault, right(2)));
    }
    rows
}

fn slow_rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let stalls = [
        ("never answers", Behaviour::DelayMs(30_000)),
        ("stalls before the body", Behaviour::Stall),
        ("stalls in the body", Behaviour::StallInBody),
        ("drips", Behaviour::DripMs(20)),
    ];
    for (fault, stall) in stalls {
        for (at, requests) in [(Open, 3), (Tile, 2)] {
            rows.push(Played::new(at, stall.clone().once()).row(21, &format!("{fault} once"), right(requests)));
            let gives_up = fails(Timeout, None, "less than 1000 bytes a second for 500 ms", 2);
            rows.push(Played::new(at, stall.clone()).with("http.retries", "1").row(21, fault, gives_up));
        }
        let late = fails(Timeout, None, "within 300 ms (http.timeout_ms)", 1);
        let limited = Played::new(Tile, stall).with("http.low_speed_limit", "0").with("http.timeout_ms", "300").with("http.retries", "0");
        rows.push(limited.row(21, &format!("{fault}, total limit"), late));
    }
    rows
}

fn other_rows() -> Vec<Row> {
    vec![
        Played::new(Open, Behaviour::RedirectLoop).row(17, "redirect loop", fails(Io, None, "redirected more than 5 times", 6)),
        Row::new(18, "redirect to another origin", right(2), |bytes| {
            let target = serve(bytes, Behaviour::Normal);
            let server = Server::builder().behaviour(PATH, Behaviour::RedirectTo(target.url(PATH))).start().unwrap();
            let settings = [&SHORT[..], &[("http.bearer_token", "TOKEN-7f3a")]].concat();
            let got = open(&server, &settings).and_then(|dataset| tile(&dataset, TILE.0, TILE.1));
            assert!(server.requests().iter().all(|r| r.header("authorization").is_some()));
            assert!(target.requests().iter().all(|r| r.header("authorization").is_none()));
            Outcome::new(got, target.requests().len())
        }),
        Row::new(29, "HEAD refused", right(2), |bytes| {
            let server = serve(bytes, Behaviour::NoHead);
            let got = open(&server, &SHORT).and_then(|dataset| tile(&dataset, TILE.0, TILE.1));
            assert!(server.requests().iter().all(|r| r.method == "GET"));
            Outcome::new(got, server.requests().len())
        }),
        Played::new(Tile, Behaviour::Shift).row(30, "bytes shifted, headers right", (Expected::Undetected, 1)),
    ]
}

/// What is wrong with an outcome; and what is printed of it.
fn judge(row: &Row, outcome: &Outcome, truth: &[u8]) -> (String, Vec<String>) {
    let mut wrong = Vec::new();
    let saw = match &outcome.got {
        Ok(pixels) if pixels == truth => "right pixels".to_owned(),
        Ok(_) => "WRONG PIXELS".to_owned(),
        Err(e) => format!("{:?}: {}", e.status, e.text),
    };
    match (row.expected, &outcome.got) {
        (Expected::RightPixels, Ok(pixels)) if pixels == truth => {}
        (Expected::Undetected, Ok(pixels)) if pixels != truth => {}
        (Expected::Undetected, Err(e)) if e.status == Format => {}
        (Expected::Error(status, http, words), Err(e)) => {
            if e.status != status || !e.text.contains(words) || (http.is_some() && e.http != http) {
                wrong.push(format!("{saw} (http_status {:?}), expected {status:?} {http:?} {words:?}", e.http));
            }
            if !e.names_file {
                wrong.push("the file is not named".to_owned());
            }
        }
        _ => wrong.push(saw.clone()),
    }
    if outcome.requests != row.requests {
        wrong.push(format!("{} requests, expected {}", outcome.requests, row.requests));
    }
    (saw, wrong)
}

/// Longer than any row may take: the limits of each add up to less. It catches what hangs.
const LONGEST: Duration = Duration::from_secs(20);

#[test]
fn table() {
    let mut rows: Vec<Row> = [status_rows(), answer_rows(), version_rows(), slow_rows(), other_rows()].into_iter().flatten().collect();
    rows.extend(stores::rows());
    rows.extend(elsewhere::rows());
    rows.sort_by_key(|row| row.number);
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    for row in &rows {
        for name in FILES {
            let bytes = fixture(name);
            let truth = tile(&truth(&bytes), TILE.0, TILE.1).unwrap();
            let begun = Instant::now();
            let outcome = (row.meet)(&bytes);
            let took = begun.elapsed();
            let (saw, differences) = judge(row, &outcome, &truth);
            let (file, seconds) = (if name == FILES[0] { "none" } else { "deflate" }, took.as_secs_f64());
            let saw: String = saw.chars().take(110).collect();
            lines.push(format!("{:>2} {:<42} {file:<8} {:>3} {seconds:>6.2}  {saw}", row.number, row.fault, outcome.requests));
            let hung = (took > LONGEST).then(|| format!("it took {took:?}"));
            wrong.extend(differences.into_iter().chain(hung).map(|what| format!("{} {} {file}: {what}", row.number, row.fault)));
        }
    }
    lines.insert(0, format!(" # {:<42} {:<8} req seconds what the caller saw", "fault", "file"));
    // Not through println!, whose lines are kept back where a test passes.
    std::io::stdout().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    let numbers: std::collections::BTreeSet<u8> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=30).collect(), "each row of the list is played");
    super::assert_none(&wrong);
}
