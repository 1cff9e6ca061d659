//! Servers that speak TLS: with each of the certificates of `certificates/`, over HTTP/1.1 or HTTP/2.

use super::scripted::{Reply, Seen};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

pub(crate) type Stream = StreamOwned<ServerConnection, TcpStream>;

pub(crate) fn certificate(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/faults/certificates").join(name)
}

/// Serves a file until the process ends.
pub(crate) struct Server {
    pub(crate) url: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// `certificate` is the name of its file. The first `faulty` connections speak HTTP/2, and `fault` is what they do; the others HTTP/1.1.
    pub(crate) fn start(bytes: &[u8], name: &str, faulty: usize, fault: fn(&mut Stream, &AtomicUsize) -> std::io::Result<()>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/a.tif", listener.local_addr().unwrap());
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (connected, asked) = (Arc::clone(&connections), Arc::clone(&requests));
        let (h1, h2) = (config(name, b"http/1.1"), config(name, b"h2"));
        let bytes: Arc<[u8]> = bytes.into();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let is_faulty = connected.fetch_add(1, SeqCst) < faulty;
                let config = Arc::clone(if is_faulty { &h2 } else { &h1 });
                let (bytes, asked) = (Arc::clone(&bytes), Arc::clone(&asked));
                std::thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                    let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                    // An error is a client that went away, or refused the certificate.
                    let _ = if is_faulty { fault(&mut stream, &asked) } else { answer(&mut stream, &bytes, &asked) };
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                });
            }
        });
        Self { url, connections, requests }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(SeqCst)
    }
}

fn config(name: &str, protocol: &[u8]) -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(certificate(name)).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(certificate("leaf.key")).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let mut config = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    Arc::new(config)
}

/// HTTP/1.1, one request after the other.
fn answer(stream: &mut Stream, bytes: &[u8], requests: &AtomicUsize) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut seen = Seen { method: String::new(), path: String::new(), headers: Vec::new(), body: String::new() };
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) => seen.headers.push((name.to_ascii_lowercase(), value.to_owned())),
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        requests.fetch_add(1, SeqCst);
        let reply = Reply::part(bytes, &seen);
        let head = format!("HTTP/1.1 {} Served\r\ncontent-length: {}\r\n", reply.status, reply.body.len());
        let head = reply.headers.iter().fold(head, |head, (name, value)| head + name + ": " + value + "\r\n");
        let stream = reader.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(b"\r\n")?;
        stream.write_all(&reply.body)?;
        stream.flush()?;
    }
}

/// HTTP/2 (RFC 9113): frames, as far as refusing takes.
pub(crate) mod h2 {
    use super::{AtomicUsize, SeqCst, Stream};
    use std::io::{Read as _, Result, Write as _};

    const HEADERS: u8 = 1;
    const RST_STREAM: u8 = 3;
    const SETTINGS: u8 = 4;
    const GOAWAY: u8 = 7;
    const NO_ERROR: u32 = 0;
    const REFUSED_STREAM: u32 = 7;
    const ENHANCE_YOUR_CALM: u32 = 11;

    fn send(stream: &mut Stream, kind: u8, id: u32, payload: &[u8]) -> Result<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        stream.write_all(&[&length[1..], &[kind, 0], &id.to_be_bytes(), payload].concat())?;
        stream.flush()
    }

    /// The preface of both sides, and then the client's first request, whose stream it gives.
    fn first_request(stream: &mut Stream, requests: &AtomicUsize) -> Result<u32> {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface)?;
        send(stream, SETTINGS, 0, &[])?;
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head)?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let mut payload = vec![0; length];
            stream.read_exact(&mut payload)?;
            if head[3] == HEADERS {
                requests.fetch_add(1, SeqCst);
                return Ok(u32::from_be_bytes([head[5], head[6], head[7], head[8]]));
            }
        }
    }

    fn go_away(stream: &mut Stream, last: u32, code: u32) -> Result<()> {
        send(stream, GOAWAY, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
    }

    /// Nothing was processed.
    pub(crate) fn goes_away(stream: &mut Stream, requests: &AtomicUsize) -> Result<()> {
        first_request(stream, requests)?;
        go_away(stream, 0, NO_ERROR)
    }

    pub(crate) fn refuses(stream: &mut Stream, requests: &AtomicUsize) -> Result<()> {
        let id = first_request(stream, requests)?;
        send(stream, RST_STREAM, id, &REFUSED_STREAM.to_be_bytes())?;
        // So that the next request comes on another connection.
        go_away(stream, id, NO_ERROR)
    }

    pub(crate) fn wants_calm(stream: &mut Stream, requests: &AtomicUsize) -> Result<()> {
        first_request(stream, requests)?;
        go_away(stream, 0, ENHANCE_YOUR_CALM)
    }
}
