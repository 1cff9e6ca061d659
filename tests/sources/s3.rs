//! S3's ways to credentials, and what is put right while requests are under way.

use super::scripted::{Reply, Scripted, Seen};
use super::{fixture, open};
use cog::error::Status;
use cog::{Dataset, Error, ReadParams};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

const URI: &str = "s3://bucket/a.tif";
const PATH: &str = "/bucket/a.tif";
const FIXED: [(&str, &str); 2] = [("aws.access_key_id", "AKIAFIXED"), ("aws.secret_access_key", "secret")];

fn file() -> Vec<u8> {
    fixture("type_int16_none_tile_be.tif")
}

/// The key that a request is signed with.
fn key(seen: &Seen) -> &str {
    seen.header("authorization").split_once("Credential=").map_or("", |(_, rest)| rest.split('/').next().unwrap())
}

fn at(server: &Scripted, settings: &[(&str, &str)]) -> Result<Arc<Dataset>, Error> {
    open(URI, &[&[("aws.endpoint", server.url.as_str()), ("io.header_bytes", "1024")], settings].concat())
}

fn read(dataset: &Arc<Dataset>) -> Result<Vec<u8>, Error> {
    dataset.read_window(&ReadParams::default(), None, false).map(|p| p.data)
}

fn truth() -> Vec<u8> {
    read(&Arc::new(Dataset::open_memory(file().into(), &super::options(&[])).unwrap())).unwrap()
}

