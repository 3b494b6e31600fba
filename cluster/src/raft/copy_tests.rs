//! A replica that begins with a copy goes on like the one it was copied from, whatever was asked of the shard
//! before and after: real stores, and the very code that applies entries, reads a copy in parts, writes them
//! under a fresh generation and switches to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use bytes::Bytes;
use futures_util::stream;
use madang_storage::{GroupId, StateOptions, StateStore};
use openraft::entry::RaftEntry;
use openraft::impls::leader_id_adv::LeaderId;
use openraft::storage::RaftStateMachine;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::sync::broadcast;

use super::applied::Applying;
use super::copy::{Part, read_parts};
use super::entry::{decode, encode};
use super::export::Export;
use super::machine::GroupMachine;
use super::state::{GroupState, StoredRow};
use super::types::{Entry, LogId, SnapshotMeta};
use crate::breach::Breach;
use crate::command::{Batch, Command};
use crate::event::{FeedBatch, ShardEvent};
use crate::machine::replay_tests::commands::commands;

/// Each case has a shard of its own in the two stores.
const CASES: u32 = 40;

/// One node's replica of a shard.
struct Replica {
    state: Arc<GroupState>,
    machine: GroupMachine,
    feed: broadcast::Receiver<FeedBatch>,
    entries: u64,
}

impl Replica {
    fn open(store: &StateStore, group: GroupId) -> Self {
        let state = Arc::new(GroupState::open(store.clone(), group).unwrap());
        let (sender, feed) = broadcast::channel(1_024);
        let machine =
            GroupMachine::open(Arc::clone(&state), sender, Applying::default(), Breach::None).unwrap();
        Self { state, machine, feed, entries: 0 }
    }

    /// Applies the commands, `size` in each entry. Answers what the feed was told.
    async fn run(&mut self, commands: &[Command], size: usize) -> Vec<ShardEvent> {
        let mut entries = Vec::new();
        for batch in commands.chunks(size) {
            let at = LogId { leader_id: LeaderId { term: 1, node_id: 1 }, index: self.entries };
            self.entries += 1;
            let batch = Batch { commands: Arc::new(batch.to_vec()) };
            entries.push(Ok((Entry::new_normal(at, batch), None)));
        }
        self.machine.apply(stream::iter(entries)).await.unwrap();
        let mut told = Vec::new();
        while let Ok(batch) = self.feed.try_recv() {
            told.extend(batch.events.iter().cloned());
        }
        told
    }

    /// Installs a copy of another replica's rows, as they would come over the wire.
    async fn install(&mut self, from: &Self) {
        let generation = self.state.begin_stage().unwrap();
        let mut parts = read_parts(Arc::clone(&from.state));
        let mut number = 0;
        while let Some(rows) = parts.recv().await {
            let sent = encode(&Part::Rows { id: 1, number, rows: rows.unwrap() }).unwrap();
            let Part::Rows { rows, .. } = decode("a part", &sent).unwrap() else { unreachable!() };
            self.state.stage(generation, rows).unwrap();
            number += 1;
        }
        self.machine.install_snapshot(&SnapshotMeta::default(), Export::Staged(generation)).await.unwrap();
        self.entries = from.entries;
        assert!(matches!(self.feed.try_recv().unwrap().events[..], [ShardEvent::Skipped]));
    }

    /// All rows but how far the log has come: that depends on how the commands fell into entries.
    fn rows(&self) -> Vec<StoredRow> {
        let mut rows = Vec::new();
        let mut take = |row: StoredRow| {
            rows.push(row);
            true
        };
        self.state.export(&mut take).unwrap();
        rows.retain(|(key, _)| !key.ends_with(b"applied"));
        rows
    }
}

async fn check(stores: [&StateStore; 2], group: GroupId, commands: &[Command], cut: usize, size: usize) {
    let [mut one, mut other] = stores.map(|store| Replica::open(store, group));
    // What was there before a copy is installed must not shine through.
    other.run(&commands[..commands.len().min(30)], 1).await;
    let (before, after) = commands.split_at(cut);
    one.run(before, 1).await;
    other.install(&one).await;
    assert_eq!(one.rows(), other.rows(), "the copy");
    let (heard, told) = (one.run(after, 1).await, other.run(after, size).await);
    assert_eq!(heard, told);
    assert_eq!(one.rows(), other.rows(), "after the copy");
    // A node that starts again finds what it had.
    let again = GroupState::open(stores[1].clone(), group).unwrap();
    assert_eq!(again.generation(), other.state.generation());
}

#[test]
fn a_replica_that_begins_with_an_installed_copy_goes_on_alike() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let stores = dirs.each_ref().map(|dir| StateStore::open(dir.path(), &StateOptions::default()).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: CASES, ..Config::default() });
    // Shrinking runs more cases than are drawn.
    let case = AtomicU16::new(0);
    let asked = (commands().boxed(), any::<prop::sample::Index>(), 1..40_usize);
    let tried = runner.run(&asked, |(commands, cut, size)| {
        let group = GroupId(case.fetch_add(1, Ordering::Relaxed) + 1);
        let cut = cut.index(commands.len());
        runtime.block_on(check([&stores[0], &stores[1]], group, &commands, cut, size));
        Ok(())
    });
    tried.unwrap();
}

#[tokio::test]
async fn a_large_copy_comes_in_several_parts() {
    let dir = tempfile::tempdir().unwrap();
    let store = StateStore::open(dir.path(), &StateOptions::default()).unwrap();
    let state = Arc::new(GroupState::open(store, GroupId(1)).unwrap());
    let row = |n: u64| (Bytes::copy_from_slice(&n.to_be_bytes()), Bytes::from(vec![7; 10_000]));
    state.stage(state.generation(), (0..100).map(row).collect()).unwrap();
    let mut parts = read_parts(Arc::clone(&state));
    let mut sizes = Vec::new();
    while let Some(rows) = parts.recv().await {
        sizes.push(rows.unwrap().len());
    }
    assert_eq!((sizes.iter().sum::<usize>(), sizes.len()), (100, 4), "{sizes:?}");
}
