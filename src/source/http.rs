//! HTTP and HTTPS: range requests whose answers are believed only where they check out (RFC 9110, sections 13–15).
//!
//! Traps known in the wild: servers that answer 200 with the whole file, a shifted `Content-Range`, bodies shorter or longer than their
//! range, gzip on a 206, multipart answers, and files replaced between two requests. Each is an error here, never pixels.

use super::{Fetch, Opening, Source};
use crate::error::{Error, Reason, Result};
use crate::options::{Http, Settings};
use bytes::{Bytes, BytesMut};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use std::error::Error as _;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use url::Url;

const MAX_REDIRECTS: usize = 5;

pub(crate) struct HttpSource {
    url: Url,
    client: Client,
    settings: Http,
    /// `http.headers` and `http.bearer_token`.
    credentials: HeaderMap,
    /// What identifies the object's version, as the first answer gave it.
    version: OnceLock<Version>,
}

#[derive(Debug, PartialEq)]
struct Version {
    size: u64,
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

impl HttpSource {
    pub(crate) fn new(url: Url, settings: &Settings) -> Result<Self> {
        let http = settings.http.clone();
        let key = format!("{:?}", (http.timeout, http.connect_timeout, &http.user_agent, &http.ca_file));
        let credentials = credentials(&http)?;
        let client = crate::runtime::get().client(&key, || build_client(&http))?;
        Ok(Self { url, client, settings: http, credentials, version: OnceLock::new() })
    }

    /// Asks for a range, following redirects. The caller's headers and the token go to the origin of the URL that was opened, and to no
    /// other.
    async fn get(&self, range: &Range<u64>) -> Result<Response> {
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.client.get(url.clone());
            if url.origin() == self.url.origin() {
                request = request.headers(self.credentials.clone());
            }
            request = request.header(header::ACCEPT_ENCODING, "identity");
            request = request.header(header::RANGE, format!("bytes={}-{}", range.start, range.end - 1));
            if let Some(etag) = self.version.get().and_then(|v| v.etag.as_ref()).filter(|e| e.as_bytes().starts_with(b"\"")) {
                request = request.header(header::IF_MATCH, etag);
            }
            let response = request.send().await.map_err(|e| request_error(e, &self.settings))?;
            match redirect(&response, &url)? {
                Some(next) => url = next,
                None => return Ok(response),
            }
        }
        Err(Error::io(format!("the server redirected more than {MAX_REDIRECTS} times")))
    }

    async fn open_first(&self, len: u64) -> Result<Opening> {
        let response = self.get(&(0..len.max(1))).await?;
        let status = response.status();
        self.first_answer(response, len).await.map_err(|e| e.with_http_status(status.as_u16()))
    }

    async fn first_answer(&self, response: Response, len: u64) -> Result<Opening> {
        let status = response.status();
        let opening = match status {
            StatusCode::PARTIAL_CONTENT => {
                let (range, size) = checked_range(&response, 0)?;
                if range.end != len.min(size) {
                    return Err(Error::io(format!(
                        "the server sent bytes {}-{} of {size} where 0-{} were asked for",
                        range.start,
                        range.end - 1,
                        len - 1
                    )));
                }
                self.remember(&response, size);
                Opening { head: exact_body(response, len.min(size), &self.settings).await?, size }
            }
            StatusCode::OK => {
                let declared = response.content_length();
                let limit = self.settings.whole_file_bytes;
                if declared.is_some_and(|n| n > limit) {
                    return Err(ignores_ranges(declared, limit));
                }
                refuse_encodings(&response)?;
                self.remember(&response, 0);
                let head = whole_body(response, limit, &self.settings).await?;
                if declared.is_some_and(|n| n != head.len() as u64) {
                    return Err(Error::io("the connection ended before the whole file had come"));
                }
                Opening { size: head.len() as u64, head }
            }
            // RFC 9110, 15.5.17: an empty file has no range that could be satisfied.
            StatusCode::RANGE_NOT_SATISFIABLE if total_size(&response) == Some(0) => Opening { head: Bytes::new(), size: 0 },
            _ => return Err(refused(status)),
        };
        Ok(opening)
    }

    fn remember(&self, response: &Response, size: u64) {
        // Set once: `open` is called once.
        let _ = self.version.set(version(response, size));
    }

    async fn fetch_one(&self, range: Range<u64>) -> Result<Bytes> {
        let response = self.get(&range).await.map_err(|e| e.at_offset(range.start))?;
        let status = response.status().as_u16();
        self.answer(response, range).await.map_err(|e| e.with_http_status(status))
    }

