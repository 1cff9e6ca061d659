//! Requests through a proxy, and those that must not go through one.

use super::scripted::{Reply, Scripted};
use super::{fixture, open};

const FILE: &str = "cog_uint16_zstd.tif";

/// A proxy of plain HTTP: it is asked for whole URLs.
fn proxy() -> Scripted {
    Scripted::start(|seen| {
        // user:pass word, in base64
        if seen.header("proxy-authorization") == "Basic dXNlcjpwYXNzIHdvcmQ=" {
            return Reply::part(&fixture(FILE), seen);
        }
        Reply::new(407, "").with("proxy-authenticate", "Basic")
    })
}

#[test]
fn a_proxy_with_a_password_carries_the_requests_of_urls_and_stores() {
    let proxy = proxy();
    let with = format!("http://user:pass%20word@{}", proxy.url.strip_prefix("http://").unwrap());
    open("http://a.invalid/a.tif", &[("http.proxy", &with)]).unwrap();
    let settings = [("http.proxy", with.as_str()), ("aws.endpoint", "http://s3.invalid"), ("aws.skip_signature", "TRUE")];
    open("s3://bucket/a.tif", &settings).unwrap();
    let paths: Vec<String> = proxy.seen().into_iter().map(|s| s.path).collect();
    assert_eq!(paths, ["http://a.invalid/a.tif", "http://s3.invalid/bucket/a.tif"]);
    let e = open("http://a.invalid/a.tif", &[("http.proxy", &proxy.url)]).err().unwrap();
    assert_eq!((e.status(), e.place().http_status), (cog::error::Status::PermissionDenied, Some(407)));
}

#[test]
fn a_metadata_service_is_asked_past_the_proxy() {
    let proxy = proxy();
    let metadata = Scripted::start(|seen| match seen.path.as_str() {
        "/latest/api/token" => Reply::new(200, "session"),
        "/latest/meta-data/iam/security-credentials/" => Reply::new(200, "role"),
        _ => Reply::new(200, r#"{"AccessKeyId": "K", "SecretAccessKey": "s", "Token": "t", "Expiration": "2999-01-01T00:00:00Z"}"#),
    });
    let with = format!("http://user:pass%20word@{}", proxy.url.strip_prefix("http://").unwrap());
    let settings = [("http.proxy", with.as_str()), ("aws.endpoint", "http://s3.invalid"), ("aws.metadata_endpoint", &metadata.url)];
    open("s3://bucket/a.tif", &settings).unwrap();
    assert_eq!((metadata.seen().len(), proxy.seen().len()), (3, 1));
}
