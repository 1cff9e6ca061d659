//! A STAC item (STAC 1.1, `item-spec`) as the set of its COG assets.
//!
//! An item may come from anybody: its size and its assets are limited, an item from a server names no local files, and the credentials of
//! the options go to the item's own origin only.

use super::AT_ONCE;
use crate::cancel::Stop;
use crate::dataset::Dataset;
use crate::error::{Error, Reason, Result};
use crate::options::Options;
use crate::source::reader::Reader;
use crate::source::uri::{Location, public_name};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use url::Url;

/// Which assets are opened.
#[derive(Debug, Clone, Default)]
pub struct StacParams {
    /// These keys, whatever their media type, in this order; `None`: all of the right media type, in the item's order.
    pub assets: Option<Vec<String>>,
    /// TIFFs of any kind, not only Cloud-Optimized GeoTIFFs.
    pub any_tiff: bool,
}

/// An asset of the item.
pub struct Asset {
    /// Its key.
    pub name: String,
    /// The open file, or why it could not be opened.
    pub dataset: Result<Arc<Dataset>>,
}

/// Reads an item (a path or a URL) and opens its COG assets, up to 16 at once.
pub fn open_stac(uri: &str, params: &StacParams, options: &Options) -> Result<Vec<Asset>> {
    let location = Location::parse(uri)?;
    let name = public_name(uri);
    crate::runtime::block_on(async {
        let text = fetch(&location, &name, options).await?;
        let found = assets(&text, params, limit(options, "stac.assets")?).map_err(|e| e.in_file(&name))?;
        let base = Base { uri, location: &location };
        let each = found.into_iter().map(async |(name, href)| {
            let dataset = async {
                let (uri, options) = base.resolve(&href, options)?;
                Dataset::open_later(&uri, &options).await
            };
            Asset { name, dataset: dataset.await.map(Arc::new) }
        });
        Ok(stream::iter(each).buffered(AT_ONCE).collect().await)
    })
}

fn limit(options: &Options, key: &str) -> Result<u64> {
    // The table of settings lets only numbers in.
    Ok(options.get(key)?.trim().parse().unwrap_or(0))
}

/// The item's text, in one request.
async fn fetch(location: &Location, name: &str, options: &Options) -> Result<Bytes> {
    let most = limit(options, "stac.item_bytes")?;
    let mut settings = options.resolve()?;
    settings.header_bytes = most;
    settings.limits.header_bytes = settings.limits.header_bytes.max(most);
    let stop = Stop::new(settings.cancel.clone(), None);
    let counters = std::sync::Arc::default();
    let source = crate::source::connect(location, name, &settings, &counters).map_err(|e| e.in_file(name))?;
    let reader = Reader::open(source, name.to_owned(), settings, counters, &stop).await?;
    if reader.size() > most {
        return Err(too_many("the size of the STAC item in bytes", reader.size(), "stac.item_bytes", most).in_file(name));
    }
    reader.known(&(0..reader.size())).ok_or_else(|| Error::io("the STAC item did not come whole").in_file(name))
}

fn too_many(what: &str, value: u64, setting: &'static str, limit: u64) -> Error {
    Reason::LimitExceeded { what: what.to_owned(), value, setting, limit }.into()
}

/// Keys and hrefs of the assets to open.
fn assets(text: &[u8], params: &StacParams, most: u64) -> Result<Vec<(String, String)>> {
    let broken = |what: String| Error::format(format!("this is not a STAC item: {what}"));
    // serde_json's message says where, and nothing of what stands there.
    let item: Value = serde_json::from_slice(text).map_err(|e| broken(e.to_string()))?;
    let all = item.get("assets").and_then(Value::as_object).ok_or_else(|| broken("it has no object \"assets\"".to_owned()))?;
    let href = |asset: &Value| asset.get("href").and_then(Value::as_str).map(str::to_owned);
    let chosen: Vec<(String, Option<String>)> = if let Some(names) = &params.assets {
        let named = |name: &String| {
            let missing = || Error::from(Reason::NotFound(format!("the STAC item has no asset {name:?}")));
            all.get(name).map(|asset| (name.clone(), href(asset))).ok_or_else(missing)
        };
        names.iter().map(named).collect::<Result<_>>()?
    } else {
        let fits = |asset: &Value| asset.get("type").and_then(Value::as_str).is_some_and(|t| is_wanted(t, params.any_tiff));
        all.iter().filter(|(_, asset)| fits(asset)).map(|(name, asset)| (name.clone(), href(asset))).collect()
    };
    if chosen.is_empty() {
        let kind = if params.any_tiff { "TIFF" } else { "COG (image/tiff; application=geotiff; profile=cloud-optimized)" };
        return Err(Reason::NotFound(format!("none of the STAC item's {} assets has the media type of a {kind}", all.len())).into());
    }
    if chosen.len() as u64 > most {
        return Err(too_many("the number of assets to open", chosen.len() as u64, "stac.assets", most));
    }
    let with_href = |(name, href): (String, Option<String>)| match href {
        Some(href) if !href.is_empty() => Ok((name, href)),
        _ => Err(broken(format!("its asset {name:?} has no href"))),
    };
    chosen.into_iter().map(with_href).collect()
}

