//! Who else may use what a source fetches.

use super::uri::{Location, Service};
use crate::options::Settings;

/// Two sources of equal identity get equal answers, and share their slots for requests and what is kept of the answers.
#[derive(Clone)]
pub(crate) struct Identity {
    /// The server, or the bucket.
    pub(crate) host: String,
    /// The object and all that decides what the server answers: URL, headers, credentials. It holds secrets and is never shown.
    pub(crate) access: String,
}

/// The identity of a file behind a server. Debug texts are quoted, so that no two lists of values look the same.
pub(crate) fn identity(location: &Location, settings: &Settings) -> Identity {
    let http = &settings.http;
    // What a server may look at, whom an authority lets through, and how large a whole file may be.
    let asked = (&http.headers, &http.bearer_token, &http.user_agent, &http.ca_file, &http.proxy, http.whole_file_bytes);
    match location {
        Location::Path(path) => Identity { host: String::new(), access: path.display().to_string() },
        Location::Http(url) => Identity { host: url.origin().ascii_serialization(), access: format!("{:?}", (url.as_str(), asked)) },
        Location::Object(object) => {
            let section = match object.service {
                Service::S3 => &settings.aws,
                Service::Gcs => &settings.gcs,
                Service::Azure => &settings.azure,
            };
            let store: Vec<_> = section.iter().collect();
            let host = format!("{:?} {:?} {}", object.service, object.host, object.bucket);
            Identity { access: format!("{:?}", (&host, &object.key, store, asked)), host }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    fn access(uri: &str, key: &str, value: &str) -> String {
        let mut options = Options::new();
        options.set(key, value).unwrap();
        identity(&Location::parse(uri).unwrap(), &options.resolve().unwrap()).access
    }

    #[test]
    fn another_object_or_other_credentials_are_another_identity() {
        let mut all = vec![
            access("https://x/a.tif", "http.timeout_ms", "1"),
            access("https://x/a.tif?sig=1", "http.timeout_ms", "1"),
            access("https://x/a.tif", "http.bearer_token", "t"),
            access("https://x/a.tif", "http.headers", "A: t"),
            access("s3://b/a.tif", "http.timeout_ms", "1"),
            access("gs://b/a.tif", "http.timeout_ms", "1"),
            access("s3://c/a.tif", "http.timeout_ms", "1"),
            access("s3://b/a.tif", "aws.secret_access_key", "k"),
            access("s3://b/a.tif", "aws.endpoint", "http://127.0.0.1:1"),
        ];
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(access("https://x/a.tif", "http.timeout_ms", "1"), access("https://x/a.tif", "http.timeout_ms", "2"));
    }
}
