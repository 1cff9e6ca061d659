//! Amazon S3 and what speaks its protocol.

use super::connector::{Connector, retry};
use super::current::Current;
use super::profile::Profile;
use super::{endpoint, no_credentials, object_url, sigv4};
use crate::error::{Error, Result};
use crate::options::Section;
use crate::source::http::{Access, Answer, Prepared, Refusal, Repair};
use chrono::{DateTime, TimeDelta, Utc};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredentialProvider};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Request, Response};
use std::sync::Arc;

/// Where a bucket's region is told.
const REGION_HEADER: &str = "x-amz-bucket-region";
const DEFAULT_REGION: &str = "us-east-1";
const ADVICE: &str = "set aws.access_key_id and aws.secret_access_key, or aws.profile, or aws.skip_signature = TRUE for a public bucket";

pub(crate) struct Bucket {
    name: String,
    /// The `aws.*` settings.
    settings: Section,
    connector: Connector,
    current: Current<State>,
}

struct State {
    region: String,
    /// The URL of the endpoint, where it is not AWS's own.
    endpoint: Option<String>,
    /// What to add to this machine's clock to have the server's.
    skew: TimeDelta,
    credentials: Credentials,
}

#[derive(Clone)]
enum Credentials {
    /// Requests are not signed.
    Anonymous,
    /// Keys that the settings give: they stay what they are.
    Fixed(AwsCredentialProvider),
    /// Keys of a profile, whose files may have changed since.
    Profile(Arc<Profile>, AwsCredentialProvider),
    /// Keys that a service gives for some time.
    Service(AwsCredentialProvider),
}

impl Bucket {
    pub(super) fn new(name: &str, settings: &Section, connector: Connector) -> Result<Self> {
        if name.ends_with("--x-s3") {
            return Err(Error::unsupported("directory buckets (S3 Express One Zone) are not supported"));
        }
        let connector = connector.with_metadata(settings.get("metadata_endpoint"));
        let (credentials, profile) = find_credentials(settings, &connector)?;
        let from_profile = |name| profile.as_ref().map_or("", |p| p.get(name));
        let first = |values: [&str; 2]| values.into_iter().find(|v| !v.is_empty()).map(str::to_owned);
        let region = first([settings.get("region"), from_profile("region")]).unwrap_or_else(|| DEFAULT_REGION.to_owned());
        if !is_region(&region) {
            return Err(Error::invalid(format!("aws.region = {region:?} is not the name of a region")));
        }
        let address = first([settings.get("endpoint"), from_profile("endpoint_url")]);
        let endpoint = address.map(|text| endpoint("aws.endpoint", &text)).transpose()?;
        let state = State { region, endpoint, skew: TimeDelta::zero(), credentials };
        Ok(Self { name: name.to_owned(), settings: settings.clone(), connector, current: Current::new(state) })
    }

    /// The URL of the bucket: `https://bucket.s3.region.amazonaws.com`, or with the bucket in the path.
    fn url(&self, state: &State) -> String {
        let bucket = &self.name;
        // A name with dots or capitals does not fit a certificate or a host name.
        let fits_host = bucket.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let virtual_host = match self.settings.get("virtual_hosted_style_request") {
            "" => fits_host && state.endpoint.is_none(),
            word if word.eq_ignore_ascii_case("auto") => fits_host && state.endpoint.is_none(),
            _ => self.settings.flag("virtual_hosted_style_request"),
        };
        let domain = if state.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let base = state.endpoint.clone().unwrap_or_else(|| format!("https://s3.{}.{domain}", state.region));
        match base.split_once("://") {
            // As object_store has it, an endpoint may hold the bucket's name already.
            Some((_, host)) if virtual_host && host.starts_with(&format!("{bucket}.")) => base,
            Some((scheme, host)) if virtual_host => format!("{scheme}://{bucket}.{host}"),
            _ => format!("{base}/{bucket}"),
        }
    }

    fn requester_pays(&self) -> bool {
        self.settings.get("request_payer").eq_ignore_ascii_case("requester") || self.settings.flag("request_payer")
    }

    async fn sign(&self, request: &mut Request, state: &State) -> Result<()> {
        let provider = match &state.credentials {
            Credentials::Anonymous => return Ok(()),
            Credentials::Fixed(provider) | Credentials::Profile(_, provider) | Credentials::Service(provider) => provider,
        };
        let credential = provider.get_credential().await.map_err(|e| no_credentials("S3", &e, &self.settings, ADVICE))?;
        let time = Utc::now().checked_add_signed(state.skew).unwrap_or_else(Utc::now);
        sigv4::sign(request, &credential, &state.region, time)
    }

