//! The log on a real RocksDB: order, sharing of syncs, memory, reopening.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::test_log::*;
use super::{GroupId, LogBounds, LogOptions, LogStore};
use crate::error::StorageError;

const G: GroupId = GroupId(3);

#[test]
fn a_fresh_group_is_empty() {
    let (_dir, log) = fresh_log(&LogOptions::default());
    assert_eq!(log.bounds(G).unwrap(), LogBounds::default());
    assert!(log.bounds(G).unwrap().is_empty());
    assert_eq!(log.read_vote(G).unwrap(), None);
    assert!(read_all(&log, G).is_empty());
}

#[test]
fn one_entry_at_index_zero_is_not_an_empty_log() {
    let (_dir, log) = fresh_log(&LogOptions::default());
    append_durably(&log, G, entries(0..1));
    assert_eq!(log.bounds(G).unwrap(), LogBounds { first: 0, last: 0, len: 1, purged: None });
    assert_eq!(read_all(&log, G), entries(0..1));
}

#[test]
fn callbacks_come_in_the_order_of_the_calls_votes_included() {
    let switch = Switch::default();
    let dir = tempfile::tempdir().unwrap();
    let log = open_switched(dir.path(), &LogOptions::default(), &switch);
    let reports = Reports::new();
    switch.hold();
    log.append(G, entries(1..2), reports.done("append 1")).unwrap();
    switch.wait_until_held();
    log.save_vote(G, Bytes::from_static(b"vote"), reports.done("vote")).unwrap();
    log.append(GroupId(9), entries(1..4), reports.done("other group")).unwrap();
    log.truncate_from(G, 1, reports.done("truncate")).unwrap();
    log.append(G, entries(1..3), reports.done("append 2")).unwrap();
    log.purge(G, 1, Bytes::from_static(b"mark"), reports.done("purge")).unwrap();
    log.put_meta("node", Bytes::from_static(b"7"), reports.done("meta"));
    switch.release();
    let names: Vec<_> = (0..7).map(|_| reports.next()).collect();
    let expected = ["append 1", "vote", "other group", "truncate", "append 2", "purge", "meta"];
    assert_eq!(names, expected.map(|name| (name.to_owned(), Ok(()))));
}

#[test]
fn entries_and_votes_are_readable_before_they_are_durable() {
    let switch = Switch::default();
    let dir = tempfile::tempdir().unwrap();
    let log = open_switched(dir.path(), &LogOptions::default(), &switch);
    let reports = Reports::new();
    switch.hold();
    log.append(G, entries(1..4), reports.done("append")).unwrap();
    log.save_vote(G, Bytes::from_static(b"v1"), ignore()).unwrap();
    log.put_meta("node", Bytes::from_static(b"7"), ignore());
    switch.wait_until_held();

    assert_eq!(read_all(&log, G), entries(1..4));
    assert_eq!(log.read(G, 2..3, usize::MAX).unwrap(), entries(2..3));
    assert_eq!(log.read_vote(G).unwrap(), Some(Bytes::from_static(b"v1")));
    assert_eq!(log.read_meta("node").unwrap(), Some(Bytes::from_static(b"7")));
    assert!(reports.pending().is_empty(), "acknowledged before the sync");
    switch.release();
    assert_eq!(reports.next(), ("append".to_owned(), Ok(())));
}

#[test]
fn all_groups_that_wait_share_one_sync() {
    let switch = Switch::default();
    let dir = tempfile::tempdir().unwrap();
    let log = open_switched(dir.path(), &LogOptions::default(), &switch);
    let reports = Reports::new();
    switch.hold();
    log.append(GroupId(0), entries(1..2), reports.done("first")).unwrap();
    switch.wait_until_held();
    for group in 1..=100 {
        log.append(GroupId(group), entries(1..3), reports.done("more")).unwrap();
    }
    switch.release();
    for _ in 0..=100 {
        reports.next().1.unwrap();
    }
    let metrics = log.metrics();
    assert_eq!((metrics.syncs, metrics.batches, metrics.operations, metrics.entries), (2, 2, 101, 201));
    assert_eq!(metrics.sync_times.counts.iter().sum::<u64>(), 2);
    assert!(metrics.sync_times.sum_seconds > 0.0);
    assert_eq!((metrics.queue_items, metrics.queue_bytes), (0, 0));
}