    async fn answer(&self, response: Response, range: Range<u64>) -> Result<Bytes> {
        let status = response.status();
        match status {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::OK => {
                return Err(Error::io("the server answered 200 with the whole file to a request for a part of it"));
            }
            StatusCode::PRECONDITION_FAILED => return Err(modified("its ETag has changed")),
            _ => return Err(refused(status).at_offset(range.start)),
        }
        let (got, size) = checked_range(&response, range.start)?;
        let now = version(&response, size);
        if self.version.get().is_some_and(|then| *then != now) {
            return Err(modified("its size, ETag or modification time has changed"));
        }
        if got.end != range.end {
            return Err(Error::io(format!("the server sent bytes up to {} where {} was asked for", got.end - 1, range.end - 1))
                .at_offset(range.start));
        }
        exact_body(response, range.end - range.start, &self.settings).await.map_err(|e| e.at_offset(range.start))
    }
}

impl Source for HttpSource {
    fn open(self: Arc<Self>, len: u64) -> Fetch<Opening> {
        Box::pin(async move { self.open_first(len).await })
    }

    fn fetch(self: Arc<Self>, ranges: Vec<Range<u64>>) -> Fetch<Vec<Bytes>> {
        Box::pin(async move {
            let mut answers = Vec::with_capacity(ranges.len());
            for range in ranges {
                answers.push(self.fetch_one(range).await?);
            }
            Ok(answers)
        })
    }
}

/// Where a redirect leads; `None` for any other answer (RFC 9110, 15.4).
fn redirect(response: &Response, from: &Url) -> Result<Option<Url>> {
    let status = response.status().as_u16();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok());
    let next = location.and_then(|l| from.join(l).ok()).filter(|url| matches!(url.scheme(), "http" | "https"));
    let lost = || Error::io(format!("the server answered {status}, a redirect that leads nowhere")).with_http_status(status);
    next.ok_or_else(lost).map(Some)
}

fn version(response: &Response, size: u64) -> Version {
    let header = |name: HeaderName| response.headers().get(name).cloned();
    let etag = header(header::ETAG);
    // Last-Modified counts only where there is nothing better: some mirrors disagree on it.
    let last_modified = if etag.is_some() { None } else { header(header::LAST_MODIFIED) };
    Version { size, etag, last_modified }
}

fn modified(how: &str) -> Error {
    Reason::Modified(format!("the file changed on the server while it was open: {how}; open it again")).into()
}

fn refused(status: StatusCode) -> Error {
    let code = status.as_u16();
    let reason = status.canonical_reason().unwrap_or("unknown status");
    let message = format!("the server answered {code} {reason}");
    let why = match code {
        404 | 410 => Reason::NotFound(message),
        401 | 403 | 407 => Reason::PermissionDenied(message),
        408 | 504 => Reason::Timeout(message),
        _ => Reason::Io(message),
    };
    why.into()
}

fn ignores_ranges(size: Option<u64>, limit: u64) -> Error {
    let size = size.map_or_else(|| "more than that".to_owned(), |n| format!("{n} bytes"));
    Error::unsupported(format!(
        "the server ignores range requests; the whole file would be kept in memory up to http.whole_file_bytes = {limit}, but it is {size}"
    ))
}

fn total_size(response: &Response) -> Option<u64> {
    response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?.rsplit_once('/')?.1.trim().parse().ok()
}

/// The range and the total size that a 206 declares, which must begin at `start`.
fn checked_range(response: &Response, start: u64) -> Result<(Range<u64>, u64)> {
    refuse_encodings(response)?;
    let text = response.headers().get(header::CONTENT_RANGE).and_then(|v| v.to_str().ok());
    let Some(text) = text else { return Err(Error::io("the server's answer 206 has no Content-Range")) };
    let bad = || Error::io(format!("the server's answer to a range from byte {start} on has Content-Range: {text}"));
    let (range, size) = parse_content_range(text).ok_or_else(bad)?;
    if range.start != start || range.end > size {
        return Err(bad());
    }
    Ok((range, size))
}

/// `bytes 0-499/1234` (RFC 9110, 14.4). A size of `*` is of no use here.
fn parse_content_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (unit, rest) = text.trim().split_once(' ')?;
    let (range, size) = rest.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (unit.eq_ignore_ascii_case("bytes") && first <= last).then_some(())?;
    Some((first..last.checked_add(1)?, size.trim().parse().ok()?))
}

fn refuse_encodings(response: &Response) -> Result<()> {
    let value = |name| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let encoding = value(header::CONTENT_ENCODING);
    if !encoding.is_empty() && encoding != "identity" {
        return Err(Error::io(format!("the server sent the bytes with Content-Encoding: {encoding}, though identity was asked for")));
    }
    if value(header::CONTENT_TYPE).starts_with("multipart/byteranges") {
        return Err(Error::io("the server sent a multipart answer to a request for one range"));
    }
    Ok(())
}

