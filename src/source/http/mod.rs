//! HTTP and HTTPS: range requests whose answers are believed only where they check out (RFC 9110, sections 13–15).
//!
//! Traps known in the wild: servers that answer 200 with the whole file, a shifted `Content-Range`, bodies shorter or longer than their
//! range, gzip on a 206, multipart answers, and files replaced between two requests. Each is an error here, never pixels.

mod access;
mod answer;
mod attempts;
mod client;
mod download;
mod failure;
mod patience;
mod redirect;
mod refusal;
mod tls;

pub(crate) use access::{Access, Answer, Plain, Prepared, Repair};
pub(crate) use client::{ClientKey, custom_headers, request_error};
pub(crate) use refusal::Refusal;

use super::identity::Identity;
use super::journal::Journal;
use super::{Chunks, Fetch, Opening, Source, Version};
use crate::error::{Error, Reason, Result};
use crate::options::Http;
use answer::{checked_range, exact_body, ignores_ranges, refuse_encodings, total_size, whole_body};
use attempts::Attempts;
use bytes::{Bytes, BytesMut};
use download::Download;
use failure::Failure;
use futures_util::stream::{self, StreamExt};
use patience::Patience;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

const MAX_REDIRECTS: usize = 5;

/// An object behind HTTP: a URL as it is, or one of a store, which signs its requests ([`Access`]).
pub(crate) struct HttpSource {
    access: Box<dyn Access>,
    identity: Identity,
    client: Client,
    settings: Arc<Http>,
    journal: Arc<Journal>,
    /// What identifies the object's version, as the first answer gave it.
    version: OnceLock<Version>,
}

impl HttpSource {
    pub(crate) fn new(access: Box<dyn Access>, identity: Identity, settings: Http, journal: Journal) -> Result<Self> {
        let client = client::shared(&settings)?;
        Ok(Self { access, identity, client, settings: Arc::new(settings), journal: Arc::new(journal), version: OnceLock::new() })
    }

    fn attempts(&self) -> Attempts {
        Attempts::new(&self.settings, &self.journal)
    }

    /// Asks for a range. What a store can put right after a refusal is put right, and the request sent again: each thing once.
    async fn get(&self, range: &Range<u64>, attempts: &mut Attempts) -> Result<Response, Failure> {
        loop {
            let prepared = self.access.request(self.headers(range)?).await?;
            let generation = prepared.generation;
            let response = self.follow(prepared, range, &mut attempts.patience).await?;
            if !is_refusal(response.status()) {
                return Ok(response);
            }
            let refusal = Refusal::read(response).await;
            match self.access.repair(&refusal, generation).await {
                Some(repair) if attempts.replay(repair) => {}
                _ => return Err(refusal.failure(self.access.advice(&refusal))),
            }
        }
    }

