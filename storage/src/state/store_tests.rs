//! The state on a real RocksDB: batches, scans, what is durable, refusals.

use std::ops::ControlFlow;
use std::path::Path;

use tempfile::TempDir;

use super::{Direction, KeyRange, ScanEnd, ScanLimit, StateBatch, StateOptions, StateStore};
use crate::error::StorageError;

fn open(path: &Path) -> StateStore {
    StateStore::open(path, &StateOptions::default()).unwrap()
}

fn batch(rows: &[(&str, &str)]) -> StateBatch {
    let mut batch = StateBatch::new();
    for (key, value) in rows {
        batch.put(key.as_bytes(), value.as_bytes());
    }
    batch
}

fn collect(
    store: &StateStore,
    range: &KeyRange,
    direction: Direction,
    limit: ScanLimit,
) -> (Vec<String>, ScanEnd) {
    let mut keys = Vec::new();
    let visit = &mut |key: &[u8], _: &[u8]| {
        keys.push(String::from_utf8(key.to_vec()).unwrap());
        ControlFlow::Continue(())
    };
    let end = store.scan(range, direction, limit, visit).unwrap();
    (keys, end)
}

/// The files of an open store as a power cut would leave them: the store has no write-ahead log and syncs
/// files before it refers to them.
fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_name() != "LOCK" {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

#[test]
fn a_batch_is_applied_in_its_order() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    store.write(batch(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")])).unwrap();
    let mut next = StateBatch::new();
    next.delete(b"a");
    next.put(b"b", b"new");
    next.delete_range(b"c", b"d");
    next.put(b"cc", b"after the range was deleted");
    assert_eq!(next.len(), 4);
    assert!(!next.is_empty() && next.bytes() > 30);
    store.write(next).unwrap();
    let keys: Vec<_> = ["a", "b", "c", "cc", "d"].iter().map(|key| key.as_bytes().to_vec()).collect();
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let expected = vec![None, text("new"), None, text("after the range was deleted"), text("4")];
    assert_eq!(store.multi_get(&keys).unwrap(), expected);
    let one_by_one: Vec<_> = keys.iter().map(|key| store.get(key).unwrap()).collect();
    assert_eq!(one_by_one, expected);
}

#[test]
fn scans_walk_both_ways_and_stop_at_their_limits() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    store
        .write(batch(&[("a", ""), ("b1", "0123456789"), ("b2", "0123456789"), ("b3", "x"), ("c", "")]))
        .unwrap();
    let range = KeyRange::prefix(b"b");
    let limit = |items, bytes| ScanLimit { items, bytes };
    let ascending = |limit| collect(&store, &range, Direction::Ascending, limit);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();

    assert_eq!(ascending(ScanLimit::NONE), (names(&["b1", "b2", "b3"]), ScanEnd::Exhausted));
    assert_eq!(ascending(limit(3, 21)), (names(&["b1", "b2", "b3"]), ScanEnd::Exhausted));
    assert_eq!(ascending(limit(2, 99)), (names(&["b1", "b2"]), ScanEnd::Limit));
    assert_eq!(ascending(limit(9, 20)), (names(&["b1", "b2"]), ScanEnd::Limit));
    assert_eq!(ascending(limit(9, 19)), (names(&["b1"]), ScanEnd::Limit));
    assert_eq!(ascending(limit(0, 0)), (names(&["b1"]), ScanEnd::Limit), "one is always handed out");
    let descending = collect(&store, &range, Direction::Descending, limit(2, 99));
    assert_eq!(descending, (names(&["b3", "b2"]), ScanEnd::Limit));
    let open_end = KeyRange { from: b"b3".to_vec(), to: Vec::new() };
    assert_eq!(collect(&store, &open_end, Direction::Descending, ScanLimit::NONE).0, ["c", "b3"]);
}

#[test]
fn a_visitor_may_break_off() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    store.write(batch(&[("a", "1"), ("b", "2")])).unwrap();
    let mut seen = 0;
    let range = KeyRange { from: b"a".to_vec(), to: b"z".to_vec() };
    let visit = &mut |_: &[u8], _: &[u8]| {
        seen += 1;
        ControlFlow::Break(())
    };
    assert_eq!(store.scan(&range, Direction::Ascending, ScanLimit::NONE, visit), Ok(ScanEnd::Stopped));
    assert_eq!(seen, 1);
}

