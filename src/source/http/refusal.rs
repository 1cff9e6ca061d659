//! An answer that refuses a request, and what the service says about it.
//!
//! The services name their reason in the body (S3 and GCS: `<Error><Code>…`, GCS's JSON: `"reason"`), Azure in a header too. Only that word is
//! taken over into messages: the rest of such a body may quote what was signed.

use super::attempts::retry_after;
use super::failure::{Again, Failure};
use crate::error::{Error, Reason};
use reqwest::header::{self, AsHeaderName, HeaderMap};
use reqwest::{Response, StatusCode};
use std::time::Duration;

/// As much of a refusal's body is read: S3's take about 1 KiB.
const MOST_BYTES: usize = 16 << 10;
/// A refusal whose body takes longer is told without it.
const LONGEST: Duration = Duration::from_secs(2);

pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `NoSuchBucket`, `AuthenticationFailed`, …
    pub(crate) code: Option<String>,
}

impl Refusal {
    /// Reads what the service says. Never fails: the status alone is a refusal too.
    pub(crate) async fn read(mut response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        let read = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                body.extend_from_slice(&chunk);
                if body.len() >= MOST_BYTES {
                    break;
                }
            }
        };
        // What came until then is looked at in any case.
        let _ = tokio::time::timeout(LONGEST, read).await;
        let code = headers.get("x-ms-error-code").and_then(|v| v.to_str().ok()).and_then(word);
        let code = code.or_else(|| service_code(&String::from_utf8_lossy(&body)));
        Self { status, headers, code }
    }

    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_default()
    }

    /// The error that it is to the caller, `advice` at its end.
    pub(crate) fn error(&self, advice: Option<String>) -> Error {
        let number = self.status.as_u16();
        let reason = self.status.canonical_reason().unwrap_or("unknown status");
        let code = self.code.as_ref().map_or_else(String::new, |code| format!(" ({code})"));
        let nowhere = if self.status.is_redirection() { ", a redirect that leads nowhere" } else { "" };
        let advice = advice.map_or_else(String::new, |advice| format!("; {advice}"));
        let message = format!("the server answered {number} {reason}{code}{nowhere}{advice}");
        let why = match number {
            404 | 410 => Reason::NotFound(message),
            401 | 403 | 407 => Reason::PermissionDenied(message),
            // S3 refuses some credentials with 400.
            400 if self.is_about_credentials() => Reason::PermissionDenied(message),
            408 | 504 => Reason::Timeout(message),
            400 if self.code() == "RequestTimeout" => Reason::Timeout(message),
            _ => Reason::Io(message),
        };
        Error::from(why).with_http_status(number)
    }

    /// The same, and whether it may pass.
    pub(super) fn failure(&self, advice: Option<String>) -> Failure {
        let passes = matches!(self.status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504) || self.code() == "RequestTimeout";
        let after = self.header(header::RETRY_AFTER).and_then(retry_after).map_or(Again::Yes, Again::After);
        Failure { error: self.error(advice), again: if passes { after } else { Again::No } }
    }

    fn is_about_credentials(&self) -> bool {
        matches!(self.code(), "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" | "AuthorizationHeaderMalformed")
    }
}

/// The service's word for what went wrong.
fn service_code(body: &str) -> Option<String> {
    let body = body.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    if body.starts_with('{') {
        let json: serde_json::Value = serde_json::from_str(body).ok()?;
        let error = json.get("error")?;
        // Google's JSON API: error.errors[0].reason; OAuth endpoints: error itself.
        let reason = error.pointer("/errors/0/reason").or_else(|| error.get("status")).unwrap_or(error);
        return word(reason.as_str()?);
    }
    let (_, rest) = body.split_once("<Code>")?;
    word(rest.split_once("</Code>")?.0)
}

/// A code is one short word; anything else is not one, and not shown.
fn word(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_word_is_found_and_nothing_else_of_the_body() {
        let s3 = "<?xml version=\"1.0\"?>\n<Error><Code>SignatureDoesNotMatch</Code><StringToSign>secret</StringToSign></Error>";
        assert_eq!(service_code(s3).as_deref(), Some("SignatureDoesNotMatch"));
        let google = r#"{"error": {"code": 403, "errors": [{"reason": "forbidden", "message": "secret"}]}}"#;
        assert_eq!(service_code(google).as_deref(), Some("forbidden"));
        assert_eq!(service_code(r#"{"error": "invalid_grant"}"#).as_deref(), Some("invalid_grant"));
        for other in ["<html>login</html>", "<Code>two words</Code>", "<Code></Code>", "{", "", r#"{"error": {"a": 1}}"#] {
            assert_eq!(service_code(other), None, "{other}");
        }
    }
}
