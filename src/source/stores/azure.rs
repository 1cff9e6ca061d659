//! Azure Blob Storage (<https://learn.microsoft.com/rest/api/storageservices/get-blob>).

use super::connector::{Connector, retry};
use super::current::Current;
use super::{bearer, endpoint, no_credentials, object_url};
use crate::error::{Error, Result};
use crate::options::Section;
use crate::source::http::{Access, Answer, Prepared, Refusal, Repair};
use object_store::azure::{AzureAuthorizer, AzureConfigKey, AzureCredential, AzureCredentialProvider, MicrosoftAzureBuilder};
use object_store::client::{HttpRequest, HttpRequestBody};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Request};
use std::sync::Arc;

/// The account of Microsoft's emulators, and its public endpoint.
const EMULATOR: (&str, &str) = ("devstoreaccount1", "http://127.0.0.1:10000/devstoreaccount1");
/// The key that the emulators' documentation gives: no secret.
const EMULATOR_KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const API_VERSION: HeaderValue = HeaderValue::from_static("2021-12-02");
const ADVICE: &str =
    "set azure.account_key, azure.sas_key, azure.token or azure.connection_string, or azure.skip_signature = TRUE for a public container";

pub(crate) struct Container {
    /// The container's URL.
    url: String,
    account: String,
    /// The `azure.*` settings, with what the connection string says.
    settings: Section,
    connector: Connector,
    /// `None`: requests are not signed.
    credentials: Current<Option<AzureCredentialProvider>>,
}

impl Container {
    /// `host` is that of the account, where the URI names it.
    pub(super) fn new(name: &str, host: Option<&str>, settings: &Section, connector: Connector) -> Result<Self> {
        let settings = with_connection_string(settings)?;
        let connector = connector.with_metadata(settings.get("msi_endpoint"));
        let emulated = settings.flag("use_emulator");
        let named = host.map(|host| host.split('.').next().unwrap_or_default());
        let account = named.unwrap_or_else(|| settings.get("account_name"));
        let account = if account.is_empty() && emulated { EMULATOR.0 } else { account };
        if account.is_empty() {
            return Err(Error::invalid(
                "no storage account is named: set azure.account_name, or open abfss://container@account.dfs.core.windows.net/blob",
            ));
        }
        let base = match (settings.get("endpoint"), host) {
            (address, _) if !address.is_empty() => endpoint("azure.endpoint", address)?,
            _ if emulated => EMULATOR.1.to_owned(),
            // A data lake's blobs are served as such by the account's other host.
            (_, Some(host)) => format!("https://{}", host.replacen(".dfs.", ".blob.", 1)),
            _ => endpoint("azure.account_name", &format!("{account}.blob.core.windows.net"))?,
        };
        let account = account.to_owned();
        let credentials = Current::new(find_credentials(&settings, &account, &connector)?);
        Ok(Self { url: format!("{base}/{name}"), account, settings, connector, credentials })
    }

    async fn authorize(&self, request: &mut Request, provider: &AzureCredentialProvider) -> Result<()> {
        let credential = provider.get_credential().await.map_err(|e| no_credentials("Azure", &e, &self.settings, ADVICE))?;
        match &*credential {
            AzureCredential::BearerToken(token) => drop(request.headers_mut().insert(AUTHORIZATION, bearer(token)?)),
            AzureCredential::SASToken(pairs) => drop(request.url_mut().query_pairs_mut().extend_pairs(pairs)),
            AzureCredential::AccessKey(_) => *request.headers_mut() = self.signed(request, &credential)?,
        }
        Ok(())
    }

    /// The headers with those that the account's key signs (Shared Key).
    fn signed(&self, request: &Request, credential: &AzureCredential) -> Result<HeaderMap> {
        let failed = || Error::invalid("the request for this blob can't be signed");
        let mut copy = HttpRequest::new(HttpRequestBody::empty());
        *copy.uri_mut() = request.url().as_str().parse().map_err(|_| failed())?;
        *copy.headers_mut() = request.headers().clone();
        AzureAuthorizer::new(credential, &self.account).try_authorize(&mut copy).map_err(|_| failed())?;
        Ok(copy.headers().clone())
    }

    fn renewed(&self) -> Option<(Repair, Option<AzureCredentialProvider>)> {
        if ["token", "account_key", "sas_key"].iter().any(|name| self.settings.has(name)) {
            return None;
        }
        Some((Repair::Credentials, find_credentials(&self.settings, &self.account, &self.connector).ok()?))
    }
}

