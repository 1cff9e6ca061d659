//! The settings: one table that drives `cog_options_set`, the environment, `cogtool --help` and the README.
//!
//! A setting belongs to the handle that is opened with it. Environment variables are defaults, read when an [`Options`] is made.

use crate::cancel::CancelToken;
use crate::codec::Backend;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::log::Level;
use crate::source::ranges::Merging;
use std::fmt;
use std::time::Duration;

mod section;

pub(crate) use section::Section;

/// What values a setting takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// TRUE, FALSE, YES, NO, ON, OFF, 1 or 0, in any case.
    Bool,
    /// A whole number between these two.
    Int(u64, u64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A number, or `nan`.
    Number,
    /// GDAL, AUTO, LOWER, UPPER, or a percentage from 0 to 100.
    LevelChoice,
    /// Anything.
    Text,
    /// Anything, and never shown again: not in messages, not in logs, not by `cog_options_get`.
    Secret,
}

/// One row of the table.
#[derive(Debug)]
pub struct Setting {
    /// `section.name`.
    pub key: &'static str,
    /// The value where nobody says another.
    pub default: &'static str,
    /// Environment variables that give the default, the first that is set wins.
    pub env: &'static [&'static str],
    /// One sentence.
    pub help: &'static str,
    /// What values it takes.
    pub kind: Kind,
}

const LEVELS: &[&str] = &["OFF", "ERROR", "WARN", "INFO", "DEBUG"];

