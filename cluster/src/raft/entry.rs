//! The bytes of raft entries, votes and log ids in the log store: MessagePack arrays inside the log
//! store's versioned, checksummed records.

use std::io;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Room for a few commands at once: an encoder that begins with none grows eight times on its way there.
const ENTRY_BYTES: usize = 1024;

/// Encodes for the log store.
pub(super) fn encode<T: Serialize>(value: &T) -> io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(ENTRY_BYTES);
    rmp_serde::encode::write(&mut bytes, value).map_err(io::Error::other)?;
    Ok(bytes.into())
}

/// Reads what [`encode`] wrote. Errors: `InvalidData` names `what`.
pub(super) fn decode<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> io::Result<T> {
    rmp_serde::from_slice(bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{what}: {error}")))
}
