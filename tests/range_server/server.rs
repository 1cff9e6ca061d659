//! A small HTTP/1.1 server with range requests, for tests and the demo. Standard library only, loopback only.
//!
//! It answers as RFC 9110 wants (sections 13 and 14: conditional and range requests), or, path by path, wrongly in one of
//! the ways of [`Behaviour`] that servers, proxies and login portals are known for. A test includes it with
//! `#[path = "range_server/server.rs"] mod server;`:
//!
//! ```ignore
//! let server = Server::builder().file("/a.tif", bytes).behaviour("/a.tif", Behaviour::CutBody).start()?;
//! open(&server.url("/a.tif"));
//! assert_eq!(server.requests().len(), 1);
//! ```
//!
//! One thread a connection. Everything is bounded: connections at a time, requests in all, header size, idle time and
//! stalls; dropping the [`Server`] ends all of its threads.

// Each program that includes this file uses a part of it.
#![allow(dead_code)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// Requests answered before every further one gets 503.
const MAX_REQUESTS: usize = 100_000;
/// Connections at a time; a further one is closed.
const MAX_CONNECTIONS: usize = 256;
/// Bytes of one request's line and headers.
const MAX_HEAD: u64 = 64 << 10;
/// Bytes of a request's body, which is read and dropped.
const MAX_REQUEST_BODY: u64 = 1 << 20;
/// An idle connection, a stall or a delay lasts no longer.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// 2026-01-01T00:00:00Z, the Last-Modified of files in memory.
const MEMORY_MODIFIED: u64 = 1_767_225_600;

/// How a path is answered. The faults of ranges concern GET requests; HEAD is answered as [`Behaviour::Normal`] would,
/// but for `Status`, `FailFirst`, `LoginPage`, the redirects, `ChangeAfter`, `Stall` and `DelayMs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// As the specification says.
    #[default]
    Normal,
    /// This status with a small text body.
    Status(u16),
    /// The first `requests` of this path get `status` (with Retry-After in seconds where given), the others a right answer.
    FailFirst { requests: usize, status: u16, retry_after: Option<u64> },
    /// 200 with the whole body, whatever range was asked; Accept-Ranges is not sent.
    IgnoreRange,
    /// 206 with the right body and no Content-Range.
    NoContentRange,
    /// 206 with the right body and a Content-Range whose first and last byte are one too high.
    WrongContentRange,
    /// Half the bytes, with a Content-Length that agrees with them and a Content-Range that does not.
    ShortBody,
    /// 100 bytes more than were asked, with a Content-Length that agrees with them.
    LongBody,
    /// The right headers and half the body, then the connection closes.
    CutBody,
    /// The right bytes under the claim `Content-Encoding: gzip`.
    Gzip,
    /// 206 as `multipart/byteranges` with one part.
    Multipart,
    /// 302 to the path itself.
    RedirectLoop,
    /// 302 to this URL.
    RedirectTo(String),
    /// 200 with an HTML page that asks for a password.
    LoginPage,
    /// The first `requests` get the file, the others this body, with its own `ETag` and Last-Modified.
    ChangeAfter { requests: usize, body: Vec<u8> },
    /// The right headers, then nothing for 30 s or until the server is dropped; then the connection closes.
    Stall,
    /// The right answer after so many milliseconds (30 s at most).
    DelayMs(u64),
}

/// The connection that is played: what the loopback has not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Link {
    /// Waited before each answer, and once when a connection is made, as TCP's handshake would.
    pub(crate) latency: Duration,
    /// What one connection carries; 0: as much as there is.
    pub(crate) bytes_per_second: u64,
}

/// One request as it came, and what it was answered. It is in the log before the client sees the answer.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As sent, with the query.
    pub(crate) path: String,
    /// First and last byte of a satisfiable single range, clamped to the file.
    pub(crate) range: Option<(u64, u64)>,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) status: u16,
    /// Bytes of the answer's body that were sent.
    pub(crate) body_bytes: u64,
}

