//! Pages of a room at every edge, and against a plain list.

use bytes::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;

use super::{PageLimit, RoomPage, StateBatch, StateOptions, StateStore, room_log_key};
use crate::id::{RoomId, ShardId};

const SHARD: ShardId = ShardId(4);
const GENERATION: u32 = 2;
const ROOM: RoomId = RoomId([7; 16]);
const BIG: PageLimit = PageLimit { items: 1000, bytes: usize::MAX };

fn items(items: usize) -> PageLimit {
    PageLimit { items, bytes: usize::MAX }
}

fn payload(seq: u64) -> String {
    format!("event {seq:04}")
}

/// A store with `ROOM` of `seqs`, between neighbours that must never show up.
fn store_with(seqs: std::ops::Range<u64>) -> (TempDir, StateStore) {
    let dir = TempDir::new().unwrap();
    let store = StateStore::open(dir.path(), &StateOptions::default()).unwrap();
    let mut batch = StateBatch::new();
    for seq in seqs {
        batch.put(&room_log_key(SHARD, GENERATION, ROOM, seq), payload(seq).as_bytes());
    }
    for seq in [0, 1, 5, u64::MAX] {
        let mut neighbours = vec![RoomId([6; 16]), RoomId([8; 16])];
        neighbours.push(RoomId([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6]));
        neighbours.push(RoomId([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8]));
        for room in neighbours {
            batch.put(&room_log_key(SHARD, GENERATION, room, seq), b"neighbour");
        }
        batch.put(&room_log_key(SHARD, GENERATION - 1, ROOM, seq), b"old generation");
        batch.put(&room_log_key(SHARD, GENERATION + 1, ROOM, seq), b"next generation");
        batch.put(&room_log_key(ShardId(3), GENERATION, ROOM, seq), b"other shard");
    }
    store.write(batch).unwrap();
    (dir, store)
}

/// The seqs of a page whose payloads are checked, and `more`.
fn seqs(page: RoomPage) -> (Vec<u64>, bool) {
    for (seq, bytes) in &page.events {
        assert_eq!(*bytes, Bytes::from(payload(*seq)));
    }
    (page.events.iter().map(|(seq, _)| *seq).collect(), page.more)
}

fn before(store: &StateStore, seq: u64, limit: PageLimit) -> (Vec<u64>, bool) {
    seqs(store.page_before(SHARD, GENERATION, ROOM, seq, limit).unwrap())
}

fn after(store: &StateStore, seq: u64, limit: PageLimit) -> (Vec<u64>, bool) {
    seqs(store.page_after(SHARD, GENERATION, ROOM, seq, limit).unwrap())
}

fn around(store: &StateStore, seq: u64, limit: PageLimit) -> (Vec<u64>, bool) {
    seqs(store.page_around(SHARD, GENERATION, ROOM, seq, limit).unwrap())
}

#[test]
fn key_of_an_event_stays_as_it_is() {
    let expected: &[u8] =
        b"\x00\x04\x00\x00\x00\x02\x04\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\0\0\0\0\0\0\x01\x02";
    assert_eq!(room_log_key(SHARD, GENERATION, ROOM, 0x102), expected);
}

#[test]
fn an_empty_room_has_empty_pages() {
    let (_dir, store) = store_with(0..0);
    for seq in [0, 1, 5, u64::MAX] {
        assert_eq!(before(&store, seq, BIG), (vec![], false));
        assert_eq!(after(&store, seq, BIG), (vec![], false));
        assert_eq!(around(&store, seq, BIG), (vec![], false));
    }
}

#[test]
fn pages_before_a_seq_are_the_newest_below_it() {
    let (_dir, store) = store_with(1..101);
    assert_eq!(before(&store, u64::MAX, items(3)), (vec![98, 99, 100], true));
    assert_eq!(before(&store, 98, items(3)), (vec![95, 96, 97], true));
    assert_eq!(before(&store, 4, items(3)), (vec![1, 2, 3], false));
    assert_eq!(before(&store, 5, items(3)), (vec![2, 3, 4], true));
    assert_eq!(before(&store, 1, items(3)), (vec![], false));
    assert_eq!(before(&store, 0, items(3)), (vec![], false));
    assert_eq!(before(&store, u64::MAX, BIG).0.len(), 100);
}

#[test]
fn pages_after_a_seq_are_the_oldest_above_it() {
    let (_dir, store) = store_with(1..101);
    assert_eq!(after(&store, 0, items(3)), (vec![1, 2, 3], true));
    assert_eq!(after(&store, 96, items(3)), (vec![97, 98, 99], true));
    assert_eq!(after(&store, 97, items(3)), (vec![98, 99, 100], false));
    assert_eq!(after(&store, 100, items(3)), (vec![], false));
    assert_eq!(after(&store, u64::MAX, items(3)), (vec![], false));
}

#[test]
fn a_page_around_a_seq_is_centred_on_it_and_looks_for_older() {
    let (_dir, store) = store_with(1..101);
    assert_eq!(around(&store, 50, items(4)), (vec![48, 49, 50, 51], true));
    assert_eq!(around(&store, 50, items(5)), (vec![48, 49, 50, 51, 52], true));
    assert_eq!(around(&store, 50, items(1)), (vec![50], true));
    assert_eq!(around(&store, 1, items(4)), (vec![1, 2], false));
    assert_eq!(around(&store, 1, items(1)), (vec![1], false));
    assert_eq!(around(&store, 3, items(4)), (vec![1, 2, 3, 4], false));
    assert_eq!(around(&store, 100, items(4)), (vec![98, 99, 100], true));
    assert_eq!(around(&store, 500, items(4)), (vec![99, 100], true));
}

#[test]
fn pages_are_bounded_in_bytes_and_hold_at_least_one_event() {
    let (_dir, store) = store_with(1..101);
    let bytes = |bytes| PageLimit { items: 50, bytes };
    assert_eq!(before(&store, u64::MAX, bytes(30)), (vec![98, 99, 100], true));
    assert_eq!(before(&store, u64::MAX, bytes(29)), (vec![99, 100], true));
    assert_eq!(after(&store, 0, bytes(0)), (vec![1], true));
    assert_eq!(around(&store, 50, bytes(40)), (vec![48, 49, 50, 51], true));
}

#[test]
fn a_deleted_range_leaves_the_rest_of_the_room() {
    let (_dir, store) = store_with(1..101);
    let mut batch = StateBatch::new();
    batch.delete_range(&room_log_key(SHARD, GENERATION, ROOM, 0), &room_log_key(SHARD, GENERATION, ROOM, 98));
    store.write(batch).unwrap();
    assert_eq!(before(&store, u64::MAX, items(10)), (vec![98, 99, 100], false));
    assert_eq!(after(&store, 0, items(2)), (vec![98, 99], true));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn walking_page_by_page_sees_every_event_once(count in 0..60_u64, step in 1..20_usize, flushed: bool) {
        let (_dir, store) = store_with(1..count + 1);
        if flushed {
            store.flush().unwrap();
        }
        let all: Vec<u64> = (1..=count).collect();

        let (mut down, mut from) = (Vec::new(), u64::MAX);
        loop {
            let (page, more) = before(&store, from, items(step));
            from = page.first().copied().unwrap_or(0);
            down.splice(0..0, page);
            if !more { break }
        }
        prop_assert_eq!(&down, &all);

        let (mut up, mut from) = (Vec::new(), 0);
        loop {
            let (page, more) = after(&store, from, items(step));
            from = page.last().copied().unwrap_or(0);
            up.extend(page);
            if !more { break }
        }
        prop_assert_eq!(&up, &all);
    }
}
