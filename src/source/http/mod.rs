//! HTTP and HTTPS: range requests whose answers are believed only where they check out (RFC 9110, sections 13–15).
//!
//! Traps known in the wild: servers that answer 200 with the whole file, a shifted `Content-Range`, bodies shorter or longer than their
//! range, gzip on a 206, multipart answers, and files replaced between two requests. Each is an error here, never pixels.

mod access;
mod answer;
mod client;
mod redirect;
mod refusal;
mod tls;

pub(crate) use access::{Access, Answer, Plain, Prepared, Repair};
pub(crate) use client::{ClientKey, custom_headers, request_error};
pub(crate) use refusal::Refusal;

use super::identity::Identity;
use super::{Chunks, Fetch, Opening, Source, Version};
use crate::error::{Error, Reason, Result};
use crate::options::Http;
use answer::{checked_range, exact_body, ignores_ranges, refuse_encodings, total_size, whole_body};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

const MAX_REDIRECTS: usize = 5;

/// An object behind HTTP: a URL as it is, or one of a store, which signs its requests ([`Access`]).
pub(crate) struct HttpSource {
    access: Box<dyn Access>,
    identity: Identity,
    client: Client,
    settings: Http,
    /// What identifies the object's version, as the first answer gave it.
    version: OnceLock<Version>,
}

impl HttpSource {
    pub(crate) fn new(access: Box<dyn Access>, identity: Identity, settings: Http) -> Result<Self> {
        let client = client::shared(&settings)?;
        Ok(Self { access, identity, client, settings, version: OnceLock::new() })
    }

    /// Asks for a range. What a store can put right after a refusal is put right, and the request sent again: each thing once.
    async fn get(&self, range: &Range<u64>) -> Result<Response> {
        let mut repaired = Vec::new();
        loop {
            let prepared = self.access.request(self.headers(range)?).await?;
            let generation = prepared.generation;
            let response = self.follow(prepared, range).await?;
            if !is_refusal(response.status()) {
                return Ok(response);
            }
            let refusal = Refusal::read(response).await;
            match self.access.repair(&refusal, generation).await {
                Some(repair) if !repaired.contains(&repair) => repaired.push(repair),
                _ => return Err(refusal.error(self.access.advice(&refusal))),
            }
        }
    }

