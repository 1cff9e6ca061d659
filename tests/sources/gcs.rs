//! Tokens of Google's service accounts and metadata.

use super::scripted::{Reply, Scripted};
use super::servers::{servers, text};
use super::{fixture, open};
use cog::error::Status;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

const URI: &str = "gs://bucket/a%20b.tif";

fn file() -> Vec<u8> {
    fixture("cog_uint16_zstd.tif")
}

#[test]
fn a_service_accounts_token_goes_along() {
    let Some(found) = servers() else { return };
    let key = text(found, "/gcs/service_account");
    let server = Scripted::start(|seen| {
        assert_eq!(seen.path, "/bucket/a%2520b.tif");
        let token = seen.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        if token.split('.').count() == 3 { Reply::part(&file(), seen) } else { Reply::new(401, "") }
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.json");
    std::fs::write(&path, key).unwrap();
    let path = path.to_str().unwrap();
    for setting in [("gcs.service_account_key", key), ("gcs.service_account", path), ("GOOGLE_APPLICATION_CREDENTIALS", path)] {
        open(URI, &[("gcs.base_url", server.url.as_str()), setting]).unwrap();
    }
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_token_that_the_program_gives_is_sent_and_its_refusal_is_final() {
    let refuse = Arc::new(AtomicBool::new(false));
    let refusing = Arc::clone(&refuse);
    let server = Scripted::start(move |seen| {
        assert_eq!(seen.header("authorization"), "Bearer mine");
        let body = r#"{"error": {"code": 401, "errors": [{"reason": "authError", "message": "Bearer mine"}]}}"#;
        if refusing.load(SeqCst) { Reply::new(401, body) } else { Reply::part(&file(), seen) }
    });
    let settings = [("gcs.base_url", server.url.as_str()), ("gcs.bearer_token", "mine")];
    open(URI, &settings).unwrap();
    refuse.store(true, SeqCst);
    let e = open(URI, &settings).err().unwrap();
    assert_eq!((e.status(), e.place().http_status), (Status::PermissionDenied, Some(401)));
    assert!(e.to_string().contains("authError") && !e.to_string().contains("mine"), "{e}");
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn credentials_that_are_none_are_refused_before_a_request() {
    let server = Scripted::start(|seen| Reply::part(&file(), seen));
    for (key, value, words) in [
        ("gcs.service_account", "/no/such/file.json", "can't be read"),
        ("gcs.service_account_key", "{\"private_key\": 1}", "gcs.service_account_key"),
        ("gcs.application_credentials", "/dev/null", "gcs.application_credentials"),
    ] {
        let e = open(URI, &[("gcs.base_url", server.url.as_str()), (key, value)]).err().unwrap();
        assert!(e.status() == Status::InvalidArgument && e.to_string().contains(words), "{e}");
    }
    assert!(server.seen().is_empty());
}
