//! What is sent again, how, and how often.

use super::{FILES, PATH, fixture, open, read, refused, serve, tile, truth};
use crate::server::{Behaviour, Server, Validators, http_date};
use cog::error::Status;
use std::time::{SystemTime, UNIX_EPOCH};

/// The tile's bytes, as ranges that were asked for: first byte, bytes that were sent.
fn asked(server: &Server) -> Vec<(u64, u64)> {
    server.requests().iter().map(|r| (r.range.map_or(0, |(first, _)| first), r.body_bytes)).collect()
}

#[test]
fn a_cut_body_goes_on_where_it_stopped_under_if_match() {
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::Normal);
        let dataset = open(&server, &[]).unwrap();
        dataset.level_count().unwrap();
        server.reset();
        server.set_behaviour(PATH, Behaviour::CutBody.once());
        let before = dataset.stats();
        assert_eq!(tile(&dataset, 2, 1).unwrap(), tile(&truth(&bytes), 2, 1).unwrap());
        let asked = asked(&server);
        let [(first, sent), (again, rest)] = asked[..] else { panic!("{asked:?}") };
        assert_eq!(again, first + sent, "it goes on where it stopped");
        assert!(rest == sent || rest == sent + 1, "and asks for the rest: {asked:?}");
        assert!(server.requests().iter().all(|r| r.header("if-match").is_some_and(|etag| etag.starts_with('"'))));
        let now = dataset.stats();
        assert_eq!((now.requests - before.requests, now.retries - before.retries), (2, 1));
    }
}

#[test]
fn without_a_strong_etag_a_cut_range_is_fetched_whole() {
    for (name, validators) in FILES.into_iter().flat_map(|name| [Validators::Weak, Validators::Date, Validators::None].map(|v| (name, v))) {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::Normal);
        server.set_validators(PATH, validators);
        let dataset = open(&server, &[]).unwrap();
        dataset.level_count().unwrap();
        server.reset();
        server.set_behaviour(PATH, Behaviour::CutBody.once());
        assert_eq!(tile(&dataset, 2, 1).unwrap(), tile(&truth(&bytes), 2, 1).unwrap());
        let asked = asked(&server);
        let [(first, _), (again, _)] = asked[..] else { panic!("{asked:?}") };
        assert_eq!(first, again);
        assert!(server.requests().iter().all(|r| r.header("if-match").is_none()));
    }
}

#[test]
fn a_merged_request_that_is_cut_again_and_again_delivers_each_block_once() {
    // Each attempt brings half of what is left: enough attempts bring it all.
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::First { requests: 6, fault: Box::new(Behaviour::CutBody) });
        let dataset = open(&server, &[("http.retries", "6")]).unwrap();
        assert_eq!(read(&dataset).unwrap(), read(&truth(&bytes)).unwrap());
    }
}

#[test]
fn a_file_that_changes_between_a_cut_and_the_rest_is_modified() {
    for (name, validators) in FILES.into_iter().flat_map(|name| [Validators::Strong, Validators::Weak, Validators::Date].map(|v| (name, v)))
    {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::Normal);
        server.set_validators(PATH, validators);
        let dataset = open(&server, &[("http.retry_delay_ms", "0"), ("http.retries", "1000"), ("http.retry_budget_ms", "20000")]).unwrap();
        dataset.level_count().unwrap();
        server.reset();
        server.set_behaviour(PATH, Behaviour::CutBody);
        let other: Vec<u8> = bytes.iter().map(|b| b ^ 0x55).collect();
        let e = std::thread::scope(|scope| {
            scope.spawn(|| {
                while server.requests().is_empty() {
                    std::thread::yield_now();
                }
                server.set_behaviour(PATH, Behaviour::ChangeAfter { requests: 0, body: other.clone() });
            });
            tile(&dataset, 2, 1).unwrap_err()
        });
        assert_eq!(e.status(), Status::Modified, "{validators:?}: {e}");
    }
}

#[test]
fn retry_after_is_honoured_within_the_budget_and_told_beyond_it() {
    let bytes = fixture(FILES[0]);
    let fails = |seconds| Behaviour::FailFirst { requests: 1, status: 429, retry_after: Some(seconds) };
    let server = serve(&bytes, fails(1));
    assert_eq!(read(&open(&server, &[]).unwrap()).unwrap(), read(&truth(&bytes)).unwrap());
    let server = serve(&bytes, fails(3600));
    let e = refused(&server, &[]);
    assert_eq!((e.status(), e.place().http_status, server.requests().len()), (Status::Io, Some(429), 1));
    assert!(e.to_string().contains("asks for a wait of 3600 s") && e.to_string().contains("http.retry_budget_ms"), "{e}");
}

#[test]
fn a_date_as_retry_after_is_a_wait_too() {
    let bytes = fixture(FILES[0]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (date, opens) in [(now + 3600, false), (now - 3600, true)] {
        let date = http_date(date);
        let file = bytes.clone();
        let answered = std::sync::atomic::AtomicBool::new(false);
        let server = crate::scripted::Scripted::start(move |seen| {
            if answered.swap(true, std::sync::atomic::Ordering::SeqCst) {
                return crate::scripted::Reply::part(&file, seen);
            }
            crate::scripted::Reply::new(503, "").with("retry-after", date.clone())
        });
        let opened = cog::Dataset::open(&format!("{}/a.tif", server.url), &super::options(&[]));
        assert_eq!(opened.is_ok(), opens, "{:?}", opened.err().map(|e| e.to_string()));
        assert_eq!(server.seen().len() == 1, !opens);
    }
}

#[test]
fn retries_can_be_switched_off_and_a_budget_of_nothing_allows_none() {
    let bytes = fixture(FILES[0]);
    for setting in [("http.retries", "0"), ("http.retry_budget_ms", "0")] {
        let server = serve(&bytes, Behaviour::Status(503));
        let e = refused(&server, &[setting, ("http.retry_delay_ms", "50")]);
        assert_eq!((e.status(), server.requests().len()), (Status::Io, 1), "{e}");
    }
    let server = serve(&bytes, Behaviour::Status(503));
    let e = refused(&server, &[("http.retries", "5")]);
    assert_eq!(server.requests().len(), 6);
    assert!(e.to_string().contains("attempt 6 of 6"), "{e}");
}

#[test]
fn requests_and_retries_are_counted() {
    let bytes = fixture(FILES[1]);
    let server = serve(&bytes, Behaviour::FailFirst { requests: 2, status: 503, retry_after: None });
    let dataset = open(&server, &[]).unwrap();
    assert_eq!((dataset.stats().requests, dataset.stats().retries), (3, 2));
    let target = serve(&bytes, Behaviour::Normal);
    let server = Server::builder().behaviour(PATH, Behaviour::RedirectTo(target.url(PATH))).start().unwrap();
    let dataset = open(&server, &[]).unwrap();
    let sent = (server.requests().len() + target.requests().len()) as u64;
    assert_eq!((dataset.stats().requests, dataset.stats().retries), (sent, 0));
}
