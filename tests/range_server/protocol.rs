//! HTTP/1.1 on the wire: requests as they come, answers as they are sent (RFC 9110, RFC 9112).

use super::files::percent_decode;
use super::{MAX_HEAD, MAX_REQUEST_BODY};
use std::ffi::{c_int, c_void};
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read};
use std::mem::size_of_val;
use std::net::TcpStream;
use std::os::fd::AsRawFd as _;
use std::time::Duration;

/// A request's first line and headers.
pub(super) struct Head {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) keep_alive: bool,
}

impl Head {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The path without its query, percent-decoded.
    pub(super) fn path(&self) -> String {
        percent_decode(self.target.split('?').next().unwrap_or_default())
    }
}

/// `None` when the client closed the connection between two requests.
pub(super) fn read_head(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Head>> {
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
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    /// What Content-Length says.
    pub(super) length: u64,
    /// Bytes of `body` to send; fewer than all means that the connection closes after them.
    pub(super) sent: u64,
    /// The satisfiable range that was asked.
    pub(super) range: Option<(u64, u64)>,
    /// Wait before the answer, and, when the body is not sent whole, before closing.
    pub(super) delay: Duration,
    pub(super) stall: Duration,
    /// The time between two bytes; zero: all at once.
    pub(super) drip: Duration,
    /// Content-Length is not sent, and the connection closes.
    pub(super) no_length: bool,
    pub(super) ending: Ending,
}

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Answer,
    Close,
    Reset,
}

impl Ending {
    /// Ends the connection without an answer.
    pub(super) fn close(self, stream: &TcpStream) -> io::Result<()> {
        if self == Self::Reset {
            reset_when_closed(stream)?;
        }
        Ok(())
    }
}

/// Makes the end of a connection a reset: `SO_LINGER` of no time. This program is built by rustc alone, without the crate libc.
#[allow(unsafe_code, reason = "the standard library can't ask for a reset")]
fn reset_when_closed(stream: &TcpStream) -> io::Result<()> {
    /// Linux's numbers.
    const SOL_SOCKET: c_int = 1;
    const SO_LINGER: c_int = 13;
    unsafe extern "C" {
        fn setsockopt(socket: c_int, level: c_int, name: c_int, value: *const c_void, len: u32) -> c_int;
    }
    // `struct linger`: on, and for how long.
    let linger: [c_int; 2] = [1, 0];
    // SAFETY: the descriptor is open for as long as `stream` lives; `linger` is what SO_LINGER reads, of that size.
    let set = unsafe { setsockopt(stream.as_raw_fd(), SOL_SOCKET, SO_LINGER, linger.as_ptr().cast(), size_of_val(&linger) as u32) };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

impl Answer {
    pub(super) fn new(status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Self {
        let length = body.len() as u64;
        Self {
            status,
            headers,
            body,
            length,
            sent: length,
            range: None,
            delay: Duration::ZERO,
            stall: Duration::ZERO,
            drip: Duration::ZERO,
            no_length: false,
            ending: Ending::Answer,
        }
    }

    pub(super) fn text(status: u16) -> Self {
        Self::new(status, vec![("Content-Type", "text/plain".to_owned())], format!("{status} {}\n", reason(status)).into_bytes())
    }

    pub(super) fn redirect(location: &str) -> Self {
        let mut answer = Self::text(302);
        answer.headers.push(("Location", location.to_owned()));
        answer
    }

    pub(super) fn head(&self, keep_alive: bool) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        // RFC 9110, 8.6: no Content-Length with 304 unless it is that of the 200.
        if self.status != 304 && !self.no_length {
            let _ = write!(head, "Content-Length: {}\r\n", self.length);
        }
        let _ = write!(head, "Connection: {}\r\n\r\n", if keep_alive && !self.no_length { "keep-alive" } else { "close" });
        head
    }
}

pub(super) enum Asked {
    Whole,
    Range(u64, u64),
    Unsatisfiable,
}

/// RFC 9110, 14.1.2. A header that is malformed or asks for several ranges is ignored, as the RFC allows.
pub(super) fn parse_range(value: &str, size: u64) -> Asked {
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

pub(super) fn reason(status: u16) -> &'static str {
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
