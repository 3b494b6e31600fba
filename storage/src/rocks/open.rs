//! Opening an instance: the directory is made to last, and a refusal says which file is to blame.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use rocksdb::{DB, ErrorKind, Options};

use super::failure::failure;
use crate::error::StorageError;

/// How much of RocksDB's info log is searched for the name of a corrupt file.
const INFO_LOG_TAIL_BYTES: u64 = 64 << 10;

/// Opens the instance in `path`, made if missing. Errors: `Locked`, `Corrupt` naming the file, `Full`, `Io`.
pub(crate) fn open(path: &Path, options: &Options) -> Result<DB, StorageError> {
    create_directory(path).map_err(|error| directory_failure(path, &error))?;
    DB::open(options, path).map_err(|error| {
        let text: &str = error.as_ref();
        let lock = text.contains("While lock file") || text.contains("lock hold by current process");
        if lock {
            return StorageError::Locked { path: path.to_owned() };
        }
        let what = format!("open {}", path.display());
        if error.kind() != ErrorKind::Corruption {
            return failure(&what, &error);
        }
        let file = blamed_file(path).unwrap_or_else(|| "RocksDB did not name the file".to_owned());
        StorageError::Corrupt { what: format!("{what}: {error} ({file})") }
    })
}

/// RocksDB syncs the directory it writes into, but nobody syncs the entry of that directory in its parent.
fn create_directory(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_directory(parent)?;
        fs::create_dir(path).or_else(|error| if path.is_dir() { Ok(()) } else { Err(error) })?;
        return File::open(parent)?.sync_all();
    }
    fs::create_dir(path)?;
    File::open(".")?.sync_all()
}

fn directory_failure(path: &Path, error: &std::io::Error) -> StorageError {
    let what = format!("create {}: {error}", path.display());
    match error.kind() {
        std::io::ErrorKind::StorageFull => StorageError::Full { what },
        _ => StorageError::Io { what },
    }
}

/// The last complaint `<file>: dropping <n> bytes; <why>` in the info log: a corrupt write-ahead log is named
/// there and not in the error.
fn blamed_file(path: &Path) -> Option<String> {
    let mut log = File::open(path.join("LOG")).ok()?;
    let length = log.metadata().ok()?.len();
    log.seek(SeekFrom::Start(length.saturating_sub(INFO_LOG_TAIL_BYTES))).ok()?;
    let mut text = Vec::new();
    log.read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    let complaint = text.lines().rfind(|line| line.contains(": dropping "))?;
    let name_end = complaint.find(": dropping ")?;
    let (before, after) = complaint.split_at_checked(name_end)?;
    let name = before.rsplit([' ', ']']).next()?;
    Some(format!("{name}{after}"))
}
