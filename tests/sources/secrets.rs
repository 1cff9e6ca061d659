//! No secret is in any message, log line, counter or output of the command.

use super::open;
use super::scripted::{Reply, Scripted};
use cog::log::{self, Level};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// Every secret that these tests use has this word in it, also percent-encoded and in base64 (of `sesame`, and with its capitals in the key).
const SECRETS: [&str; 3] = ["sesame", "c2VzYW1l", "Sesame"];

fn assert_kept(what: &str, text: &str) {
    assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{what} shows a secret: {text}");
}

/// Settings and URI of opens that fail, each with secrets. `server` refuses whatever it is asked.
fn failing(server: &str) -> Vec<(Vec<(&'static str, String)>, String)> {
    let s = |text: &str| text.to_owned();
    let at = |setting: &'static str| (setting, s(server));
    let host = server.strip_prefix("http://").unwrap();
    let aws = |own: Vec<(&'static str, String)>| ([vec![at("aws.endpoint")], own].concat(), s("s3://bucket/a.tif"));
    let gcs = |own: Vec<(&'static str, String)>| ([vec![at("gcs.base_url")], own].concat(), s("gs://bucket/a.tif"));
    let azure = |own: Vec<(&'static str, String)>| {
        ([vec![at("azure.endpoint"), ("azure.account_name", s("acc"))], own].concat(), s("az://c/a.tif"))
    };
    let keys =
        vec![("aws.access_key_id", s("AKIAsesame")), ("aws.secret_access_key", s("sesame-key")), ("aws.session_token", s("sesame-token"))];
    vec![
        aws(keys.clone()),
        aws(vec![("aws.access_key_id", s("AKIAsesame"))]),
        aws([keys, vec![("aws.session_token", s("sesame\ntoken"))]].concat()),
        gcs(vec![("gcs.bearer_token", s("sesame-bearer"))]),
        gcs(vec![("gcs.bearer_token", s("sesame\nbearer"))]),
        gcs(vec![("gcs.service_account_key", s(r#"{"private_key": ["sesame"], "client_email": "sesame"}"#))]),
        gcs(vec![("gcs.service_account_key", s("\"sesame\""))]),
        gcs(vec![(
            "gcs.service_account_key",
            s(r#"{"private_key": "sesame", "private_key_id": "1", "client_email": "e", "disable_oauth": false}"#),
        )]),
        azure(vec![("azure.account_key", s("c2VzYW1l"))]),
        azure(vec![("azure.account_key", s("not base64: sesame"))]),
        azure(vec![("azure.sas_key", s("sv=1&sig=sesame%3D"))]),
        azure(vec![("azure.sas_key", s("sesame"))]),
        azure(vec![("azure.token", s("sesame-azure"))]),
        azure(vec![("azure.connection_string", s("AccountKey=c2VzYW1l;sesame"))]),
        azure(vec![("azure.connection_string", s("AccountKey=c2VzYW1l;AccountName=acc"))]),
        azure(vec![
            at("azure.authority_host"),
            ("azure.client_id", s("id")),
            ("azure.tenant_id", s("tenant")),
            ("azure.client_secret", s("sesame-client")),
        ]),
        (vec![("http.bearer_token", s("sesame-http"))], format!("{server}/a.tif")),
        (vec![("http.bearer_token", s("sesame\nhttp"))], format!("{server}/a.tif")),
        (vec![("http.headers", s("X-Key: sesame"))], format!("{server}/a.tif")),
        (vec![("http.headers", s("sesame without a colon"))], format!("{server}/a.tif")),
        (vec![], format!("{server}/a.tif?X-Amz-Signature=sesame&sig=sesame")),
        (vec![], format!("http://user:sesame@{host}/a.tif")),
        (vec![], format!("http://sesame@{host}/a.tif#sesame")),
        (vec![], s("s3://key:sesame@bucket/a.tif")),
        (vec![], s("http://user:sesame@ho st/a.tif")),
        // Nobody listens there.
        (vec![], s("http://user:sesame@127.0.0.1:1/a.tif?sig=sesame")),
        (vec![("http.proxy", s("http://user:sesame@127.0.0.1:1"))], format!("{server}/a.tif")),
        (vec![("http.proxy", format!("http://user:sesame@{host}"))], s("http://a.invalid/a.tif?sig=sesame")),
        (vec![("http.proxy", format!("http://user:sesame@{host}"))], s("https://a.invalid/a.tif?sig=sesame")),
        (vec![("http.proxy", s("http://user:sesame@:not a url"))], format!("{server}/a.tif")),
        (vec![("aws.endpoint", s("http://user:sesame@host")), ("aws.skip_signature", s("TRUE"))], s("s3://bucket/a.tif")),
    ]
}

/// Refuses, and quotes everything that it was sent in every place that is looked at.
fn telltale() -> Scripted {
    Scripted::start(|seen| {
        let all = format!("{seen:?}").replace(['<', '\n', '\r'], " ");
        let status = if seen.path.contains("tenant") { 400 } else { 403 };
        Reply::new(status, format!("<Error><Code>AccessDenied: {all}</Code><Message>{all}</Message></Error>"))
            .with("x-ms-error-code", all.clone())
            .with("www-authenticate", all)
    })
}

#[test]
fn no_secret_is_in_a_message_a_log_line_or_a_counter() {
    let server = telltale();
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let log_lines = Arc::clone(&lines);
    log::set_sink(Some((Arc::new(move |_, line: &str| log_lines.lock().unwrap().push(line.to_owned())), Level::Debug)));
    for (settings, uri) in failing(&server.url) {
        let settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let e = open(&uri, &settings).err().unwrap_or_else(|| panic!("{uri} opened"));
        assert_kept("an error", &format!("{e} {e:?}"));
    }
    log::set_sink(None);
    let lines = lines.lock().unwrap();
    assert!(lines.len() > 10, "{lines:?}");
    assert_kept("the log", &lines.join("\n"));
    assert_kept("the counters", &format!("{:?}", cog::stats::total()));
    // The secrets were in use: the server saw those that are sent.
    let seen = format!("{:?}", server.seen());
    for sent in ["sesame-token", "sesame-bearer", "sesame-azure", "sesame-http", "sesame-client", "X-Amz-Signature=sesame", "sig=sesame%3D"]
    {
        assert!(seen.contains(sent), "{sent} was never sent");
    }
}

#[cfg(feature = "cli")]
#[test]
fn the_command_shows_no_secret() {
    let server = telltale();
    let cogtool = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cogtool"));
        let output = command.args(arguments).envs(variables.iter().copied()).env("VERBOSE_LOGS", "TRUE").output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_kept(&format!("cogtool {}", arguments[0]), &text);
        text
    };
    for (settings, uri) in failing(&server.url) {
        let set: Vec<String> = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let arguments: Vec<&str> = set.iter().flat_map(|text| ["--set", text.as_str()]).chain(["info", uri.as_str()]).collect();
        assert!(cogtool(&arguments, &[]).contains("cogtool: "));
    }
    let environment = [
        ("AWS_ACCESS_KEY_ID", "AKIAsesame"),
        ("AWS_SECRET_ACCESS_KEY", "sesame"),
        ("AWS_SESSION_TOKEN", "sesame"),
        ("AZURE_STORAGE_CONNECTION_STRING", "AccountKey=c2VzYW1l"),
        ("COG_HTTP_BEARER_TOKEN", "sesame"),
        ("COG_HTTP_PROXY", "http://user:sesame@127.0.0.1:1"),
    ];
    assert!(cogtool(&["--help"], &environment).contains("aws.secret_access_key"));
    assert!(cogtool(&["info", "s3://bucket/a.tif", "--set", "sesame"], &environment).contains("--set"));
    assert!(cogtool(&["info", "s3://bucket/a.tif"], &environment).contains("cogtool: s3://bucket/a.tif"));
    assert!(cogtool(&["info", "az://c/a.tif"], &environment).contains("azure.account_name"));
}