    /// What can be done about a refusal of a request that was made in this state.
    fn repaired(&self, refusal: &Refusal, state: &State) -> Option<(Repair, State)> {
        let with = |region: &str, skew: TimeDelta, credentials: &Credentials| State {
            region: region.to_owned(),
            endpoint: state.endpoint.clone(),
            skew,
            credentials: credentials.clone(),
        };
        let region = refusal.header(REGION_HEADER).filter(|region| is_region(region) && *region != state.region);
        if let (Some(region), 301 | 307 | 400 | 403) = (region, refusal.status.as_u16()) {
            return Some((Repair::Region, with(region, state.skew, &state.credentials)));
        }
        match refusal.code() {
            "RequestTimeTooSkewed" => {
                let server = DateTime::parse_from_rfc2822(refusal.header("date")?).ok()?;
                let skew = server.signed_duration_since(Utc::now());
                Some((Repair::Clock, with(&state.region, skew, &state.credentials)))
            }
            "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "InvalidToken" | "InvalidAccessKeyId" => {
                let fresh = self.renewed(&state.credentials)?;
                Some((Repair::Credentials, with(&state.region, state.skew, &fresh)))
            }
            _ => None,
        }
    }

    /// New credentials, where there may be some.
    fn renewed(&self, old: &Credentials) -> Option<Credentials> {
        let (fresh, _) = match old {
            Credentials::Anonymous | Credentials::Fixed(_) => return None,
            Credentials::Profile(..) | Credentials::Service(_) => find_credentials(&self.settings, &self.connector).ok()?,
        };
        match (old, &fresh) {
            (Credentials::Profile(then, _), Credentials::Profile(now, _)) if then == now => None,
            _ => Some(fresh),
        }
    }
}

/// The first of: no signature; keys in the settings; a profile that is named; web identity; the default profile; the container's
/// service; the instance's metadata. The profile that was read comes with it: it may name a region.
fn find_credentials(settings: &Section, connector: &Connector) -> Result<(Credentials, Option<Arc<Profile>>)> {
    let anonymous = settings.flag("skip_signature");
    let keys = settings.has("access_key_id") || settings.has("secret_access_key");
    let needed = !anonymous && !keys && settings.has("profile");
    let profile = match Profile::load(settings) {
        Err(e) if needed => return Err(e),
        profile => profile.ok().flatten().map(Arc::new),
    };
    if anonymous {
        return Ok((Credentials::Anonymous, profile));
    }
    if keys {
        return Ok((Credentials::Fixed(provider(settings, &["access_key_id", "secret_access_key", "session_token"], connector)?), profile));
    }
    let web_identity = ["web_identity_token_file", "role_arn", "role_session_name", "endpoint_url_sts"];
    let by_settings = settings.has("web_identity_token_file") && settings.has("role_arn");
    if let Some(profile) = profile.as_ref().filter(|_| settings.has("profile") || !by_settings) {
        profile.check()?;
        let mut merged = settings.clone();
        for (name, key) in [
            ("access_key_id", "aws_access_key_id"),
            ("secret_access_key", "aws_secret_access_key"),
            ("session_token", "aws_session_token"),
            ("web_identity_token_file", "web_identity_token_file"),
            ("role_arn", "role_arn"),
            ("role_session_name", "role_session_name"),
            ("region", "region"),
        ] {
            merged.or_set(name, profile.get(key));
        }
        if profile.has("aws_access_key_id") {
            let provider = provider(&merged, &["access_key_id", "secret_access_key", "session_token"], connector)?;
            return Ok((Credentials::Profile(Arc::clone(profile), provider), Some(Arc::clone(profile))));
        }
        if profile.has("web_identity_token_file") && profile.has("role_arn") {
            return Ok((Credentials::Service(provider(&merged, &web_identity, connector)?), Some(Arc::clone(profile))));
        }
    }
    if by_settings {
        return Ok((Credentials::Service(provider(settings, &web_identity, connector)?), profile));
    }
    for uri in ["container_credentials_relative_uri", "container_credentials_full_uri"] {
        if settings.has(uri) {
            return Ok((Credentials::Service(provider(settings, &[uri, "container_authorization_token_file"], connector)?), profile));
        }
    }
    if settings.flag("ec2_metadata_disabled") {
        let cause = Error::io("none are set, and the metadata service is not asked (aws.ec2_metadata_disabled)");
        return Err(no_credentials("S3", &cause, settings, ADVICE));
    }
    Ok((Credentials::Service(provider(settings, &["metadata_endpoint", "imdsv1_fallback"], connector)?), profile))
}

/// object_store's provider for the link of the chain that these settings make.
fn provider(settings: &Section, names: &[&str], connector: &Connector) -> Result<AwsCredentialProvider> {
    if settings.has("container_credentials_full_uri") && names.contains(&"container_credentials_full_uri") {
        endpoint("aws.container_credentials_full_uri", settings.get("container_credentials_full_uri"))?;
        if !settings.has("container_authorization_token_file") {
            return Err(Error::invalid("aws.container_credentials_full_uri needs aws.container_authorization_token_file"));
        }
    }
    // The bucket has no part in it, but the builder wants one.
    let mut builder = AmazonS3Builder::new().with_bucket_name("bucket").with_retry(retry()).with_http_connector(connector.clone());
    for (name, value) in settings.iter().filter(|(name, _)| *name == "region" || names.contains(name)) {
        let key = format!("aws_{name}").parse::<AmazonS3ConfigKey>().map_err(|e| Error::invalid(format!("aws.{name}: {e}")))?;
        builder = builder.with_config(key, value);
    }
    let store = builder.build().map_err(|e| no_credentials("S3", &e, settings, ADVICE))?;
    Ok(Arc::clone(store.credentials()))
}

