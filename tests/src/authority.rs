//! Certificates for nodes, signed by an authority of the test's own.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// An authority that signs nodes' certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Files in PEM.
pub struct Papers {
    /// A certificate that names a host.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authority that signed it.
    pub ca: PathBuf,
}

impl Authority {
    /// A new one that nobody else trusts.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// Papers of a node that is reached at `host`, in files in `dir`.
    pub fn sign(&self, dir: &Path, host: &str) -> Papers {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([host.to_owned()]).expect("a host name");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let write = |name: &str, pem: String| {
            let path = dir.join(format!("{host}-{name}.pem"));
            std::fs::write(&path, pem).expect("a file in PEM");
            path
        };
        Papers {
            certificate: write("certificate", certificate.pem()),
            key: write("key", key.serialize_pem()),
            ca: write("ca", self.0.pem()),
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Papers {
    /// The environment variable with which a node speaks TLS with clients.
    pub(crate) const CLIENT_CERTIFICATE: &str = "MADANG_HTTP__TLS_CERTIFICATE";

    /// As environment variables of a node, for its clients.
    pub fn client_settings(&self) -> [(&'static str, String); 2] {
        let text = |path: &Path| path.display().to_string();
        [(Self::CLIENT_CERTIFICATE, text(&self.certificate)), ("MADANG_HTTP__TLS_KEY", text(&self.key))]
    }

    /// As environment variables of a node.
    pub fn settings(&self) -> [(&'static str, String); 3] {
        let text = |path: &Path| path.display().to_string();
        [
            ("MADANG_PEER__TLS_CERTIFICATE", text(&self.certificate)),
            ("MADANG_PEER__TLS_KEY", text(&self.key)),
            ("MADANG_PEER__TLS_CA", text(&self.ca)),
        ]
    }
}
