//! Nodes in one process, and what is done with them.

use std::time::Duration;

use madang_cluster::command::{Op, Outcome, RoomOp};
use madang_cluster::link::LinkClientOptions;
use madang_cluster::{Cluster, ClusterOptions, Freshness, Leader, Operator, Page};
use madang_storage::id::{Cid, RoomId, ShardId, UserId};
use madang_storage::row::{EventBody, RoomKind};
use madang_storage::{LogOptions, LogStore, StateOptions, StateStore, StorageError};
use tempfile::TempDir;

pub(crate) const ROOM: RoomId = RoomId([5; 16]);
const SHARDS: u16 = 4;
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct TestNode {
    pub(crate) cluster: Cluster,
    dir: TempDir,
}

impl TestNode {
    pub(crate) async fn start(seeds: &[&TestNode]) -> Self {
        Self::start_as(seeds, ClusterOptions::default()).await
    }

    pub(crate) async fn start_as(seeds: &[&TestNode], options: ClusterOptions) -> Self {
        Self::start_at(tempfile::tempdir().unwrap(), seeds, options).await
    }

    /// On a folder that may hold what a node left behind.
    pub(crate) async fn start_at(dir: TempDir, seeds: &[&TestNode], options: ClusterOptions) -> Self {
        let log = unlocked(|| LogStore::open(&dir.path().join("log"), &LogOptions::default())).await;
        let state = unlocked(|| StateStore::open(&dir.path().join("state"), &StateOptions::default())).await;
        let mut options = ClusterOptions { shards: SHARDS, ..options };
        options.peers.seeds = seeds.iter().map(|node| node.cluster.peer_address().to_string()).collect();
        let cluster = Cluster::start(options, log, state).await.unwrap();
        Self { cluster, dir }
    }

    /// Ends it; what it leaves behind.
    pub(crate) async fn stop(self) -> TempDir {
        let Self { cluster, dir } = self;
        cluster.shutdown().await.unwrap();
        dir
    }
}

/// Opens a store as soon as the tasks of the cluster before have let go of it.
async fn unlocked<T>(open: impl Fn() -> Result<T, StorageError>) -> T {
    let tries = async {
        loop {
            match open() {
                Err(StorageError::Locked { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
                other => return other.unwrap(),
            }
        }
    };
    tokio::time::timeout(LIMIT, tries).await.expect("nobody lets go of the store")
}

/// Asks a node what operators ask.
pub(crate) fn operator(node: &TestNode) -> Operator {
    Operator::new(node.cluster.peer_address().to_string(), LinkClientOptions::default())
}

/// A ring of three, whole.
pub(crate) async fn three() -> [TestNode; 3] {
    three_as(&ClusterOptions::default()).await
}

/// The same with these options.
pub(crate) async fn three_as(options: &ClusterOptions) -> [TestNode; 3] {
    let first = TestNode::start_as(&[], options.clone()).await;
    let second = TestNode::start_as(&[&first], options.clone()).await;
    let third = TestNode::start_as(&[&first, &second], options.clone()).await;
    let nodes = [first, second, third];
    whole(&nodes).await;
    nodes
}

/// Waits until every node holds every shard and knows its leader.
pub(crate) async fn whole(nodes: &[TestNode]) {
    until("the ring is whole", async || {
        for node in nodes {
            for shard in node.cluster.slots().all() {
                if *node.cluster.leader(shard).unwrap().borrow() == Leader::Unknown
                    || !node.cluster.holds(shard)
                {
                    return false;
                }
            }
        }
        let ailments = nodes[0].cluster.overview().await.ailments();
        ailments.is_empty()
    })
    .await;
}

pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let turns = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, turns).await.unwrap_or_else(|_| panic!("never: {what}"));
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(crate) fn send(cid: &str) -> RoomOp {
    RoomOp::Send { cid: Cid::parse(cid).unwrap(), text: format!("text of {cid}"), after: None, extra: None }
}

pub(crate) fn room() -> RoomOp {
    let (title, topic, sort_title) = ("yard".into(), String::new(), String::new());
    RoomOp::Create { kind: RoomKind::Open, title, topic, members: vec![], sort_title }
}

pub(crate) async fn room_op(node: &TestNode, op: RoomOp) -> Outcome {
    let shard = node.cluster.slots().of_room(&ROOM);
    let op = Op::Room { room: ROOM, user: user("minji"), op };
    node.cluster.propose(shard, op).await.unwrap()
}

pub(crate) async fn cids(node: &TestNode) -> Vec<String> {
    let reader = node.cluster.reader_of_room(&ROOM).await.unwrap();
    assert_eq!(reader.freshness(), Freshness::Current);
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = reader.events(&ROOM, Page::After(after), 1_000, usize::MAX).await.unwrap();
        found.extend(page.events.iter().filter_map(|event| match &event.row.body {
            EventBody::Message { cid, .. } => Some(cid.as_str().to_owned()),
            _ => None,
        }));
        match page.events.last() {
            Some(last) if page.more => after = last.seq,
            _ => return found,
        }
    }
}

pub(crate) fn leader_of(nodes: &[TestNode], shard: ShardId) -> usize {
    nodes.iter().position(|node| node.cluster.leads(shard)).expect("somebody leads")
}
