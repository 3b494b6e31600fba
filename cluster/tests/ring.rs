//! Three nodes in one process, linked over loopback: joining, commands and reads from any of them, and what
//! happens when the one that leads goes away.

use std::time::Duration;

use madang_cluster::command::{Op, Outcome, Repeat, Reply, RoomOp, UserOp};
use madang_cluster::event::ShardEvent;
use madang_cluster::{Beginning, Cluster, ClusterOptions, Freshness, Leader, Page};
use madang_storage::id::{Cid, RoomId, ShardId, UserId};
use madang_storage::row::{EventBody, RoomKind};
use madang_storage::{LogOptions, LogStore, StateOptions, StateStore};
use tempfile::TempDir;

const ROOM: RoomId = RoomId([5; 16]);
const SHARDS: u16 = 4;
const LIMIT: Duration = Duration::from_secs(60);

struct TestNode {
    cluster: Cluster,
    _dir: TempDir,
}

impl TestNode {
    async fn start(seeds: &[&TestNode]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = LogStore::open(&dir.path().join("log"), &LogOptions::default()).unwrap();
        let state = StateStore::open(&dir.path().join("state"), &StateOptions::default()).unwrap();
        let mut options = ClusterOptions { shards: SHARDS, ..ClusterOptions::default() };
        options.peers.seeds = seeds.iter().map(|node| node.cluster.peer_address().to_string()).collect();
        let cluster = Cluster::start(options, log, state).await.unwrap();
        Self { cluster, _dir: dir }
    }
}

/// A ring of three, whole.
async fn three() -> [TestNode; 3] {
    let first = TestNode::start(&[]).await;
    let second = TestNode::start(&[&first]).await;
    let third = TestNode::start(&[&first, &second]).await;
    let nodes = [first, second, third];
    whole(&nodes).await;
    nodes
}

/// Waits until every shard has three voters and everybody knows its leader.
async fn whole(nodes: &[TestNode]) {
    until("the ring is whole", async || {
        for node in nodes {
            for shard in node.cluster.slots().all() {
                if *node.cluster.leader(shard).unwrap().borrow() == Leader::Unknown || !node.cluster.holds(shard) {
                    return false;
                }
            }
        }
        let ailments = nodes[0].cluster.overview().await.ailments();
        ailments.is_empty()
    })
    .await;
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let turns = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, turns).await.unwrap_or_else(|_| panic!("never: {what}"));
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn send(cid: &str) -> RoomOp {
    RoomOp::Send { cid: Cid::parse(cid).unwrap(), text: format!("text of {cid}"), after: None }
}

fn room() -> RoomOp {
    RoomOp::Create { kind: RoomKind::Open, title: "yard".into(), topic: String::new(), members: vec![] }
}

async fn room_op(node: &TestNode, op: RoomOp) -> Outcome {
    let shard = node.cluster.slots().of_room(&ROOM);
    let op = Op::Room { room: ROOM, user: user("minji"), op };
    node.cluster.propose(shard, op).await.unwrap()
}

async fn cids(node: &TestNode) -> Vec<String> {
    let reader = node.cluster.reader_of_room(&ROOM).await.unwrap();
    assert_eq!(reader.freshness(), Freshness::Current);
    let page = reader.events(&ROOM, Page::Newest, 1_000, usize::MAX).await.unwrap();
    let cid = |event: &madang_cluster::event::RoomEvent| match &event.row.body {
        EventBody::Message { cid, .. } => Some(cid.as_str().to_owned()),
        _ => None,
    };
    page.events.iter().filter_map(|event| cid(event)).collect()
}

