//! Time limits and cancelling.

use super::{FILES, PATH, fixture, open, options, read, refused, serve, tile, truth};
use crate::server::{Behaviour, Server};
use cog::error::Status;
use cog::{CancelToken, Dataset, ReadParams};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn a_stalled_answer_ends_at_the_limit_of_a_request() {
    for name in FILES {
        let server = serve(&fixture(name), Behaviour::Stall);
        let e = refused(&server, &[("http.timeout_ms", "700"), ("http.retries", "0")]);
        assert_eq!(e.status(), Status::Timeout, "{e}");
        assert!(e.to_string().contains("700 ms (http.timeout_ms)") && e.to_string().contains(PATH), "{e}");
        server.set_behaviour(PATH, Behaviour::Normal);
        let dataset = open(&server, &[("http.timeout_ms", "700"), ("http.retries", "0")]).unwrap();
        server.set_behaviour(PATH, Behaviour::Stall);
        let e = tile(&dataset, 1, 1).unwrap_err();
        assert_eq!((e.status(), e.place().tile), (Status::Timeout, Some((1, 1))), "{e}");
        assert_eq!(read(&dataset).unwrap_err().status(), Status::Timeout);
        server.set_behaviour(PATH, Behaviour::Normal);
        assert_eq!(read(&dataset).unwrap(), read(&truth(&fixture(name))).unwrap());
    }
}

/// An answer that would come in time of its own is later than this: whoever sees another error was not stopped by the caller.
const NEVER: (&str, &str) = ("http.timeout_ms", "3600000");

/// The same for a stall.
const PATIENT: (&str, &str) = ("http.low_speed_limit", "0");

#[test]
fn the_time_limit_of_a_call_ends_it() {
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::Normal);
        let dataset = open(&server, &[NEVER, PATIENT]).unwrap();
        server.set_behaviour(PATH, Behaviour::Stall);
        let limited = |ms| ReadParams { timeout: Some(Duration::from_millis(ms)), ..ReadParams::default() };
        let e = dataset.read_window(&limited(120), None, true).unwrap_err();
        assert_eq!(e.status(), Status::Timeout, "{e}");
        assert!(e.to_string().contains("120 ms") && e.to_string().contains(PATH), "{e}");
        let e = dataset.read_tile(1, 1, 0, &limited(120), None, false).unwrap_err();
        assert_eq!(e.status(), Status::Timeout, "{e}");
        // A limit of nothing leaves no time for a request.
        let before = server.requests().len();
        assert_eq!(dataset.read_window(&limited(0), None, true).unwrap_err().status(), Status::Timeout);
        assert_eq!(server.requests().len(), before);
        server.set_behaviour(PATH, Behaviour::Normal);
        assert_eq!(dataset.read_window(&limited(600_000), None, false).unwrap().data, read(&truth(&bytes)).unwrap());
    }
}

/// Waits until the server has seen `count` requests.
fn wait_for_requests(server: &Server, count: usize) {
    let begin = Instant::now();
    while server.requests().len() < count {
        assert!(begin.elapsed() < Duration::from_secs(20), "the request did not come");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The server stalls for 30 seconds and then closes, which would be another error: `Cancelled` says that nobody waited for that.
#[test]
fn a_token_fired_by_another_thread_ends_a_stalled_read() {
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::Normal);
        let dataset = open(&server, &[NEVER, PATIENT]).unwrap();
        dataset.level_count().unwrap();
        server.reset();
        server.set_behaviour(PATH, Behaviour::Stall);
        let token = CancelToken::new();
        let e = thread::scope(|scope| {
            scope.spawn(|| {
                wait_for_requests(&server, 1);
                token.fire();
            });
            let params = ReadParams { cancel: Some(token.clone()), ..ReadParams::default() };
            dataset.read_window(&params, None, true).unwrap_err()
        });
        assert_eq!(e.status(), Status::Cancelled, "{e}");
        assert!(e.to_string().contains(PATH), "{e}");
        // The handle lives on; the fired token stays fired.
        server.set_behaviour(PATH, Behaviour::Normal);
        assert_eq!(read(&dataset).unwrap(), read(&truth(&bytes)).unwrap());
        let before = server.requests().len();
        let params = ReadParams { cancel: Some(token.clone()), ..ReadParams::default() };
        assert_eq!(dataset.read_window(&params, None, true).unwrap_err().status(), Status::Cancelled);
        assert_eq!(server.requests().len(), before);
    }
}

