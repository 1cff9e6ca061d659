//! What the caller's string names: a path, a URL, or an object of a store.

use crate::error::{Error, Result};
use std::path::PathBuf;
use url::Url;

/// A parsed URI.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Location {
    Path(PathBuf),
    Http(Url),
    Object(Object),
}

/// An object of a store.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    pub(crate) service: Service,
    /// The bucket or container.
    pub(crate) bucket: String,
    /// The object's name as it is, not percent-encoded.
    pub(crate) key: String,
    /// Azure: the account's host, where the URI names it (`abfss://container@account.dfs.core.windows.net/blob`).
    pub(crate) host: Option<String>,
}

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    S3,
    Gcs,
    Azure,
}

impl Service {
    fn of(scheme: &str) -> Option<Self> {
        Some(match scheme.to_ascii_lowercase().as_str() {
            "s3" | "s3a" => Self::S3,
            "gs" | "gcs" => Self::Gcs,
            "az" | "azure" | "abfs" | "abfss" => Self::Azure,
            _ => return None,
        })
    }
}

impl Location {
    /// Reads a plain path, a `file://` URL, an `http(s)://` URL or the URI of an object. A word before `://` that is none of these is
    /// refused, not taken as a path.
    pub(crate) fn parse(uri: &str) -> Result<Self> {
        if uri.is_empty() {
            return Err(Error::invalid("the URI is empty; give a path or a URL"));
        }
        let Some((scheme, rest)) = uri.split_once("://") else { return Ok(Self::Path(uri.into())) };
        let parsed = || Url::parse(uri).map_err(|e| Error::invalid(format!("this is not a valid URL: {e}")).in_file(&public_name(uri)));
        if let Some(service) = Service::of(scheme) {
            return Object::parse(service, rest).map(Self::Object).map_err(|e| e.in_file(&public_name(uri)));
        }
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => Ok(Self::Http(parsed()?)),
            "file" => {
                let path = parsed()?.to_file_path();
                path.map(Self::Path).map_err(|()| Error::invalid("a file:// URL must hold an absolute path: file:///path/to/file.tif"))
            }
            _ => Err(Error::unsupported(format!(
                "URLs of scheme {scheme:?} are not read; known are http, https, s3, gs, az, abfs, abfss, file and plain paths"
            ))
            .in_file(&public_name(uri))),
        }
    }
}

impl Object {
    /// Reads `bucket/key` or, for Azure, `container@host/key`. As with the services' own tools, the key is taken as it is written.
    fn parse(service: Service, rest: &str) -> Result<Self> {
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        let (bucket, host) = match authority.split_once('@') {
            Some((container, host)) if service == Service::Azure => (container, Some(host)),
            _ => (authority, None),
        };
        let fits =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'$'));
        if !fits(bucket) || !host.is_none_or(fits) {
            return Err(Error::invalid("this is not the name of an object: expected scheme://bucket/key, without user and password"));
        }
        if key.is_empty() {
            return Err(Error::invalid("the URI names a bucket, but no object in it: expected scheme://bucket/key"));
        }
        if key.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(Error::invalid("an object with the segment . or .. in its name can't be asked for by URL"));
        }
        Ok(Self { service, bucket: bucket.to_owned(), key: key.to_owned(), host: host.map(str::to_owned) })
    }
}

impl Location {
    /// The file beside this one whose name is longer by `.extension`.
    pub(crate) fn beside(&self, extension: &str) -> Self {
        match self {
            Self::Path(path) => {
                let mut name = path.clone().into_os_string();
                name.push(".");
                name.push(extension);
                Self::Path(name.into())
            }
            Self::Http(url) => {
                let mut url = url.clone();
                url.set_path(&format!("{}.{extension}", url.path()));
                Self::Http(url)
            }
            Self::Object(object) => Self::Object(Object { key: format!("{}.{extension}", object.key), ..object.clone() }),
        }
    }
}

