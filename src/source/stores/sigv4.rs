//! AWS Signature Version 4 of a GET request without body and query
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>).
//!
//! object_store's signer takes the time from this machine's clock alone; a request that S3 refused for its date could not be sent again. The
//! tests compare the two.

use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use object_store::aws::AwsCredential;
use reqwest::Request;
use reqwest::header::{self, HeaderName, HeaderValue};
use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign as hmac};
use std::fmt::Write as _;
use url::Position;

/// SHA-256 of nothing.
const EMPTY_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Signs the host, the range and every `x-amz-*` header of `request`, for S3 in `region`, as of `time`.
pub(super) fn sign(request: &mut Request, credential: &AwsCredential, region: &str, time: DateTime<Utc>) -> Result<()> {
    let date = time.format("%Y%m%d").to_string();
    let moment = time.format("%Y%m%dT%H%M%SZ").to_string();
    let headers = request.headers_mut();
    headers.insert("x-amz-date", value(&moment)?);
    headers.insert("x-amz-content-sha256", HeaderValue::from_static(EMPTY_BODY));
    if let Some(token) = &credential.token {
        headers.insert("x-amz-security-token", secret(token)?);
    }
    let (canonical, signed) = canonical_request(request)?;
    let scope = format!("{date}/{region}/s3/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", hex(digest(&SHA256, canonical.as_bytes()).as_ref()));
    let key = [date.as_str(), region, "s3", "aws4_request"]
        .iter()
        .fold(Key::new(HMAC_SHA256, format!("AWS4{}", credential.secret_key).as_bytes()), |key, part| {
            Key::new(HMAC_SHA256, hmac(&key, part.as_bytes()).as_ref())
        });
    let signature = hex(hmac(&key, text.as_bytes()).as_ref());
    let authorization = format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={signature}", credential.key_id);
    request.headers_mut().insert(header::AUTHORIZATION, secret(&authorization)?);
    Ok(())
}

/// The text whose hash is signed, and the list of the headers in it.
fn canonical_request(request: &Request) -> Result<(String, String)> {
    let url = request.url();
    let mut lines = vec![("host".to_owned(), url[Position::BeforeHost..Position::AfterPort].to_owned())];
    for (name, value) in request.headers() {
        if is_signed(name) {
            let text = value.to_str().map_err(|_| Error::invalid(format!("the header {name} holds characters that can't be signed")))?;
            lines.push((name.as_str().to_owned(), text.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    lines.sort();
    let signed = lines.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let headers = lines.iter().fold(String::new(), |text, (name, value)| text + name + ":" + value + "\n");
    // The path is percent-encoded once already, which is S3's canonical form; there is no query.
    Ok((format!("GET\n{}\n\n{headers}\n{signed}\n{EMPTY_BODY}", url.path()), signed))
}

/// What proxies may change (Accept-Encoding, …) is left out.
fn is_signed(name: &HeaderName) -> bool {
    name == header::RANGE || name.as_str().starts_with("x-amz-")
}

fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::try_from(text).map_err(|_| Error::invalid("the AWS credentials hold characters that a header can't carry"))
}

fn secret(text: &str) -> Result<HeaderValue> {
    let mut value = value(text)?;
    value.set_sensitive(true);
    Ok(value)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDateTime;
    use object_store::aws::AwsAuthorizer;
    use object_store::client::{HttpRequest, HttpRequestBody};
    use reqwest::Method;

    fn credential(token: Option<&str>) -> AwsCredential {
        AwsCredential {
            key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            token: token.map(str::to_owned),
        }
    }

    fn time(text: &str) -> DateTime<Utc> {
        NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").unwrap().and_utc()
    }

    fn request(url: &str) -> Request {
        let mut request = Request::new(Method::GET, url.parse().unwrap());
        request.headers_mut().insert(header::RANGE, HeaderValue::from_static("bytes=0-9"));
        request
    }

    #[test]
    fn the_example_of_the_s3_documentation_has_the_signature_that_it_gives() {
        let mut request = request("https://examplebucket.s3.amazonaws.com/test.txt");
        sign(&mut request, &credential(None), "us-east-1", time("20130524T000000Z")).unwrap();
        let expected = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
            SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
            Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
        assert_eq!(request.headers()[header::AUTHORIZATION], expected);
    }

    #[test]
    fn signatures_are_those_of_object_store() {
        for (url, token, payer) in [
            ("https://b.s3.eu-west-1.amazonaws.com/a/b%20c.tif", None, false),
            ("http://127.0.0.1:9000/bucket/%2B%40%3F~x.tif", Some("a/token+with=signs"), true),
        ] {
            let credential = credential(token);
            let mut theirs = HttpRequest::new(HttpRequestBody::empty());
            *theirs.uri_mut() = url.parse().unwrap();
            theirs.headers_mut().insert(header::RANGE, HeaderValue::from_static("bytes=0-9"));
            AwsAuthorizer::new(&credential, "s3", "eu-west-1").with_request_payer(payer).try_authorize(&mut theirs, None).unwrap();
            let mut ours = request(url);
            if payer {
                ours.headers_mut().insert("x-amz-request-payer", HeaderValue::from_static("requester"));
            }
            sign(&mut ours, &credential, "eu-west-1", time(theirs.headers()["x-amz-date"].to_str().unwrap())).unwrap();
            assert_eq!(ours.headers()[header::AUTHORIZATION], theirs.headers()[header::AUTHORIZATION]);
        }
    }
}
