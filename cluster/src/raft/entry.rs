//! The bytes of raft entries, votes and log ids in the log store: MessagePack arrays inside the log
//! store's versioned, checksummed records.

use std::io;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Encodes for the log store.
pub(super) fn encode<T: Serialize>(value: &T) -> io::Result<Bytes> {
    rmp_serde::to_vec(value).map(Bytes::from).map_err(io::Error::other)
}

/// Reads what [`encode`] wrote. Errors: `InvalidData` names `what`.
pub(super) fn decode<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> io::Result<T> {
    rmp_serde::from_slice(bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{what}: {error}")))
}