/// The URI as it may be shown in errors and logs: without user, password, query and fragment, where secrets are kept.
pub(crate) fn public_name(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    if scheme.eq_ignore_ascii_case("file") {
        return uri.to_owned();
    }
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(a, p)| (a, p));
    let service = Service::of(scheme);
    // The part before an @ is Azure's container, and an @ in a key is a letter like others; but where there is a colon too, or
    // nothing of that service's kind, it may be a password.
    let innocent = service.is_some() && !authority.contains(':') && (service == Some(Service::Azure) || !authority.contains('@'));
    if innocent {
        return format!("{scheme}://{rest}");
    }
    if let Some((_, after)) = path.rsplit_once('@') {
        // A password with a slash in it looks like a path: what stands before an @ may be one.
        return format!("{scheme}://…@{after}");
    }
    let host = authority.rsplit('@').next().unwrap_or_default();
    if rest.contains('/') { format!("{scheme}://{host}/{path}") } else { format!("{scheme}://{host}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls_are_told_apart() {
        assert_eq!(Location::parse("a/b.tif").unwrap(), Location::Path("a/b.tif".into()));
        assert_eq!(Location::parse("file:///a%20b.tif").unwrap(), Location::Path("/a b.tif".into()));
        assert!(matches!(Location::parse("HTTP://x/a.tif").unwrap(), Location::Http(_)));
        assert!(Location::parse("ftp://x/a.tif").is_err());
        assert!(Location::parse("").is_err());
        assert!(Location::parse("http://").is_err());
    }

    #[test]
    fn objects_are_named_as_the_services_tools_name_them() {
        let object = |uri: &str| match Location::parse(uri) {
            Ok(Location::Object(o)) => (o.service, o.bucket, o.key, o.host),
            other => panic!("{uri}: {other:?}"),
        };
        let expected = |service, bucket: &str, key: &str| (service, bucket.to_owned(), key.to_owned(), None);
        assert_eq!(object("s3://b.c/a b/%20+@?.tif"), expected(Service::S3, "b.c", "a b/%20+@?.tif"));
        assert_eq!(object("S3A://b//a.tif"), expected(Service::S3, "b", "/a.tif"));
        assert_eq!(object("gs://b/a.tif"), expected(Service::Gcs, "b", "a.tif"));
        assert_eq!(object("az://$root/a.tif"), expected(Service::Azure, "$root", "a.tif"));
        let (_, container, key, host) = object("abfss://c@acc.dfs.core.windows.net/p/a.tif");
        assert_eq!((container.as_str(), key.as_str(), host.as_deref()), ("c", "p/a.tif", Some("acc.dfs.core.windows.net")));
        for bad in ["s3://", "s3://b", "s3://b/", "s3:///a", "s3://b/a/../b.tif", "s3://b/./a", "s3://key:secret@b/a", "az://c@h:1/a"] {
            let message = Location::parse(bad).unwrap_err().to_string();
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(public_name("https://user:pw@host:8080/p/a.tif?X-Amz-Signature=abc#f"), "https://host:8080/p/a.tif");
        assert_eq!(public_name("https://host?sig=1"), "https://host");
        assert_eq!(public_name("/data/a?b.tif"), "/data/a?b.tif");
        assert_eq!(public_name("http://user:12/secret@host/a.tif"), "http://…@host/a.tif");
        assert_eq!(public_name("s3://b/a@b.tif"), "s3://b/a@b.tif");
        assert_eq!(public_name("s3://key:sec/ret@b/a.tif"), "s3://…@b/a.tif");
        assert_eq!(public_name("s3://key@b/a.tif"), "s3://b/a.tif");
        assert_eq!(public_name("abfss://c@acc.dfs.core.windows.net/a.tif?sig=1"), "abfss://c@acc.dfs.core.windows.net/a.tif");
        let message = Location::parse("http://user:secret@ho st/a.tif?sig=secret").unwrap_err().to_string();
        assert!(!message.contains("secret"), "{message}");
    }
}
