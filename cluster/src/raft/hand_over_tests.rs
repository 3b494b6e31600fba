//! Who hands leadership over must not answer from its lease: three replicas, and one that hears nothing more
//! once it has asked another to lead.

use std::collections::BTreeMap;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use madang_storage::{GroupId, LogOptions, LogStore, StateOptions, StateStore};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::broadcast;

use super::change::Change;
use super::group::{Group, GroupParts};
use super::network::{Answer, PeerTransport, RaftCall, TransportError};
use crate::breach::Breach;
use crate::command::{Batch, Command, Op};
use crate::options::RaftOptions;
use crate::replica::ReplicaId;
use crate::service::Leader;

const GROUP: GroupId = GroupId(1);
const LIMIT: Duration = Duration::from_secs(30);
/// Longer than the whole test: whoever looks only at the clock holds its lease to the end.
const LEASE_MS: u64 = 60_000;

/// What joins the replicas.
#[derive(Default)]
struct Wires {
    groups: Mutex<BTreeMap<u64, Group>>,
    /// The node that nobody hears and that hears nobody, but for the request to take over; 0: none.
    alone: AtomicU64,
}

/// One node's end.
struct Wire {
    from: u64,
    wires: Arc<Wires>,
}

impl PeerTransport for Wire {
    fn call(&self, to: ReplicaId, _: GroupId, call: RaftCall, request: Bytes, _: Duration) -> Answer {
        let (from, to, wires) = (self.from, to.node(), Arc::clone(&self.wires));
        Box::pin(async move {
            let failed = |why: String| TransportError { node: to, why };
            let is_cut = || {
                let alone = wires.alone.load(Ordering::SeqCst);
                call != RaftCall::Transfer && [from, to].contains(&alone)
            };
            let group = wires.groups.lock().get(&to).cloned().filter(|_| !is_cut());
            let group = group.ok_or_else(|| failed("not reached".to_owned()))?;
            let answer = group.answer(call, &request).await.map_err(|error| failed(error.to_string()))?;
            if is_cut() { Err(failed("the answer is lost".to_owned())) } else { Ok(answer) }
        })
    }

    fn pace(&self, _: usize) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(ready(()))
    }
}

async fn open(node: u64, wires: &Arc<Wires>) -> (Group, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let group = Group::open(GroupParts {
        group: GROUP,
        replica: ReplicaId::new(node, 0),
        log: LogStore::open(&dir.path().join("log"), &LogOptions::default()).unwrap(),
        state: StateStore::open(&dir.path().join("state"), &StateOptions::default()).unwrap(),
        transport: Arc::new(Wire { from: node, wires: Arc::clone(wires) }),
        feed: broadcast::Sender::new(16),
        options: RaftOptions {
            election_min_ms: LEASE_MS,
            election_max_ms: LEASE_MS + 1_000,
            ..RaftOptions::default()
        },
        breach: Breach::None,
    });
    let group = group.await.unwrap();
    wires.groups.lock().insert(node, group.clone());
    (group, dir)
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let turns = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, turns).await.unwrap_or_else(|_| panic!("never: {what}"));
}

fn any_command() -> Batch {
    Batch { commands: Arc::new(vec![Command { at_ms: 1, op: Op::OutboxDone(vec![1]) }]) }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hands_over_holds_no_lease_although_it_was_heard_just_now() {
    let wires = Arc::new(Wires::default());
    let nodes = [open(1, &wires).await, open(2, &wires).await, open(3, &wires).await];
    let [(first, _), (second, _), (third, _)] = &nodes;
    first.form().await.unwrap();
    until("the first leads", || first.leader() == Leader::Here).await;
    for other in [second, third] {
        first.change(Change::AddLearner(other.replica())).await.unwrap();
    }
    let all = [first, second, third].map(Group::replica);
    first.change(Change::SetVoters(all.into())).await.unwrap();
    let answered = first.write(any_command()).await.unwrap().outcomes().await.unwrap();
    assert!(answered.iter().all(Result::is_ok), "{answered:?}");
    let all_have_it = || [second, third].iter().all(|group| group.applied().now() == first.applied().now());
    until("all have it", all_have_it).await;
    assert!(first.holds_lease());

    wires.alone.store(1, Ordering::SeqCst);
    first.change(Change::HandOver(second.replica())).await.unwrap();
    until("the second leads", || second.leader() == Leader::Here).await;
    let answered = second.write(any_command()).await.unwrap().outcomes().await.unwrap();
    assert!(answered.iter().all(Result::is_ok), "{answered:?}");
    assert!(first.progress().leads, "not much of a test: it has heard of its successor");
    assert!(!first.holds_lease(), "it would show what was before its successor's answers");
}
