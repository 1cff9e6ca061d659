//! When a failed request is sent again: some failures pass, within a number of attempts and a time, after a wait that grows.

use super::access::Repair;
use super::failure::{Again, Failure};
use super::patience::Patience;
use crate::error::Result;
use crate::options::Http;
use crate::source::journal::Journal;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

/// The longest wait that nobody asked for.
const MOST_WAIT: Duration = Duration::from_secs(10);

/// The attempts at one answer.
pub(super) struct Attempts {
    http: Arc<Http>,
    journal: Arc<Journal>,
    pub(super) patience: Patience,
    failed: u64,
    repaired: Vec<Repair>,
}

impl Attempts {
    pub(super) fn new(http: &Arc<Http>, journal: &Arc<Journal>) -> Self {
        let (patience, repaired) = (Patience::new(http), Vec::new());
        Self { http: Arc::clone(http), journal: Arc::clone(journal), patience, failed: 0, repaired }
    }

    /// Waits until the request is to be sent again; where it is not, gives the error that the caller gets.
    pub(super) async fn pause(&mut self, failure: Failure) -> Result<()> {
        let Failure { error, again } = failure;
        let attempts = self.http.retries + 1;
        let number = self.failed + 1;
        let asked = match again {
            Again::No if self.failed == 0 => return Err(error),
            Again::No => return Err(error.noting(&format!("attempt {number}"))),
            _ if number >= attempts => {
                return Err(if attempts > 1 { error.noting(&format!("attempt {number} of {attempts}")) } else { error });
            }
            Again::Yes => Duration::ZERO,
            Again::After(time) => time,
        };
        let wait = asked.saturating_add(backoff(self.http.retry_delay, self.failed, random()));
        let budget = self.http.retry_budget;
        if self.patience.spent().saturating_add(wait) > budget {
            let asked = if asked.is_zero() { String::new() } else { format!("the server asks for a wait of {} s, ", asked.as_secs()) };
            return Err(error.noting(&format!("attempt {number}; {asked}http.retry_budget_ms = {}", budget.as_millis())));
        }
        self.failed = number;
        self.journal.debug(|| format!("{error}; attempt {} of {attempts} follows in {} ms", number + 1, wait.as_millis()));
        self.patience.pause(wait).await;
        self.journal.sent_again();
        Ok(())
    }

    /// Whether what a store has put right is worth another request: each thing is, once.
    pub(super) fn replay(&mut self, repair: Repair) -> bool {
        if self.repaired.contains(&repair) {
            return false;
        }
        self.repaired.push(repair);
        self.journal.debug(|| format!("sent again: {}", repair.what()));
        self.journal.sent_again();
        true
    }
}

/// Exponential with full jitter, so that those who failed together don't come back together. `random` is between 0 and 1.
fn backoff(base: Duration, failed: u64, random: f64) -> Duration {
    let factor = 1u32.checked_shl(failed.min(31) as u32).unwrap_or(u32::MAX);
    base.saturating_mul(factor).min(MOST_WAIT.max(base)).mul_f64(random)
}

/// The standard library's keys are random, and differ from one state to the next.
fn random() -> f64 {
    RandomState::new().hash_one(0) as f64 / u64::MAX as f64
}

/// Retry-After (RFC 9110, 10.2.3): seconds, or a date. Later than a day is not believed.
pub(super) fn retry_after(text: &str) -> Option<Duration> {
    let text = text.trim();
    let until = |date: chrono::DateTime<_>| date.signed_duration_since(chrono::Utc::now()).num_seconds().max(-1).saturating_add(1) as u64;
    let seconds = text.parse().ok().or_else(|| chrono::DateTime::parse_from_rfc2822(text).ok().map(until))?;
    (seconds <= 86_400).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_cap_and_any_shorter_one_may_be_drawn() {
        let base = Duration::from_millis(200);
        let waits: Vec<u128> = [0, 1, 2, 5, 6, 63, u64::MAX].into_iter().map(|failed| backoff(base, failed, 1.0).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 6400, 10_000, 10_000, 10_000]);
        assert_eq!(backoff(base, 3, 0.25).as_millis(), 400);
        assert_eq!(backoff(base, 3, 0.0), Duration::ZERO);
        assert_eq!(backoff(Duration::from_secs(60), 3, 1.0).as_secs(), 60);
        let drawn: Vec<f64> = (0..64).map(|_| random()).collect();
        assert!(drawn.iter().all(|r| (0.0..=1.0).contains(r)) && drawn.iter().any(|r| *r < 0.5) && drawn.iter().any(|r| *r > 0.5));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        let soon = (chrono::Utc::now() + chrono::TimeDelta::seconds(30)).to_rfc2822().replace("+0000", "GMT");
        assert!((25..=31).contains(&retry_after(&soon).unwrap().as_secs()), "{soon}");
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        for bad in ["", "soon", "-1", "1.5", "18446744073709551615", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(retry_after(bad), None, "{bad}");
        }
    }
}
