//! Redirects (RFC 9110, section 15.4), followed by hand so that credentials go to no other origin.

use crate::error::{Error, Result};
use reqwest::{Response, header};
use url::Url;

/// Where a redirect leads; `None` for any other answer (RFC 9110, 15.4).
pub(super) fn target(response: &Response, from: &Url) -> Result<Option<Url>> {
    let status = response.status().as_u16();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok());
    let next = location.and_then(|l| from.join(l).ok()).filter(|url| matches!(url.scheme(), "http" | "https"));
    let lost = || Error::io(format!("the server answered {status}, a redirect that leads nowhere")).with_http_status(status);
    next.ok_or_else(lost).map(Some)
}