fn leader_of(nodes: &[TestNode], shard: ShardId) -> usize {
    nodes.iter().position(|node| node.cluster.leads(shard)).expect("somebody leads")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_acknowledged_every_node_shows() {
    let nodes = three().await;
    assert_eq!(nodes[0].cluster.beginning(), Beginning::Formed);
    assert_eq!(nodes[2].cluster.beginning(), Beginning::Joined);
    let mut feed = nodes[1].cluster.feed(nodes[1].cluster.slots().of_room(&ROOM)).unwrap();
    room_op(&nodes[0], room()).await.unwrap();
    let mut sent = Vec::new();
    for i in 0..60 {
        let cid = format!("c{i}");
        room_op(&nodes[i % 3], send(&cid)).await.unwrap();
        sent.push(cid);
        assert_eq!(cids(&nodes[(i + 1) % 3]).await, sent, "read on the next node right after the answer");
    }
    let mut heard = Vec::new();
    while heard.len() < 61 {
        let batch = tokio::time::timeout(LIMIT, feed.recv()).await.unwrap().unwrap();
        heard.extend(batch.events.iter().filter_map(|event| match event {
            ShardEvent::Room(event) => Some(event.seq),
            _ => None,
        }));
    }
    assert_eq!(heard, (1..=61).collect::<Vec<_>>(), "a follower's feed has everything in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaders_are_spread_over_the_nodes() {
    let nodes = three().await;
    let led = |node: &TestNode| node.cluster.slots().all().filter(|shard| node.cluster.leads(*shard)).count();
    until("leaders are spread", async || nodes.iter().all(|node| (1..=2).contains(&led(node)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_goes_away_is_followed_by_another_and_nothing_is_lost() {
    let mut nodes = Vec::from(three().await);
    room_op(&nodes[0], room()).await.unwrap();
    for i in 0..20 {
        room_op(&nodes[0], send(&format!("c{i}"))).await.unwrap();
    }
    let shard = nodes[0].cluster.slots().of_room(&ROOM);
    let gone = nodes.remove(leader_of(&nodes, shard));
    gone.cluster.shutdown().await.unwrap();
    let again = room_op(&nodes[0], send("c19")).await.unwrap();
    assert!(matches!(again, Reply::Sent { dup: Repeat::Again, .. }), "{again:?}");
    room_op(&nodes[1], send("c20")).await.unwrap();
    assert_eq!(cids(&nodes[0]).await, (0..=20).map(|i| format!("c{i}")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minority_refuses_writes_and_says_that_its_reads_may_be_old() {
    let nodes = Vec::from(three().await);
    room_op(&nodes[0], room()).await.unwrap();
    nodes[1].cluster.shutdown().await.unwrap();
    nodes[2].cluster.shutdown().await.unwrap();
    let shard = nodes[0].cluster.slots().of_room(&ROOM);
    let op = Op::Room { room: ROOM, user: user("minji"), op: send("c") };
    let refused = tokio::time::timeout(Duration::from_secs(5), nodes[0].cluster.propose(shard, op)).await;
    refused.expect("within 5 s").expect_err("no majority");
    let reader = nodes[0].cluster.reader(shard).await.unwrap();
    assert_eq!(reader.freshness(), Freshness::Stale);
    assert!(reader.room(&ROOM).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_reach_users_whose_shard_is_led_elsewhere() {
    let nodes = three().await;
    let jun = user("jun");
    let home = nodes[0].cluster.slots().of_user(&jun);
    let op = UserOp::SignUp { display_name: "Jun".into(), password_hash: "x".into() };
    nodes[1].cluster.propose(home, Op::User { user: jun.clone(), op }).await.unwrap().unwrap();
    room_op(&nodes[0], room()).await.unwrap();
    let shard = nodes[2].cluster.slots().of_room(&ROOM);
    let join = Op::Room { room: ROOM, user: jun.clone(), op: RoomOp::Join };
    let Ok(Reply::Done { outbox }) = nodes[2].cluster.propose(shard, join).await.unwrap() else { panic!() };
    nodes[2].cluster.settle(shard, &outbox).await;
    let rooms = nodes[2].cluster.reader(home).await.unwrap().user_rooms(&jun).await.unwrap();
    assert_eq!(rooms.len(), 1);
}
