//! The HTTP client of a set of settings, the headers that they add, and what its failures are called.

use super::failure::Failure;
use super::tls;
use crate::error::{Error, Result};
use crate::options::Http;
use reqwest::Client;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

/// What makes one client another: connections are shared between handles whose settings are equal in these.
#[derive(Clone, PartialEq)]
pub(crate) struct ClientKey {
    connect_timeout: Duration,
    user_agent: String,
    ca_file: String,
    proxy: Proxy,
}

/// Through what the requests go.
#[derive(Clone, PartialEq)]
pub(crate) enum Proxy {
    /// What HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say.
    Environment,
    None,
    /// This one; its URL may hold a password.
    Url(String),
}

impl ClientKey {
    pub(crate) fn new(http: &Http) -> Self {
        let proxy = match http.proxy.trim() {
            "" => Proxy::Environment,
            word if word.eq_ignore_ascii_case("none") => Proxy::None,
            url => Proxy::Url(url.to_owned()),
        };
        let Http { connect_timeout, user_agent, ca_file, .. } = http.clone();
        Self { connect_timeout, user_agent, ca_file, proxy }
    }

    /// The same past any proxy: for services that only this machine reaches.
    pub(crate) fn direct(&self) -> Self {
        Self { proxy: Proxy::None, ..self.clone() }
    }

    /// The client of these settings, made if there is none yet.
    pub(crate) fn client(&self) -> Result<Client> {
        crate::runtime::get().clients.get_or_make(self.clone(), || self.build())
    }

    fn build(&self) -> Result<Client> {
        let builder = Client::builder()
            .tls_backend_preconfigured(tls::config(&self.ca_file)?)
            .user_agent(self.user_agent.as_str())
            .connect_timeout(self.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            // Requests are sent again by those who count them.
            .retry(reqwest::retry::never());
        let builder = match &self.proxy {
            Proxy::Environment => builder,
            Proxy::None => builder.no_proxy(),
            // The cause would name the URL.
            Proxy::Url(url) => builder.proxy(reqwest::Proxy::all(url).map_err(|_| Error::invalid("http.proxy is not a valid URL"))?),
        };
        builder.build().map_err(|e| Error::invalid(format!("the http settings don't make a client: {}", e.without_url())))
    }
}

/// The client of these settings.
pub(super) fn shared(http: &Http) -> Result<Client> {
    ClientKey::new(http).client()
}

/// `http.headers`, which may be secret.
pub(crate) fn custom_headers(http: &Http) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in http.headers.lines().filter(|line| !line.trim().is_empty()) {
        // The value may be a secret: the messages name only what stands before the colon.
        let (name, value) = line.split_once(':').ok_or_else(|| Error::invalid("http.headers: each line must be `Name: value`"))?;
        let parsed = HeaderName::try_from(name.trim()).ok().zip(HeaderValue::try_from(value.trim()).ok());
        let (name, mut value) = parsed.ok_or_else(|| Error::invalid(format!("http.headers: {:?} is not a valid header", name.trim())))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

/// `http.headers` and `http.bearer_token`.
pub(super) fn credentials(http: &Http) -> Result<HeaderMap> {
    let mut headers = custom_headers(http)?;
    if !http.bearer_token.is_empty() {
        let value = HeaderValue::try_from(format!("Bearer {}", http.bearer_token));
        let mut value = value.map_err(|_| Error::invalid("http.bearer_token holds characters that a header can't carry"))?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(headers)
}

/// What a failure below HTTP is to the caller.
pub(crate) fn request_error(e: reqwest::Error, http: &Http) -> Error {
    Failure::of_transport(e, http).error
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
