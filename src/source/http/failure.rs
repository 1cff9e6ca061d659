//! What goes wrong with a request: what it is called, and whether it may pass.

use crate::error::{Error, Reason};
use crate::options::Http;
use std::error::Error as StdError;
use std::io;
use std::time::Duration;

/// Why an attempt did not bring what was asked for.
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) again: Again,
}

/// Whether another attempt may do better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    No,
    Yes,
    /// The server says when (Retry-After).
    After(Duration),
}

/// What nothing else is said of stays as it is.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, again: Again::No }
    }
}

impl Failure {
    /// A failure that may pass.
    pub(super) fn passing(error: impl Into<Error>) -> Self {
        Self { error: error.into(), again: Again::Yes }
    }

    pub(super) fn map(self, change: impl FnOnce(Error) -> Error) -> Self {
        Self { error: change(self.error), ..self }
    }

    /// A failure below HTTP: of the name, the connection, TLS, the proxy. A broken connection may pass; a certificate stays what it is.
    pub(super) fn of_transport(e: reqwest::Error, http: &Http) -> Self {
        let (connecting, timeout) = (e.is_connect(), e.is_timeout());
        // reqwest's own message names the URL with its query, where signatures are.
        let e = e.without_url();
        if connecting && timeout {
            let limit = http.connect_timeout.as_millis();
            let message = format!("the server could not be reached within {limit} ms (http.connect_timeout_ms)");
            return Self::passing(Reason::Timeout(message));
        }
        if e.is_builder() {
            return Error::io(format!("the request can't be made: {}", innermost(&e))).into();
        }
        if let Some(tls) = causes(&e).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            return tls_error(tls).into();
        }
        if causes(&e).any(is_out_of_files) {
            let message = "this process has no file descriptor left for a connection: raise its limit (ulimit -n) or lower io.concurrency";
            return Self::passing(Error::io(message));
        }
        match causes(&e).map(ToString::to_string).find_map(|text| text.strip_prefix("tunnel error: ").map(str::to_owned)).as_deref() {
            Some("proxy authorization required") => {
                let message = "the proxy answered 407: it wants a user and a password, or others (http.proxy)";
                return Error::from(Reason::PermissionDenied(message.to_owned())).with_http_status(407).into();
            }
            Some("unsuccessful" | "proxy response headers too long") => {
                return Error::io("the proxy refused to connect to the server (http.proxy)").into();
            }
            _ => {}
        }
        let text = innermost(&e);
        Self::passing(Error::io(if causes(&e).any(|cause| cause.to_string() == "dns error") {
            format!("the server's name could not be resolved: {text}")
        } else if connecting {
            format!("the server could not be reached: {text}")
        } else {
            format!("the connection broke: {text}")
        }))
    }
}

/// An error with its causes, those included that an I/O error wraps.
fn causes(e: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    fn next<'a>(e: &&'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
        let e = *e;
        match e.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => e.source(),
        }
    }
    std::iter::successors(Some(e as &(dyn StdError + 'static)), next)
}

fn innermost(e: &reqwest::Error) -> String {
    causes(e).last().map_or_else(String::new, ToString::to_string)
}

fn is_out_of_files(e: &(dyn StdError + 'static)) -> bool {
    let number = e.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
    matches!(number, Some(libc::EMFILE | libc::ENFILE))
}

fn tls_error(e: &rustls::Error) -> Error {
    use rustls::CertificateError as Wrong;
    let rustls::Error::InvalidCertificate(wrong) = e else { return Error::io(format!("TLS with the server failed: {e}")) };
    let what = match wrong {
        Wrong::Expired | Wrong::ExpiredContext { .. } => "it has expired".to_owned(),
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => "it is not valid yet; is this machine's clock right?".to_owned(),
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => "it is another host's".to_owned(),
        Wrong::UnknownIssuer => "no authority that is trusted here has signed it (http.ca_file)".to_owned(),
        Wrong::Revoked => "it was revoked".to_owned(),
        other => other.to_string(),
    };
    Error::io(format!("the server's certificate is not accepted: {what}"))
}
