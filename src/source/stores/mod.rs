//! S3, Google Cloud Storage and Azure Blob Storage: where an object is, and how its requests are signed.
//!
//! The bytes come through [`HttpSource`](super::http::HttpSource), as those of any URL do: one set of checks, one pool of connections.
//! `object_store` brings what is particular to the services: the names of their settings, the chains of their credentials (with the requests
//! to token and metadata services, made by the same client: [`connector`]), and Azure's signature. S3's signature is made here, since
//! it must be dated by the server's clock where this machine's is wrong ([`sigv4`]).

mod azure;
mod connector;
mod current;
mod gcs;
mod profile;
mod s3;
mod sigv4;

use super::http::{Access, ClientKey, custom_headers};
use super::uri::{Object, Service};
use crate::error::{Error, Reason, Result};
use crate::options::{Section, Settings};
use connector::Connector;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HeaderValue;
use std::sync::Arc;
use url::Url;

/// What makes one store another.
#[derive(Clone, PartialEq)]
pub(crate) struct StoreKey {
    service: Service,
    bucket: String,
    host: Option<String>,
    settings: Section,
    client: ClientKey,
}

/// A bucket or container with the settings it is reached by; shared between the handles of its objects.
#[derive(Clone)]
pub(crate) enum Store {
    S3(Arc<s3::Bucket>),
    Gcs(Arc<gcs::Bucket>),
    Azure(Arc<azure::Container>),
}

/// The way to an object.
pub(super) fn access(object: &Object, settings: &Settings) -> Result<Box<dyn Access>> {
    let section = match object.service {
        Service::S3 => &settings.aws,
        Service::Gcs => &settings.gcs,
        Service::Azure => &settings.azure,
    };
    let client = ClientKey::new(&settings.http);
    let key = StoreKey {
        service: object.service,
        bucket: object.bucket.clone(),
        host: object.host.clone(),
        settings: section.clone(),
        client: client.clone(),
    };
    let store = crate::runtime::get().stores.get_or_make(key, || {
        let connector = Connector::new(&client, &settings.http)?;
        Ok(match object.service {
            Service::S3 => Store::S3(Arc::new(s3::Bucket::new(&object.bucket, section, connector)?)),
            Service::Gcs => Store::Gcs(Arc::new(gcs::Bucket::new(&object.bucket, section, connector)?)),
            Service::Azure => {
                let host = object.host.as_deref();
                Store::Azure(Arc::new(azure::Container::new(&object.bucket, host, section, connector)?))
            }
        })
    })?;
    let headers = custom_headers(&settings.http)?;
    let key = object.key.as_str();
    Ok(match store {
        Store::S3(bucket) => Box::new(s3::Object::new(bucket, key, headers)?),
        Store::Gcs(bucket) => Box::new(gcs::Object::new(bucket, key, headers)?),
        Store::Azure(container) => Box::new(azure::Blob::new(container, key, headers)?),
    })
}

/// What the services leave as it is in a path: RFC 3986's unreserved characters, and the slash.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// `base/key`, the key percent-encoded once.
fn object_url(base: &str, key: &str) -> Result<Url> {
    let text = format!("{}/{}", base.trim_end_matches('/'), utf8_percent_encode(key, KEPT));
    Url::parse(&text).map_err(|e| Error::invalid(format!("{base:?} is not an endpoint: {e}")))
}

/// A setting that is the address of a service. The scheme may be left out.
fn endpoint(setting: &str, value: &str) -> Result<String> {
    let text = if value.contains("://") { value.to_owned() } else { format!("https://{value}") };
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let plain =
        url.filter(|url| url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none());
    match plain {
        Some(url) => Ok(url.as_str().trim_end_matches('/').to_owned()),
        // The value may hold a password or a signature: it is not shown.
        None => Err(Error::invalid(format!("{setting}: expected the URL of a server, without user, password and query"))),
    }
}

/// An Authorization header with a token.
fn bearer(token: &str) -> Result<HeaderValue> {
    let value = HeaderValue::try_from(format!("Bearer {token}"));
    let mut value = value.map_err(|_| Error::invalid("the token holds characters that a header can't carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// There are no credentials. `cause` is object_store's error, whose innermost message says what failed.
fn no_credentials(service: &str, cause: &(dyn std::error::Error + 'static), settings: &Section, advice: &str) -> Error {
    let mut innermost = cause;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    let text: String = settings.redact(&innermost.to_string()).chars().filter(|c| !c.is_control()).take(300).collect();
    Reason::PermissionDenied(format!("no credentials for {service}: {text}; {advice}")).into()
}