#[test]
fn the_token_of_a_handle_ends_a_stalled_opening_and_every_later_call() {
    let bytes = fixture(FILES[1]);
    let server = serve(&bytes, Behaviour::Stall);
    let token = CancelToken::new();
    let mut with_token = options(&[NEVER, PATIENT]);
    with_token.cancel = Some(token.clone());
    let e = thread::scope(|scope| {
        scope.spawn(|| {
            wait_for_requests(&server, 1);
            token.fire();
        });
        Dataset::open(&server.url(PATH), &with_token).err().unwrap()
    });
    assert_eq!(e.status(), Status::Cancelled, "{e}");
    assert!(e.to_string().contains(PATH), "{e}");

    let later = CancelToken::new();
    let mut with_token = options(&[]);
    with_token.cancel = Some(later.clone());
    server.set_behaviour(PATH, Behaviour::Normal);
    let dataset = Arc::new(Dataset::open(&server.url(PATH), &with_token).unwrap());
    assert!(read(&dataset).is_ok());
    later.fire();
    assert_eq!(read(&dataset).unwrap_err().status(), Status::Cancelled);
    assert_eq!(tile(&dataset, 0, 0).unwrap_err().status(), Status::Cancelled);
    assert_eq!(dataset.tile_bytes(0, 0, 0).unwrap_err().status(), Status::Cancelled);
}

#[test]
fn a_fired_token_stops_a_read_from_memory_too() {
    let dataset = truth(&fixture(FILES[0]));
    let token = CancelToken::new();
    token.fire();
    let params = ReadParams { cancel: Some(token), ..ReadParams::default() };
    assert_eq!(dataset.read_window(&params, None, false).unwrap_err().status(), Status::Cancelled);
}

/// Waits until the client has closed so many connections that it was owed an answer on.
fn wait_until_closed(server: &Server, count: usize) {
    let begin = Instant::now();
    while server.abandoned() < count {
        assert!(begin.elapsed() < Duration::from_secs(20), "the connection was not closed");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_cancelled_read_closes_its_connection() {
    let stalls = [Behaviour::DelayMs(30_000), Behaviour::Stall, Behaviour::StallInBody, Behaviour::DripMs(20)];
    for (name, stall) in FILES.into_iter().flat_map(|name| stalls.clone().map(|stall| (name, stall))) {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::Normal);
        let dataset = open(&server, &[NEVER, PATIENT]).unwrap();
        dataset.level_count().unwrap();
        server.reset();
        server.set_behaviour(PATH, stall);
        let token = CancelToken::new();
        let params = ReadParams { cancel: Some(token.clone()), ..ReadParams::default() };
        let e = thread::scope(|scope| {
            scope.spawn(|| {
                wait_for_requests(&server, 1);
                token.fire();
            });
            dataset.read_tile(2, 1, 0, &params, None, false).unwrap_err()
        });
        assert_eq!(e.status(), Status::Cancelled, "{e}");
        wait_until_closed(&server, 1);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_call_whose_time_is_over_closes_its_connection_and_sends_nothing_again() {
    let bytes = fixture(FILES[0]);
    let server = serve(&bytes, Behaviour::Normal);
    let dataset = open(&server, &[NEVER, ("http.low_speed_ms", "60000")]).unwrap();
    dataset.level_count().unwrap();
    server.reset();
    server.set_behaviour(PATH, Behaviour::StallInBody);
    let params = ReadParams { timeout: Some(Duration::from_millis(150)), ..ReadParams::default() };
    let e = dataset.read_tile(2, 1, 0, &params, None, false).unwrap_err();
    assert_eq!(e.status(), Status::Timeout, "{e}");
    assert!(e.to_string().contains("the call's time limit of 150 ms"), "{e}");
    wait_until_closed(&server, 1);
    assert_eq!(server.requests().len(), 1);
    // A pause before another attempt ends with the call, too.
    server.set_behaviour(PATH, Behaviour::FailFirst { requests: 100, status: 503, retry_after: Some(20) });
    let e = dataset.read_tile(2, 1, 0, &params, None, false).unwrap_err();
    assert_eq!(e.status(), Status::Timeout, "{e}");
    assert_eq!(server.requests().len(), 2);
}