impl Request {
    /// The value of a header; `name` in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What to serve, and how; see [`Server::builder`].
#[derive(Default)]
pub(crate) struct Builder {
    files: HashMap<String, Arc<Vec<u8>>>,
    behaviours: HashMap<String, Behaviour>,
    directory: Option<PathBuf>,
    port: u16,
    verbose: bool,
    link: Link,
}

impl Builder {
    /// Serves `body` at `path` (`/a.tif`).
    pub(crate) fn file(mut self, path: &str, body: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), Arc::new(body.into()));
        self
    }

    /// Answers `path` in this way.
    pub(crate) fn behaviour(mut self, path: &str, behaviour: Behaviour) -> Self {
        self.behaviours.insert(path.to_owned(), behaviour);
        self
    }

    /// Serves the files below `directory` where no file in memory has the path.
    pub(crate) fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The port to listen on; 0, the default, takes a free one.
    pub(crate) fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Prints a line for each request on stderr.
    pub(crate) fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// Plays this connection.
    pub(crate) fn link(mut self, link: Link) -> Self {
        self.link = link;
        self
    }

    /// Binds 127.0.0.1 and starts to answer.
    pub(crate) fn start(self) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            directory: self.directory,
            verbose: self.verbose,
            link: self.link,
            state: Mutex::new(State { files: self.files, behaviours: self.behaviours, ..State::default() }),
            stopping: Condvar::new(),
        });
        let for_thread = Arc::clone(&shared);
        let acceptor = thread::Builder::new().name("range-server".to_owned()).spawn(move || accept(&listener, &for_thread))?;
        Ok(Server { address, shared, acceptor: Some(acceptor) })
    }
}

/// A running server. Stops when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves these files (path → body) as they should be served, on a free port.
    #[expect(clippy::expect_used, reason = "a test can't go on without its server")]
    pub(crate) fn start(files: HashMap<String, Vec<u8>>) -> Self {
        let files = files.into_iter().map(|(path, body)| (path, Arc::new(body))).collect();
        Builder { files, ..Builder::default() }.start().expect("binding a free port of 127.0.0.1")
    }

    /// A server with behaviours, a directory or a fixed port.
    pub(crate) fn builder() -> Builder {
        Builder::default()
    }

    /// The address of a path that starts with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The address listened on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request since the start or the last [`Server::reset`], in order of arrival.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// Connections accepted since the start or the last [`Server::reset`].
    pub(crate) fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Forgets the requests, and begins anew to count those of `FailFirst` and `ChangeAfter`.
    pub(crate) fn reset(&self) {
        let mut state = self.shared.state();
        state.requests.clear();
        state.seen.clear();
        state.connections = 0;
    }

    /// Answers `path` in this way from the next request on, counting anew.
    pub(crate) fn set_behaviour(&self, path: &str, behaviour: Behaviour) {
        let mut state = self.shared.state();
        state.seen.remove(path);
        state.behaviours.insert(path.to_owned(), behaviour);
    }

    /// Serves `body` at `path` from the next request on.
    pub(crate) fn set_file(&self, path: &str, body: impl Into<Vec<u8>>) {
        self.shared.state().files.insert(path.to_owned(), Arc::new(body.into()));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        {
            let mut state = self.shared.state();
            state.stop = true;
            for stream in state.open.values() {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.shared.stopping.notify_all();
        // The acceptor waits in accept(): a connection wakes it.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(thread) = self.acceptor.take() {
            let _ = thread.join();
        }
    }
}

struct Shared {
    directory: Option<PathBuf>,
    verbose: bool,
    link: Link,
    state: Mutex<State>,
    /// Signalled when `State::stop` is set.
    stopping: Condvar,
}