async fn exact_body(mut response: Response, len: u64, http: &Http) -> Result<Bytes> {
    let mut body = BytesMut::with_capacity(len as usize);
    while let Some(chunk) = response.chunk().await.map_err(|e| request_error(e, http))? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > len {
            break;
        }
    }
    match body.len() as u64 {
        n if n == len => Ok(body.freeze()),
        n if n < len => Err(Error::io(format!("the server sent {n} bytes where {len} were asked for and promised"))),
        _ => Err(Error::io(format!("the server sent more than the {len} bytes that were asked for"))),
    }
}

async fn whole_body(mut response: Response, limit: u64, http: &Http) -> Result<Bytes> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| request_error(e, http))? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > limit {
            return Err(ignores_ranges(None, limit));
        }
    }
    Ok(body.freeze())
}

/// The message of the innermost cause; reqwest's own names the URL with its query, where signatures are.
fn request_error(e: reqwest::Error, http: &Http) -> Error {
    if e.is_timeout() {
        let (what, setting, limit) = if e.is_connect() {
            ("the server could not be reached", "http.connect_timeout_ms", http.connect_timeout)
        } else {
            ("the server did not answer in full", "http.timeout_ms", http.timeout)
        };
        return Reason::Timeout(format!("{what} within {} ms ({setting})", limit.as_millis())).into();
    }
    let connecting = e.is_connect();
    let e = e.without_url();
    let mut cause = e.source();
    let mut text = e.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    Error::io(if connecting { format!("the server could not be reached: {text}") } else { format!("the request failed: {text}") })
}

fn build_client(http: &Http) -> Result<Client> {
    let tls = tls_config(&http.ca_file)?;
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(http.user_agent.as_str())
        .connect_timeout(http.connect_timeout)
        .timeout(http.timeout)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|e| Error::invalid(format!("the http settings don't make a client: {}", e.without_url())))
}

/// The headers that may be secret.
fn credentials(http: &Http) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in http.headers.lines().filter(|line| !line.trim().is_empty()) {
        // The value may be a secret: the messages name only what stands before the colon.
        let (name, value) = line.split_once(':').ok_or_else(|| Error::invalid("http.headers: each line must be `Name: value`"))?;
        let parsed = HeaderName::try_from(name.trim()).ok().zip(HeaderValue::try_from(value.trim()).ok());
        let (name, mut value) = parsed.ok_or_else(|| Error::invalid(format!("http.headers: {:?} is not a valid header", name.trim())))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    if !http.bearer_token.is_empty() {
        let value = HeaderValue::try_from(format!("Bearer {}", http.bearer_token));
        let mut value = value.map_err(|_| Error::invalid("http.bearer_token holds characters that a header can't carry"))?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(headers)
}

/// TLS 1.2 and 1.3 on ring, trusting `ca_file`, or else the system's authorities, or else Mozilla's (a container may have none).
fn tls_config(ca_file: &str) -> Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    if ca_file.is_empty() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
    } else {
        use rustls_pki_types::pem::PemObject as _;
        let unreadable = |e: &dyn std::fmt::Display| Error::invalid(format!("http.ca_file = {ca_file:?}: {e}"));
        let certificates = rustls_pki_types::CertificateDer::pem_file_iter(ca_file).map_err(|e| unreadable(&e))?;
        for certificate in certificates {
            roots.add(certificate.map_err(|e| unreadable(&e))?).map_err(|e| unreadable(&e))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::io(format!("TLS could not be set up: {e}")))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_range_is_read_as_rfc_9110_writes_it() {
        assert_eq!(parse_content_range("bytes 0-499/1234"), Some((0..500, 1234)));
        assert_eq!(parse_content_range("Bytes 5-5/6"), Some((5..6, 6)));
        for bad in ["bytes */1234", "bytes 0-499/*", "items 0-1/2", "bytes 9-3/20", "bytes 0-18446744073709551615/1", ""] {
            assert_eq!(parse_content_range(bad), None, "{bad}");
        }
    }

    #[test]
    fn header_messages_do_not_show_values() {
        let mut settings = crate::options::Options::new().resolve().unwrap().http;
        settings.headers = "X-Key: secret\u{7f}".into();
        assert!(!credentials(&settings).unwrap_err().to_string().contains("secret"));
        settings.headers = "secret without a colon".into();
        assert!(!credentials(&settings).unwrap_err().to_string().contains("secret"));
    }
}
