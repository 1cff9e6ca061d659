//! What the caller's string names: a path or a URL.

use crate::error::{Error, Result};
use std::path::PathBuf;
use url::Url;

/// A parsed URI.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Location {
    Path(PathBuf),
    Http(Url),
}

impl Location {
    /// Reads a plain path, a `file://` URL or an `http(s)://` URL. A word before `://` that is none of these is refused, not taken as a path.
    pub(crate) fn parse(uri: &str) -> Result<Self> {
        if uri.is_empty() {
            return Err(Error::invalid("the URI is empty; give a path or a URL"));
        }
        let Some((scheme, _)) = uri.split_once("://") else { return Ok(Self::Path(uri.into())) };
        let parsed = || Url::parse(uri).map_err(|e| Error::invalid(format!("this is not a valid URL: {e}")).in_file(&public_name(uri)));
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => Ok(Self::Http(parsed()?)),
            "file" => {
                let path = parsed()?.to_file_path();
                path.map(Self::Path).map_err(|()| Error::invalid("a file:// URL must hold an absolute path: file:///path/to/file.tif"))
            }
            _ => Err(Error::unsupported(format!("URLs of scheme {scheme:?} are not read; known are http, https, file and plain paths"))
                .in_file(&public_name(uri))),
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
    fn secrets_are_not_shown() {
        assert_eq!(public_name("https://user:pw@host:8080/p/a.tif?X-Amz-Signature=abc#f"), "https://host:8080/p/a.tif");
        assert_eq!(public_name("https://host?sig=1"), "https://host");
        assert_eq!(public_name("/data/a?b.tif"), "/data/a?b.tif");
        assert_eq!(public_name("http://user:12/secret@host/a.tif"), "http://…@host/a.tif");
        let message = Location::parse("http://user:secret@ho st/a.tif?sig=secret").unwrap_err().to_string();
        assert!(!message.contains("secret"), "{message}");
    }
}