/// Whether a media type (RFC 9110, section 8.3.1: parameters in any order and case, perhaps quoted) is that of a COG:
/// `image/tiff; application=geotiff; profile=cloud-optimized`, or `image/vnd.stac.geotiff; cloud-optimized=true` of early STAC versions.
fn is_wanted(media_type: &str, any_tiff: bool) -> bool {
    let lower = media_type.to_ascii_lowercase();
    let mut parts = lower.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let parameters: Vec<(&str, &str)> =
        parts.filter_map(|p| p.split_once('=')).map(|(k, v)| (k.trim(), v.trim().trim_matches('"'))).collect();
    let has = |key: &str, value: &str| parameters.contains(&(key, value));
    match essence {
        "image/tiff" | "image/geotiff" | "image/vnd.stac.geotiff" if any_tiff => true,
        "image/tiff" => has("application", "geotiff") && has("profile", "cloud-optimized"),
        "image/vnd.stac.geotiff" => has("cloud-optimized", "true") || has("profile", "cloud-optimized"),
        _ => false,
    }
}

/// Where the item came from.
struct Base<'a> {
    uri: &'a str,
    location: &'a Location,
}

impl Base<'_> {
    /// The URI of an href, and the options that it may be opened with.
    fn resolve(&self, href: &str, options: &Options) -> Result<(String, Options)> {
        let uri = self.join(href)?;
        let location = Location::parse(&uri)?;
        let mut options = options.clone();
        match (self.location, &location) {
            (Location::Path(_), Location::Path(_)) => {}
            (_, Location::Path(_)) => {
                let message = "a STAC item that does not lie in a file may not name local files";
                return Err(Error::from(Reason::PermissionDenied(message.into())).in_file(&public_name(&uri)));
            }
            (Location::Http(item), Location::Http(asset)) if item.origin() == asset.origin() => {}
            (_, Location::Http(_)) => {
                // What is secret is for the server that the caller named.
                options.set("http.headers", "")?;
                options.set("http.bearer_token", "")?;
            }
            (Location::Object(item), Location::Object(asset)) if asset.host == item.host => {}
            (_, Location::Object(asset)) if asset.host.is_none() => {}
            (_, Location::Object(_)) => {
                let message =
                    "the STAC item names the host of a store, which would be sent the store's credentials; open the asset by its own URI";
                return Err(Error::from(Reason::PermissionDenied(message.into())).in_file(&public_name(&uri)));
            }
        }
        Ok((uri, options))
    }

    /// An href, relative to the item.
    fn join(&self, href: &str) -> Result<String> {
        if href.contains("://") {
            return Ok(href.to_owned());
        }
        match self.location {
            Location::Http(url) => {
                let joined = url.join(href).map_err(|e| Error::format(format!("an href of the STAC item is no URL: {e}")))?;
                Ok(Url::to_string(&joined))
            }
            Location::Path(path) => {
                let joined = path.parent().unwrap_or(Path::new("")).join(href);
                joined.into_os_string().into_string().map_err(|_| Error::format("the STAC item's path is not UTF-8"))
            }
            Location::Object(_) => join_key(self.uri, href),
        }
    }
}