    /// What every request for a range says.
    fn headers(&self, range: &Range<u64>) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let bytes = HeaderValue::try_from(format!("bytes={}-{}", range.start, range.end - 1));
        headers.insert(header::RANGE, bytes.map_err(|e| Error::io(e.to_string()))?);
        if let Some(etag) = self.strong_etag() {
            headers.insert(header::IF_MATCH, HeaderValue::try_from(etag).map_err(|e| Error::io(e.to_string()))?);
        }
        Ok(headers)
    }

    /// What equal bytes are promised by. A weak one (`W/"…"`) promises less: it is compared, and not sent (RFC 9110, 8.8.1 and 13.1.1).
    fn strong_etag(&self) -> Option<&str> {
        self.version.get()?.etag.as_deref().filter(|etag| etag.starts_with('"'))
    }

    /// Whether the rest of a range can be asked for, and is sure to be of the same version.
    fn can_resume(&self) -> bool {
        self.strong_etag().is_some()
    }

    /// Sends a request and follows where the server redirects it.
    async fn follow(&self, prepared: Prepared, range: &Range<u64>, patience: &mut Patience) -> Result<Response, Failure> {
        let mut request = prepared.request;
        patience.begin();
        for hop in 0..=MAX_REDIRECTS {
            if hop > 0 {
                self.journal.sent_another();
            }
            let url = request.url().clone();
            let answer = patience.wait(self.client.execute(request)).await?;
            let response = answer.map_err(|e| Failure::of_transport(e, &self.settings))?;
            let next = redirect::target(&response, &url).filter(|_| self.access.follows(&response));
            let Some(next) = next else { return Ok(response) };
            request = reqwest::Request::new(reqwest::Method::GET, next);
            *request.headers_mut() = self.access.redirected(request.url());
            request.headers_mut().extend(self.headers(range)?);
        }
        Err(Error::io(format!("the server redirected more than {MAX_REDIRECTS} times")).into())
    }

    async fn open_first(&self, len: u64) -> Result<Opening> {
        let mut attempts = self.attempts();
        loop {
            match self.open_once(len, &mut attempts).await {
                Ok(opening) => return Ok(opening),
                Err(failure) => attempts.pause(failure).await?,
            }
        }
    }

    async fn open_once(&self, len: u64, attempts: &mut Attempts) -> Result<Opening, Failure> {
        let response = self.get(&(0..len.max(1)), attempts).await?;
        let status = response.status().as_u16();
        self.first_answer(response, len, &mut attempts.patience).await.map_err(|failure| failure.map(|e| e.with_http_status(status)))
    }

    async fn first_answer(&self, response: Response, len: u64, patience: &mut Patience) -> Result<Opening, Failure> {
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
                    ))
                    .into());
                }
                let version = version(&response, size);
                Opening { head: exact_body(response, len.min(size), patience).await?, version }
            }
            StatusCode::OK => {
                let declared = response.content_length();
                let limit = self.settings.whole_file_bytes;
                if declared.is_some_and(|n| n > limit) {
                    return Err(ignores_ranges(declared, limit).into());
                }
                refuse_encodings(&response)?;
                let version = version(&response, 0);
                let head = whole_body(response, limit, patience).await?;
                if declared.is_some_and(|n| n != head.len() as u64) {
                    return Err(Failure::passing(Error::io("the connection ended before the whole file had come")));
                }
                Opening { version: Version { size: head.len() as u64, ..version }, head }
            }
            // RFC 9110, 15.5.17: an empty file has no range that could be satisfied.
            StatusCode::RANGE_NOT_SATISFIABLE if total_size(&response) == Some(0) => {
                Opening { head: Bytes::new(), version: Version::default() }
            }
            _ => return Err(unexpected(status).into()),
        };
        self.assume_version(&opening.version);
        Ok(opening)
    }

    fn assume_version(&self, version: &Version) {
        // Set once: a handle has one version.
        let _ = self.version.set(version.clone());
    }

    async fn fetch_one(self: Arc<Self>, range: Range<u64>) -> Result<Bytes> {
        let len = range.end - range.start;
        let mut download = Download::new(self, range);
        let mut all = BytesMut::with_capacity(len as usize);
        while let Some(bytes) = download.next().await? {
            if bytes.len() as u64 == len {
                return Ok(bytes);
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all.freeze())
    }

    /// The answer to a request for a range, once its headers are found to be right.
    async fn begin(&self, range: &Range<u64>, attempts: &mut Attempts) -> Result<Response, Failure> {
        let response = self.get(range, attempts).await?;
        let status = response.status();
        let checked = match status {
            StatusCode::RANGE_NOT_SATISFIABLE => Err(self.unsatisfied(&response, attempts).await),
            _ => self.check(&response, range).map_err(Failure::from),
        };
        checked.map_err(|failure| failure.map(|e| e.with_http_status(status.as_u16())))?;
        Ok(response)
    }

    /// Why a range within the size that was seen at open is said to lie beyond it: the file is another one, or the server is wrong.
    async fn unsatisfied(&self, response: &Response, attempts: &mut Attempts) -> Failure {
        let Some(known) = self.version.get() else { return unexpected(response.status()).into() };
        let etag = response.headers().get(header::ETAG).and_then(|v| v.to_str().ok());
        let changed = match (total_size(response), etag) {
            (Some(size), _) if size != known.size => true,
            (_, Some(etag)) => known.etag.as_deref() != Some(etag),
            (Some(_), None) => false,
            (None, None) => {
                // The answer says nothing of the file: another look does.
                self.journal.sent_another();
                match self.get(&(0..1), attempts).await {
                    Ok(response) if response.status() == StatusCode::PRECONDITION_FAILED => true,
                    Ok(response) => checked_range(&response, 0).is_ok_and(|(_, size)| version(&response, size) != *known),
                    Err(_) => false,
                }
            }
        };
        if changed { modified("its size or ETag has changed").into() } else { unexpected(response.status()).into() }
    }

    fn check(&self, response: &Response, range: &Range<u64>) -> Result<()> {
        let status = response.status();
        match status {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::OK => {
                return Err(Error::io(not_a_part(response)));
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
}

impl Source for HttpSource {
    fn open(self: Arc<Self>, len: u64) -> Fetch<Opening> {
        Box::pin(async move { self.open_first(len).await })
    }

    fn fetch(self: Arc<Self>, ranges: Vec<Range<u64>>) -> Fetch<Vec<Bytes>> {
        Box::pin(async move {
            let mut answers = Vec::with_capacity(ranges.len());
            for range in ranges {
                answers.push(Arc::clone(&self).fetch_one(range).await?);
            }
            Ok(answers)
        })
    }

    fn stream(self: Arc<Self>, ranges: Vec<Range<u64>>) -> Chunks {
        let one = move |(i, range)| {
            let download = Download::new(Arc::clone(&self), range);
            stream::try_unfold(download, move |mut download| async move {
                let bytes = download.next().await?;
                Ok::<_, Error>(bytes.map(|bytes| ((i, bytes), download)))
            })
        };
        Box::pin(stream::iter(ranges.into_iter().enumerate()).map(one).flatten())
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

/// What a 200 is that should have been a 206: the whole file, or something else, such as a page that asks for a password.
fn not_a_part(response: &Response) -> String {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if kind.to_ascii_lowercase().starts_with("text/") {
        let kind: String = kind.chars().take(40).collect();
        return format!("the server answered 200 with {kind} to a request for a part of the file");
    }
    "the server answered 200 with the whole file to a request for a part of it".to_owned()
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
