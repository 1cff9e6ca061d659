//! What must never be shown.

use super::{FILES, PATH, fixture, lies, options, read, serve, statuses, tile};
use crate::server::{Behaviour, Server};
use cog::Dataset;
use cog::log::{self, Level};
use std::sync::{Arc, Mutex, Once};

/// Every line that was logged by any test of this program.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn keep_lines() {
    static ONCE: Once = Once::new();
    let keep = |_: Level, line: &str| LINES.lock().unwrap().push(line.to_owned());
    ONCE.call_once(|| log::set_sink(Some((Arc::new(keep), Level::Debug))));
}

/// What must never be shown: of the query, of the user and password, of the tokens.
const SECRETS: [&str; 5] = ["SIGNATURE-19c4", "user-5d1e", "password-82bb", "TOKEN-e07a", "KEY-33d9"];

fn assert_no_secret(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in: {text}");
    }
}

#[test]
fn secrets_are_sent_and_never_shown() {
    keep_lines();
    let bytes = fixture(FILES[0]);
    let mut all: Vec<Behaviour> = statuses().into_iter().chain(lies()).map(|(behaviour, _)| behaviour).collect();
    let elsewhere = Server::builder().file("/b.tif", bytes.clone()).start().unwrap();
    all.extend([
        Behaviour::LoginPage,
        Behaviour::IgnoreRange,
        Behaviour::Stall,
        Behaviour::RedirectTo(elsewhere.url("/none.tif?sig=SIGNATURE-19c4")),
        Behaviour::RedirectTo("http://user-5d1e:password-82bb@127.0.0.1:1/b.tif?sig=SIGNATURE-19c4".to_owned()),
        Behaviour::RedirectTo("gopher://user-5d1e:password-82bb@x/?sig=SIGNATURE-19c4".to_owned()),
        Behaviour::ChangeAfter { requests: 1, body: b"other".to_vec() },
    ]);
    let ways = [
        ("", vec![("http.bearer_token", "TOKEN-e07a"), ("http.headers", "X-Key: KEY-33d9")], "Bearer TOKEN-e07a"),
        ("user-5d1e:password-82bb@", vec![("http.headers", "X-Key: KEY-33d9")], "Basic dXNlci01ZDFlOnBhc3N3b3JkLTgyYmI="),
    ];
    for (userinfo, settings, sent) in ways {
        for behaviour in &all {
            let server = serve(&bytes, behaviour.clone());
            let url = format!("http://{userinfo}{}{PATH}?X-Amz-Signature=SIGNATURE-19c4#KEY-33d9", server.address());
            let mut options = options(&settings);
            // Each open and each read meets the fault.
            options.set("cache.headers", "FALSE").unwrap();
            options.set("cache.blocks", "FALSE").unwrap();
            if *behaviour == Behaviour::Stall {
                options.set("http.timeout_ms", "300").unwrap();
                options.set("http.retries", "0").unwrap();
            }
            let mut errors = Vec::new();
            match Dataset::open(&url, &options).map(Arc::new) {
                Err(e) => errors.push(e),
                Ok(dataset) => {
                    assert_no_secret(dataset.name());
                    assert_no_secret(&dataset.metadata_json().map(|json| json.to_string()).unwrap_or_default());
                    errors.extend(tile(&dataset, 1, 1).err());
                }
            }
            server.set_behaviour(PATH, Behaviour::Normal);
            let dataset = Arc::new(Dataset::open(&url, &options).unwrap());
            server.set_behaviour(PATH, behaviour.clone());
            errors.extend(read(&dataset).err());
            errors.extend(dataset.tile_bytes(1, 1, 0).err());
            assert!(!errors.is_empty(), "{behaviour:?} is no fault");
            for e in &errors {
                assert_no_secret(&e.to_string());
                assert_no_secret(&format!("{e:?}"));
                let source = std::error::Error::source(e).map(ToString::to_string);
                assert_no_secret(&source.unwrap_or_default());
            }
            let first = &server.requests()[0];
            assert_eq!(first.path, format!("{PATH}?X-Amz-Signature=SIGNATURE-19c4"));
            assert_eq!((first.header("authorization"), first.header("x-key")), (Some(sent), Some("KEY-33d9")));
        }
    }
    let lines = LINES.lock().unwrap();
    assert!(lines.iter().any(|line| line.contains(PATH) && line.contains("503")), "the faults are logged");
    lines.iter().for_each(|line| assert_no_secret(line));
}

#[test]
fn secrets_in_a_url_that_is_none_are_not_shown() {
    for url in [
        "http://user-5d1e:password-82bb@:99999/a.tif?sig=SIGNATURE-19c4",
        "http://user-5d1e:password-82bb@[::1/a.tif?sig=SIGNATURE-19c4",
        "ftp://user-5d1e:password-82bb@127.0.0.1/a.tif?sig=SIGNATURE-19c4",
        "http://user-5d1e:password-82bb@127.0.0.1:1/a.tif?sig=SIGNATURE-19c4",
    ] {
        let e = Dataset::open(url, &options(&[])).err().unwrap();
        assert_no_secret(&format!("{e} {e:?}"));
    }
}

/// A password with a slash must be percent-encoded. Where it is not, there is no telling where it ends.
#[test]
fn a_password_that_is_not_encoded_is_not_shown() {
    let e = Dataset::open("http://user-5d1e:12/password-82bb@127.0.0.1:1/a.tif", &options(&[])).err().unwrap();
    assert_no_secret(&format!("{e} {e:?}"));
}