/// An href relative to an object: `./` and `../` are folders of its key.
fn join_key(uri: &str, href: &str) -> Result<String> {
    let (scheme, rest) = uri.split_once("://").unwrap_or_default();
    let (bucket, key) = rest.split_once('/').unwrap_or_default();
    let mut folders: Vec<&str> = if href.starts_with('/') { Vec::new() } else { key.split('/').collect() };
    folders.pop();
    for part in href.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                folders.pop().ok_or_else(|| Error::format("an href of the STAC item leads out of its bucket"))?;
            }
            part => folders.push(part),
        }
    }
    Ok(format!("{scheme}://{bucket}/{}", folders.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_told_apart_however_they_are_written() {
        assert!(is_wanted("image/tiff; application=geotiff; profile=cloud-optimized", false));
        assert!(is_wanted("Image/TIFF;profile=\"cloud-optimized\" ;application=GeoTIFF", false));
        assert!(is_wanted("image/vnd.stac.geotiff; cloud-optimized=true", false));
        assert!(!is_wanted("image/tiff; application=geotiff", false) && is_wanted("image/tiff; application=geotiff", true));
        assert!(!is_wanted("image/png", true) && !is_wanted("application/geo+json", true) && !is_wanted("", true));
    }

    fn item(assets: &str) -> Vec<u8> {
        format!("{{\"type\": \"Feature\", \"assets\": {assets}}}").into_bytes()
    }

    const COG: &str = "image/tiff; application=geotiff; profile=cloud-optimized";

    #[test]
    fn assets_are_chosen_by_type_or_by_name() {
        let text = item(&format!(
            r#"{{"b": {{"href": "./b.tif", "type": "{COG}"}}, "png": {{"href": "x.png", "type": "image/png"}}, "a": {{"href": "a.tif", "type": "{COG}"}}}}"#
        ));
        let names = |params: &StacParams| assets(&text, params, 10).map(|a| a.into_iter().map(|(n, _)| n).collect::<Vec<_>>());
        assert_eq!(names(&StacParams::default()).unwrap(), ["b", "a"]);
        assert_eq!(names(&StacParams { assets: Some(vec!["png".into()]), ..StacParams::default() }).unwrap(), ["png"]);
        assert!(
            names(&StacParams { assets: Some(vec!["c".into()]), ..StacParams::default() })
                .unwrap_err()
                .to_string()
                .contains("no asset \"c\"")
        );
        assert!(assets(&text, &StacParams::default(), 1).unwrap_err().to_string().contains("stac.assets"));
    }

    #[test]
    fn what_is_no_item_is_refused_without_showing_it() {
        let params = StacParams::default();
        for text in [b"secret".to_vec(), b"[]".to_vec(), b"{}".to_vec(), item("[]"), item("{}"), item(&"[".repeat(100_000)), vec![0xff; 10]]
        {
            let message = assets(&text, &params, 10).unwrap_err().to_string();
            assert!(!message.contains("secret"), "{message}");
        }
        let no_href = item(&format!(r#"{{"a": {{"type": "{COG}", "href": 3}}}}"#));
        assert!(assets(&no_href, &params, 10).unwrap_err().to_string().contains("has no href"));
    }

    fn resolved(item: &str, href: &str) -> Result<String> {
        let location = Location::parse(item)?;
        Base { uri: item, location: &location }.resolve(href, &Options::new()).map(|(uri, _)| uri)
    }

    #[test]
    fn hrefs_are_relative_to_the_item() {
        assert_eq!(resolved("https://h/a/b/item.json?sig=1", "./B1.tif").unwrap(), "https://h/a/b/B1.tif");
        assert_eq!(resolved("https://h/a/b/item.json", "../c/B1.tif?x=1").unwrap(), "https://h/a/c/B1.tif?x=1");
        assert_eq!(resolved("/data/a/item.json", "../B1.tif").unwrap(), "/data/a/../B1.tif");
        assert_eq!(resolved("item.json", "B1.tif").unwrap(), "B1.tif");
        assert_eq!(resolved("s3://bucket/a/b/item.json", "./../B 1.tif").unwrap(), "s3://bucket/a/B 1.tif");
        assert_eq!(resolved("s3://bucket/a/b/item.json", "https://h/B1.tif").unwrap(), "https://h/B1.tif");
        assert!(resolved("s3://bucket/item.json", "../B1.tif").is_err());
    }

    #[test]
    fn an_item_from_a_server_names_no_local_files_and_no_hosts_of_stores() {
        assert!(resolved("https://h/item.json", "file:///etc/passwd").is_err());
        assert!(resolved("s3://bucket/item.json", "file:///etc/passwd").is_err());
        assert_eq!(resolved("https://h/item.json", "/etc/passwd").unwrap(), "https://h/etc/passwd");
        assert!(resolved("/data/item.json", "abfss://container@evil.example/B1.tif").is_err());
        assert!(resolved("/data/item.json", "file:///data/B1.tif").is_ok());
    }

    #[test]
    fn credentials_stay_at_the_items_origin() {
        let mut options = Options::new();
        options.set("http.bearer_token", "secret").unwrap();
        options.set("http.headers", "X-Key: secret").unwrap();
        let token = |item: &str, href: &str| {
            let location = Location::parse(item).unwrap();
            let (_, options) = Base { uri: item, location: &location }.resolve(href, &options).unwrap();
            let http = options.resolve().unwrap().http;
            (http.bearer_token, http.headers)
        };
        let none = (String::new(), String::new());
        assert_eq!(token("https://h/item.json", "B1.tif").0, "secret");
        assert_eq!(token("https://h/item.json", "https://other/B1.tif"), none);
        assert_eq!(token("https://h/item.json", "http://h/B1.tif"), none);
        assert_eq!(token("/data/item.json", "https://h/B1.tif"), none);
    }
}
