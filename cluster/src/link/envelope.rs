//! What travels on a link, and how many of it travel together. The bytes are between nodes of different
//! versions (the handshake agrees on one): a variant is never renamed, renumbered or used again.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::handshake::Token;

/// Envelopes in one batch. A frame costs about as much as 64 small envelopes in it.
pub(super) const BATCH_ENVELOPES_MAX: usize = 64;
/// Bytes of envelopes in one batch; at least one always fits.
pub(super) const BATCH_BYTES_MAX: usize = 256 * 1024;
/// What an envelope counts beside its payload: its head, and its places in queues and maps. Both sides count
/// alike, so it belongs to the protocol.
pub(super) const ENVELOPE_BYTES: usize = 256;
/// A reason why a request failed; what is longer is cut.
const WHY_CHARS_MAX: usize = 1_024;

/// One thing to tell a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Envelope {
    /// To be answered, with the sender's number for it.
    #[serde(rename = "1")]
    Request(u64, u8, Bytes),
    /// The answer to the request of that number.
    #[serde(rename = "2")]
    Answer(u64, Bytes),
    /// The request of that number failed, for this reason.
    #[serde(rename = "3")]
    Failed(u64, String),
    /// The request of that number was not begun: too many are in hand.
    #[serde(rename = "4")]
    Busy(u64),
    /// Not to be answered.
    #[serde(rename = "5")]
    Tell(u8, Bytes),
}

impl Envelope {
    /// A failure, in bounds.
    pub(super) fn failed(id: u64, why: &str) -> Self {
        Self::Failed(id, why.chars().take(WHY_CHARS_MAX).collect())
    }

    /// What it counts in queues and windows.
    pub(super) fn cost_bytes(&self) -> usize {
        ENVELOPE_BYTES
            + match self {
                Self::Request(_, _, payload) | Self::Answer(_, payload) | Self::Tell(_, payload) => {
                    payload.len()
                }
                Self::Failed(_, why) => why.len(),
                Self::Busy(_) => 0,
            }
    }
}

/// What one cast carries: the receiver's token for the link, then this. Without envelopes it is a sign of
/// life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Batch {
    /// Bytes that the sender has handed over since its last batch: they may be under way again.
    pub(super) credit_bytes: u64,
    /// In order.
    pub(super) envelopes: Vec<Envelope>,
}

impl Batch {
    /// What it counts in the window; a sign of life costs nothing, so that it can always be given.
    pub(super) fn cost_bytes(&self) -> usize {
        self.envelopes.iter().map(Envelope::cost_bytes).sum()
    }

    pub(super) fn encode(&self, token: &Token) -> Result<Vec<u8>, rmp_serde::encode::Error> {
        let mut bytes = Vec::with_capacity(token.len() + ENVELOPE_BYTES + self.cost_bytes());
        bytes.extend_from_slice(token);
        rmp_serde::encode::write(&mut bytes, self)?;
        Ok(bytes)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, rmp_serde::decode::Error> {
        rmp_serde::from_slice(bytes)
    }
}

/// The token, which says whose batch it is, and the encoded batch. `None`: too short to have one.
pub(super) fn address(bytes: &[u8]) -> Option<(&Token, &[u8])> {
    bytes.split_first_chunk()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn batch() -> Batch {
        Batch {
            credit_bytes: 300,
            envelopes: vec![
                Envelope::Request(1, 2, Bytes::from_static(b"q")),
                Envelope::Answer(3, Bytes::from_static(b"a")),
                Envelope::failed(4, "no"),
                Envelope::Busy(5),
                Envelope::Tell(6, Bytes::from_static(b"t")),
            ],
        }
    }

    #[test]
    fn a_batch_keeps_its_bytes() {
        let bytes = batch().encode(&[7; 16]).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let token = "07".repeat(16);
        assert_eq!(
            hex,
            format!(
                "{token}92cd012c95{}{}{}{}{}",
                "81a131930102c40171", "81a1329203c40161", "81a1339204a26e6f", "81a13405", "81a1359206c40174"
            )
        );
        let (token, encoded) = address(&bytes).unwrap();
        assert_eq!(token, &[7; 16]);
        assert_eq!(Batch::decode(encoded).unwrap(), batch());
        assert!(address(&[7; 15]).is_none());
    }

    #[test]
    fn a_sign_of_life_costs_nothing() {
        let life = Batch { envelopes: Vec::new(), ..batch() };
        assert_eq!(life.cost_bytes(), 0);
        assert_eq!(batch().cost_bytes(), 5 * ENVELOPE_BYTES + 5);
    }

    #[test]
    fn a_long_reason_is_cut() {
        assert!(Envelope::failed(1, &"ä".repeat(100_000)).cost_bytes() < 4_096);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = Batch::decode(&bytes);
        }

        #[test]
        fn a_damaged_batch_is_an_error_or_another_batch(at in 0_usize..64, byte in any::<u8>()) {
            let mut bytes = batch().encode(&[0; 16]).unwrap().split_off(16);
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let _ = Batch::decode(&bytes);
        }
    }
}