/// Every setting, by section.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    Setting { key: "io.header_bytes", default: "16384", env: &["COG_IO_HEADER_BYTES", "INGESTED_BYTES_AT_OPEN"], kind: Kind::Int(16, 1 << 26),
        help: "Bytes of the first request at open." },
    Setting { key: "io.header_chunk", default: "16384", env: &["COG_IO_HEADER_CHUNK", "HEADER_CHUNK_SIZE"], kind: Kind::Int(1, 1 << 26),
        help: "Smallest further request while reading IFDs and tags." },
    Setting { key: "io.merge_ranges", default: "TRUE", env: &["COG_IO_MERGE_RANGES", "HTTP_MERGE_CONSECUTIVE_RANGES"], kind: Kind::Bool,
        help: "Fetch neighbouring blocks in one request." },
    Setting { key: "io.merge_gap", default: "1024", env: &["COG_IO_MERGE_GAP"], kind: Kind::Int(0, 1 << 30),
        help: "Blocks this many bytes apart or less count as neighbours." },
    Setting { key: "io.max_request", default: "8388608", env: &["COG_IO_MAX_REQUEST"], kind: Kind::Int(1 << 12, 1 << 32),
        help: "Largest request: merging stops there, and a larger block is fetched in parts, several at once." },
    Setting { key: "io.concurrency", default: "16", env: &["COG_IO_CONCURRENCY"], kind: Kind::Int(1, 1024),
        help: "Requests under way at once to one server, by all handles opened with the same number." },
    Setting { key: "http.timeout_ms", default: "30000", env: &["COG_HTTP_TIMEOUT_MS"], kind: Kind::Int(1, 1 << 40),
        help: "Time limit of one request, its body included; what the library takes to use the bytes does not count." },
    Setting { key: "http.connect_timeout_ms", default: "10000", env: &["COG_HTTP_CONNECT_TIMEOUT_MS"], kind: Kind::Int(1, 1 << 40),
        help: "Time limit for reaching the server." },
    Setting { key: "http.low_speed_limit", default: "1000", env: &["COG_HTTP_LOW_SPEED_LIMIT", "GDAL_HTTP_LOW_SPEED_LIMIT"], kind: Kind::Int(0, 1 << 40),
        help: "Bytes a second below which a request is given up as stalled; 0: none is." },
    Setting { key: "http.low_speed_ms", default: "15000", env: &["COG_HTTP_LOW_SPEED_MS"], kind: Kind::Int(1, 1 << 40),
        help: "How long a request may be that slow, the wait for its answer included." },
    Setting { key: "http.retries", default: "3", env: &["COG_HTTP_RETRIES", "GDAL_HTTP_MAX_RETRY"], kind: Kind::Int(0, 1000),
        help: "How often a request is sent again after a failure that may pass: a broken or stalled connection, 408, 429, 500, 502, 503, 504, a body cut short." },
    Setting { key: "http.retry_delay_ms", default: "200", env: &["COG_HTTP_RETRY_DELAY_MS"], kind: Kind::Int(0, 1 << 40),
        help: "Longest wait before the first of them; it doubles each time, up to 10 s, and a part of it is drawn at random. Retry-After adds to it." },
    Setting { key: "http.retry_budget_ms", default: "30000", env: &["COG_HTTP_RETRY_BUDGET_MS"], kind: Kind::Int(0, 1 << 40),
        help: "No attempt begins later than this after the first." },
    Setting { key: "http.headers", default: "", env: &["COG_HTTP_HEADERS"], kind: Kind::Secret,
        help: "Headers added to each request: `Name: value`, several separated by line breaks." },
    Setting { key: "http.bearer_token", default: "", env: &["COG_HTTP_BEARER_TOKEN"], kind: Kind::Secret,
        help: "Sent as `Authorization: Bearer …`; never to another origin after a redirect." },
    Setting { key: "http.user_agent", default: concat!("libcog/", env!("CARGO_PKG_VERSION")), env: &["COG_HTTP_USER_AGENT"], kind: Kind::Text,
        help: "The User-Agent header." },
    Setting { key: "http.proxy", default: "", env: &["COG_HTTP_PROXY"], kind: Kind::Secret,
        help: "URL of a proxy for all requests, with user and password where it wants them; none: no proxy; empty: as HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say." },
    Setting { key: "http.ca_file", default: "", env: &["COG_HTTP_CA_FILE", "SSL_CERT_FILE"], kind: Kind::Text,
        help: "PEM file of certificate authorities to trust instead of the system's." },
    Setting { key: "http.whole_file_bytes", default: "16777216", env: &["COG_HTTP_WHOLE_FILE_BYTES"], kind: Kind::Int(0, 1 << 40),
        help: "A server that ignores ranges and sends the whole file is accepted up to this size; the file is then kept in memory." },
    Setting { key: "aws.access_key_id", default: "", env: &["COG_AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"], kind: Kind::Secret,
        help: "Key for s3:// URIs." },
    Setting { key: "aws.secret_access_key", default: "", env: &["COG_AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"], kind: Kind::Secret,
        help: "Its secret." },
    Setting { key: "aws.session_token", default: "", env: &["COG_AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN"], kind: Kind::Secret,
        help: "The token of temporary keys." },
    Setting { key: "aws.profile", default: "", env: &["COG_AWS_PROFILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"], kind: Kind::Text,
        help: "Profile of the two files below that gives keys, region and endpoint; empty: default, where there is one." },
    Setting { key: "aws.config_file", default: "", env: &["COG_AWS_CONFIG_FILE", "AWS_CONFIG_FILE"], kind: Kind::Text,
        help: "File of profiles; empty: ~/.aws/config." },
    Setting { key: "aws.shared_credentials_file", default: "", env: &["COG_AWS_SHARED_CREDENTIALS_FILE", "AWS_SHARED_CREDENTIALS_FILE"], kind: Kind::Text,
        help: "File of profiles' keys; empty: ~/.aws/credentials." },
    Setting { key: "aws.region", default: "", env: &["COG_AWS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"], kind: Kind::Text,
        help: "Region of the bucket; a wrong one costs a request, after which the right one is known. Empty: the profile's, or else us-east-1." },
    Setting { key: "aws.endpoint", default: "", env: &["COG_AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"], kind: Kind::Text,
        help: "URL of another server that speaks S3." },
    Setting { key: "aws.virtual_hosted_style_request", default: "AUTO", env: &["COG_AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST"], kind: Kind::Choice(&["AUTO", "TRUE", "FALSE"]),
        help: "Whether the bucket stands in the host name; AUTO: where it can and aws.endpoint is not set." },
    Setting { key: "aws.skip_signature", default: "FALSE", env: &["COG_AWS_SKIP_SIGNATURE", "AWS_SKIP_SIGNATURE", "AWS_NO_SIGN_REQUEST"], kind: Kind::Bool,
        help: "Requests are not signed: for public buckets." },
    Setting { key: "aws.request_payer", default: "", env: &["COG_AWS_REQUEST_PAYER", "AWS_REQUEST_PAYER"], kind: Kind::Choice(&["", "requester", "TRUE", "FALSE"]),
        help: "requester: you pay for requests to a bucket whose owner does not." },
    Setting { key: "aws.web_identity_token_file", default: "", env: &["COG_AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"], kind: Kind::Text,
        help: "File of a token that aws.role_arn is assumed with (EKS)." },
    Setting { key: "aws.role_arn", default: "", env: &["COG_AWS_ROLE_ARN", "AWS_ROLE_ARN"], kind: Kind::Text,
        help: "The role to take on with the web identity's token." },
    Setting { key: "aws.role_session_name", default: "", env: &["COG_AWS_ROLE_SESSION_NAME", "AWS_ROLE_SESSION_NAME"], kind: Kind::Text,
        help: "Name of its session." },
    Setting { key: "aws.endpoint_url_sts", default: "", env: &["COG_AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_STS"], kind: Kind::Text,
        help: "URL of the service that assumes it." },
    Setting { key: "aws.container_credentials_relative_uri", default: "", env: &["COG_AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], kind: Kind::Text,
        help: "Where an ECS task asks for keys." },
    Setting { key: "aws.container_credentials_full_uri", default: "", env: &["COG_AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"], kind: Kind::Text,
        help: "Where an EKS pod asks for keys." },
    Setting { key: "aws.container_authorization_token_file", default: "", env: &["COG_AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], kind: Kind::Text,
        help: "File of the token that it shows." },
    Setting { key: "aws.metadata_endpoint", default: "", env: &["COG_AWS_METADATA_ENDPOINT", "AWS_METADATA_ENDPOINT", "AWS_EC2_METADATA_SERVICE_ENDPOINT"], kind: Kind::Text,
        help: "URL of the instance metadata service, the last in the chain of credentials; empty: http://169.254.169.254." },
    Setting { key: "aws.ec2_metadata_disabled", default: "FALSE", env: &["COG_AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_DISABLED"], kind: Kind::Bool,
        help: "It is not asked." },
    Setting { key: "aws.imdsv1_fallback", default: "FALSE", env: &["COG_AWS_IMDSV1_FALLBACK", "AWS_IMDSV1_FALLBACK"], kind: Kind::Bool,
        help: "It may be asked without a session where it refuses one." },
    Setting { key: "gcs.service_account", default: "", env: &["COG_GCS_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH"], kind: Kind::Text,
        help: "File (JSON) of a service account for gs:// URIs." },
    Setting { key: "gcs.service_account_key", default: "", env: &["COG_GCS_SERVICE_ACCOUNT_KEY", "GOOGLE_SERVICE_ACCOUNT_KEY"], kind: Kind::Secret,
        help: "The JSON itself." },
    Setting { key: "gcs.application_credentials", default: "", env: &["COG_GCS_APPLICATION_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"], kind: Kind::Text,
        help: "File of application default credentials; empty: gcloud's, or else the metadata service." },
    Setting { key: "gcs.bearer_token", default: "", env: &["COG_GCS_BEARER_TOKEN", "GOOGLE_BEARER_TOKEN"], kind: Kind::Secret,
        help: "An access token." },
    Setting { key: "gcs.skip_signature", default: "FALSE", env: &["COG_GCS_SKIP_SIGNATURE", "GOOGLE_SKIP_SIGNATURE", "GS_NO_SIGN_REQUEST"], kind: Kind::Bool,
        help: "Requests carry no token: for public buckets." },
    Setting { key: "gcs.base_url", default: "", env: &["COG_GCS_BASE_URL", "GOOGLE_BASE_URL"], kind: Kind::Text,
        help: "URL of another server; empty: https://storage.googleapis.com." },
    Setting { key: "azure.account_name", default: "", env: &["COG_AZURE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT"], kind: Kind::Text,
        help: "Storage account of az:// URIs, and of abfs:// ones that name none." },
    Setting { key: "azure.account_key", default: "", env: &["COG_AZURE_ACCOUNT_KEY", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY"], kind: Kind::Secret,
        help: "The account's key." },
    Setting { key: "azure.sas_key", default: "", env: &["COG_AZURE_SAS_KEY", "AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_SAS_TOKEN"], kind: Kind::Secret,
        help: "A shared access signature: sv=…&sig=…." },
    Setting { key: "azure.connection_string", default: "", env: &["COG_AZURE_CONNECTION_STRING", "AZURE_STORAGE_CONNECTION_STRING"], kind: Kind::Secret,
        help: "Account, key or signature, and endpoint in one." },
    Setting { key: "azure.token", default: "", env: &["COG_AZURE_TOKEN", "AZURE_STORAGE_TOKEN"], kind: Kind::Secret,
        help: "An access token." },
    Setting { key: "azure.skip_signature", default: "FALSE", env: &["COG_AZURE_SKIP_SIGNATURE", "AZURE_SKIP_SIGNATURE", "AZURE_NO_SIGN_REQUEST"], kind: Kind::Bool,
        help: "Requests are not signed: for public containers." },
    Setting { key: "azure.endpoint", default: "", env: &["COG_AZURE_ENDPOINT", "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"], kind: Kind::Text,
        help: "URL of another server; empty: https://ACCOUNT.blob.core.windows.net." },
    Setting { key: "azure.use_emulator", default: "FALSE", env: &["COG_AZURE_USE_EMULATOR", "AZURE_STORAGE_USE_EMULATOR"], kind: Kind::Bool,
        help: "The emulator on this machine, with its account and key." },
    Setting { key: "azure.client_id", default: "", env: &["COG_AZURE_CLIENT_ID", "AZURE_STORAGE_CLIENT_ID", "AZURE_CLIENT_ID"], kind: Kind::Text,
        help: "Application that asks for a token: with azure.client_secret, with azure.federated_token_file (workload identity), or as a managed identity." },
    Setting { key: "azure.client_secret", default: "", env: &["COG_AZURE_CLIENT_SECRET", "AZURE_STORAGE_CLIENT_SECRET", "AZURE_CLIENT_SECRET"], kind: Kind::Secret,
        help: "Its secret." },
    Setting { key: "azure.tenant_id", default: "", env: &["COG_AZURE_TENANT_ID", "AZURE_STORAGE_TENANT_ID", "AZURE_TENANT_ID"], kind: Kind::Text,
        help: "Its tenant." },
    Setting { key: "azure.authority_host", default: "", env: &["COG_AZURE_AUTHORITY_HOST", "AZURE_STORAGE_AUTHORITY_HOST", "AZURE_AUTHORITY_HOST"], kind: Kind::Text,
        help: "URL of the service that gives tokens." },
    Setting { key: "azure.federated_token_file", default: "", env: &["COG_AZURE_FEDERATED_TOKEN_FILE", "AZURE_FEDERATED_TOKEN_FILE"], kind: Kind::Text,
        help: "File of the token of a workload identity." },
    Setting { key: "azure.msi_endpoint", default: "", env: &["COG_AZURE_MSI_ENDPOINT", "AZURE_MSI_ENDPOINT", "IDENTITY_ENDPOINT"], kind: Kind::Text,
        help: "URL that gives tokens to managed identities, the last in the chain of credentials." },
    Setting { key: "azure.object_id", default: "", env: &["COG_AZURE_OBJECT_ID", "AZURE_OBJECT_ID"], kind: Kind::Text,
        help: "The managed identity, by its object." },
    Setting { key: "azure.msi_resource_id", default: "", env: &["COG_AZURE_MSI_RESOURCE_ID", "AZURE_MSI_RESOURCE_ID"], kind: Kind::Text,
        help: "The managed identity, by its resource." },
    Setting { key: "cache.blocks", default: "TRUE", env: &["COG_CACHE_BLOCKS", "ENABLE_BLOCK_CACHE", "ENABLE_CACHE"], kind: Kind::Bool,
        help: "Keep blocks of remote files between reads, as stored and decoded. Local files are never kept." },
    Setting { key: "cache.block_bytes", default: "67108864", env: &["COG_CACHE_BLOCK_BYTES"], kind: Kind::Int(0, 1 << 48),
        help: "Memory for blocks as stored, shared by all handles opened with the same number; 0: none are kept." },
    Setting { key: "cache.tile_bytes", default: "67108864", env: &["COG_CACHE_TILE_BYTES"], kind: Kind::Int(0, 1 << 48),
        help: "Memory for decoded blocks, shared by all handles opened with the same number; 0: none are kept." },
    Setting { key: "cache.headers", default: "TRUE", env: &["COG_CACHE_HEADERS", "ENABLE_HEADER_CACHE"], kind: Kind::Bool,
        help: "Keep headers and tile indexes of remote files between opens." },
    Setting { key: "cache.header_bytes", default: "33554432", env: &["COG_CACHE_HEADER_BYTES"], kind: Kind::Int(0, 1 << 48),
        help: "Memory for headers of files, shared by all handles opened with the same number." },
    Setting { key: "cache.max_age_ms", default: "60000", env: &["COG_CACHE_MAX_AGE_MS"], kind: Kind::Int(0, 1 << 40),
        help: "An open asks the server whether a kept header is still right when it last said so longer ago than this." },
    Setting { key: "decode.threads", default: "0", env: &["COG_DECODE_THREADS"], kind: Kind::Int(0, 4096),
        help: "Decoding threads that one read uses at most; 0: all cores." },
    Setting { key: "decode.backend", default: "native", env: &["COG_DECODE_BACKEND"], kind: Kind::Choice(&["native", "rust"]),
        help: "native: libdeflate, libjpeg-turbo, libwebp, libzstd; rust: memory-safe decoders only." },
    Setting { key: "read.sidecars", default: "FALSE", env: &["COG_READ_SIDECARS"], kind: Kind::Bool,
        help: "Look beside a file for external overviews (FILE.ovr) and masks (FILE.msk); over a network each look is a request." },
    Setting { key: "read.boundless", default: "TRUE", env: &["COG_READ_BOUNDLESS", "BOUNDLESS_READ"], kind: Kind::Bool,
        help: "Reads by bounds, and windows that ask for it, may reach beyond the image; FALSE: that is COG_ERR_OUT_OF_BOUNDS." },
    Setting { key: "read.fill_value", default: "0", env: &["COG_READ_FILL_VALUE", "BOUNDLESS_READ_FILL_VALUE"], kind: Kind::Number,
        help: "What lies beyond the image, where the call names nothing else." },
    Setting { key: "read.zoom_level_strategy", default: "GDAL", env: &["COG_READ_ZOOM_LEVEL_STRATEGY", "ZOOM_LEVEL_STRATEGY"], kind: Kind::LevelChoice,
        help: "Which overview a size is read from: GDAL's choice, or aiocogeo's AUTO (50), LOWER (100: coarser), UPPER (0: finer), or 0 to 100." },
    Setting { key: "limits.tile_bytes", default: "1073741824", env: &["COG_LIMITS_TILE_BYTES"], kind: Kind::Int(1, 1 << 48),
        help: "Largest block, decoded or as stored." },
    Setting { key: "limits.output_bytes", default: "1099511627776", env: &["COG_LIMITS_OUTPUT_BYTES"], kind: Kind::Int(1, 1 << 60),
        help: "Largest result of one read." },
    Setting { key: "limits.header_bytes", default: "67108864", env: &["COG_LIMITS_HEADER_BYTES"], kind: Kind::Int(1024, 1 << 40),
        help: "Most bytes of IFDs, tags and tile indexes that one handle keeps." },
    Setting { key: "limits.ifds", default: "1024", env: &["COG_LIMITS_IFDS"], kind: Kind::Int(1, 1 << 20),
        help: "Most IFDs that are followed." },
    Setting { key: "limits.tag_bytes", default: "33554432", env: &["COG_LIMITS_TAG_BYTES"], kind: Kind::Int(1024, 1 << 40),
        help: "Largest value of one tag." },
    Setting { key: "limits.jpeg_scans", default: "100", env: &["COG_LIMITS_JPEG_SCANS"], kind: Kind::Int(1, 1 << 16),
        help: "Most scans of one progressive JPEG picture; libtiff's limit too." },
    Setting { key: "stac.item_bytes", default: "4194304", env: &["COG_STAC_ITEM_BYTES"], kind: Kind::Int(1, 1 << 26),
        help: "Largest STAC item that is read." },
    Setting { key: "stac.assets", default: "1000", env: &["COG_STAC_ASSETS"], kind: Kind::Int(1, 1 << 20),
        help: "Most assets of a STAC item that are opened." },
    Setting { key: "log.level", default: "ERROR", env: &["COG_LOG_LEVEL", "LOG_LEVEL"], kind: Kind::Choice(LEVELS),
        help: "Where no log callback is set: lines up to this level go to standard error." },
    Setting { key: "log.verbose", default: "FALSE", env: &["COG_LOG_VERBOSE", "VERBOSE_LOGS"], kind: Kind::Bool,
        help: "The same as log.level = DEBUG." },
];

/// Which settings say who somebody is, by section: where a program sets one, what the environment says for the others doesn't count.
/// A key with another key's session token is none.
const IDENTITIES: &[&[&str]] = &[
    &[
        "aws.access_key_id",
        "aws.secret_access_key",
        "aws.session_token",
        "aws.profile",
        "aws.skip_signature",
        "aws.web_identity_token_file",
        "aws.role_arn",
        "aws.container_credentials_relative_uri",
        "aws.container_credentials_full_uri",
    ],
    &["gcs.service_account", "gcs.service_account_key", "gcs.application_credentials", "gcs.bearer_token", "gcs.skip_signature"],
    &[
        "azure.account_key",
        "azure.sas_key",
        "azure.connection_string",
        "azure.token",
        "azure.skip_signature",
        "azure.client_id",
        "azure.client_secret",
        "azure.federated_token_file",
    ],
];

/// A set of settings, as the caller fills it.
#[derive(Clone)]
pub struct Options {
    /// One a row of [`SETTINGS`].
    values: Vec<Value>,
    /// Stops every operation of the handles opened with these options.
    pub cancel: Option<CancelToken>,
}

/// The value of one setting.
#[derive(Clone)]
struct Value {
    text: String,
    /// Set by the program, not by the environment.
    explicit: bool,
}

/// Names only: some of the values are secret.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let explicit = SETTINGS.iter().zip(&self.values).filter(|(_, value)| value.explicit);
        f.debug_set().entries(explicit.map(|(setting, _)| setting.key)).finish()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// The defaults, as the environment has them now.
    pub fn new() -> Self {
        Self::from_environment(|name| std::env::var(name).ok())
    }

    fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &&str| variable(name).filter(|text| !text.is_empty());
        let value = |s: &Setting| Value { text: s.env.iter().find_map(set).unwrap_or_else(|| s.default.to_owned()), explicit: false };
        Self { values: SETTINGS.iter().map(value).collect(), cancel: None }
    }

    /// Sets one setting; an unknown key or a value that it doesn't take is refused.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let (index, setting) = find(key)?;
        check(setting, value)?;
        if let Some(slot) = self.values.get_mut(index) {
            *slot = Value { text: value.to_owned(), explicit: true };
        }
        Ok(())
    }

    /// The value of one setting; `***` for a secret that is set.
    pub fn get(&self, key: &str) -> Result<&str> {
        let (index, setting) = find(key)?;
        let text = self.values.get(index).map_or("", |value| value.text.as_str());
        Ok(if matches!(setting.kind, Kind::Secret) && !text.is_empty() { "***" } else { text })
    }

    /// The value as it is, or the default where another setting of the program displaces what the environment says.
    fn value(&self, key: &str) -> Result<&str> {
        let (index, setting) = find(key)?;
        let value = self.values.get(index).map_or((setting.default, false), |value| (value.text.as_str(), value.explicit));
        Ok(if value.1 || !self.is_displaced(setting.key) { value.0 } else { setting.default })
    }

    fn is_displaced(&self, key: &str) -> bool {
        let explicit = |key: &&str| SETTINGS.iter().zip(&self.values).any(|(setting, value)| setting.key == *key && value.explicit);
        IDENTITIES.iter().any(|group| group.contains(&key) && group.iter().any(explicit))
    }

    /// The settings of a section, by their names in it.
    fn section(&self, section: &'static str) -> Result<Section> {
        let of_section = |setting: &'static Setting| setting.key.split_once('.').filter(|(name, _)| *name == section).map(|(_, name)| name);
        let values = SETTINGS.iter().filter_map(|s| of_section(s).map(|name| self.value(s.key).map(|text| (name, text.to_owned()))));
        Ok(Section::new(section, values.collect::<Result<Vec<_>>>()?.into_iter()))
    }

    /// Checks every value, those from the environment too, and gives them their types.
    pub(crate) fn resolve(&self) -> Result<Settings> {
        for (setting, value) in SETTINGS.iter().zip(&self.values) {
            check(setting, &value.text)?;
        }
        let text = |key: &str| self.value(key).map(str::to_owned);
        let int = |key: &str| Ok::<u64, Error>(self.value(key)?.trim().parse().unwrap_or(0));
        let flag = |key: &str| Ok::<bool, Error>(parse_bool(self.value(key)?) == Some(true));
        let millis = |key: &str| int(key).map(Duration::from_millis);
        let level = if flag("log.verbose")? { Level::Debug } else { Level::parse(self.value("log.level")?).unwrap_or(Level::Error) };
        Ok(Settings {
            header_bytes: int("io.header_bytes")?,
            header_chunk: int("io.header_chunk")?,
            merge_gap: if flag("io.merge_ranges")? { Some(int("io.merge_gap")?) } else { None },
            max_request: int("io.max_request")?,
            concurrency: int("io.concurrency")? as usize,
            http: Http {
                timeout: millis("http.timeout_ms")?,
                connect_timeout: millis("http.connect_timeout_ms")?,
                low_speed_limit: int("http.low_speed_limit")?,
                low_speed_time: millis("http.low_speed_ms")?,
                retries: int("http.retries")?,
                retry_delay: millis("http.retry_delay_ms")?,
                retry_budget: millis("http.retry_budget_ms")?,
                headers: text("http.headers")?,
                bearer_token: text("http.bearer_token")?,
                user_agent: text("http.user_agent")?,
                proxy: text("http.proxy")?,
                ca_file: text("http.ca_file")?,
                whole_file_bytes: int("http.whole_file_bytes")?,
            },
            aws: self.section("aws")?,
            gcs: self.section("gcs")?,
            azure: self.section("azure")?,
            cache: Cache {
                blocks: flag("cache.blocks")?,
                block_bytes: int("cache.block_bytes")?,
                tile_bytes: int("cache.tile_bytes")?,
                headers: flag("cache.headers")?,
                header_bytes: int("cache.header_bytes")?,
                max_age: millis("cache.max_age_ms")?,
            },
            sidecars: flag("read.sidecars")?,
            decode_threads: int("decode.threads")? as usize,
            read: Read {
                boundless: flag("read.boundless")?,
                fill: parse_number(self.value("read.fill_value")?).unwrap_or(0.0),
                level_choice: parse_level_choice(self.value("read.zoom_level_strategy")?).unwrap_or(LevelChoice::Gdal),
            },
            backend: if self.value("decode.backend")?.eq_ignore_ascii_case("rust") { Backend::Rust } else { Backend::Native },
            limits: Limits {
                tile_bytes: int("limits.tile_bytes")?,
                output_bytes: int("limits.output_bytes")?,
                header_bytes: int("limits.header_bytes")?,
                tag_bytes: int("limits.tag_bytes")?,
                ifds: int("limits.ifds")?,
                jpeg_scans: int("limits.jpeg_scans")? as u32,
            },
            log_level: level,
            cancel: self.cancel.clone(),
        })
    }
}

