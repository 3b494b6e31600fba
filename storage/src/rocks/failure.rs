//! What a RocksDB error means to us.

use rocksdb::ErrorKind;

use crate::error::StorageError;

/// Translates `error`, met while doing `what`. RocksDB passes on the system's text but not its number.
pub(crate) fn failure(what: &str, error: &rocksdb::Error) -> StorageError {
    let text = format!("{what}: {error}");
    if error.as_ref().contains("No space left on device") {
        return StorageError::Full { what: text };
    }
    match error.kind() {
        ErrorKind::Corruption => StorageError::Corrupt { what: text },
        _ => StorageError::Io { what: text },
    }
}
