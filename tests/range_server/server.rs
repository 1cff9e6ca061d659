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

#[path = "behaviour.rs"]
mod behaviour;
#[path = "files.rs"]
mod files;
#[path = "protocol.rs"]
mod protocol;

pub(crate) use behaviour::{Behaviour, Validators};
pub(crate) use files::http_date;

use behaviour::spoil;
use files::File;
use protocol::{Answer, Asked, Ending, Head, parse_range, read_head};
use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

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

    /// Identifies the versions of `path` in this way.
    pub(crate) fn set_validators(&self, path: &str, validators: Validators) {
        self.shared.state().validators.insert(path.to_owned(), validators);
    }

    /// Answers that were late or stalled and whose connection the client has closed.
    pub(crate) fn abandoned(&self) -> usize {
        self.shared.state().abandoned
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
    validators: HashMap<String, Validators>,
    /// Answers that the client did not wait for to the end.
    abandoned: usize,
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
            // An error here is a client that went away. The last handle closes the connection, or resets it.
            let _ = converse(&stream, &for_thread);
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
        if answer.ending != Ending::Answer {
            return answer.ending.close(stream);
        }
        shared.wait(shared.link.latency);
        if shared.linger(stream, answer.delay)? {
            return Ok(());
        }
        let mut out = stream;
        out.write_all(answer.head(keep_open).as_bytes())?;
        if head.method != "HEAD" {
            let whole = answer.body.len();
            shared.send(out, answer.body.get(..answer.sent as usize).unwrap_or(&answer.body), answer.drip)?;
            if (answer.sent as usize) < whole || answer.no_length {
                out.flush()?;
                shared.linger(stream, answer.stall)?;
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
    fn send(&self, mut out: &TcpStream, body: &[u8], drip: Duration) -> io::Result<()> {
        if !drip.is_zero() {
            for byte in body {
                out.write_all(std::slice::from_ref(byte))?;
                if self.linger(out, drip)? {
                    break;
                }
            }
            return Ok(());
        }
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

    /// Waits so long, or until the server stops, or until the client closes the connection: then it is true, and counted.
    fn linger(&self, stream: &TcpStream, duration: Duration) -> io::Result<bool> {
        let until = Instant::now() + duration.min(MAX_WAIT);
        stream.set_read_timeout(Some(Duration::from_millis(5)))?;
        let gone = loop {
            if Instant::now() >= until || self.state().stop {
                break false;
            }
            match stream.peek(&mut [0]) {
                Ok(0) => break true,
                Ok(_) => self.wait(Duration::from_millis(5)),
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(_) => break true,
            }
        };
        stream.set_read_timeout(Some(MAX_WAIT))?;
        self.state().abandoned += usize::from(gone);
        Ok(gone)
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

/// Decides the whole answer to one request.
fn answer(shared: &Shared, head: &Head) -> Answer {
    let path = head.path();
    let (behaviour, in_memory, seen, validators) = {
        let mut state = shared.state();
        state.answered += 1;
        if state.answered > MAX_REQUESTS {
            return Answer::text(503);
        }
        let seen = state.seen.entry(path.clone()).or_insert(0);
        *seen += 1;
        let seen = *seen;
        let behaviour = match state.behaviours.get(&path).cloned().unwrap_or_default() {
            Behaviour::First { requests, fault } => {
                if seen <= requests {
                    *fault
                } else {
                    Behaviour::Normal
                }
            }
            behaviour => behaviour,
        };
        let validators = state.validators.get(&path).copied().unwrap_or_default();
        (behaviour, state.files.get(&path).cloned(), seen, validators)
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
        Behaviour::Close => return Answer { ending: Ending::Close, sent: 0, ..Answer::text(500) },
        Behaviour::Reset => return Answer { ending: Ending::Reset, sent: 0, ..Answer::text(500) },
        Behaviour::NoHead if head.method == "HEAD" => return Answer::text(405),
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
    let Ok(mut answer) = serve(&file, validators, head) else { return Answer::text(500) };
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
fn serve(file: &File, validators: Validators, head: &Head) -> io::Result<Answer> {
    let (size, etag) = (file.size(), file.etag());
    let mut headers = vec![("Accept-Ranges", "bytes".to_owned()), ("Content-Type", "image/tiff".to_owned())];
    match validators {
        Validators::Strong => headers.push(("ETag", etag.clone())),
        Validators::Weak => headers.push(("ETag", format!("W/{etag}"))),
        Validators::Date | Validators::None => {}
    }
    if validators != Validators::None {
        headers.push(("Last-Modified", http_date(file.modified())));
    }
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