/// The settings of one handle.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) header_bytes: u64,
    pub(crate) header_chunk: u64,
    /// `None`: ranges are not merged.
    pub(crate) merge_gap: Option<u64>,
    pub(crate) max_request: u64,
    pub(crate) concurrency: usize,
    pub(crate) http: Http,
    pub(crate) aws: Section,
    pub(crate) gcs: Section,
    pub(crate) azure: Section,
    pub(crate) cache: Cache,
    pub(crate) sidecars: bool,
    pub(crate) decode_threads: usize,
    pub(crate) read: Read,
    pub(crate) backend: Backend,
    pub(crate) limits: Limits,
    pub(crate) log_level: Level,
    pub(crate) cancel: Option<CancelToken>,
}

impl Settings {
    /// How ranges become requests.
    pub(crate) fn merging(&self) -> Merging {
        Merging { gap: self.merge_gap, max_request: self.max_request }
    }
}

/// The `http.*` settings.
#[derive(Clone)]
pub(crate) struct Http {
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) low_speed_limit: u64,
    pub(crate) low_speed_time: Duration,
    pub(crate) retries: u64,
    pub(crate) retry_delay: Duration,
    pub(crate) retry_budget: Duration,
    pub(crate) headers: String,
    pub(crate) bearer_token: String,
    pub(crate) user_agent: String,
    pub(crate) proxy: String,
    pub(crate) ca_file: String,
    pub(crate) whole_file_bytes: u64,
}

