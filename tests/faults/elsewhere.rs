//! Faults that are met before a server answers: names, connections, certificates, proxies, HTTP/2, file descriptors.

use super::scripted::{Reply, Scripted};
use super::table::{Complaint, Outcome, Row, SHORT, TILE, fails, right};
use super::tls::{self, h2};
use super::{PATH, options, serve, tile};
use crate::server::Behaviour;
use cog::Dataset;
use cog::error::Status::{Io, PermissionDenied, Timeout};
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

fn read(url: &str, settings: &[(&str, &str)]) -> Result<Vec<u8>, cog::Error> {
    // None of these servers stalls.
    let options = options(&[&SHORT[..], &[("http.proxy", "none"), ("http.low_speed_ms", "10000")], settings].concat());
    Dataset::open(url, &options).map(Arc::new).and_then(|dataset| tile(&dataset, TILE.0, TILE.1))
}

fn unreached(url: &str) -> Outcome {
    let mut outcome = Outcome::new(read(url, &[("http.connect_timeout_ms", "300")]), 0);
    outcome.requests = outcome.got.as_ref().err().map_or(0, Complaint::attempts);
    outcome
}

/// A port whose queue of connections is full: further ones wait for their handshake.
fn full_queue(_: &[u8]) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    #[allow(unsafe_code, reason = "the standard library chooses the length of the queue")]
    // SAFETY: the descriptor is that of a listening socket, open for as long as `listener` lives.
    let shortened = unsafe { libc::listen(listener.as_raw_fd(), 0) };
    assert_eq!(shortened, 0);
    let filling: Vec<_> = (0..4).map_while(|_| TcpStream::connect_timeout(&address, std::time::Duration::from_millis(100)).ok()).collect();
    let outcome = unreached(&format!("http://{address}/a.tif"));
    drop(filling);
    outcome
}

fn certificate(name: &'static str, authority: &'static str) -> impl Fn(&[u8]) -> Outcome {
    move |bytes| {
        let server = tls::Server::start(bytes, name, 0, |_, _| Ok(()));
        let authority = tls::certificate(authority);
        let got = read(&server.url, &[("http.ca_file", authority.to_str().unwrap())]);
        // A connection whose certificate is refused carries no request: what counts is how many were made.
        Outcome::new(got, server.requests().max(server.connections()))
    }
}

/// The first so many connections speak HTTP/2 and refuse, the others answer over HTTP/1.1.
fn over_h2(
    faulty: usize,
    fault: fn(&mut tls::Stream, &std::sync::atomic::AtomicUsize) -> std::io::Result<()>,
) -> impl Fn(&[u8]) -> Outcome {
    move |bytes| {
        let server = tls::Server::start(bytes, "good.pem", faulty, fault);
        let authority = tls::certificate("authority.pem");
        let got = read(&server.url, &[("http.ca_file", authority.to_str().unwrap())]);
        Outcome::new(got, server.requests())
    }
}

/// A proxy that answers everything with this status.
fn proxy(status: u16, url: &'static str) -> impl Fn(&[u8]) -> Outcome {
    move |_| {
        let proxy = Scripted::start(move |_| Reply::new(status, "").with("proxy-authenticate", "Basic"));
        let got = read(url, &[("http.proxy", &proxy.url)]);
        Outcome::new(got, proxy.seen().len())
    }
}

/// The variable that makes a child of this program of [`without_file_descriptors`].
const CHILD: &str = "COG_TEST_FAULTS_URL";

/// Reads in a child process that may open no further file.
fn no_files(bytes: &[u8]) -> Outcome {
    let server = serve(bytes, Behaviour::Normal);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "elsewhere::without_file_descriptors", "--nocapture"])
        .env(CHILD, server.url(PATH))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<String> = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
    assert!(child.wait().unwrap().success(), "{lines:?}");
    assert!(server.requests().is_empty());
    let text = lines.iter().find_map(|line| line.strip_prefix("SAW ")).unwrap_or_else(|| panic!("{lines:?}")).to_owned();
    // The child has compared the rest.
    let complaint = Complaint { status: Io, http: None, names_file: true, text };
    Outcome { requests: complaint.attempts(), got: Err(complaint) }
}

#[test]
fn without_file_descriptors() {
    let Ok(url) = std::env::var(CHILD) else { return };
    // The network threads have their descriptors before there are no more.
    assert!(read("http://127.0.0.1:1/a.tif", &[("http.retries", "0")]).is_err());
    let limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    #[allow(unsafe_code, reason = "the standard library can't set limits")]
    // SAFETY: `limit` is a whole rlimit that the call only reads.
    let set = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(set, 0);
    let e = read(&url, &[]).unwrap_err();
    assert_eq!((e.status(), e.place().file.as_deref()), (Io, Some(url.as_str())), "{e}");
    println!("SAW {}", e.reason());
}

pub(crate) fn rows() -> Vec<Row> {
    let expired = fails(Io, None, "certificate is not accepted: it has expired", 1);
    let elsewhere = fails(Io, None, "certificate is not accepted: it is another host's", 1);
    let unknown = fails(Io, None, "certificate is not accepted: no authority that is trusted here", 1);
    let no_password = fails(PermissionDenied, 407, "the proxy answered 407", 1);
    vec![
        Row::new(22, "name that is not known", fails(Io, None, "name could not be resolved", 4), |_| {
            unreached("http://none.invalid/a.tif")
        }),
        Row::new(22, "nobody listens", fails(Io, None, "could not be reached", 4), |_| unreached("http://127.0.0.1:1/a.tif")),
        Row::new(22, "connection never made", fails(Timeout, None, "within 300 ms (http.connect_timeout_ms)", 4), full_queue),
        Row::new(23, "TLS: right certificate", right(2), certificate("good.pem", "authority.pem")),
        Row::new(23, "TLS: expired", expired, certificate("expired.pem", "authority.pem")),
        Row::new(23, "TLS: wrong host", elsewhere, certificate("elsewhere.pem", "authority.pem")),
        Row::new(23, "TLS: unknown CA", unknown, certificate("good.pem", "stranger.pem")),
        Row::new(26, "HTTP/2 GOAWAY once", right(3), over_h2(1, h2::goes_away)),
        Row::new(26, "HTTP/2 GOAWAY", fails(Io, None, "the connection broke", 4), over_h2(usize::MAX, h2::goes_away)),
        Row::new(26, "HTTP/2 REFUSED_STREAM once", right(3), over_h2(1, h2::refuses)),
        Row::new(26, "HTTP/2 REFUSED_STREAM", fails(Io, None, "the connection broke", 4), over_h2(usize::MAX, h2::refuses)),
        Row::new(26, "HTTP/2 ENHANCE_YOUR_CALM once", right(3), over_h2(1, h2::wants_calm)),
        Row::new(26, "HTTP/2 ENHANCE_YOUR_CALM", fails(Io, None, "the connection broke", 4), over_h2(usize::MAX, h2::wants_calm)),
        Row::new(27, "no file descriptor left", fails(Io, None, "no file descriptor left", 4), no_files),
        Row::new(28, "proxy: 407 to CONNECT", no_password, proxy(407, "https://a.invalid/a.tif")),
        Row::new(28, "proxy: CONNECT refused", fails(Io, None, "the proxy refused to connect", 1), proxy(403, "https://a.invalid/a.tif")),
        Row::new(
            28,
            "proxy: 407",
            fails(PermissionDenied, 407, "407 Proxy Authentication Required", 1),
            proxy(407, "http://a.invalid/a.tif"),
        ),
    ]
}
