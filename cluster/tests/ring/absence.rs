//! A node that stays away, and comes back.

use std::time::Duration;

use madang_cluster::machine::meta::{NodeState, Tunables};

use madang_cluster::ClusterOptions;

use crate::support::*;

/// How long others wait before they stand in for it.
const PATIENCE: Duration = Duration::from_secs(3);

async fn tune(node: &TestNode) {
    let substitute_after_ms = u64::try_from(PATIENCE.as_millis()).unwrap();
    let tunables = Tunables { substitute_after_ms, ..Tunables::default() };
    until("META takes it", async || operator(node).tune(tunables.clone()).await.is_ok()).await;
}

/// Waits until a node stands so, every group is as the ring wants it, and has three voters that can be reached.
async fn stands(node: &TestNode, id: u64, state: NodeState) {
    until(&format!("node {id} is {state}, and every group whole"), async || {
        let overview = node.cluster.overview().await;
        let reachable = |id: &u64| overview.nodes.iter().any(|node| node.node == *id && node.reachable);
        let mut shards = overview.groups.iter().filter(|group| group.group != "meta");
        node.cluster.meta().borrow().state_of(id) == Some(state)
            && shards
                .all(|group| group.settled && group.voters.len() == 3 && group.voters.iter().all(reachable))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_stand_in_for_a_node_that_stays_away_until_it_is_back() {
    let nodes = three().await;
    let goer = TestNode::start(&[&nodes[0]]).await;
    let id = goer.cluster.node_id();
    stands(&nodes[0], id, NodeState::Up).await;
    tune(&nodes[0]).await;
    room_op(&nodes[0], room()).await.unwrap();
    let held_before = held(&goer);
    assert!(held_before > 0, "the ring gives it its part");

    let (address, left_behind) = (goer.cluster.peer_address(), goer.stop().await);
    stands(&nodes[0], id, NodeState::Away).await;
    room_op(&nodes[0], send("meanwhile")).await.unwrap();

    let mut options = ClusterOptions::default();
    options.peers.link.listen = address;
    let back = TestNode::start_at(left_behind, &[&nodes[0]], options).await;
    stands(&nodes[0], id, NodeState::Up).await;
    until("it holds what it held", async || held(&back) == held_before).await;
    assert_eq!(cids(&back).await, ["meanwhile"]);
}

fn held(node: &TestNode) -> usize {
    node.cluster.slots().all().filter(|shard| node.cluster.holds(*shard)).count()
}
