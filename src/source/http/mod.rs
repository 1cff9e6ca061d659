//! HTTP and HTTPS: range requests whose answers are believed only where they check out (RFC 9110, sections 13–15).
//!
//! Traps known in the wild: servers that answer 200 with the whole file, a shifted `Content-Range`, bodies shorter or longer than their
//! range, gzip on a 206, multipart answers, and files replaced between two requests. Each is an error here, never pixels.

mod answer;
mod client;
mod redirect;
mod tls;

use super::{Fetch, Opening, Source};
use crate::error::{Error, Reason, Result};
use crate::options::{Http, Settings};
use answer::{checked_range, exact_body, ignores_ranges, refuse_encodings, refused, total_size, whole_body};
use bytes::Bytes;
use client::{credentials, request_error};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode};
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
        let client = crate::runtime::get().client(&key, || client::build(&http))?;
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
            match redirect::target(&response, &url)? {
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
