//! Feeds of shards that a node does not hold.

use std::time::Duration;

use madang_cluster::event::ShardEvent;

use madang_cluster::{ClusterOptions, Leader};

use crate::support::*;

/// Longer than a node that is asked waits for something to happen.
const SEVERAL_ASKS: Duration = Duration::from_secs(3);

/// Two nodes, each shard on one of them.
async fn pair_without_copies() -> [TestNode; 2] {
    let mut options = ClusterOptions::default();
    options.peers.replication = 1;
    let first = TestNode::start_as(&[], options.clone()).await;
    let second = TestNode::start_as(&[&first], options).await;
    let nodes = [first, second];
    until("each shard is on one node, and both know where", async || {
        let overview = nodes[0].cluster.overview().await;
        let leader = |node: &TestNode, shard| *node.cluster.leader(shard).unwrap().borrow();
        let known =
            |node: &TestNode| node.cluster.slots().all().all(|shard| leader(node, shard) != Leader::Unknown);
        overview.nodes.len() == 2
            && overview.groups.iter().skip(1).all(|group| group.settled && group.voters.len() == 1)
            && nodes.iter().all(known)
            && nodes.iter().all(|node| node.cluster.slots().all().any(|shard| node.cluster.holds(shard)))
    })
    .await;
    nodes
}

fn asks(node: &TestNode) -> u64 {
    node.cluster.metrics().feed_asks
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_nobody_listens_to_is_not_asked_for() {
    let nodes = pair_without_copies().await;
    room_op(&nodes[0], room()).await.unwrap();
    let shard = nodes[0].cluster.slots().of_room(&ROOM);
    let deaf = nodes.iter().position(|node| !node.cluster.holds(shard)).expect("one holds nothing of it");
    let deaf = &nodes[deaf];
    let mut feed = deaf.cluster.feed(shard).unwrap();
    for number in 0..20 {
        room_op(deaf, send(&format!("unheard-{number}"))).await.unwrap();
    }
    tokio::time::sleep(SEVERAL_ASKS).await;
    assert_eq!(asks(deaf), 0, "not a byte of any feed");
    assert!(feed.try_recv().is_err());

    deaf.cluster.want_feed(shard, true);
    let batch = feed.recv().await.unwrap();
    assert_eq!(*batch.events, [ShardEvent::Skipped], "what was missed is said to be missed");
    room_op(deaf, send("heard")).await.unwrap();
    let batch = feed.recv().await.unwrap();
    assert!(batch.events.iter().any(|event| matches!(event, ShardEvent::Room(event) if event.room == ROOM)));

    deaf.cluster.want_feed(shard, false);
    tokio::time::sleep(SEVERAL_ASKS).await;
    let before = asks(deaf);
    room_op(deaf, send("unheard-again")).await.unwrap();
    tokio::time::sleep(SEVERAL_ASKS).await;
    assert_eq!(asks(deaf), before);
}
