//! How long one attempt is waited for. Only the time spent waiting for the network counts, not what the caller takes between two parts
//! of a body.

use super::failure::Failure;
use crate::error::Reason;
use crate::options::Http;
use bytes::Bytes;
use reqwest::Response;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The time that is left for an attempt, and what all attempts have taken.
pub(super) struct Patience {
    http: Arc<Http>,
    /// Of `http.timeout_ms`.
    left: Duration,
    /// Of `http.low_speed_ms`: waiting takes from it, and bytes give back the time that they would take at `http.low_speed_limit`. So a
    /// stall ends it, and a drip that is slower than the limit.
    slack: Duration,
    spent: Duration,
}

impl Patience {
    pub(super) fn new(http: &Arc<Http>) -> Self {
        let mut new = Self { http: Arc::clone(http), left: Duration::ZERO, slack: Duration::ZERO, spent: Duration::ZERO };
        new.begin();
        new
    }

    /// A new attempt.
    pub(super) fn begin(&mut self) {
        self.left = self.http.timeout;
        self.slack = if self.http.low_speed_limit == 0 { Duration::MAX } else { self.http.low_speed_time };
    }

    /// The time that all attempts were waited for, and the pauses between them.
    pub(super) fn spent(&self) -> Duration {
        self.spent
    }

    pub(super) async fn pause(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
        self.spent = self.spent.saturating_add(time);
    }

    /// Waits for `what`, or until the attempt's time is over.
    pub(super) async fn wait<T>(&mut self, what: impl Future<Output = T>) -> Result<T, Failure> {
        let begun = Instant::now();
        let outcome = tokio::time::timeout(self.left.min(self.slack), what).await;
        let (slow, waited) = (self.slack < self.left, begun.elapsed());
        self.left = self.left.saturating_sub(waited);
        self.slack = self.slack.saturating_sub(waited);
        self.spent = self.spent.saturating_add(waited);
        outcome.map_err(|_| Failure::passing(Reason::Timeout(if slow { too_slow(&self.http) } else { too_late(&self.http) })))
    }

    /// The next part of a body; `None` at its end.
    pub(super) async fn chunk(&mut self, response: &mut Response) -> Result<Option<Bytes>, Failure> {
        let chunk = self.wait(response.chunk()).await?.map_err(|e| Failure::of_transport(e, &self.http))?;
        let bytes = chunk.as_ref().map_or(0, Bytes::len) as u64;
        if let Some(worth) = bytes.saturating_mul(1000).checked_div(self.http.low_speed_limit) {
            self.slack = self.slack.saturating_add(Duration::from_millis(worth)).min(self.http.low_speed_time);
        }
        Ok(chunk)
    }
}

fn too_late(http: &Http) -> String {
    format!("the server did not answer in full within {} ms (http.timeout_ms)", http.timeout.as_millis())
}

fn too_slow(http: &Http) -> String {
    let (limit, time) = (http.low_speed_limit, http.low_speed_time.as_millis());
    format!("the server sent less than {limit} bytes a second for {time} ms (http.low_speed_limit, http.low_speed_ms)")
}