/// The settings, completed by `azure.connection_string`
/// (<https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string>).
fn with_connection_string(settings: &Section) -> Result<Section> {
    let mut settings = settings.clone();
    let text = settings.get("connection_string").to_owned();
    let (mut protocol, mut suffix) = ("https".to_owned(), "core.windows.net".to_owned());
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) =
            part.split_once('=').ok_or_else(|| Error::invalid("azure.connection_string: expected Name=value;Name=value;…"))?;
        match name.trim().to_ascii_lowercase().as_str() {
            "accountname" => settings.or_set("account_name", value),
            "accountkey" => settings.or_set("account_key", value),
            "sharedaccesssignature" => settings.or_set("sas_key", value),
            "blobendpoint" => settings.or_set("endpoint", value.trim_end_matches('/')),
            "usedevelopmentstorage" => settings.or_set("use_emulator", value),
            "defaultendpointsprotocol" => value.clone_into(&mut protocol),
            "endpointsuffix" => value.clone_into(&mut suffix),
            // Other services' endpoints.
            _ => {}
        }
    }
    if !text.is_empty() && settings.has("account_name") && !settings.flag("use_emulator") {
        let standard = format!("{protocol}://{}.blob.{suffix}", settings.get("account_name"));
        settings.or_set("endpoint", &standard);
    }
    Ok(settings)
}

/// In the order of object_store: a token, the account's key, workload identity, a client's secret, a SAS, managed identity.
fn find_credentials(settings: &Section, account: &str, connector: &Connector) -> Result<Option<AzureCredentialProvider>> {
    if settings.flag("skip_signature") {
        return Ok(None);
    }
    let mut settings = settings.clone();
    if settings.flag("use_emulator") && !["account_key", "sas_key", "token"].iter().any(|name| settings.has(name)) {
        settings.or_set("account_key", EMULATOR_KEY);
    }
    // The container has no part in it, but the builder wants one.
    let mut builder = MicrosoftAzureBuilder::new().with_retry(retry()).with_http_connector(connector.clone());
    builder = builder.with_account(account).with_container_name("container");
    for (name, value) in settings.iter() {
        let prefix = match name {
            "account_name" | "connection_string" | "endpoint" | "use_emulator" => continue,
            "federated_token_file" | "msi_endpoint" | "object_id" | "msi_resource_id" | "skip_signature" => "azure",
            _ => "azure_storage",
        };
        let key = format!("{prefix}_{name}").parse::<AzureConfigKey>().map_err(|e| Error::invalid(format!("azure.{name}: {e}")))?;
        builder = builder.with_config(key, value);
    }
    // What is wrong with them is not quoted: they are secret.
    let store = builder.build().map_err(|_| Error::invalid("azure.account_key is not base64, or azure.sas_key is not a SAS"))?;
    Ok(Some(Arc::clone(store.credentials())))
}

/// A blob of a container.
pub(super) struct Blob {
    container: Arc<Container>,
    key: String,
    /// `http.headers`.
    headers: HeaderMap,
}

impl Blob {
    pub(super) fn new(container: Arc<Container>, key: &str, headers: HeaderMap) -> Result<Self> {
        object_url(&container.url, key)?;
        Ok(Self { container, key: key.to_owned(), headers })
    }

    async fn prepare(&self, headers: HeaderMap) -> Result<Prepared> {
        let (generation, credentials) = self.container.credentials.get();
        let mut request = Request::new(Method::GET, object_url(&self.container.url, &self.key)?);
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().extend(headers);
        request.headers_mut().insert("x-ms-version", API_VERSION);
        if let Some(provider) = &*credentials {
            self.container.authorize(&mut request, provider).await?;
        }
        Ok(Prepared { request, generation })
    }
}

impl Access for Blob {
    fn request(&self, headers: HeaderMap) -> Answer<'_, Result<Prepared>> {
        Box::pin(self.prepare(headers))
    }

    fn repair<'a>(&'a self, refusal: &'a Refusal, generation: u64) -> Answer<'a, Option<Repair>> {
        let repair = move |credentials: &Option<_>| credentials.as_ref().and_then(|_| self.container.renewed());
        Box::pin(async move { if refusal.status.as_u16() == 401 { self.container.credentials.repair(generation, repair) } else { None } })
    }

    fn advice(&self, refusal: &Refusal) -> Option<String> {
        // A container that is not public is not there to those who may not see it.
        let anonymous = self.container.credentials.get().1.is_none();
        let refused = matches!(refusal.status.as_u16(), 401 | 403 | 404);
        (anonymous && refused).then(|| "the request was not signed (azure.skip_signature)".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(connection_string: &str) -> Result<Section> {
        with_connection_string(&Section::new("azure", [("connection_string", connection_string.to_owned())].into_iter()))
    }

    #[test]
    fn a_connection_string_gives_account_key_and_endpoint() {
        let s = settings("DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5==;EndpointSuffix=core.chinacloudapi.cn").unwrap();
        assert_eq!((s.get("account_name"), s.get("account_key")), ("acc", "a2V5=="));
        assert_eq!(s.get("endpoint"), "https://acc.blob.core.chinacloudapi.cn");
        let s = settings("BlobEndpoint=http://127.0.0.1:1/acc/;SharedAccessSignature=sv=1&sig=x%3D;AccountName=acc;").unwrap();
        assert_eq!((s.get("endpoint"), s.get("sas_key")), ("http://127.0.0.1:1/acc", "sv=1&sig=x%3D"));
        assert!(settings("UseDevelopmentStorage=true").unwrap().flag("use_emulator"));
        let message = settings("secret").unwrap_err().to_string();
        assert!(!message.contains("secret"), "{message}");
    }
}