fn temporary(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

/// Keys as the container and instance services give them.
fn keys(id: &str) -> Reply {
    let text = format!(
        r#"{{"Code": "Success", "AccessKeyId": "{id}", "SecretAccessKey": "s", "Token": "token-{id}", "Expiration": "2999-01-01T00:00:00Z"}}"#
    );
    Reply::new(200, text)
}

#[test]
fn a_buckets_region_is_found_once_and_kept() {
    for status in [301, 400] {
        let server = Scripted::start(move |seen| {
            if seen.header("authorization").contains("/eu-central-1/s3/") {
                return Reply::part(&file(), seen);
            }
            let code = if status == 301 { "PermanentRedirect" } else { "AuthorizationHeaderMalformed" };
            Reply::s3(status, code).with("x-amz-bucket-region", "eu-central-1")
        });
        assert_eq!(read(&at(&server, &FIXED).unwrap()).unwrap(), truth());
        let before = server.count(PATH);
        let refused = server.seen().iter().filter(|s| !s.header("authorization").contains("eu-central-1")).count();
        assert_eq!(refused, 1);
        // Another handle of the same settings knows the region, too.
        assert_eq!(read(&at(&server, &FIXED).unwrap()).unwrap(), truth());
        assert_eq!(server.count(PATH) - before, before - 1);
    }
}

#[test]
fn a_region_that_is_never_right_is_told() {
    let server = Scripted::start(|seen| {
        let other = if seen.header("authorization").contains("eu-west-3") { "eu-west-2" } else { "eu-west-3" };
        Reply::s3(400, "AuthorizationHeaderMalformed").with("x-amz-bucket-region", other)
    });
    let e = at(&server, &FIXED).err().unwrap();
    assert_eq!((e.status(), e.place().http_status), (Status::PermissionDenied, Some(400)));
    assert!(e.to_string().contains("aws.region") && e.to_string().contains("eu-west-2"), "{e}");
    assert_eq!(server.count(PATH), 2);
    let evil = Scripted::start(|_| Reply::s3(301, "PermanentRedirect").with("x-amz-bucket-region", "evil.example/"));
    assert!(at(&evil, &FIXED).is_err());
    assert_eq!(evil.count(PATH), 1);
}

#[test]
fn a_wrong_clock_is_put_right_by_the_servers() {
    // The server lives an hour and a half ahead.
    let now = || chrono::Utc::now() + chrono::TimeDelta::minutes(90);
    let server = Scripted::start(move |seen| {
        let signed = chrono::NaiveDateTime::parse_from_str(seen.header("x-amz-date"), "%Y%m%dT%H%M%SZ").unwrap().and_utc();
        if (now() - signed).num_minutes().abs() < 15 {
            return Reply::part(&file(), seen);
        }
        Reply::s3(403, "RequestTimeTooSkewed").with("date", now().to_rfc2822().replace("+0000", "GMT"))
    });
    assert_eq!(read(&at(&server, &FIXED).unwrap()).unwrap(), truth());
    let requests = server.count(PATH);
    assert_eq!(read(&at(&server, &FIXED).unwrap()).unwrap(), truth());
    assert_eq!(server.count(PATH) - requests, requests - 1, "the clock is known");
}

#[test]
fn a_clock_that_the_server_never_believes_is_an_error_after_one_more_request() {
    let server = Scripted::start(|_| Reply::s3(403, "RequestTimeTooSkewed").with("date", "Sat, 01 Jan 2050 00:00:00 GMT"));
    let e = at(&server, &FIXED).err().unwrap();
    assert_eq!((e.status(), e.place().http_status), (Status::PermissionDenied, Some(403)));
    assert!(e.to_string().contains("RequestTimeTooSkewed"), "{e}");
    assert_eq!(server.count(PATH), 2);
}

/// A server that gives keys (KEY0, KEY1, …) at /keys and takes none older than `valid`.
fn expiring(valid: &Arc<AtomicUsize>) -> Scripted {
    let (given, valid) = (AtomicUsize::new(0), Arc::clone(valid));
    Scripted::start(move |seen| {
        if seen.path == "/keys" {
            assert_eq!(seen.header("authorization"), "pod-token");
            return keys(&format!("KEY{}", given.fetch_add(1, SeqCst)));
        }
        let number: usize = key(seen).strip_prefix("KEY").unwrap().parse().unwrap();
        assert_eq!(seen.header("x-amz-security-token"), format!("token-KEY{number}"));
        if number >= valid.load(SeqCst) { Reply::part(&file(), seen) } else { Reply::s3(400, "ExpiredToken") }
    })
}

#[test]
fn a_token_that_expires_while_reading_is_renewed_once_and_the_request_sent_again() {
    let valid = Arc::new(AtomicUsize::new(0));
    let server = expiring(&valid);
    let (_folder, token) = temporary("token", "pod-token");
    let uri = format!("{}/keys", server.url);
    let settings = [("aws.container_credentials_full_uri", uri.as_str()), ("aws.container_authorization_token_file", &token)];
    let dataset = at(&server, &settings).unwrap();
    let other = at(&server, &settings).unwrap();
    assert_eq!(server.count("/keys"), 1, "two handles share their credentials");
    let objects = server.count(PATH);
    valid.store(1, SeqCst);
    assert_eq!(read(&dataset).unwrap(), truth());
    let took = server.count(PATH) - objects;
    assert_eq!(server.count("/keys"), 2);
    assert_eq!(read(&other).unwrap(), truth());
    assert_eq!(server.count("/keys"), 2);
    // What is refused is sent again, and nothing else.
    let again = server.count(PATH) - objects - took;
    let refused = server.seen().iter().filter(|s| s.path == PATH && key(s) == "KEY0").count() - objects;
    assert_eq!(took, again + refused);
    // Keys that are never taken are an error soon.
    valid.store(usize::MAX, SeqCst);
    let objects = server.count(PATH);
    let e = at(&server, &settings).err().unwrap();
    assert_eq!((e.status(), e.place().http_status), (Status::PermissionDenied, Some(400)));
    assert!(e.to_string().contains("ExpiredToken"), "{e}");
    assert_eq!(server.count(PATH) - objects, 2);
}

#[test]
fn fixed_keys_that_have_expired_are_an_error_at_once() {
    let server = Scripted::start(|_| Reply::s3(400, "ExpiredToken"));
    let e = at(&server, &FIXED).err().unwrap();
    assert_eq!(e.status(), Status::PermissionDenied);
    assert_eq!(server.count(PATH), 1);
}

#[test]
fn the_instances_metadata_gives_keys_within_a_session() {
    let server = Scripted::start(|seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("PUT", "/latest/api/token") => Reply::new(200, "session"),
        ("GET", path) if path.starts_with("/latest/") && seen.header("x-aws-ec2-metadata-token") != "session" => Reply::new(401, ""),
        ("GET", "/latest/meta-data/iam/security-credentials/") => Reply::new(200, "role"),
        ("GET", "/latest/meta-data/iam/security-credentials/role") => keys("INSTANCE"),
        _ => {
            assert_eq!(key(seen), "INSTANCE");
            Reply::part(&file(), seen)
        }
    });
    let dataset = at(&server, &[("aws.metadata_endpoint", &server.url)]).unwrap();
    assert_eq!(read(&dataset).unwrap(), truth());
    assert_eq!(server.count("/latest/api/token"), 1);
}

#[test]
fn a_metadata_service_that_never_answers_is_not_waited_for() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let server = Scripted::start(|seen| Reply::part(&file(), seen));
    let started = Instant::now();
    let e = at(&server, &[("aws.metadata_endpoint", &endpoint)]).err().unwrap();
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(e.status(), Status::PermissionDenied);
    for words in ["no credentials for S3", "did not answer", "aws.skip_signature"] {
        assert!(e.to_string().contains(words), "{e}");
    }
    let e = at(&server, &[("aws.metadata_endpoint", &endpoint), ("aws.ec2_metadata_disabled", "TRUE")]).err().unwrap();
    assert!(e.to_string().contains("aws.ec2_metadata_disabled"), "{e}");
    assert!(server.seen().is_empty());
}

