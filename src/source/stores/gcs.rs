//! Google Cloud Storage, through its XML API (<https://cloud.google.com/storage/docs/xml-api/get-object-download>).

use super::connector::{Connector, retry};
use super::current::Current;
use super::{bearer, endpoint, no_credentials, object_url};
use crate::error::{Error, Result};
use crate::options::Section;
use crate::source::http::{Access, Answer, Prepared, Refusal, Repair};
use object_store::gcp::{GcpCredentialProvider, GoogleCloudStorageBuilder, GoogleConfigKey};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Method, Request};
use std::error::Error as _;
use std::sync::Arc;

const PUBLIC_ENDPOINT: &str = "https://storage.googleapis.com";
const ADVICE: &str = "set gcs.service_account or gcs.application_credentials, or gcs.skip_signature = TRUE for a public bucket";

pub(crate) struct Bucket {
    /// The bucket's URL.
    url: String,
    /// The `gcs.*` settings.
    settings: Section,
    connector: Connector,
    /// `None`: requests carry no token.
    credentials: Current<Option<GcpCredentialProvider>>,
}

impl Bucket {
    pub(super) fn new(name: &str, settings: &Section, connector: Connector) -> Result<Self> {
        let base = settings.get("base_url");
        let base = endpoint("gcs.base_url", if base.is_empty() { PUBLIC_ENDPOINT } else { base })?;
        let credentials = Current::new(find_credentials(settings, &connector)?);
        Ok(Self { url: format!("{base}/{name}"), settings: settings.clone(), connector, credentials })
    }

    async fn authorize(&self, request: &mut Request, provider: &GcpCredentialProvider) -> Result<()> {
        let credential = provider.get_credential().await.map_err(|e| no_credentials("GCS", &e, &self.settings, ADVICE))?;
        if !credential.bearer.is_empty() {
            request.headers_mut().insert(AUTHORIZATION, bearer(&credential.bearer)?);
        }
        Ok(())
    }

    fn renewed(&self) -> Option<(Repair, Option<GcpCredentialProvider>)> {
        if self.settings.has("bearer_token") {
            return None;
        }
        Some((Repair::Credentials, find_credentials(&self.settings, &self.connector).ok()?))
    }
}

/// The token or the service account that the settings give, or else the application default credentials: the file that they name,
/// gcloud's own, the metadata service.
fn find_credentials(settings: &Section, connector: &Connector) -> Result<Option<GcpCredentialProvider>> {
    if settings.flag("skip_signature") {
        return Ok(None);
    }
    // The bucket has no part in it, but the builder wants one.
    let mut builder =
        GoogleCloudStorageBuilder::new().with_bucket_name("bucket").with_retry(retry()).with_http_connector(connector.clone());
    let own_account = settings.has("service_account") || settings.has("service_account_key") || settings.has("bearer_token");
    for (name, value) in settings.iter().filter(|(name, _)| *name != "application_credentials" || !own_account) {
        let key = format!("google_{name}").parse::<GoogleConfigKey>().map_err(|e| Error::invalid(format!("gcs.{name}: {e}")))?;
        builder = builder.with_config(key, value);
    }
    let store = builder.build().map_err(|e| unusable(&e, settings))?;
    Ok(Some(Arc::clone(store.credentials())))
}

/// Credentials that can't be read. What is wrong with them is not quoted: they are secret.
fn unusable(e: &object_store::Error, settings: &Section) -> Error {
    let mut cause = e.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return Error::invalid(format!(
                "the file of Google credentials can't be read: {io} (gcs.service_account, gcs.application_credentials)"
            ));
        }
        cause = inner.source();
    }
    let named = ["service_account_key", "service_account", "application_credentials"].into_iter().find(|name| settings.has(name));
    let what = named.map_or_else(|| "gcloud's application default credentials".to_owned(), |name| format!("gcs.{name}"));
    Error::invalid(format!(
        "{what}: not the JSON of a service account or of an authorized user (external and impersonated accounts are not supported)"
    ))
}

/// An object of a bucket.
pub(super) struct Object {
    bucket: Arc<Bucket>,
    key: String,
    /// `http.headers`.
    headers: HeaderMap,
}

impl Object {
    pub(super) fn new(bucket: Arc<Bucket>, key: &str, headers: HeaderMap) -> Result<Self> {
        object_url(&bucket.url, key)?;
        Ok(Self { bucket, key: key.to_owned(), headers })
    }

    async fn prepare(&self, headers: HeaderMap) -> Result<Prepared> {
        let (generation, credentials) = self.bucket.credentials.get();
        let mut request = Request::new(Method::GET, object_url(&self.bucket.url, &self.key)?);
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().extend(headers);
        if let Some(provider) = &*credentials {
            self.bucket.authorize(&mut request, provider).await?;
        }
        Ok(Prepared { request, generation })
    }
}

impl Access for Object {
    fn request(&self, headers: HeaderMap) -> Answer<'_, Result<Prepared>> {
        Box::pin(self.prepare(headers))
    }

    fn repair<'a>(&'a self, refusal: &'a Refusal, generation: u64) -> Answer<'a, Option<Repair>> {
        let repair = move |credentials: &Option<_>| credentials.as_ref().and_then(|_| self.bucket.renewed());
        Box::pin(async move { if refusal.status.as_u16() == 401 { self.bucket.credentials.repair(generation, repair) } else { None } })
    }

    fn advice(&self, refusal: &Refusal) -> Option<String> {
        let anonymous = self.bucket.credentials.get().1.is_none();
        (anonymous && matches!(refusal.status.as_u16(), 401 | 403)).then(|| "the request carried no token (gcs.skip_signature)".to_owned())
    }
}