/// The `read.*` settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read {
    pub(crate) boundless: bool,
    pub(crate) fill: f64,
    pub(crate) level_choice: LevelChoice,
}

/// Who chooses the overview that an output is read from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LevelChoice {
    Gdal,
    /// With its percentage: how much coarser a level may be.
    Aiocogeo(f64),
}

/// Some of them are secret.
impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

/// Whether a setting's value is never shown.
fn is_secret(section: &str, name: &str) -> bool {
    let is_it = |s: &&Setting| s.key.split_once('.') == Some((section, name));
    SETTINGS.iter().find(is_it).is_some_and(|s| matches!(s.kind, Kind::Secret))
}

/// The `cache.*` settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cache {
    pub(crate) blocks: bool,
    pub(crate) block_bytes: u64,
    pub(crate) tile_bytes: u64,
    pub(crate) headers: bool,
    pub(crate) header_bytes: u64,
    pub(crate) max_age: Duration,
}

fn find(key: &str) -> Result<(usize, &'static Setting)> {
    SETTINGS
        .iter()
        .enumerate()
        .find(|(_, s)| s.key == key || s.env.contains(&key))
        .ok_or_else(|| Error::invalid(format!("there is no setting {key:?}; `cogtool --help` and cog_option_info list them")))
}

