//! Redirects (RFC 9110, section 15.4), followed by hand so that credentials go to no other origin.

use reqwest::{Response, header};
use url::Url;

/// Where a redirect leads; `None` for any other answer, and for a redirect that leads nowhere.
pub(super) fn target(response: &Response, from: &Url) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    let mut next = from.join(location).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    // A server does not choose whom we are.
    next.set_username("").ok()?;
    next.set_password(None).ok()?;
    Some(next)
}
