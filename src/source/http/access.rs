//! How a request reaches its object: the URL, the headers and the credentials, and what can be put right when the server refuses them.

use super::client::credentials;
use super::refusal::Refusal;
use crate::error::{Error, Result};
use crate::options::Http;
use reqwest::header::HeaderMap;
use reqwest::{Client, Request, Response};
use std::future::{Future, ready};
use std::pin::Pin;
use url::Url;

/// What the methods of [`Access`] return.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The way to one object.
pub(crate) trait Access: Send + Sync {
    /// A GET request with these headers and the credentials that the object needs.
    fn request(&self, headers: HeaderMap) -> Answer<'_, Result<Prepared>>;

    /// What goes along when the server redirects from the object to `url`. Credentials go to no other origin.
    fn redirected(&self, _url: &Url) -> HeaderMap {
        HeaderMap::new()
    }

    /// Whether a redirect is to be followed, or is a refusal.
    fn follows(&self, _response: &Response) -> bool {
        true
    }

    /// Puts right what made the server refuse a request of this generation. `None` where nothing can be.
    fn repair<'a>(&'a self, _refusal: &'a Refusal, _generation: u64) -> Answer<'a, Option<Repair>> {
        Box::pin(ready(None))
    }

    /// What the caller could do about a refusal, as a clause that ends the message.
    fn advice(&self, _refusal: &Refusal) -> Option<String> {
        None
    }
}

/// A request that is ready to be sent.
pub(crate) struct Prepared {
    pub(crate) request: Request,
    /// The state of the store that it was made from: where another request has already put something right, it need not be done twice.
    pub(crate) generation: u64,
}

/// What was put right. Each is tried once a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repair {
    /// The bucket is in another region than was assumed.
    Region,
    /// This machine's clock is not the server's.
    Clock,
    /// The credentials had expired and were renewed.
    Credentials,
    /// Another request has put something right since this one was made.
    Already,
}

impl Repair {
    /// For the log.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Region => "the bucket is in another region",
            Self::Clock => "the server's clock is another one",
            Self::Credentials => "the credentials were renewed",
            Self::Already => "another request has renewed what this one needs",
        }
    }
}

/// A URL with the caller's headers and token; a user and a password in the URL become an Authorization header.
pub(crate) struct Plain {
    url: Url,
    client: Client,
    headers: HeaderMap,
}

impl Plain {
    pub(crate) fn new(url: Url, http: &Http) -> Result<Self> {
        Ok(Self { url, client: super::client::shared(http)?, headers: credentials(http)? })
    }
}

impl Access for Plain {
    fn request(&self, headers: HeaderMap) -> Answer<'_, Result<Prepared>> {
        let request = self.client.get(self.url.clone()).headers(self.headers.clone()).headers(headers).build();
        let request = request.map_err(|e| Error::io(format!("the request can't be made: {}", e.without_url())));
        Box::pin(ready(request.map(|request| Prepared { request, generation: 0 })))
    }

    fn redirected(&self, url: &Url) -> HeaderMap {
        if url.origin() == self.url.origin() { self.headers.clone() } else { HeaderMap::new() }
    }
}
