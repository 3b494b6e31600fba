//! Certificates and private keys in PEM files (RFC 7468): those between nodes, and those shown to clients.

use std::path::Path;

use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} in {path} cannot be used: {why}")]
pub struct PemError {
    what: &'static str,
    path: String,
    why: String,
}

impl PemError {
    /// What should be in the file cannot be used; `why` ends the sentence.
    pub fn new(what: &'static str, path: &Path, why: impl ToString) -> Self {
        Self { what, path: path.display().to_string(), why: why.to_string() }
    }
}

/// All certificates of a file, at least one.
///
/// # Errors
/// The file cannot be read, or has none.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    const WHAT: &str = "the certificate";
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(chain) if chain.is_empty() => Err(PemError::new(WHAT, path, "there is none in it")),
        Ok(chain) => Ok(chain),
        Err(error) => Err(PemError::new(WHAT, path, reason(&error))),
    }
}

/// The first private key of a file: PKCS #8, PKCS #1 or SEC 1, without a passphrase.
///
/// # Errors
/// The file cannot be read, or has none.
pub fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    const WHAT: &str = "the private key";
    PrivateKeyDer::from_pem_file(path).map_err(|error| {
        let why = match error {
            pem::Error::NoItemsFound => {
                "there is none in it, or only one with a passphrase, which nobody could type in".to_owned()
            }
            other => reason(&other),
        };
        PemError::new(WHAT, path, why)
    })
}

fn reason(error: &pem::Error) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "there is none in it".to_owned(),
        pem::Error::MissingSectionEnd { .. } => "it is cut off".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "it is not PEM".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_the_reason() {
        let missing = Path::new("/no/such/file.pem");
        let said = certificates(missing).unwrap_err().to_string();
        assert!(
            said.starts_with("the certificate in /no/such/file.pem cannot be used: No such file"),
            "{said}"
        );
        let said = private_key(missing).unwrap_err().to_string();
        assert!(
            said.starts_with("the private key in /no/such/file.pem cannot be used: No such file"),
            "{said}"
        );

        for (text, why) in [
            ("nothing", "there is none in it"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "it is cut off"),
            ("-----BEGIN CERTIFICATE\nAAAA\n", "it is not PEM"),
        ] {
            let file = file(text);
            let said = certificates(file.path()).unwrap_err().to_string();
            assert!(said.ends_with(why), "{said}");
        }
    }

    #[test]
    fn a_key_with_a_passphrase_is_not_taken() {
        let locked =
            file("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
        let said = private_key(locked.path()).unwrap_err().to_string();
        assert!(said.contains("passphrase"), "{said}");
    }
}
