//! The bytes of one range, by as many requests as that takes.
//!
//! Bytes are handed on as they come only where the rest can be had of the same version, by its strong ETag, and where the length that
//! the answer declares is right. Any other body is handed on when it is whole, so that what a failed attempt brought can be thrown away:
//! no range is ever put together from two versions of a file.

use super::HttpSource;
use super::answer::exact_body;
use super::attempts::Attempts;
use super::failure::Failure;
use crate::error::{Error, Result};
use bytes::Bytes;
use reqwest::Response;
use std::ops::Range;
use std::sync::Arc;

pub(super) struct Download {
    source: Arc<HttpSource>,
    range: Range<u64>,
    /// Where the next byte belongs that is handed on.
    at: u64,
    attempts: Attempts,
    /// The body that is being received.
    body: Option<Response>,
}

impl Download {
    pub(super) fn new(source: Arc<HttpSource>, range: Range<u64>) -> Self {
        let attempts = source.attempts();
        Self { source, at: range.start, range, attempts, body: None }
    }

    /// The next bytes; `None` when all have been handed on.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        while self.at < self.range.end {
            match self.attempt().await {
                Ok(bytes) => {
                    self.at += bytes.len() as u64;
                    return Ok(Some(bytes));
                }
                Err(failure) => {
                    self.body = None;
                    self.attempts.pause(failure).await.map_err(|e| e.at_offset(self.range.start))?;
                }
            }
        }
        Ok(None)
    }

    async fn attempt(&mut self) -> Result<Bytes, Failure> {
        if self.body.is_none() {
            let range = self.at..self.range.end;
            let len = range.end - range.start;
            let response = self.source.begin(&range, &mut self.attempts).await?;
            if response.content_length() != Some(len) || !self.source.can_resume() {
                let status = response.status().as_u16();
                let whole = exact_body(response, len, &mut self.attempts.patience).await;
                return whole.map_err(|failure| failure.map(|e| e.with_http_status(status)));
            }
            self.body = Some(response);
        }
        let chunk = match &mut self.body {
            Some(body) => self.attempts.patience.chunk(body).await?,
            None => None,
        };
        chunk.ok_or_else(|| Failure::passing(Error::io("the server's answer ended early")))
    }
}
