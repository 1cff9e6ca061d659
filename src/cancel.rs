//! A token that stops the operations it was given to.

use crate::error::{Reason, Result};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Reference-counted; may be fired from any thread, at any time, more than once. A fired token stays fired.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    fired: AtomicBool,
    changed: Notify,
}

impl CancelToken {
    /// A token that has not been fired.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops what the token was given to, and whatever it is given to later.
    pub fn fire(&self) {
        self.0.fired.store(true, SeqCst);
        self.0.changed.notify_waiters();
    }

    /// Whether it has been fired.
    pub fn is_fired(&self) -> bool {
        self.0.fired.load(SeqCst)
    }

    async fn fired(&self) {
        loop {
            let changed = self.0.changed.notified();
            if self.is_fired() {
                return;
            }
            changed.await;
        }
    }
}

/// What may stop one call before it is done: a token and a time limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    token: Option<CancelToken>,
    limit: Option<(Instant, Duration)>,
}

impl Stop {
    pub(crate) fn new(token: Option<CancelToken>, timeout: Option<Duration>) -> Self {
        let limit = timeout.and_then(|t| Instant::now().checked_add(t).map(|end| (end, t)));
        Self { token, limit }
    }

    /// An error once the call should end. Cheap: asked before every block.
    pub(crate) fn check(&self) -> Result<()> {
        if self.token.as_ref().is_some_and(CancelToken::is_fired) {
            return Err(Reason::Cancelled.into());
        }
        match self.limit {
            Some((end, limit)) if Instant::now() >= end => Err(timed_out(limit)),
            _ => Ok(()),
        }
    }

    /// Runs `future` until it is done or the call should end; then the future is dropped, which closes its connection.
    /// Must be polled on the tokio runtime.
    pub(crate) async fn guard<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        let fired = async {
            match &self.token {
                Some(token) => token.fired().await,
                None => std::future::pending().await,
            }
        };
        let expired = async {
            match self.limit {
                Some((end, limit)) => {
                    tokio::time::sleep_until(end.into()).await;
                    limit
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            result = future => result,
            () = fired => Err(Reason::Cancelled.into()),
            limit = expired => Err(timed_out(limit)),
        }
    }
}

fn timed_out(limit: Duration) -> crate::Error {
    Reason::Timeout(format!("the call's time limit of {} ms ran out", limit.as_millis())).into()
}
