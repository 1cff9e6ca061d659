//! Which servers are trusted.

use crate::error::{Error, Result};
use std::sync::Arc;

/// TLS 1.2 and 1.3 on ring, trusting `ca_file`, or else the system's authorities, or else Mozilla's (a container may have none).
pub(super) fn config(ca_file: &str) -> Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    if ca_file.is_empty() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
    } else {
        use rustls_pki_types::pem::PemObject as _;
        let unreadable = |e: &dyn std::fmt::Display| Error::invalid(format!("http.ca_file = {ca_file:?}: {e}"));
        let certificates = rustls_pki_types::CertificateDer::pem_file_iter(ca_file).map_err(|e| unreadable(&e))?;
        for certificate in certificates {
            roots.add(certificate.map_err(|e| unreadable(&e))?).map_err(|e| unreadable(&e))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::io(format!("TLS could not be set up: {e}")))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
