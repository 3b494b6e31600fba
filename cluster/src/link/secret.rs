//! The secret that all nodes of a cluster share.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What every node of the cluster knows and nobody else. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes the secret as the operator wrote it.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }

    /// What stands for "no secret": only for nodes that listen on loopback.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// Whether there is nothing to prove.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A keyed hash (HMAC-SHA256) of `parts`, each with its length, so that no two lists of parts are the
    /// same bytes.
    pub(super) fn keyed(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104, section 3)")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Secret(none)" } else { "Secret(…)" })
    }
}
