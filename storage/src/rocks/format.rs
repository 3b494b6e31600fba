//! The format version of a whole store, written when it is made and checked whenever it is opened.

use rocksdb::{DB, WriteOptions};

use super::failure::failure;
use crate::error::StorageError;
use crate::record;

/// Checks that the store under `key` says `supported` or older; writes `supported`, durably, into a fresh one.
pub(crate) fn check_format(db: &DB, key: &[u8], what: &str, supported: u8) -> Result<(), StorageError> {
    let stored = db.get_pinned(key).map_err(|error| failure(what, &error))?;
    let Some(stored) = stored else {
        // Past the write-ahead log and straight into a file, so that it is the same for a store without one.
        let mut options = WriteOptions::default();
        options.disable_wal(true);
        return db
            .put_opt(key, record::encode(record::RECORD_VERSION, &[supported]), &options)
            .and_then(|()| db.flush())
            .map_err(|error| failure(what, &error));
    };
    let payload = record::open(&stored, &|| format!("format of the {what}"))?;
    match payload {
        [found] if *found <= supported => Ok(()),
        [found] => Err(StorageError::Unsupported { what: what.to_owned(), found: *found, supported }),
        _ => Err(StorageError::Corrupt { what: format!("format of the {what} has {} bytes", payload.len()) }),
    }
}
