//! Opening is strict: damage is refused by name, only an end that was cut off is forgiven.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::test_log::*;
use super::{GroupId, LogOptions, LogStore};
use crate::error::StorageError;

const G: GroupId = GroupId(1);

/// A directory as a killed process leaves it: entries 1 to 200, one sync each, nothing in files but the
/// write-ahead log.
fn killed_log() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let (live, killed) = (dir.path().join("live"), dir.path().join("killed"));
    let log = LogStore::open(&live, &LogOptions::default()).unwrap();
    for index in 1..=200 {
        append_durably(&log, G, vec![entry(index, &format!("{index} {}", "payload ".repeat(100)))]);
    }
    fs::create_dir(&killed).unwrap();
    for file in fs::read_dir(&live).unwrap() {
        let file = file.unwrap();
        if file.file_name() != "LOCK" {
            fs::copy(file.path(), killed.join(file.file_name())).unwrap();
        }
    }
    (dir, killed)
}

fn largest_wal(path: &Path) -> PathBuf {
    let files = fs::read_dir(path).unwrap().map(|file| file.unwrap().path());
    let wals = files.filter(|file| file.extension().is_some_and(|extension| extension == "log"));
    wals.max_by_key(|file| file.metadata().unwrap().len()).unwrap()
}

#[test]
fn what_a_killed_process_leaves_is_found_whole() {
    let (_dir, path) = killed_log();
    let log = LogStore::open(&path, &LogOptions::default()).unwrap();
    assert_eq!(read_all(&log, G).len(), 200);
}

#[test]
fn a_flipped_bit_in_the_write_ahead_log_is_refused_and_the_file_named() {
    let (_dir, path) = killed_log();
    let wal = largest_wal(&path);
    let mut bytes = fs::read(&wal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&wal, bytes).unwrap();

    let error = LogStore::open(&path, &LogOptions::default()).unwrap_err();
    let StorageError::Corrupt { what } = error else { panic!("{error}") };
    let name = wal.file_name().unwrap().to_str().unwrap();
    assert!(what.contains(name), "{what} does not name {name}");
    assert!(what.contains("checksum"), "{what}");
}

#[test]
fn a_torn_end_is_cut_off_and_nothing_else() {
    let (_dir, path) = killed_log();
    let wal = largest_wal(&path);
    let bytes = fs::read(&wal).unwrap();
    fs::write(&wal, &bytes[..bytes.len() - 300]).unwrap();

    let log = LogStore::open(&path, &LogOptions::default()).unwrap();
    let found = read_all(&log, G);
    assert_eq!(found.len(), 199, "the last record was torn, the others were not");
    assert_eq!(found.last().unwrap().index, 199);
    append_durably(&log, G, entries(200..201));
}

#[test]
fn a_missing_file_is_refused_and_named() {
    let dir = TempDir::new().unwrap();
    let (live, killed) = (dir.path().join("live"), dir.path().join("killed"));
    let log = LogStore::open(&live, &LogOptions::default()).unwrap();
    append_durably(&log, G, entries(1..100));
    drop(log);
    fs::create_dir(&killed).unwrap();
    for file in fs::read_dir(&live).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if name != "LOCK" && !name.ends_with(".sst") {
            fs::copy(file.path(), killed.join(name)).unwrap();
        }
    }
    let error = LogStore::open(&killed, &LogOptions::default()).unwrap_err();
    assert!(matches!(error, StorageError::Corrupt { .. } | StorageError::Io { .. }), "{error}");
    assert!(error.to_string().contains(".sst"), "{error}");
}

#[test]
fn a_log_of_a_newer_format_is_refused() {
    let (dir, log) = fresh_log(&LogOptions::default());
    log.close();
    let path = dir.path().join("log");
    let db = rocksdb::DB::open_default(&path).unwrap();
    db.put(super::key::FORMAT_KEY, crate::record::encode(1, &[200])).unwrap();
    drop(db);
    let error = LogStore::open(&path, &LogOptions::default()).unwrap_err();
    let expected = StorageError::Unsupported { what: "log".to_owned(), found: 200, supported: 1 };
    assert_eq!(error, expected);
}

#[test]
fn an_entry_that_vanished_is_reported_and_not_skipped() {
    let (dir, log) = fresh_log(&LogOptions::default());
    append_durably(&log, G, entries(1..10));
    log.close();
    let path = dir.path().join("log");
    let db = rocksdb::DB::open_default(&path).unwrap();
    db.delete(super::key::entry(G, 5)).unwrap();
    drop(db);
    let log = LogStore::open(&path, &LogOptions::default()).unwrap();
    let error = log.read(G, 1..10, usize::MAX).unwrap_err();
    assert_eq!(error, StorageError::Corrupt { what: "entry 5 of group 1 is missing".to_owned() });
}
