//! The requests that object_store makes for credentials, sent by this library's own client.

use crate::error::{Error, Result};
use crate::options::Http;
use crate::source::http::{ClientKey, Refusal, request_error};
use bytes::Bytes;
use object_store::client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use reqwest::Client;
use std::fmt;
use std::time::Duration;
use url::Url;

/// A token or a set of keys takes a few KiB.
const MOST_BYTES: usize = 1 << 20;
/// Instance metadata is a hop away or not there at all, which must not be waited for.
const METADATA_LIMIT: Duration = Duration::from_secs(1);
/// Longest wait for any other answer.
const TOKEN_LIMIT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct Connector {
    client: Client,
    /// Past any proxy, for metadata services.
    direct: Client,
    /// The host of a metadata service that the settings name.
    metadata_host: Option<String>,
    http: Http,
}

impl Connector {
    pub(super) fn new(key: &ClientKey, http: &Http) -> Result<Self> {
        Ok(Self { client: key.client()?, direct: key.direct().client()?, metadata_host: None, http: http.clone() })
    }

    /// The same, knowing where the metadata service is.
    pub(super) fn with_metadata(mut self, endpoint: &str) -> Self {
        self.metadata_host = Url::parse(endpoint).ok().and_then(|url| url.host_str().map(str::to_owned));
        self
    }

    fn is_metadata(&self, host: &str) -> bool {
        // The link-local addresses of EC2, ECS, EKS, GCE and Azure.
        host.starts_with("169.254.")
            || host.starts_with("[fd00:ec2::")
            || host == "metadata.google.internal"
            || self.metadata_host.as_deref() == Some(host)
    }

    async fn send(&self, request: HttpRequest) -> std::result::Result<HttpResponse, HttpError> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| failed(HttpErrorKind::Unknown, "its URL is not valid".to_owned()))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let (client, limit) =
            if self.is_metadata(&host) { (&self.direct, METADATA_LIMIT) } else { (&self.client, TOKEN_LIMIT.min(self.http.timeout)) };
        let (parts, body) = request.into_parts();
        let body = body.as_bytes().cloned().unwrap_or_default();
        let call = async {
            let request = client.request(parts.method, url).headers(parts.headers).body(body);
            let response = request.send().await.map_err(|e| {
                let kind = if e.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Request };
                failed(kind, format!("{host}: {}", request_error(e, &self.http)))
            })?;
            self.answer(&host, response).await
        };
        let late = || failed(HttpErrorKind::Timeout, format!("{host} did not answer within {} ms", limit.as_millis()));
        tokio::time::timeout(limit, call).await.map_err(|_| late())?
    }

    async fn answer(&self, host: &str, mut response: reqwest::Response) -> std::result::Result<HttpResponse, HttpError> {
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            headers.clone_from(response.headers());
        }
        let body = if response.status().is_success() {
            let mut body = Vec::new();
            while let Some(chunk) = response
                .chunk()
                .await
                .map_err(|e| failed(HttpErrorKind::Interrupted, format!("{host}: {}", request_error(e, &self.http))))?
            {
                body.extend_from_slice(&chunk);
                if body.len() > MOST_BYTES {
                    return Err(failed(HttpErrorKind::Decode, format!("{host} sent more than {MOST_BYTES} bytes as credentials")));
                }
            }
            Bytes::from(body)
        } else {
            // object_store puts the body into its error; it may quote the token that was sent.
            let code = Refusal::read(response).await.code.unwrap_or_else(|| "without a reason".to_owned());
            format!("{host}: {code}").into()
        };
        answer.body(body.into()).map_err(|_| failed(HttpErrorKind::Decode, format!("{host}: its answer is not HTTP")))
    }
}

#[async_trait::async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> std::result::Result<HttpResponse, HttpError> {
        self.send(request).await
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// The clients' settings may be secret.
impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

/// How often and how long credentials are asked for.
pub(super) fn retry() -> RetryConfig {
    let backoff = BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(1), base: 2.0 };
    RetryConfig { backoff, max_retries: 2, retry_timeout: TOKEN_LIMIT }
}

fn failed(kind: HttpErrorKind, message: String) -> HttpError {
    HttpError::new(kind, Error::io(message))
}
