//! How messages between nodes are written and read: MessagePack. Which messages there are is said beside those
//! who send them, in the `wire` of [`shard`](crate::shard), [`presence`](crate::presence),
//! [`typing`](crate::typing) and [`hot`](crate::hot).

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something that is not the message that was expected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// It cannot be read.
    #[error("a message of another node cannot be read: {0}")]
    Read(#[from] rmp_serde::decode::Error),
    /// It cannot be written.
    #[error("a message to another node cannot be written: {0}")]
    Write(#[from] rmp_serde::encode::Error),
}

/// For another node.
pub(crate) fn write<T: Serialize + ?Sized>(message: &T) -> Result<Bytes, WireError> {
    Ok(rmp_serde::to_vec(message)?.into())
}

/// Reads what [`write`] wrote.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    Ok(rmp_serde::from_slice(bytes)?)
}

/// Whether a message has these bytes, in hexadecimal digits, and they are read as the same message.
#[cfg(test)]
#[track_caller]
pub(crate) fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    message: &T,
    golden: &str,
) {
    let bytes = write(message).expect("it can be written");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, golden, "{message:?}");
    assert_eq!(&read::<T>(&bytes).expect("it can be read"), message);
}
