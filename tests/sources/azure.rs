//! Tokens of Azure's identities.

use super::scripted::{Reply, Scripted};
use super::{fixture, open};
use cog::error::Status;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

const URI: &str = "az://container/a.tif";
const PATH: &str = "/container/a.tif";

fn file() -> Vec<u8> {
    fixture("cog_uint16_zstd.tif")
}

fn token(number: usize) -> Reply {
    Reply::new(200, format!(r#"{{"access_token": "t{number}", "expires_in": 86400, "expires_on": "9999999999", "token_type": "Bearer"}}"#))
}

/// Gives the tokens t0, t1, … at any other path, and takes none older than `valid`.
fn server(valid: &Arc<AtomicUsize>) -> Scripted {
    let (given, valid) = (AtomicUsize::new(0), Arc::clone(valid));
    Scripted::start(move |seen| {
        if seen.path != PATH {
            return token(given.fetch_add(1, SeqCst));
        }
        let number: usize = seen.header("authorization").strip_prefix("Bearer t").unwrap().parse().unwrap();
        assert!(!seen.header("x-ms-version").is_empty());
        let refusal = || Reply::new(401, "").with("x-ms-error-code", "InvalidAuthenticationInfo");
        if number >= valid.load(SeqCst) { Reply::part(&file(), seen) } else { refusal() }
    })
}

#[test]
fn a_managed_identity_has_a_token_that_is_renewed_once() {
    let valid = Arc::new(AtomicUsize::new(0));
    let server = server(&valid);
    let msi = format!("{}/msi", server.url);
    let settings = [("azure.endpoint", server.url.as_str()), ("azure.account_name", "acc"), ("azure.msi_endpoint", &msi)];
    open(URI, &settings).unwrap();
    open(URI, &settings).unwrap();
    assert_eq!(server.count("/msi"), 1, "two handles share a token");
    valid.store(1, SeqCst);
    open(URI, &settings).unwrap();
    assert_eq!((server.count("/msi"), server.count(PATH)), (2, 4));
    valid.store(usize::MAX, SeqCst);
    let e = open(URI, &settings).err().unwrap();
    assert_eq!((e.status(), e.place().http_status), (Status::PermissionDenied, Some(401)));
    assert!(e.to_string().contains("InvalidAuthenticationInfo"), "{e}");
    assert_eq!(server.count(PATH), 6);
}

#[test]
fn a_workload_identity_and_a_clients_secret_have_tokens() {
    let server = server(&Arc::default());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "federated").unwrap();
    let common = [
        ("azure.endpoint", server.url.as_str()),
        ("azure.account_name", "acc"),
        ("azure.authority_host", &server.url),
        ("azure.tenant_id", "tenant"),
        ("azure.client_id", "client"),
    ];
    for (setting, sent) in [
        (("azure.federated_token_file", path.to_str().unwrap()), "client_assertion=federated"),
        (("azure.client_secret", "sesame"), "client_secret=sesame"),
    ] {
        open(URI, &[&common[..], &[setting]].concat()).unwrap();
        let asked: Vec<_> = server.seen().into_iter().filter(|s| s.path.starts_with("/tenant/")).collect();
        assert!(asked.last().unwrap().body.contains(sent), "{asked:?}");
    }
}
