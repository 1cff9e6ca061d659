//! The server against a client written by hand.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use super::server::{Behaviour, Server, http_date};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

struct Reply {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
    /// The body ended before Content-Length bytes.
    cut: bool,
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn new(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self(BufReader::new(stream))
    }

    fn send(&mut self, method: &str, path: &str, headers: &str) -> Reply {
        write!(self.0.get_mut(), "{method} {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n").unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let length: u64 = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
        let mut body = Vec::new();
        if method != "HEAD" {
            self.0.by_ref().take(length).read_to_end(&mut body).unwrap();
        }
        let cut = method != "HEAD" && (body.len() as u64) < length;
        Reply { status, headers, body, cut }
    }

    fn range(&mut self, path: &str, range: &str) -> Reply {
        self.send("GET", path, &format!("Range: {range}\r\n"))
    }
}

fn content() -> Vec<u8> {
    (0..1000u32).map(|i| (i * 7 % 251) as u8).collect()
}

fn serving(behaviour: Behaviour) -> Server {
    Server::builder().file("/a.tif", content()).behaviour("/a.tif", behaviour).start().unwrap()
}

#[test]
fn whole_file_and_head_agree() {
    let server = Server::start(HashMap::from([("/a.tif".to_owned(), content())]));
    let mut client = Client::new(&server);
    let whole = client.send("GET", "/a.tif", "");
    assert_eq!((whole.status, whole.body), (200, content()));
    let head = client.send("HEAD", "/a.tif", "");
    assert_eq!((head.status, head.headers["content-length"].as_str()), (200, "1000"));
    assert_eq!(head.headers["etag"], whole.headers["etag"]);
    assert_eq!(head.headers["accept-ranges"], "bytes");
    assert_eq!(head.headers["last-modified"], "Thu, 01 Jan 2026 00:00:00 GMT");
    assert_eq!(server.requests().len(), 2);
    assert_eq!(server.requests()[1].body_bytes, 0);
    assert_eq!(server.connections(), 1, "the connection is kept open");
    assert!(server.url("/a.tif").starts_with("http://127.0.0.1:"));
}

#[test]
fn ranges_give_their_bytes() {
    let server = serving(Behaviour::Normal);
    let mut client = Client::new(&server);
    for (asked, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=990-", 990, 999),
        ("bytes=990-2000", 990, 999),
        ("bytes=-5", 995, 999),
        ("bytes=-5000", 0, 999),
    ] {
        let reply = client.range("/a.tif", asked);
        assert_eq!(reply.status, 206, "{asked}");
        assert_eq!(reply.headers["content-range"], format!("bytes {first}-{last}/1000"));
        assert_eq!(reply.body, content()[first..=last]);
        let logged = server.requests().pop().unwrap();
        assert_eq!(logged.range, Some((first as u64, last as u64)));
        assert_eq!((logged.status, logged.body_bytes), (206, (last - first + 1) as u64));
        assert_eq!(logged.header("range"), Some(asked));
    }
    server.reset();
    assert!(server.requests().is_empty());
}

#[test]
fn range_beyond_the_end_is_416() {
    let server = Server::builder().file("/a.tif", content()).file("/empty", []).start().unwrap();
    let mut client = Client::new(&server);
    for asked in ["bytes=1000-", "bytes=1000-1001", "bytes=-0"] {
        let reply = client.range("/a.tif", asked);
        assert_eq!((reply.status, reply.headers["content-range"].as_str()), (416, "bytes */1000"), "{asked}");
    }
    assert_eq!(client.range("/empty", "bytes=0-0").status, 416);
    assert_eq!(client.range("/empty", "bytes=-1").status, 416);
}

#[test]
fn malformed_and_multiple_ranges_are_ignored() {
    let server = serving(Behaviour::Normal);
    let mut client = Client::new(&server);
    for asked in ["bytes=5-4", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=0-1,5-6"] {
        let reply = client.range("/a.tif", asked);
        assert_eq!((reply.status, reply.body.len()), (200, 1000), "{asked}");
    }
}

#[test]
fn conditions_are_honoured() {
    let server = serving(Behaviour::Normal);
    let mut client = Client::new(&server);
    let etag = client.send("HEAD", "/a.tif", "").headers["etag"].clone();
    let ranged = |condition: &str| format!("Range: bytes=0-9\r\n{condition}\r\n");
    assert_eq!(client.send("GET", "/a.tif", &ranged(&format!("If-Match: {etag}"))).status, 206);
    assert_eq!(client.send("GET", "/a.tif", &ranged("If-Match: *")).status, 206);
    assert_eq!(client.send("GET", "/a.tif", &ranged("If-Match: \"other\"")).status, 412);
    assert_eq!(client.send("GET", "/a.tif", &ranged(&format!("If-Range: {etag}"))).status, 206);
    assert_eq!(client.send("GET", "/a.tif", &ranged("If-Range: \"other\"")).status, 200);
    assert_eq!(client.send("GET", "/a.tif", &format!("If-None-Match: {etag}\r\n")).status, 304);
    server.set_file("/a.tif", b"other bytes");
    assert_eq!(client.send("GET", "/a.tif", &ranged(&format!("If-Match: {etag}"))).status, 412);
}