#[test]
fn a_web_identity_assumes_its_role() {
    let server = Scripted::start(|seen| {
        if seen.method != "POST" {
            assert_eq!(key(seen), "WEB");
            return Reply::part(&file(), seen);
        }
        let asked = format!("{}{}", seen.path, seen.body);
        for part in ["Action=AssumeRoleWithWebIdentity", "WebIdentityToken=web-token", "RoleArn=arn", "RoleSessionName=me"] {
            assert!(asked.contains(part), "{asked}");
        }
        Reply::new(
            200,
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><SessionToken>t</SessionToken>\
             <SecretAccessKey>s</SecretAccessKey><AccessKeyId>WEB</AccessKeyId><Expiration>2999-01-01T00:00:00Z</Expiration>\
             </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        )
    });
    let (_folder, token) = temporary("token", "web-token");
    let settings = [
        ("aws.web_identity_token_file", token.as_str()),
        ("aws.role_arn", "arn"),
        ("aws.role_session_name", "me"),
        ("aws.endpoint_url_sts", &server.url),
    ];
    assert_eq!(read(&at(&server, &settings).unwrap()).unwrap(), truth());
}

#[test]
fn a_profile_gives_keys_region_and_endpoint_and_is_read_again_when_they_are_refused() {
    let old = Arc::new(AtomicUsize::new(0));
    let expired = Arc::clone(&old);
    let server = Scripted::start(move |seen| {
        assert!(seen.header("authorization").contains("/eu-north-1/s3/"));
        let is_old = key(seen) == "OLD" && expired.load(SeqCst) == 1;
        if is_old { Reply::s3(400, "ExpiredToken") } else { Reply::part(&file(), seen) }
    });
    let profile = |key: &str| format!("[other]\naws_access_key_id = X\n[work]\naws_access_key_id = {key}\naws_secret_access_key = s\n");
    let (_folder, credentials) = temporary("credentials", &profile("OLD"));
    let (_other, config) = temporary("config", &format!("[profile work]\nregion = eu-north-1\nendpoint_url = {}\n", server.url));
    let files = [("aws.profile", "work"), ("aws.config_file", config.as_str()), ("aws.shared_credentials_file", &credentials)];
    let settings = [&[("aws.region", ""), ("io.header_bytes", "1024")], files.as_slice()].concat();
    let dataset = open(URI, &settings).unwrap();
    std::fs::write(&credentials, profile("NEW")).unwrap();
    old.store(1, SeqCst);
    assert_eq!(read(&dataset).unwrap(), truth());
    assert_eq!(key(server.seen().last().unwrap()), "NEW");
    let e = open(URI, &[&settings[..], &[("aws.profile", "none")]].concat()).err().unwrap();
    assert_eq!(e.status(), Status::InvalidArgument);
    assert!(e.to_string().contains("\"none\"") && e.to_string().contains(&config), "{e}");
}

#[test]
fn who_pays_is_said_and_signed() {
    let server = Scripted::start(|seen| match seen.header("x-amz-request-payer") {
        "requester" if seen.header("authorization").contains("x-amz-request-payer") => Reply::part(&file(), seen),
        _ => Reply::s3(403, "AccessDenied"),
    });
    let e = at(&server, &FIXED).err().unwrap();
    assert_eq!((e.status(), e.place().http_status), (Status::PermissionDenied, Some(403)));
    assert!(e.to_string().contains("AccessDenied") && e.to_string().contains("aws.request_payer = requester"), "{e}");
    let paying = [&FIXED[..], &[("AWS_REQUEST_PAYER", "requester")]].concat();
    assert_eq!(read(&at(&server, &paying).unwrap()).unwrap(), truth());
}

#[test]
fn without_a_signature_nothing_of_the_keys_is_sent() {
    let server = Scripted::start(|seen| Reply::part(&file(), seen));
    let settings = [&FIXED[..], &[("AWS_NO_SIGN_REQUEST", "YES"), ("http.headers", "X-Mine: 1")]].concat();
    assert_eq!(read(&at(&server, &settings).unwrap()).unwrap(), truth());
    for seen in server.seen() {
        assert_eq!((seen.header("authorization"), seen.header("x-amz-date"), seen.header("x-mine")), ("", "", "1"));
    }
}

#[test]
fn a_redirect_to_another_server_takes_no_signature_along() {
    let elsewhere = Scripted::start(|seen| Reply::part(&file(), seen));
    let target = format!("{}/moved.tif", elsewhere.url);
    let server = Scripted::start(move |_| Reply::new(307, "").with("location", target.clone()));
    let settings = [&FIXED[..], &[("aws.session_token", "t"), ("http.headers", "X-Mine: 1")]].concat();
    assert_eq!(read(&at(&server, &settings).unwrap()).unwrap(), truth());
    for seen in elsewhere.seen() {
        let sent: Vec<_> = ["authorization", "x-amz-security-token", "x-mine"].iter().map(|name| seen.header(name)).collect();
        assert_eq!(sent, ["", "", ""]);
    }
}
