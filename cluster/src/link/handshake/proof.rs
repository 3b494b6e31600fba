//! The proof that one knows the secret, without telling it (HMAC-SHA256 challenge and response).

use hmac::Mac;

use crate::link::secret::Secret;

/// Who proves: a proof of one role is worthless in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Caller,
    Listener,
}

impl Role {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Caller => b"madang link v1 caller",
            Self::Listener => b"madang link v1 listener",
        }
    }
}

/// What was said until the proofs: the same bytes on both sides, or the proofs differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transcript<'a> {
    /// The caller's hello, as it was on the wire.
    pub(super) caller: &'a [u8],
    /// The listener's hello, as it was on the wire.
    pub(super) listener: &'a [u8],
    /// Key material of the TLS session (RFC 5705), empty without TLS.
    pub(super) binding: &'a [u8],
}

impl Transcript<'_> {
    pub(super) fn prove(&self, secret: &Secret, role: Role) -> [u8; 32] {
        self.keyed(secret, role).finalize().into_bytes().into()
    }

    /// In constant time.
    pub(super) fn proves(&self, secret: &Secret, role: Role, proof: &[u8; 32]) -> bool {
        self.keyed(secret, role).verify_slice(proof).is_ok()
    }

    fn keyed(&self, secret: &Secret, role: Role) -> impl Mac<OutputSize = hmac::digest::consts::U32> {
        secret.keyed(&[role.label(), self.caller, self.listener, self.binding])
    }
}
