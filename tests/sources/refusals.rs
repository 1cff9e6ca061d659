//! What real servers say to those who may not, and to those who ask for what is not there.

use super::open;
use super::servers::{servers, text};
use cog::error::Status::{self, Io, NotFound, PermissionDenied};

/// Settings, URI, and what is expected: the status, the server's status, words of the message.
type Case<'a> = (Vec<(&'a str, &'a str)>, &'a str, (Status, Option<u16>, &'a str));

fn check(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for (settings, uri, (status, http, words)) in cases {
        let what = format!("{uri} with {:?}", settings.iter().map(|(key, _)| key).collect::<Vec<_>>());
        let Err(e) = open(uri, &settings) else {
            wrong.push(format!("{what}: it opened"));
            continue;
        };
        let message = e.to_string();
        if e.status() != status || e.place().http_status != http || !message.contains(words) || !message.contains(uri) {
            wrong.push(format!("{what}: {:?} {:?} {message}, expected {status:?} {http:?} {words}", e.status(), e.place().http_status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const FILE: &str = "a folder/cog_rgb_deflate.tif";

#[test]
fn s3_refuses_wrong_keys_by_their_names() {
    let Some(found) = servers() else { return };
    let t = |pointer: &str| text(found, pointer);
    let with = |key: &'static str, secret: &'static str| {
        vec![("aws.endpoint", t("/s3/url")), ("aws.access_key_id", key), ("aws.secret_access_key", secret)]
    };
    let (key, secret) = (t("/s3/keys/reader/0"), t("/s3/keys/reader/1"));
    let file = format!("s3://{}/{FILE}", t("/s3/bucket"));
    let missing = format!("s3://{}/none.tif", t("/s3/bucket"));
    let no_bucket = format!("s3://no-such-bucket/{FILE}");
    check(vec![
        (with(key, "wrong"), &file, (PermissionDenied, Some(403), "SignatureDoesNotMatch")),
        (with("AKIAWRONG", secret), &file, (PermissionDenied, Some(403), "InvalidAccessKeyId")),
        (with(t("/s3/keys/stranger/0"), t("/s3/keys/stranger/1")), &file, (PermissionDenied, Some(403), "AccessDenied")),
        (vec![("aws.endpoint", t("/s3/url")), ("aws.skip_signature", "TRUE")], &file, (PermissionDenied, Some(403), "403 Forbidden")),
        (with(key, secret), &missing, (NotFound, Some(404), "NoSuchKey")),
        (with(key, secret), &no_bucket, (NotFound, Some(404), "NoSuchBucket")),
    ]);
}

#[test]
fn azure_refuses_wrong_keys_and_signatures() {
    let Some(found) = servers() else { return };
    let t = |pointer: &str| text(found, pointer);
    let with = |key: &'static str, value: &'static str| {
        vec![("azure.endpoint", t("/azure/url")), ("azure.account_name", t("/azure/account")), (key, value)]
    };
    let file = format!("az://private/{FILE}");
    let no_container = format!("az://none/{FILE}");
    check(vec![
        (with("azure.account_key", "d3Jvbmc="), &file, (PermissionDenied, Some(403), "AuthorizationFailure")),
        (with("azure.sas_key", t("/azure/expired_sas")), &file, (PermissionDenied, Some(403), "AuthorizationFailure")),
        (with("azure.sas_key", "sv=2021-12-02&sp=r&sr=c&sig=d3Jvbmc%3D"), &file, (PermissionDenied, Some(403), "AuthorizationFailure")),
        (with("azure.skip_signature", "TRUE"), &file, (PermissionDenied, Some(403), "was not signed")),
        (with("azure.account_key", t("/azure/key")), "az://private/none.tif", (NotFound, Some(404), "BlobNotFound")),
        (with("azure.account_key", t("/azure/key")), &no_container, (NotFound, Some(404), "ContainerNotFound")),
    ]);
}

#[test]
fn gcs_and_nginx_do_not_have_what_is_not_there() {
    let Some(found) = servers() else { return };
    let t = |pointer: &str| text(found, pointer);
    let missing = format!("gs://{}/none.tif", t("/gcs/bucket"));
    let url = format!("{}/none.tif", t("/http/h2"));
    let good = format!("{}/a%20folder/cog_rgb_deflate.tif", t("/http/tls"));
    check(vec![
        (vec![("gcs.base_url", t("/gcs/url")), ("gcs.skip_signature", "TRUE")], &missing, (NotFound, Some(404), "404 Not Found")),
        (vec![("http.ca_file", t("/http/ca"))], &url, (NotFound, Some(404), "404 Not Found")),
        // Without its authority the server is not trusted.
        (vec![], &good, (Io, None, "certificate is not accepted: no authority that is trusted here")),
    ]);
}