#[test]
fn unknown_path_and_method_are_refused() {
    let server = serving(Behaviour::Normal);
    let mut client = Client::new(&server);
    assert_eq!(client.send("GET", "/b.tif", "").status, 404);
    assert_eq!(client.send("PUT", "/a.tif", "Content-Length: 3\r\n\r\nabc").status, 405);
    assert_eq!(client.send("GET", "/a.tif?x=1", "").status, 200);
    assert_eq!(client.send("GET", "/%61.tif", "Connection: close\r\n").headers["connection"], "close");
    assert_eq!(client.0.read(&mut [0]).unwrap(), 0, "closed as asked");
}

#[test]
fn a_directory_is_served_without_its_surroundings() {
    let directory = std::env::temp_dir().join(format!("range_server_{}", std::process::id()));
    std::fs::create_dir_all(directory.join("sub")).unwrap();
    std::fs::write(directory.join("sub/a.tif"), content()).unwrap();
    let server = Server::builder().directory(directory.join("sub")).start().unwrap();
    let mut client = Client::new(&server);
    let reply = client.range("/a.tif", "bytes=5-9");
    assert_eq!((reply.status, reply.body), (206, content()[5..10].to_vec()));
    for path in ["/../sub/a.tif", "/%2e%2e/sub/a.tif", "//etc/passwd", "/", "/sub"] {
        assert_eq!(client.send("GET", path, "").status, 404, "{path}");
    }
    drop(server);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn faults_are_as_described() {
    let ranged = |behaviour: Behaviour| {
        let server = serving(behaviour);
        let reply = Client::new(&server).range("/a.tif", "bytes=100-199");
        let logged = server.requests().pop().unwrap();
        assert_eq!((logged.status, logged.body_bytes), (reply.status, reply.body.len() as u64));
        reply
    };
    let normal = content()[100..200].to_vec();
    for status in [401, 403, 404, 410, 500, 503] {
        assert_eq!(ranged(Behaviour::Status(status)).status, status);
    }
    let reply = ranged(Behaviour::IgnoreRange);
    assert_eq!((reply.status, reply.body), (200, content()));
    let reply = ranged(Behaviour::NoContentRange);
    assert_eq!((reply.status, reply.headers.get("content-range"), reply.body), (206, None, normal.clone()));
    let reply = ranged(Behaviour::WrongContentRange);
    assert_eq!((reply.headers["content-range"].as_str(), reply.body), ("bytes 101-200/1000", normal.clone()));
    let reply = ranged(Behaviour::ShortBody);
    assert_eq!((reply.headers["content-range"].as_str(), reply.body.len(), reply.cut), ("bytes 100-199/1000", 50, false));
    assert_eq!(ranged(Behaviour::LongBody).body.len(), 200);
    let reply = ranged(Behaviour::CutBody);
    assert_eq!((reply.headers["content-length"].as_str(), reply.body.len(), reply.cut), ("100", 50, true));
    assert_eq!(ranged(Behaviour::Gzip).headers["content-encoding"], "gzip");
    let reply = ranged(Behaviour::Multipart);
    assert!(reply.headers["content-type"].starts_with("multipart/byteranges") && reply.body.starts_with(b"--PART"));
    assert_eq!(ranged(Behaviour::RedirectLoop).headers["location"], "/a.tif");
    assert_eq!(ranged(Behaviour::RedirectTo("http://127.0.0.1:1/b".to_owned())).headers["location"], "http://127.0.0.1:1/b");
    let reply = ranged(Behaviour::LoginPage);
    assert_eq!((reply.status, reply.headers["content-type"].as_str()), (200, "text/html; charset=utf-8"));
}

#[test]
fn counting_behaviours_count() {
    let server = serving(Behaviour::FailFirst { requests: 2, status: 503, retry_after: Some(1) });
    let mut client = Client::new(&server);
    assert_eq!(client.range("/a.tif", "bytes=0-9").headers["retry-after"], "1");
    assert_eq!(client.range("/a.tif", "bytes=0-9").status, 503);
    assert_eq!(client.range("/a.tif", "bytes=0-9").status, 206);
    server.set_behaviour("/a.tif", Behaviour::ChangeAfter { requests: 1, body: b"changed".to_vec() });
    let before = client.send("GET", "/a.tif", "");
    let after = client.send("GET", "/a.tif", "");
    assert_eq!((before.body, after.body), (content(), b"changed".to_vec()));
    assert_ne!(before.headers["etag"], after.headers["etag"]);
    assert_ne!(before.headers["last-modified"], after.headers["last-modified"]);
}

#[test]
fn a_delay_delays_and_a_stall_ends_with_the_server() {
    let server = serving(Behaviour::DelayMs(50));
    let begin = Instant::now();
    assert_eq!(Client::new(&server).range("/a.tif", "bytes=0-9").status, 206);
    assert!(begin.elapsed() >= Duration::from_millis(50));
    server.set_behaviour("/a.tif", Behaviour::Stall);
    let mut client = Client::new(&server);
    let waiting = std::thread::spawn(move || client.range("/a.tif", "bytes=0-9"));
    while server.requests().len() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let begin = Instant::now();
    drop(server);
    let reply = waiting.join().unwrap();
    assert_eq!((reply.status, reply.body.len(), reply.cut), (206, 0, true));
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[test]
fn dates_are_of_the_calendar() {
    assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(http_date(951_827_696), "Tue, 29 Feb 2000 12:34:56 GMT");
    assert_eq!(http_date(1_735_689_599), "Tue, 31 Dec 2024 23:59:59 GMT");
}