    /// What every request for a range says.
    fn headers(&self, range: &Range<u64>) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let bytes = HeaderValue::try_from(format!("bytes={}-{}", range.start, range.end - 1));
        headers.insert(header::RANGE, bytes.map_err(|e| Error::io(e.to_string()))?);
        if let Some(etag) = self.version.get().and_then(|v| v.etag.as_ref()).filter(|e| e.starts_with('"')) {
            headers.insert(header::IF_MATCH, HeaderValue::try_from(etag).map_err(|e| Error::io(e.to_string()))?);
        }
        Ok(headers)
    }

    /// Sends a request and follows where the server redirects it.
    async fn follow(&self, prepared: Prepared, range: &Range<u64>) -> Result<Response> {
        let mut request = prepared.request;
        for _ in 0..=MAX_REDIRECTS {
            let url = request.url().clone();
            let response = self.client.execute(request).await.map_err(|e| request_error(e, &self.settings))?;
            let next = redirect::target(&response, &url).filter(|_| self.access.follows(&response));
            let Some(next) = next else { return Ok(response) };
            request = reqwest::Request::new(reqwest::Method::GET, next);
            *request.headers_mut() = self.access.redirected(request.url());
            request.headers_mut().extend(self.headers(range)?);
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
                let version = version(&response, size);
                Opening { head: exact_body(response, len.min(size), &self.settings).await?, version }
            }
            StatusCode::OK => {
                let declared = response.content_length();
                let limit = self.settings.whole_file_bytes;
                if declared.is_some_and(|n| n > limit) {
                    return Err(ignores_ranges(declared, limit));
                }
                refuse_encodings(&response)?;
                let version = version(&response, 0);
                let head = whole_body(response, limit, &self.settings).await?;
                if declared.is_some_and(|n| n != head.len() as u64) {
                    return Err(Error::io("the connection ended before the whole file had come"));
                }
                Opening { version: Version { size: head.len() as u64, ..version }, head }
            }
            // RFC 9110, 15.5.17: an empty file has no range that could be satisfied.
            StatusCode::RANGE_NOT_SATISFIABLE if total_size(&response) == Some(0) => {
                Opening { head: Bytes::new(), version: Version::default() }
            }
            _ => return Err(unexpected(status)),
        };
        self.assume_version(&opening.version);
        Ok(opening)
    }

    fn assume_version(&self, version: &Version) {
        // Set once: a handle has one version.
        let _ = self.version.set(version.clone());
    }

    async fn fetch_one(&self, range: Range<u64>) -> Result<Bytes> {
        let (response, status) = self.begin(&range).await?;
        let body = exact_body(response, range.end - range.start, &self.settings).await;
        body.map_err(|e| e.at_offset(range.start).with_http_status(status))
    }

    /// The answer to a request for a range, with its status, once its headers are found to be right.
    async fn begin(&self, range: &Range<u64>) -> Result<(Response, u16)> {
        let response = self.get(range).await.map_err(|e| e.at_offset(range.start))?;
        let status = response.status().as_u16();
        match self.check(&response, range) {
            Ok(()) => Ok((response, status)),
            Err(e) => Err(e.with_http_status(status)),
        }
    }

    fn check(&self, response: &Response, range: &Range<u64>) -> Result<()> {
        let status = response.status();
        match status {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::OK => {
                return Err(Error::io("the server answered 200 with the whole file to a request for a part of it"));
            }
            StatusCode::PRECONDITION_FAILED => return Err(modified("its ETag has changed")),
            _ => return Err(unexpected(status).at_offset(range.start)),
        }
        let (got, size) = checked_range(response, range.start)?;
        let now = version(response, size);
        if self.version.get().is_some_and(|then| *then != now) {
            return Err(modified("its size, ETag or modification time has changed"));
        }
        if got.end != range.end {
            return Err(Error::io(format!("the server sent bytes up to {} where {} was asked for", got.end - 1, range.end - 1))
                .at_offset(range.start));
        }
        Ok(())
    }

    /// The body of a range as it comes.
    async fn body(self: Arc<Self>, range: Range<u64>) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>> {
        let (response, status) = self.begin(&range).await?;
        let len = range.end - range.start;
        if response.content_length() != Some(len) {
            // Only its end says whether the length is right, and nobody may use bytes of a wrong answer.
            let whole = exact_body(response, len, &self.settings).await;
            let whole = whole.map_err(|e| e.at_offset(range.start).with_http_status(status));
            return Ok(Box::pin(stream::once(async { whole })));
        }
        Ok(Box::pin(stream::try_unfold((self, response), move |(source, mut response)| async move {
            let chunk = response.chunk().await.map_err(|e| request_error(e, &source.settings).at_offset(range.start))?;
            Ok(chunk.map(|chunk| (chunk, (source, response))))
        })))
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

    fn stream(self: Arc<Self>, ranges: Vec<Range<u64>>) -> Chunks {
        let one = move |(i, range)| {
            let body = Arc::clone(&self).body(range);
            async move { Ok::<_, Error>(body.await?.map_ok(move |bytes| (i, bytes))) }
        };
        Box::pin(stream::iter(ranges.into_iter().enumerate()).then(one).try_flatten())
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.identity.clone())
    }

    fn assume(&self, version: &Version) {
        self.assume_version(version);
    }
}

/// A status that ends the request with no look at ranges. 412 and 416 have a meaning of their own for ranges.
fn is_refusal(status: StatusCode) -> bool {
    let special = matches!(status, StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE);
    status.is_redirection() || ((status.is_client_error() || status.is_server_error()) && !special)
}

fn unexpected(status: StatusCode) -> Error {
    let reason = status.canonical_reason().unwrap_or("unknown status");
    Error::io(format!("the server answered {} {reason} to a request for a range", status.as_u16()))
}

fn version(response: &Response, size: u64) -> Version {
    let header = |name: HeaderName| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let etag = header(header::ETAG);
    // Last-Modified counts only where there is nothing better: some mirrors disagree on it.
    let last_modified = if etag.is_some() { None } else { header(header::LAST_MODIFIED) };
    Version { size, etag, last_modified }
}

fn modified(how: &str) -> Error {
    Reason::Modified(format!("the file changed on the server while it was open: {how}; open it again")).into()
}