#[test]
fn a_full_queue_refuses_appends_but_takes_votes_and_says_when_there_is_room() {
    let switch = Switch::default();
    let dir = tempfile::tempdir().unwrap();
    let options = LogOptions { queue_bytes_max: 1000, ..LogOptions::default() };
    let log = open_switched(dir.path(), &options, &switch);
    let reports = Reports::new();
    switch.hold();
    log.append(GroupId(0), entries(1..2), ignore()).unwrap();
    switch.wait_until_held();
    log.append(G, vec![entry(1, &"x".repeat(1000))], ignore()).unwrap();

    let refused = log.append(G, entries(2..3), reports.done("refused"));
    assert_eq!(refused, Err(StorageError::Overloaded { limit_bytes: 1000 }));
    assert_eq!(log.bounds(G).unwrap().last, 1, "a refused append leaves no trace");
    assert_eq!(log.metrics().overloads, 1);
    log.save_vote(G, Bytes::from_static(b"v"), reports.done("vote")).unwrap();
    let room = reports.done("room");
    log.when_room(Box::new(move || room(Ok(()))));
    assert!(reports.pending().is_empty());
    switch.release();
    assert_eq!(reports.next(), ("room".to_owned(), Ok(())));
    assert_eq!(reports.next(), ("vote".to_owned(), Ok(())));
    append_durably(&log, G, entries(2..3));
}

#[test]
fn a_hole_or_an_overwrite_is_refused() {
    let (_dir, log) = fresh_log(&LogOptions::default());
    append_durably(&log, G, entries(5..8));
    let refused = |found| Err(StorageError::OutOfOrder { group: G, expected: 8, found });
    assert_eq!(log.append(G, entries(9..10), ignore()), refused(9));
    assert_eq!(log.append(G, entries(7..8), ignore()), refused(7));
    let with_hole = vec![entry(8, "a"), entry(10, "b")];
    let expected = Err(StorageError::OutOfOrder { group: G, expected: 9, found: 10 });
    assert_eq!(log.append(G, with_hole, ignore()), expected);
    assert_eq!(read_all(&log, G), entries(5..8));
}

#[test]
fn truncate_then_append_replaces_the_end() {
    let (dir, log) = fresh_log(&LogOptions::default());
    append_durably(&log, G, entries(1..10));
    log.truncate_from(G, 6, ignore()).unwrap();
    assert_eq!(log.bounds(G).unwrap(), LogBounds { first: 1, last: 5, len: 5, purged: None });
    append_durably(&log, G, vec![entry(6, "new 6")]);
    let expected = [entries(1..6), vec![entry(6, "new 6")]].concat();
    assert_eq!(read_all(&log, G), expected);
    log.close();
    let log = LogStore::open(&dir.path().join("log"), &LogOptions::default()).unwrap();
    assert_eq!(read_all(&log, G), expected);
}

#[test]
fn purge_removes_the_beginning_and_keeps_the_mark() {
    let (dir, log) = fresh_log(&LogOptions::default());
    append_durably(&log, G, entries(0..10));
    let mark = Bytes::from_static(b"mark 4");
    log.purge(G, 4, mark.clone(), ignore()).unwrap();
    log.purge(G, 2, Bytes::from_static(b"late"), ignore()).unwrap();
    let expected = LogBounds { first: 5, last: 9, len: 5, purged: Some(mark) };
    assert_eq!(log.bounds(G).unwrap(), expected);
    assert_eq!(read_all(&log, G), entries(5..10));
    log.close();
    let log = LogStore::open(&dir.path().join("log"), &LogOptions::default()).unwrap();
    assert_eq!(log.bounds(G).unwrap(), expected);
    assert_eq!(read_all(&log, G), entries(5..10));
}

#[test]
fn purge_past_the_end_lets_the_log_go_on_behind_the_mark() {
    let (dir, log) = fresh_log(&LogOptions::default());
    append_durably(&log, G, entries(1..4));
    log.purge(G, 100, Bytes::from_static(b"snapshot"), ignore()).unwrap();
    assert!(log.bounds(G).unwrap().is_empty());
    let refused = Err(StorageError::OutOfOrder { group: G, expected: 101, found: 4 });
    assert_eq!(log.append(G, entries(4..5), ignore()), refused);
    append_durably(&log, G, entries(101..103));
    log.close();
    let log = LogStore::open(&dir.path().join("log"), &LogOptions::default()).unwrap();
    assert_eq!(read_all(&log, G), entries(101..103));
    assert_eq!(log.bounds(G).unwrap().purged, Some(Bytes::from_static(b"snapshot")));
}

