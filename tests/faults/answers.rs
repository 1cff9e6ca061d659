//! Answers that are wrong, and those that are unusual and right.

use super::{Expected, FILES, PATH, assert_none, compare, fixture, lies, open, read, refused, serve, statuses, tile, truth};
use crate::server::Behaviour;
use cog::Dataset;
use cog::error::Status;

#[test]
fn each_fault_while_opening_is_its_own_error() {
    let mut wrong = Vec::new();
    for name in FILES {
        for (behaviour, expected) in statuses().into_iter().chain(lies()) {
            let server = serve(&fixture(name), behaviour.clone());
            match open(&server, &[]) {
                Err(e) => compare(&format!("{name} {behaviour:?}"), &e, expected, &mut wrong),
                Ok(_) => wrong.push(format!("{name} {behaviour:?}: it opened")),
            }
        }
    }
    assert_none(&wrong);
}

/// Opens a good file, then meets the fault at its tiles.
fn fault_at_a_tile(name: &str, behaviour: &Behaviour, expected: Expected, wrong: &mut Vec<String>) {
    let what = format!("{name} {behaviour:?}");
    let bytes = fixture(name);
    let truth = truth(&bytes);
    let server = serve(&bytes, Behaviour::Normal);
    let dataset = open(&server, &[]).unwrap();
    dataset.level_count().unwrap();
    server.set_behaviour(PATH, behaviour.clone());
    match tile(&dataset, 2, 1) {
        Err(e) => {
            compare(&what, &e, expected, wrong);
            if e.place().tile != Some((2, 1)) || e.place().level != Some(0) || !e.to_string().contains("level 0, tile (2, 1)") {
                wrong.push(format!("{what}: the tile is not named: {e}"));
            }
        }
        Ok(pixels) if pixels == tile(&truth, 2, 1).unwrap() => wrong.push(format!("{what}: the tile was read, rightly")),
        Ok(_) => wrong.push(format!("{what}: WRONG PIXELS of a tile")),
    }
    match read(&dataset) {
        Err(e) => compare(&what, &e, expected, wrong),
        Ok(pixels) if pixels == read(&truth).unwrap() => wrong.push(format!("{what}: the window was read, rightly")),
        Ok(_) => wrong.push(format!("{what}: WRONG PIXELS of a window")),
    }
    server.set_behaviour(PATH, Behaviour::Normal);
    match read(&dataset) {
        Ok(pixels) if pixels == read(&truth).unwrap() => {}
        Ok(_) => wrong.push(format!("{what}: WRONG PIXELS when the server was well again")),
        Err(e) => wrong.push(format!("{what}: an error when the server was well again: {e}")),
    }
}

#[test]
fn each_fault_while_reading_names_its_tile_and_spoils_nothing() {
    let later = [
        (Behaviour::IgnoreRange, (Status::Io, Some(200), "200 with the whole file")),
        (Behaviour::LoginPage, (Status::Io, Some(200), "200 with text/html")),
    ];
    let mut wrong = Vec::new();
    for name in FILES {
        for (behaviour, expected) in statuses().into_iter().chain(lies()).chain(later.clone()) {
            fault_at_a_tile(name, &behaviour, expected, &mut wrong);
        }
    }
    assert_none(&wrong);
}

#[test]
fn a_small_file_sent_whole_is_used_without_a_further_request() {
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::IgnoreRange);
        let dataset = open(&server, &[]).unwrap();
        assert_eq!(read(&dataset).unwrap(), read(&truth(&bytes)).unwrap());
        assert_eq!(dataset.file_size(), bytes.len() as u64);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_file_sent_whole_is_refused_above_its_limit_and_taken_at_it() {
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::IgnoreRange);
        let at = bytes.len().to_string();
        assert_eq!(read(&open(&server, &[("http.whole_file_bytes", &at)]).unwrap()).unwrap(), read(&truth(&bytes)).unwrap());
        let below = (bytes.len() - 1).to_string();
        let e = refused(&server, &[("http.whole_file_bytes", &below)]);
        assert_eq!((e.status(), e.place().http_status), (Status::Unsupported, Some(200)), "{e}");
        let text = e.to_string();
        assert!(text.contains("http.whole_file_bytes") && text.contains(&at) && text.contains(PATH), "{text}");
    }
}

#[test]
fn a_login_page_is_not_a_tiff() {
    let server = serve(&fixture(FILES[0]), Behaviour::LoginPage);
    let e = refused(&server, &[]);
    assert_eq!(e.status(), Status::Format, "{e}");
    assert!(e.to_string().contains("not a TIFF") && e.to_string().contains("<!DOCTYP") && e.to_string().contains(PATH), "{e}");
}

#[test]
fn an_empty_file_is_said_to_be_empty() {
    for behaviour in [Behaviour::Normal, Behaviour::IgnoreRange] {
        let server = serve(&[], behaviour);
        let e = refused(&server, &[]);
        assert_eq!(e.status(), Status::Format, "{e}");
        assert!(e.to_string().contains("the file is empty") && e.to_string().contains(PATH), "{e}");
    }
}

#[test]
fn a_failure_that_passes_leaves_a_handle_that_reads() {
    for name in FILES {
        let bytes = fixture(name);
        let fail = |status, retry_after| Behaviour::FailFirst { requests: 1, status, retry_after };
        for status in [429, 500, 503] {
            let server = serve(&bytes, Behaviour::Normal);
            let dataset = open(&server, &[]).unwrap();
            server.set_behaviour(PATH, fail(status, Some(0)));
            // A library that tries again itself succeeds at once.
            if let Err(e) = tile(&dataset, 1, 1) {
                assert_eq!((e.status(), e.place().http_status), (Status::Io, Some(status)), "{e}");
            }
            assert_eq!(tile(&dataset, 1, 1).unwrap(), tile(&truth(&bytes), 1, 1).unwrap());
            let server = serve(&bytes, fail(status, None));
            if let Err(e) = open(&server, &[]) {
                assert_eq!((e.status(), e.place().http_status), (Status::Io, Some(status)), "{e}");
            }
            assert_eq!(read(&open(&server, &[]).unwrap()).unwrap(), read(&truth(&bytes)).unwrap());
        }
    }
}

#[test]
fn a_slow_answer_is_waited_for() {
    for name in FILES {
        let bytes = fixture(name);
        let server = serve(&bytes, Behaviour::DelayMs(50));
        assert_eq!(read(&open(&server, &[]).unwrap()).unwrap(), read(&truth(&bytes)).unwrap());
    }
}

#[test]
fn a_server_that_is_not_there_can_not_be_reached() {
    let server = serve(&fixture(FILES[0]), Behaviour::Normal);
    let url = server.url(PATH);
    drop(server);
    let e = Dataset::open(&url, &super::options(&[])).err().unwrap();
    assert_eq!(e.status(), Status::Io, "{e}");
    assert!(e.to_string().contains("could not be reached") && e.to_string().contains(PATH), "{e}");
    assert_eq!(e.place().http_status, None);
}

#[test]
fn a_server_that_goes_away_is_an_error_at_the_tile() {
    let server = serve(&fixture(FILES[0]), Behaviour::Normal);
    let dataset = open(&server, &[]).unwrap();
    drop(server);
    let e = tile(&dataset, 1, 2).unwrap_err();
    assert_eq!((e.status(), e.place().tile, e.place().level), (Status::Io, Some((1, 2)), Some(0)), "{e}");
}