#[derive(Default)]
struct State {
    files: HashMap<String, Arc<Vec<u8>>>,
    behaviours: HashMap<String, Behaviour>,
    requests: Vec<Request>,
    /// Requests of each path, for the behaviours that count.
    seen: HashMap<String, usize>,
    /// Requests in all, never reset.
    answered: usize,
    connections: usize,
    open: HashMap<usize, TcpStream>,
    stop: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long, or until the server stops.
    fn wait(&self, duration: Duration) {
        let _ = self.stopping.wait_timeout_while(self.state(), duration.min(MAX_WAIT), |state| !state.stop);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for (id, stream) in listener.incoming().enumerate() {
        threads.retain(|thread| !thread.is_finished());
        if shared.state().stop {
            break;
        }
        let Ok(stream) = stream else { continue };
        let Ok(for_shutdown) = stream.try_clone() else { continue };
        {
            let mut state = shared.state();
            if state.open.len() >= MAX_CONNECTIONS {
                continue;
            }
            state.connections += 1;
            state.open.insert(id, for_shutdown);
        }
        let for_thread = Arc::clone(shared);
        let spawned = thread::Builder::new().name(format!("range-server-{id}")).spawn(move || {
            // An error here is a client that went away.
            let _ = converse(&stream, &for_thread);
            let _ = stream.shutdown(Shutdown::Both);
            for_thread.state().open.remove(&id);
        });
        match spawned {
            Ok(thread) => threads.push(thread),
            Err(_) => drop(shared.state().open.remove(&id)),
        }
    }
    // A connection accepted while the server was being dropped may have missed its shutdown.
    for stream in shared.state().open.values() {
        let _ = stream.shutdown(Shutdown::Both);
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// Answers the requests of one connection until either side closes it.
fn converse(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(MAX_WAIT))?;
    stream.set_write_timeout(Some(MAX_WAIT))?;
    shared.wait(shared.link.latency);
    let mut reader = BufReader::new(stream);
    while let Some(head) = read_head(&mut reader)? {
        let keep_open = head.keep_alive;
        let answer = answer(shared, &head);
        let sent = if head.method == "HEAD" { 0 } else { answer.sent };
        shared.record(&head, answer.range, answer.status, sent);
        shared.wait(answer.delay + shared.link.latency);
        let mut out = stream;
        out.write_all(answer.head(keep_open).as_bytes())?;
        if head.method != "HEAD" {
            let whole = answer.body.len();
            shared.send(out, answer.body.get(..answer.sent as usize).unwrap_or(&answer.body))?;
            if (answer.sent as usize) < whole {
                out.flush()?;
                shared.wait(answer.stall);
                return Ok(());
            }
        }
        out.flush()?;
        if !keep_open || shared.state().stop {
            return Ok(());
        }
    }
    Ok(())
}

impl Shared {
    /// Writes a body as fast as the link carries it.
    fn send(&self, mut out: &TcpStream, body: &[u8]) -> io::Result<()> {
        if self.link.bytes_per_second == 0 {
            return out.write_all(body);
        }
        let started = Instant::now();
        let mut sent = 0;
        for part in body.chunks(64 << 10) {
            out.write_all(part)?;
            sent += part.len() as u64;
            let due = Duration::from_micros(sent * 1_000_000 / self.link.bytes_per_second);
            self.wait(due.saturating_sub(started.elapsed()));
        }
        Ok(())
    }

    fn record(&self, head: &Head, range: Option<(u64, u64)>, status: u16, body_bytes: u64) {
        if self.verbose {
            let asked = head.header("range").unwrap_or("-");
            eprintln!("{} {} {asked} {status} {body_bytes}", head.method, head.target);
        }
        self.state().requests.push(Request {
            method: head.method.clone(),
            path: head.target.clone(),
            range,
            headers: head.headers.clone(),
            status,
            body_bytes,
        });
    }
}

/// A request's first line and headers.
struct Head {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    keep_alive: bool,
}

impl Head {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The path without its query, percent-decoded.
    fn path(&self) -> String {
        percent_decode(self.target.split('?').next().unwrap_or_default())
    }
}

/// `None` when the client closed the connection between two requests.
fn read_head(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Head>> {
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "not an HTTP request");
    let mut limited = reader.by_ref().take(MAX_HEAD);
    let mut line = String::new();
    // RFC 9112, 2.2: empty lines before a request are passed over.
    while line.trim().is_empty() {
        line.clear();
        if limited.read_line(&mut line)? == 0 {
            return Ok(None);
        }
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next()) else { return Err(broken()) };
    let (method, target, version) = (method.to_owned(), target.to_owned(), version.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if limited.read_line(&mut line)? == 0 {
            return Err(broken());
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(broken)?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut head = Head { method, target, headers, keep_alive: version == "HTTP/1.1" };
    if head.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        head.keep_alive = false;
    }
    let body = head.header("content-length").and_then(|value| value.parse::<u64>().ok()).unwrap_or(0);
    if body > MAX_REQUEST_BODY {
        return Err(broken());
    }
    io::copy(&mut reader.by_ref().take(body), &mut io::sink())?;
    Ok(Some(head))
}

/// What is sent back.
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// What Content-Length says.
    length: u64,
    /// Bytes of `body` to send; fewer than all means that the connection closes after them.
    sent: u64,
    /// The satisfiable range that was asked.
    range: Option<(u64, u64)>,
    /// Wait before the answer, and, when the body is not sent whole, before closing.
    delay: Duration,
    stall: Duration,
}

impl Answer {
    fn new(status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Self {
        let length = body.len() as u64;
        Self { status, headers, body, length, sent: length, range: None, delay: Duration::ZERO, stall: Duration::ZERO }
    }

    fn text(status: u16) -> Self {
        Self::new(status, vec![("Content-Type", "text/plain".to_owned())], format!("{status} {}\n", reason(status)).into_bytes())
    }

    fn redirect(location: &str) -> Self {
        let mut answer = Self::text(302);
        answer.headers.push(("Location", location.to_owned()));
        answer
    }

    fn head(&self, keep_alive: bool) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        // RFC 9110, 8.6: no Content-Length with 304 unless it is that of the 200.
        if self.status != 304 {
            let _ = write!(head, "Content-Length: {}\r\n", self.length);
        }
        let _ = write!(head, "Connection: {}\r\n\r\n", if keep_alive { "keep-alive" } else { "close" });
        head
    }
}

/// Decides the whole answer to one request.
fn answer(shared: &Shared, head: &Head) -> Answer {
    let path = head.path();
    let (behaviour, in_memory, seen) = {
        let mut state = shared.state();
        state.answered += 1;
        if state.answered > MAX_REQUESTS {
            return Answer::text(503);
        }
        let seen = state.seen.entry(path.clone()).or_insert(0);
        *seen += 1;
        let seen = *seen;
        (state.behaviours.get(&path).cloned().unwrap_or_default(), state.files.get(&path).cloned(), seen)
    };
    if head.method != "GET" && head.method != "HEAD" {
        let mut refused = Answer::text(405);
        refused.headers.push(("Allow", "GET, HEAD".to_owned()));
        return refused;
    }
    let file = in_memory
        .map(|body| File::Memory(body, MEMORY_MODIFIED))
        .or_else(|| shared.directory.as_deref().and_then(|root| File::below(root, &path)));
    match &behaviour {
        Behaviour::Status(status) => return Answer::text(*status),
        Behaviour::FailFirst { requests, status, retry_after } if seen <= *requests => {
            let mut failure = Answer::text(*status);
            failure.headers.extend(retry_after.map(|seconds| ("Retry-After", seconds.to_string())));
            return failure;
        }
        Behaviour::RedirectLoop => return Answer::redirect(&head.target),
        Behaviour::RedirectTo(url) => return Answer::redirect(url),
        Behaviour::LoginPage => {
            let page =
                "<!DOCTYPE html><title>Sign in</title><form method=post><input name=user><input name=password type=password></form>\n";
            return Answer::new(200, vec![("Content-Type", "text/html; charset=utf-8".to_owned())], page.into());
        }
        _ => {}
    }
    let file = match behaviour {
        Behaviour::ChangeAfter { requests, ref body } if seen > requests => {
            Some(File::Memory(Arc::new(body.clone()), MEMORY_MODIFIED + 3600))
        }
        _ => file,
    };
    let Some(file) = file else { return Answer::text(404) };
    let Ok(mut answer) = serve(&file, head) else { return Answer::text(500) };
    match &behaviour {
        Behaviour::DelayMs(milliseconds) => answer.delay = Duration::from_millis(*milliseconds),
        Behaviour::Stall => {
            answer.sent = 0;
            answer.stall = MAX_WAIT;
        }
        fault if head.method == "GET" && matches!(answer.status, 200 | 206) => return spoil(answer, fault, &file),
        _ => {}
    }
    answer
}

/// The right answer to GET or HEAD.
fn serve(file: &File, head: &Head) -> io::Result<Answer> {
    let (size, etag) = (file.size(), file.etag());
    let mut headers = vec![
        ("Accept-Ranges", "bytes".to_owned()),
        ("ETag", etag.clone()),
        ("Last-Modified", http_date(file.modified())),
        ("Content-Type", "image/tiff".to_owned()),
    ];
    let names = |list: &str| list.trim() == "*" || list.split(',').any(|tag| tag.trim() == etag);
    if head.header("if-match").is_some_and(|list| !names(list)) {
        return Ok(Answer { headers, ..Answer::text(412) });
    }
    if head.header("if-none-match").is_some_and(names) {
        return Ok(Answer::new(304, headers, Vec::new()));
    }
    // RFC 9110, 13.1.5: a range under another validator is not a range. 14.2: Range is defined for GET alone.
    let current = head.header("if-range").is_none_or(|validator| validator == etag || validator == http_date(file.modified()));
    let asked = head.header("range").filter(|_| current && head.method == "GET").map_or(Asked::Whole, |value| parse_range(value, size));
    match asked {
        Asked::Whole if head.method == "HEAD" => {
            let mut answer = Answer::new(200, headers, Vec::new());
            answer.length = size;
            Ok(answer)
        }
        Asked::Whole => Ok(Answer::new(200, headers, file.read(0, size)?)),
        Asked::Range(first, last) => {
            headers.push(("Content-Range", format!("bytes {first}-{last}/{size}")));
            let mut answer = Answer::new(206, headers, file.read(first, last - first + 1)?);
            answer.range = Some((first, last));
            Ok(answer)
        }
        Asked::Unsatisfiable => {
            headers.push(("Content-Range", format!("bytes */{size}")));
            Ok(Answer { headers, ..Answer::text(416) })
        }
    }
}

/// Turns a right 200 or 206 into a wrong one.
fn spoil(mut answer: Answer, fault: &Behaviour, file: &File) -> Answer {
    let content_range = |answer: &Answer| answer.headers.iter().position(|(name, _)| *name == "Content-Range");
    let range = answer.range;
    match fault {
        Behaviour::IgnoreRange => {
            answer.status = 200;
            answer.headers.retain(|(name, _)| !matches!(*name, "Content-Range" | "Accept-Ranges"));
            answer.body = file.read(0, file.size()).unwrap_or_default();
        }
        Behaviour::NoContentRange => answer.headers.retain(|(name, _)| *name != "Content-Range"),
        Behaviour::WrongContentRange => {
            if let (Some((first, last)), Some(at)) = (range, content_range(&answer)) {
                answer.headers.remove(at);
                answer.headers.push(("Content-Range", format!("bytes {}-{}/{}", first + 1, last + 1, file.size())));
            }
        }
        Behaviour::ShortBody => answer.body.truncate(answer.body.len() / 2),
        Behaviour::LongBody => answer.body.resize(answer.body.len() + 100, 0),
        Behaviour::CutBody => {
            answer.sent = answer.body.len() as u64 / 2;
            return answer;
        }
        Behaviour::Gzip => answer.headers.push(("Content-Encoding", "gzip".to_owned())),
        Behaviour::Multipart => {
            if let (Some((first, last)), Some(at)) = (range, content_range(&answer)) {
                answer.headers.remove(at);
                answer.headers.retain(|(name, _)| *name != "Content-Type");
                answer.headers.push(("Content-Type", "multipart/byteranges; boundary=PART".to_owned()));
                let size = file.size();
                let mut body =
                    format!("--PART\r\nContent-Type: image/tiff\r\nContent-Range: bytes {first}-{last}/{size}\r\n\r\n").into_bytes();
                body.append(&mut answer.body);
                body.extend_from_slice(b"\r\n--PART--\r\n");
                answer.body = body;
            }
        }
        _ => {}
    }
    answer.length = answer.body.len() as u64;
    answer.sent = answer.length;
    answer
}

enum Asked {
    Whole,
    Range(u64, u64),
    Unsatisfiable,
}

/// RFC 9110, 14.1.2. A header that is malformed or asks for several ranges is ignored, as the RFC allows.
fn parse_range(value: &str, size: u64) -> Asked {
    let Some((first, last)) = value.trim().strip_prefix("bytes=").and_then(|spec| spec.split_once('-')) else { return Asked::Whole };
    let number = |text: &str| text.trim().parse::<u64>();
    match (first.trim().is_empty(), last.trim().is_empty(), number(first), number(last)) {
        (true, false, _, Ok(suffix)) if suffix == 0 || size == 0 => Asked::Unsatisfiable,
        (true, false, _, Ok(suffix)) => Asked::Range(size.saturating_sub(suffix), size - 1),
        (false, true, Ok(first), _) if first < size => Asked::Range(first, size - 1),
        (false, true, Ok(_), _) => Asked::Unsatisfiable,
        (false, false, Ok(first), Ok(last)) if first <= last && first < size => Asked::Range(first, last.min(size - 1)),
        (false, false, Ok(first), Ok(last)) if first <= last => Asked::Unsatisfiable,
        _ => Asked::Whole,
    }
}

/// Where a body comes from.
enum File {
    /// The bytes, and when they changed last (seconds since 1970).
    Memory(Arc<Vec<u8>>, u64),
    Disk {
        path: PathBuf,
        size: u64,
        modified: u64,
    },
}

impl File {
    /// The file at `path` below `root`; no `..`, no absolute path, no directory.
    fn below(root: &Path, path: &str) -> Option<Self> {
        let relative = Path::new(path.strip_prefix('/')?);
        if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let path = root.join(relative);
        let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs());
        Some(Self::Disk { path, size: metadata.len(), modified })
    }

    fn size(&self) -> u64 {
        match self {
            Self::Memory(body, _) => body.len() as u64,
            Self::Disk { size, .. } => *size,
        }
    }

    fn modified(&self) -> u64 {
        match self {
            Self::Memory(_, modified) | Self::Disk { modified, .. } => *modified,
        }
    }

    /// A hash of the content; of size and time for a file on disk, which may be large.
    fn etag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        match self {
            Self::Memory(body, _) => body.hash(&mut hasher),
            Self::Disk { size, modified, .. } => (size, modified).hash(&mut hasher),
        }
        format!("\"{:016x}\"", hasher.finish())
    }

    fn read(&self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Memory(body, _) => {
                let range = offset as usize..(offset + length) as usize;
                body.get(range).map(<[u8]>::to_vec).ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
            }
            Self::Disk { path, .. } => {
                let mut file = fs::File::open(path)?;
                file.seek(SeekFrom::Start(offset))?;
                let mut bytes = Vec::new();
                file.take(length).read_to_end(&mut bytes)?;
                if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
            }
        }
    }
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .filter(|_| byte == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(byte));
        rest = if code.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// IMF-fixdate (RFC 9110, 5.6.7) of seconds since 1970.
pub(crate) fn http_date(seconds: u64) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Days to a date of the Gregorian calendar, in years that begin on the first of March (H. Hinnant, "chrono-compatible
    // low-level date algorithms").
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12;
    let year = era * 400 + year_of_era + u64::from(month < 2);
    let weekday = WEEKDAYS.get((days % 7) as usize).unwrap_or(&"");
    let month = MONTHS.get(month as usize).unwrap_or(&"");
    format!("{weekday}, {day:02} {month} {year} {:02}:{:02}:{:02} GMT", time / 3600, time / 60 % 60, time % 60)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        410 => "Gone",
        412 => "Precondition Failed",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unnamed",
    }
}