#[test]
fn reopening_finds_every_group_vote_and_name_again() {
    let (dir, log) = fresh_log(&LogOptions::default());
    for group in [0, 1, 255, 256, u16::MAX] {
        append_durably(&log, GroupId(group), entries(u64::from(group)..u64::from(group) + 5));
        log.save_vote(GroupId(group), Bytes::from(format!("vote {group}")), ignore()).unwrap();
    }
    log.save_vote(GroupId(77), Bytes::from_static(b"only a vote"), ignore()).unwrap();
    log.put_meta("identity", Bytes::from_static(b"node 7"), ignore());
    log.close();

    let log = LogStore::open(&dir.path().join("log"), &LogOptions::default()).unwrap();
    for group in [0, 1, 255, 256, u16::MAX] {
        let first = u64::from(group);
        assert_eq!(read_all(&log, GroupId(group)), entries(first..first + 5));
        assert_eq!(log.read_vote(GroupId(group)).unwrap(), Some(Bytes::from(format!("vote {group}"))));
        append_durably(&log, GroupId(group), entries(first + 5..first + 6));
    }
    assert_eq!(log.read_vote(GroupId(77)).unwrap(), Some(Bytes::from_static(b"only a vote")));
    assert!(log.bounds(GroupId(77)).unwrap().is_empty());
    assert_eq!(log.read_meta("identity").unwrap(), Some(Bytes::from_static(b"node 7")));
    assert_eq!(log.read_meta("unknown").unwrap(), None);
}

#[test]
fn pages_end_at_the_byte_limit_but_hold_at_least_one_entry() {
    let (_dir, log) = fresh_log(&LogOptions { tail_bytes_max: 30, ..LogOptions::default() });
    for index in 1..=8 {
        append_durably(&log, G, vec![entry(index, "ten bytes!")]);
    }
    assert!(log.metrics().tail_bytes <= 30, "the rest is read from disk");
    let lengths = |bytes_max| log.read(G, 1..9, bytes_max).unwrap().len();
    assert_eq!([0, 9, 19, 20, 50, 59, 60, 80].map(lengths), [1, 1, 1, 2, 5, 5, 6, 8]);
    assert_eq!(log.read(G, 4..7, usize::MAX).unwrap().len(), 3);
    assert!(log.read(G, 9..20, usize::MAX).unwrap().is_empty());
}

#[test]
fn memory_never_gives_up_what_is_not_durable() {
    let switch = Switch::default();
    let dir = tempfile::tempdir().unwrap();
    let log = open_switched(dir.path(), &LogOptions { tail_bytes_max: 0, ..LogOptions::default() }, &switch);
    let reports = Reports::new();
    switch.hold();
    log.append(G, entries(1..2), reports.done("first")).unwrap();
    switch.wait_until_held();
    log.append(G, entries(2..50), reports.done("second")).unwrap();
    assert_eq!(read_all(&log, G), entries(1..50));
    switch.release();
    reports.next().1.unwrap();
    reports.next().1.unwrap();
    assert_eq!(log.metrics().tail_bytes, 0);
    assert_eq!(read_all(&log, G), entries(1..50));
}

#[test]
fn closing_writes_what_waits_and_refuses_what_comes_later() {
    let (_dir, log) = fresh_log(&LogOptions::default());
    let (other, reports) = (log.clone(), Reports::new());
    for index in 1..=1000 {
        log.append(G, entries(index..index + 1), reports.done("append")).unwrap();
    }
    log.close();
    let reported = reports.pending();
    assert_eq!(reported.len(), 1000);
    assert!(reported.iter().all(|(_, result)| result.is_ok()));
    assert_eq!(other.append(G, entries(1001..1002), ignore()), Err(StorageError::Closed));
    other.put_meta("x", Bytes::new(), reports.done("meta"));
    assert_eq!(reports.next(), ("meta".to_owned(), Err(StorageError::Closed)));
    assert_eq!(read_all(&other, G).len(), 1000);
}

#[test]
fn a_callback_may_hold_the_last_handle() {
    let (dir, log) = fresh_log(&LogOptions::default());
    let (reports, held) = (Reports::new(), log.clone());
    let done = reports.done("done");
    let callback = move |result| {
        drop(held);
        done(result);
    };
    log.append(G, entries(1..2), Box::new(callback)).unwrap();
    drop(log);
    assert_eq!(reports.next(), ("done".to_owned(), Ok(())));
    drop(dir);
}

#[test]
fn a_directory_in_use_is_named() {
    let (dir, _log) = fresh_log(&LogOptions::default());
    let path = dir.path().join("log");
    assert_eq!(LogStore::open(&path, &LogOptions::default()).unwrap_err(), StorageError::Locked { path });
}

#[test]
fn readers_see_no_hole_while_the_log_is_truncated_and_purged() {
    let (_dir, log) = fresh_log(&LogOptions { tail_bytes_max: 100, ..LogOptions::default() });
    append_durably(&log, G, entries(1..200));
    let finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut rounds = 0;
            while !finished.load(Ordering::Relaxed) || rounds < 10 {
                let page = read_all(&log, G);
                assert!(page.windows(2).all(|pair| pair[0].index + 1 == pair[1].index), "{page:?}");
                rounds += 1;
            }
        });
        for round in 0..100 {
            let last = log.bounds(G).unwrap().last;
            log.truncate_from(G, last - 2, ignore()).unwrap();
            append_durably(&log, G, entries(last - 2..last + 3));
            log.purge(G, round, Bytes::new(), ignore()).unwrap();
        }
        finished.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}
