//! The same pixels, masks and metadata from every source, in the same number of requests from those that are asked over a network.

use super::servers::{FILES, servers, text};
use super::{callback, fixture, open, path};
use crate::range_server::Server;
use cog::{Dataset, Options, Pixels, ReadParams};
use std::sync::Arc;

/// What is read of a file, and what it took.
#[derive(PartialEq)]
struct Outcome {
    metadata: serde_json::Value,
    whole: (Vec<u8>, Vec<u8>),
    window: (Vec<u8>, Vec<u8>),
    reduced: (Vec<u8>, Vec<u8>),
    requests: u64,
    bytes: u64,
}

fn outcome(dataset: &Arc<Dataset>) -> Outcome {
    let read = |params: ReadParams| {
        let Pixels { data, mask, .. } = dataset.read_window(&params, None, true).unwrap();
        (data, mask)
    };
    let mut metadata = dataset.metadata_json().unwrap();
    // The name is the source's.
    metadata["file"] = serde_json::Value::Null;
    let (width, height) = dataset.size();
    let window = read(ReadParams { window: Some([10.0, 20.0, 30.0, 25.0]), level: Some(0), ..ReadParams::default() });
    let reduced = read(ReadParams { out_size: (width.div_ceil(4), height.div_ceil(4)), ..ReadParams::default() });
    let whole = read(ReadParams::default());
    let stats = dataset.stats();
    Outcome { metadata, whole, window, reduced, requests: stats.requests, bytes: stats.bytes }
}

/// The name of a source and the file as it is opened there.
type Sources = Vec<(&'static str, Arc<Dataset>)>;

/// The sources that are here, or are asked over a network that is.
fn at_hand(name: &str, server: &Server) -> Sources {
    let path = path(name);
    let file = open(path.to_str().unwrap(), &[]).unwrap();
    let url = open(&format!("file://{}", path.display()), &[]).unwrap();
    let http = open(&server.url(&format!("/{name}")), &[("http.proxy", "none")]).unwrap();
    vec![("a path", file), ("file://", url), ("the range server", http)]
}

/// The real servers.
fn real(name: &str) -> Sources {
    let Some(found) = servers() else { return Vec::new() };
    let t = |pointer: &str| text(found, pointer);
    let key = format!("a folder/{name}");
    let (bucket, s3) = (t("/s3/bucket"), t("/s3/url"));
    let s3_keys = [("aws.access_key_id", t("/s3/keys/reader/0")), ("aws.secret_access_key", t("/s3/keys/reader/1")), ("aws.endpoint", s3)];
    let account = [("azure.endpoint", t("/azure/url")), ("azure.account_name", t("/azure/account"))];
    let connection = format!("AccountName={};AccountKey={};BlobEndpoint={}", t("/azure/account"), t("/azure/key"), t("/azure/url"));
    let azure = |own: &[(&str, &str)], uri: &str| open(uri, &[&account, own].concat()).unwrap();
    let url = |kind: &str| format!("{}/a%20folder/{name}", t(&format!("/http/{kind}")));
    let nginx = |kind: &str| open(&url(kind), &[("http.ca_file", t("/http/ca"))]).unwrap();
    let blob = format!("az://private/{key}");
    let gcs = ("gcs.base_url", t("/gcs/url"));
    let gs = format!("gs://{}/{key}", t("/gcs/bucket"));
    vec![
        ("nginx", nginx("plain")),
        ("nginx, TLS", nginx("tls")),
        ("nginx, HTTP/2", nginx("h2")),
        ("S3", open(&format!("s3://{bucket}/{key}"), &s3_keys).unwrap()),
        ("GCS, a token", open(&gs, &[gcs, ("gcs.bearer_token", "t")]).unwrap()),
        ("GCS, a service account", open(&gs, &[gcs, ("gcs.service_account_key", t("/gcs/service_account"))]).unwrap()),
        ("GCS, anonymous", open(&gs, &[gcs, ("gcs.skip_signature", "TRUE")]).unwrap()),
        ("Azure, the account's key", azure(&[("azure.account_key", t("/azure/key"))], &blob)),
        ("Azure, SAS", azure(&[("azure.sas_key", t("/azure/sas"))], &blob)),
        ("Azure, anonymous", azure(&[("azure.skip_signature", "TRUE")], &format!("az://public/{key}"))),
        ("Azure, a connection string", open(&blob, &[("azure.connection_string", &connection)]).unwrap()),
        ("Azure, abfss", {
            let uri = format!("abfss://private@{}.dfs.core.windows.net/{key}", t("/azure/account"));
            azure(&[("azure.account_key", t("/azure/key"))], &uri)
        }),
        // A presigned URL: everything is in the query.
        ("Azure, https with a SAS", open(&format!("{}/private/a%20folder/{name}?{}", t("/azure/url"), t("/azure/sas")), &[]).unwrap()),
    ]
}

#[test]
fn every_source_gives_the_same_file_in_the_same_requests() {
    let mut differences = Vec::new();
    for name in FILES {
        let bytes = fixture(name);
        let server = Server::builder().file(&format!("/{name}"), bytes.clone()).start().unwrap();
        let truth = outcome(&Arc::new(Dataset::open_memory(bytes.clone().into(), &Options::new()).unwrap()));
        let mut over_http: Option<Outcome> = None;
        for (source, dataset) in at_hand(name, &server).into_iter().chain(real(name)) {
            let got = outcome(&dataset);
            let same =
                got.metadata == truth.metadata && got.whole == truth.whole && got.window == truth.window && got.reduced == truth.reduced;
            if !same {
                differences.push(format!("{name} from {source}: not what memory has"));
            }
            if matches!(source, "a path" | "file://") {
                continue;
            }
            let first = over_http.get_or_insert_with(|| Outcome { requests: got.requests, bytes: got.bytes, ..outcome(&dataset) });
            if (got.requests, got.bytes) != (first.requests, first.bytes) {
                let (n, b) = (first.requests, first.bytes);
                differences.push(format!("{name} from {source}: {} requests, {} bytes in place of {n}, {b}", got.requests, got.bytes));
            }
        }
        if callback::whole(&bytes, truth.whole.0.len()) != truth.whole.0 {
            differences.push(format!("{name} from a callback: not what memory has"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