/// A region becomes a part of a host name: a server must not be able to name another host.
fn is_region(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
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
        object_url(&bucket.url(&bucket.current.get().1), key)?;
        Ok(Self { bucket, key: key.to_owned(), headers })
    }

    async fn prepare(&self, headers: HeaderMap) -> Result<Prepared> {
        let (generation, state) = self.bucket.current.get();
        let mut request = Request::new(Method::GET, object_url(&self.bucket.url(&state), &self.key)?);
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().extend(headers);
        if self.bucket.requester_pays() {
            request.headers_mut().insert("x-amz-request-payer", HeaderValue::from_static("requester"));
        }
        self.bucket.sign(&mut request, &state).await?;
        Ok(Prepared { request, generation })
    }
}

impl Access for Object {
    fn request(&self, headers: HeaderMap) -> Answer<'_, Result<Prepared>> {
        Box::pin(self.prepare(headers))
    }

    /// An answer that names the bucket's region is about the region, wherever it leads.
    fn follows(&self, response: &Response) -> bool {
        !response.headers().contains_key(REGION_HEADER)
    }

    fn repair<'a>(&'a self, refusal: &'a Refusal, generation: u64) -> Answer<'a, Option<Repair>> {
        Box::pin(async move { self.bucket.current.repair(generation, |state| self.bucket.repaired(refusal, state)) })
    }

    fn advice(&self, refusal: &Refusal) -> Option<String> {
        let (_, state) = self.bucket.current.get();
        let signed = !matches!(state.credentials, Credentials::Anonymous);
        match (refusal.code(), refusal.status.as_u16()) {
            ("AccessDenied", _) if !signed => Some("the request was not signed (aws.skip_signature)".to_owned()),
            ("AccessDenied", _) if !self.bucket.requester_pays() => {
                Some("if the bucket's reader pays for requests, set aws.request_payer = requester".to_owned())
            }
            ("AuthorizationHeaderMalformed", _) | (_, 301) => {
                let told = refusal.header(REGION_HEADER).filter(|region| is_region(region));
                let told = told.map_or_else(|| "the server does not say which is right".to_owned(), |r| format!("the bucket is in {r}"));
                Some(format!("the region that was asked is {} (aws.region); {told}", state.region))
            }
            ("ExpiredToken", _) => Some("the session token has expired".to_owned()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    fn url(bucket: &str, settings: &[(&str, &str)]) -> String {
        let mut options = Options::new();
        for (key, value) in [("aws.skip_signature", "TRUE"), ("aws.endpoint", ""), ("aws.region", "")].iter().chain(settings) {
            options.set(key, value).unwrap();
        }
        let settings = options.resolve().unwrap();
        let connector = Connector::new(&crate::source::http::ClientKey::new(&settings.http), &settings.http).unwrap();
        let bucket = Bucket::new(bucket, &settings.aws, connector).unwrap();
        bucket.url(&bucket.current.get().1)
    }

    #[test]
    fn a_bucket_is_in_the_host_name_where_it_fits_and_nobody_says_otherwise() {
        assert_eq!(url("abc", &[("aws.region", "eu-west-1")]), "https://abc.s3.eu-west-1.amazonaws.com");
        assert_eq!(url("a.b", &[]), "https://s3.us-east-1.amazonaws.com/a.b");
        assert_eq!(url("abc", &[("aws.region", "cn-north-1")]), "https://abc.s3.cn-north-1.amazonaws.com.cn");
        assert_eq!(url("abc", &[("aws.virtual_hosted_style_request", "FALSE")]), "https://s3.us-east-1.amazonaws.com/abc");
        let minio = ("aws.endpoint", "http://127.0.0.1:9000/");
        assert_eq!(url("abc", &[minio]), "http://127.0.0.1:9000/abc");
        let hosted = ("aws.virtual_hosted_style_request", "TRUE");
        assert_eq!(url("abc", &[minio, hosted]), "http://abc.127.0.0.1:9000");
        assert_eq!(url("abc", &[("aws.endpoint", "https://abc.x.org"), hosted]), "https://abc.x.org");
        assert_eq!(url("abc", &[("aws.endpoint", "x.org")]), "https://x.org/abc");
    }

    #[test]
    fn a_server_can_not_name_another_host_as_a_region() {
        assert!(is_region("ap-southeast-2"));
        for bad in ["", "a.b", "x/y", "evil.com#", "EU", &"a".repeat(33)] {
            assert!(!is_region(bad), "{bad}");
        }
    }
}
