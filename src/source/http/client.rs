//! The HTTP client of a set of settings, the headers that they add, and what its failures are called.

use super::tls;
use crate::error::{Error, Reason, Result};
use crate::options::Http;
use reqwest::Client;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::error::Error as _;

pub(super) fn build(http: &Http) -> Result<Client> {
    let tls = tls::config(&http.ca_file)?;
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(http.user_agent.as_str())
        .connect_timeout(http.connect_timeout)
        .timeout(http.timeout)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|e| Error::invalid(format!("the http settings don't make a client: {}", e.without_url())))
}

/// The headers that may be secret.
pub(super) fn credentials(http: &Http) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in http.headers.lines().filter(|line| !line.trim().is_empty()) {
        // The value may be a secret: the messages name only what stands before the colon.
        let (name, value) = line.split_once(':').ok_or_else(|| Error::invalid("http.headers: each line must be `Name: value`"))?;
        let parsed = HeaderName::try_from(name.trim()).ok().zip(HeaderValue::try_from(value.trim()).ok());
        let (name, mut value) = parsed.ok_or_else(|| Error::invalid(format!("http.headers: {:?} is not a valid header", name.trim())))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    if !http.bearer_token.is_empty() {
        let value = HeaderValue::try_from(format!("Bearer {}", http.bearer_token));
        let mut value = value.map_err(|_| Error::invalid("http.bearer_token holds characters that a header can't carry"))?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(headers)
}

/// The message of the innermost cause; reqwest's own names the URL with its query, where signatures are.
pub(super) fn request_error(e: reqwest::Error, http: &Http) -> Error {
    if e.is_timeout() {
        let (what, setting, limit) = if e.is_connect() {
            ("the server could not be reached", "http.connect_timeout_ms", http.connect_timeout)
        } else {
            ("the server did not answer in full", "http.timeout_ms", http.timeout)
        };
        return Reason::Timeout(format!("{what} within {} ms ({setting})", limit.as_millis())).into();
    }
    let connecting = e.is_connect();
    let e = e.without_url();
    let mut cause = e.source();
    let mut text = e.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    Error::io(if connecting { format!("the server could not be reached: {text}") } else { format!("the request failed: {text}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_messages_do_not_show_values() {
        let mut settings = crate::options::Options::new().resolve().unwrap().http;
        settings.headers = "X-Key: secret\u{7f}".into();
        assert!(!credentials(&settings).unwrap_err().to_string().contains("secret"));
        settings.headers = "secret without a colon".into();
        assert!(!credentials(&settings).unwrap_err().to_string().contains("secret"));
    }
}