#[test]
fn a_view_does_not_move() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    store.write(batch(&[("a", "old")])).unwrap();
    let view = store.view();
    store.write(batch(&[("a", "new"), ("b", "new")])).unwrap();
    assert_eq!(view.get(b"a").unwrap(), Some(b"old".to_vec()));
    let mut rows = Vec::new();
    let visit = &mut |key: &[u8], payload: &[u8]| {
        rows.push((key.to_vec(), payload.to_vec()));
        ControlFlow::Continue(())
    };
    let range = KeyRange { from: b"a".to_vec(), to: Vec::new() };
    view.scan(&range, Direction::Ascending, ScanLimit::NONE, visit).unwrap();
    assert_eq!(rows, [(b"a".to_vec(), b"old".to_vec())]);
    assert_eq!(store.get(b"a").unwrap(), Some(b"new".to_vec()));
}

#[test]
fn only_what_was_flushed_is_called_durable_and_survives() {
    let dir = TempDir::new().unwrap();
    let (live, cut) = (dir.path().join("live"), dir.path().join("cut"));
    let store = open(&live);
    store.write(batch(&[("applied", "1"), ("row", "1")])).unwrap();
    assert_eq!(store.get_durable(b"applied").unwrap(), None);
    store.flush().unwrap();
    store.write(batch(&[("applied", "2"), ("row", "2")])).unwrap();
    assert_eq!(store.get(b"applied").unwrap(), Some(b"2".to_vec()));
    assert_eq!(store.get_durable(b"applied").unwrap(), Some(b"1".to_vec()));

    copy_files(&live, &cut);
    let after = open(&cut);
    assert_eq!(after.get(b"applied").unwrap(), Some(b"1".to_vec()));
    assert_eq!(after.get(b"row").unwrap(), Some(b"1".to_vec()), "both rows of a batch or neither");
}

#[test]
fn an_orderly_end_keeps_everything() {
    let dir = TempDir::new().unwrap();
    open(dir.path()).write(batch(&[("applied", "7")])).unwrap();
    assert_eq!(open(dir.path()).get_durable(b"applied").unwrap(), Some(b"7".to_vec()));
}

#[test]
fn a_damaged_row_is_reported_with_its_key() {
    let dir = TempDir::new().unwrap();
    drop(open(dir.path()));
    let db = rocksdb::DB::open_default(dir.path()).unwrap();
    let mut record = crate::record::encode(1, b"payload");
    record[7] ^= 1;
    db.put(b"\x01\x02", record).unwrap();
    db.put(b"\x01\x03", b"abc").unwrap();
    drop(db);
    let store = open(dir.path());
    for key in [b"\x01\x02", b"\x01\x03"] {
        let error = store.get(key).unwrap_err();
        assert!(matches!(&error, StorageError::Corrupt { what } if what.contains("[01, 0")), "{error}");
        assert!(store.multi_get(&[key.to_vec()]).is_err());
    }
    let visit = &mut |_: &[u8], _: &[u8]| ControlFlow::Continue(());
    let walked = store.scan(&KeyRange::prefix(b"\x01"), Direction::Ascending, ScanLimit::NONE, visit);
    assert!(walked.is_err());
}

#[test]
fn a_damaged_file_is_refused_by_name() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    store.write(batch(&[("a", "1")])).unwrap();
    store.flush().unwrap();
    drop(store);
    let files = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
    let tables: Vec<_> = files.filter(|file| file.extension().is_some_and(|end| end == "sst")).collect();
    std::fs::remove_file(&tables[0]).unwrap();
    let error = StateStore::open(dir.path(), &StateOptions::default()).unwrap_err();
    assert!(error.to_string().contains(".sst"), "{error}");
}

#[test]
fn a_directory_in_use_is_named() {
    let dir = TempDir::new().unwrap();
    let _store = open(dir.path());
    let error = StateStore::open(dir.path(), &StateOptions::default()).unwrap_err();
    assert_eq!(error, StorageError::Locked { path: dir.path().to_owned() });
}

#[test]
fn a_state_of_a_newer_format_is_refused() {
    let dir = TempDir::new().unwrap();
    drop(open(dir.path()));
    let db = rocksdb::DB::open_default(dir.path()).unwrap();
    db.put(b"", crate::record::encode(1, &[200])).unwrap();
    drop(db);
    let error = StateStore::open(dir.path(), &StateOptions::default()).unwrap_err();
    let expected = StorageError::Unsupported { what: "state".to_owned(), found: 200, supported: 1 };
    assert_eq!(error, expected);
}
