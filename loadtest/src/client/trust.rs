//! Which authorities the clients of this process trust under TLS: those of the machine (`SSL_CERT_FILE` names
//! others), and those that [`trust`] was told of. One answer for the whole process, as with `SSL_CERT_FILE`: every
//! client of a load test speaks to the same cluster.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::error::ClientError;

/// Made when the first client speaks TLS: reading the machine's authorities takes milliseconds.
static TRUST: LazyLock<RwLock<Trust>> = LazyLock::new(RwLock::default);

#[derive(Default)]
struct Trust {
    files: Vec<PathBuf>,
    also: Vec<CertificateDer<'static>>,
    config: Option<Arc<ClientConfig>>,
}

/// From now on certificates are good too that those in this file (PEM) have signed, and these themselves.
pub fn trust(file: &Path) -> Result<(), ClientError> {
    let wrong = |why: &dyn std::fmt::Display| ClientError::Local(format!("{}: {why}", file.display()));
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| wrong(&error))?;
    if certificates.is_empty() {
        return Err(wrong(&"there is no certificate in it"));
    }
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        roots.add(certificate.clone()).map_err(|error| wrong(&error))?;
    }
    let mut trust = TRUST.write().unwrap_or_else(PoisonError::into_inner);
    trust.files.push(file.to_owned());
    trust.also.extend(certificates);
    trust.config = None;
    Ok(())
}

/// The files that were told of.
pub fn trusted_files() -> Vec<PathBuf> {
    TRUST.read().unwrap_or_else(PoisonError::into_inner).files.clone()
}

/// With what a client speaks TLS.
pub(super) fn tls() -> Result<Arc<ClientConfig>, ClientError> {
    let mut trust = TRUST.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(config) = &trust.config {
        return Ok(Arc::clone(config));
    }
    let made = Arc::new(config(&trust.also)?);
    trust.config = Some(Arc::clone(&made));
    Ok(made)
}

fn config(also: &[CertificateDer<'static>]) -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore::empty();
    // A machine may have none, and some that nobody can read.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(also.iter().cloned());
    let versions = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::Local(error.to_string()))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

/// What every HTTP client begins with that may have to speak TLS.
pub fn http_builder() -> Result<reqwest::ClientBuilder, ClientError> {
    Ok(reqwest::Client::builder().tls_backend_preconfigured(ClientConfig::clone(&*tls()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_authorities_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let said = trust(file.path()).unwrap_err().to_string();
        assert!(said.contains("there is no certificate in it"), "{said}");
        assert!(said.contains(&file.path().display().to_string()), "{said}");
        assert!(trust(Path::new("/no/such/file.pem")).is_err());
        assert!(!trusted_files().contains(&file.path().to_owned()));
    }
}
