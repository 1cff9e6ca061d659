//! Faults that only a store knows: its own way to say that a request took too long, keys that expire, a clock that is another.

use super::scripted::{Reply, Scripted, Seen};
use super::table::{Outcome, Row, SHORT, TILE, fails, right};
use super::{options, tile};
use cog::Dataset;
use cog::error::Status::Timeout;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

const OBJECT: &str = "/bucket/a.tif";
const KEYS: [(&str, &str); 2] = [("aws.access_key_id", "AKIAFIXED"), ("aws.secret_access_key", "secret")];

/// Opens the object, calls `then`, and reads the tile; counts what the tile cost.
fn meet(server: &Scripted, settings: &[(&str, &str)], then: impl Fn()) -> Outcome {
    let settings = [&SHORT[..], settings, &[("aws.endpoint", &server.url), ("http.proxy", "none"), ("aws.region", "us-east-1")]].concat();
    let dataset = Arc::new(Dataset::open("s3://bucket/a.tif", &options(&settings)).unwrap());
    dataset.level_count().unwrap();
    then();
    let (before, stats) = (server.count(OBJECT), dataset.stats());
    let got = tile(&dataset, TILE.0, TILE.1);
    let requests = server.count(OBJECT) - before;
    let now = dataset.stats();
    assert_eq!((now.requests - stats.requests, now.retries - stats.retries), (requests as u64, requests as u64 - 1));
    Outcome::new(got, requests)
}

/// Answers every `fail`th request of an open file with this; 0 stands for none.
fn failing(bytes: &[u8], left: &Arc<AtomicUsize>, refusal: impl Fn() -> Reply + Send + Sync + 'static) -> Scripted {
    let (bytes, left) = (bytes.to_vec(), Arc::clone(left));
    Scripted::start(
        move |seen| {
            if left.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_ok() { refusal() } else { Reply::part(&bytes, seen) }
        },
    )
}

/// The key that a request is signed with.
fn key(seen: &Seen) -> &str {
    seen.header("authorization").split_once("Credential=").map_or("", |(_, rest)| rest.split('/').next().unwrap())
}

fn request_timeout(number: usize) -> impl Fn(&[u8]) -> Outcome {
    move |bytes| {
        let left = Arc::default();
        let server = failing(bytes, &left, || Reply::s3(400, "RequestTimeout"));
        meet(&server, &KEYS, || left.store(number, SeqCst))
    }
}

/// The instance's metadata gives KEY0, KEY1, …; the object is given for none older than the last.
fn expired_keys(bytes: &[u8]) -> Outcome {
    let (bytes, given, valid) = (bytes.to_vec(), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let oldest = Arc::clone(&valid);
    let server = Scripted::start(move |seen| match seen.path.as_str() {
        "/latest/api/token" => Reply::new(200, "session"),
        "/latest/meta-data/iam/security-credentials/" => Reply::new(200, "role"),
        OBJECT => {
            let number: usize = key(seen).strip_prefix("KEY").unwrap().parse().unwrap();
            if number >= oldest.load(SeqCst) { Reply::part(&bytes, seen) } else { Reply::s3(400, "ExpiredToken") }
        }
        _ => {
            let id = given.fetch_add(1, SeqCst);
            let text =
                format!(r#"{{"AccessKeyId": "KEY{id}", "SecretAccessKey": "s", "Token": "t", "Expiration": "2999-01-01T00:00:00Z"}}"#);
            Reply::new(200, text)
        }
    });
    meet(&server, &[("aws.metadata_endpoint", &server.url)], || valid.store(1, SeqCst))
}

/// The server's clock jumps two hours ahead.
fn other_clock(bytes: &[u8]) -> Outcome {
    let (bytes, ahead) = (bytes.to_vec(), Arc::new(AtomicUsize::new(0)));
    let minutes = Arc::clone(&ahead);
    let server = Scripted::start(move |seen| {
        let now = chrono::Utc::now() + chrono::TimeDelta::minutes(minutes.load(SeqCst) as i64);
        let signed = chrono::NaiveDateTime::parse_from_str(seen.header("x-amz-date"), "%Y%m%dT%H%M%SZ").unwrap().and_utc();
        if (now - signed).num_minutes().abs() < 15 {
            return Reply::part(&bytes, seen);
        }
        Reply::s3(403, "RequestTimeTooSkewed").with("date", now.to_rfc2822().replace("+0000", "GMT"))
    });
    meet(&server, &KEYS, || ahead.store(120, SeqCst))
}

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::new(3, "S3's 400 RequestTimeout once, tile", right(2), request_timeout(1)),
        Row::new(3, "S3's 400 RequestTimeout, tile", fails(Timeout, 400, "RequestTimeout", 4), request_timeout(usize::MAX)),
        Row::new(5, "keys expire, tile", right(2), expired_keys),
        Row::new(25, "clock skew in SigV4, tile", right(2), other_clock),
    ]
}
