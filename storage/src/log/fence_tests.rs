//! The first failed write or sync is the last acknowledgement.

use std::sync::mpsc;

use bytes::Bytes;

use super::test_log::*;
use super::{GroupId, LogOptions, LogStore};
use crate::error::StorageError;

const G: GroupId = GroupId(1);

fn io() -> StorageError {
    StorageError::Io { what: "sync the log: Input/output error".to_owned() }
}

fn fenced(cause: &StorageError) -> StorageError {
    StorageError::Fenced { reason: cause.to_string() }
}

#[test]
fn nothing_is_acknowledged_after_the_first_failed_sync() {
    let switch = Switch::default();
    let dir = tempfile::tempdir().unwrap();
    let log = open_switched(dir.path(), &LogOptions::default(), &switch);
    append_durably(&log, G, entries(1..3));
    let (tx, rx) = mpsc::channel();
    log.on_fence(Box::new(move |cause| tx.send(cause.clone()).unwrap()));
    let reports = Reports::new();
    switch.hold();
    switch.fail_sync(io());
    log.append(G, entries(3..4), reports.done("in the failed batch")).unwrap();
    switch.wait_until_held();
    // The disk would take these again; whether it kept what came before nobody knows.
    log.append(G, entries(4..5), reports.done("behind it")).unwrap();
    log.save_vote(G, Bytes::from_static(b"v"), reports.done("vote")).unwrap();
    switch.release();

    assert_eq!(reports.next(), ("in the failed batch".to_owned(), Err(io())));
    assert_eq!(reports.next(), ("behind it".to_owned(), Err(fenced(&io()))));
    assert_eq!(reports.next(), ("vote".to_owned(), Err(fenced(&io()))));
    assert_eq!(rx.recv_timeout(LIMIT).unwrap(), io());
    assert_eq!(log.fenced(), Some(io()));
    assert_eq!(log.append(G, entries(5..6), reports.done("later")), Err(fenced(&io())));
    assert_eq!(log.save_vote(G, Bytes::new(), reports.done("later")), Err(fenced(&io())));
    assert_eq!(log.truncate_from(G, 1, reports.done("later")), Err(fenced(&io())));
    assert_eq!(log.purge(G, 1, Bytes::new(), reports.done("later")), Err(fenced(&io())));
    log.put_meta("x", Bytes::new(), reports.done("meta"));
    assert_eq!(reports.next(), ("meta".to_owned(), Err(fenced(&io()))));
    assert!(reports.pending().is_empty());
    assert_eq!(log.read(G, 1..3, usize::MAX).unwrap(), entries(1..3), "reads go on");
}

#[test]
fn a_full_disk_fences_the_log_and_keeps_it_readable() {
    let switch = Switch::default();
    let dir = tempfile::tempdir().unwrap();
    let log = open_switched(dir.path(), &LogOptions::default(), &switch);
    append_durably(&log, G, entries(1..3));
    let full = StorageError::Full { what: "write to the log: No space left on device".to_owned() };
    switch.fail_write(full.clone());
    let reports = Reports::new();
    log.append(G, entries(3..4), reports.done("append")).unwrap();
    assert_eq!(reports.next().1, Err(full.clone()));
    assert_eq!(log.fenced(), Some(full));
    assert_eq!(log.read(G, 1..3, usize::MAX).unwrap(), entries(1..3));
    log.close();
    let log = LogStore::open(dir.path(), &LogOptions::default()).unwrap();
    assert_eq!(read_all(&log, G), entries(1..3), "a restart finds what was acknowledged");
}

#[test]
fn a_panic_in_a_callback_fences_instead_of_leaving_everybody_waiting() {
    let (_dir, log) = fresh_log(&LogOptions::default());
    let (tx, rx) = mpsc::channel();
    log.on_fence(Box::new(move |cause| tx.send(cause.clone()).unwrap()));
    log.append(G, entries(1..2), Box::new(|_| panic!("a callback that breaks its word"))).unwrap();
    assert!(matches!(rx.recv_timeout(LIMIT).unwrap(), StorageError::Io { .. }));
    assert!(matches!(log.append(G, entries(2..3), ignore()), Err(StorageError::Fenced { .. })));
}