fn check(setting: &Setting, value: &str) -> Result<()> {
    let wanted = match setting.kind {
        Kind::Bool if parse_bool(value).is_none() => "TRUE or FALSE".to_owned(),
        Kind::Int(low, high) if !value.trim().parse().is_ok_and(|n| (low..=high).contains(&n)) => {
            format!("a whole number from {low} to {high}")
        }
        Kind::Number if parse_number(value).is_none() => "a number".to_owned(),
        Kind::LevelChoice if parse_level_choice(value).is_none() => "GDAL, AUTO, LOWER, UPPER or a number from 0 to 100".to_owned(),
        Kind::Choice(words) if !words.iter().any(|w| w.eq_ignore_ascii_case(value)) => format!("one of {}", words.join(", ")),
        _ => return Ok(()),
    };
    // No setting that can be refused holds a secret, so the value may be shown.
    Err(Error::invalid(format!("{} = {value:?}: expected {wanted} (environment variable {})", setting.key, setting.env.join(" or "))))
}

fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn parse_number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// aiocogeo's words stand for percentages.
fn parse_level_choice(text: &str) -> Option<LevelChoice> {
    Some(match text.trim().to_ascii_uppercase().as_str() {
        "GDAL" => LevelChoice::Gdal,
        "AUTO" => LevelChoice::Aiocogeo(50.0),
        "LOWER" => LevelChoice::Aiocogeo(100.0),
        "UPPER" => LevelChoice::Aiocogeo(0.0),
        number => LevelChoice::Aiocogeo(number.parse().ok().filter(|n| (0.0..=100.0).contains(n))?),
    })
}

#[cfg(test)]
mod tests;
