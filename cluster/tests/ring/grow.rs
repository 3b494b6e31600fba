//! Nodes that come and leave while people talk: 1, 3, 5 and 3 again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madang_cluster::Cluster;
use madang_cluster::command::{Op, Reply};
use madang_cluster::event::ShardEvent;
use madang_cluster::machine::meta::NodeState;
use tokio::task::JoinHandle;

use crate::support::*;

/// Somebody who talks to a room through one node until told to stop; answers what was acknowledged.
fn talker(node: &TestNode, name: &'static str, stop: &Arc<AtomicBool>) -> JoinHandle<Vec<String>> {
    let (cluster, stop) = (node.cluster.clone(), Arc::clone(stop));
    tokio::spawn(async move {
        let mut acked = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let cid = format!("{name}-{}", acked.len());
            say(&cluster, &cid).await;
            acked.push(cid);
        }
        acked
    })
}

/// Sends until it is acknowledged, as a client would.
async fn say(cluster: &Cluster, cid: &str) {
    let shard = cluster.slots().of_room(&ROOM);
    let tries = async {
        loop {
            let op = Op::Room { room: ROOM, user: user("minji"), op: send(cid) };
            match cluster.propose(shard, op).await {
                Ok(answer) => return assert!(matches!(answer, Ok(Reply::Sent { .. })), "{answer:?}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(LIMIT, tries).await.unwrap_or_else(|_| panic!("{cid} is never acknowledged"));
}

/// What a node hears of the room: stretches of seqs without holes; a new one begins where the feed says that
/// it skipped.
fn listener(node: &TestNode, stop: &Arc<AtomicBool>) -> JoinHandle<Vec<Vec<u64>>> {
    let (cluster, stop) = (node.cluster.clone(), Arc::clone(stop));
    let shard = cluster.slots().of_room(&ROOM);
    cluster.want_feed(shard, true);
    let mut feed = cluster.feed(shard).unwrap();
    tokio::spawn(async move {
        let mut heard = vec![Vec::new()];
        while !stop.load(Ordering::Relaxed) {
            let Ok(Ok(batch)) = tokio::time::timeout(Duration::from_millis(100), feed.recv()).await else {
                continue;
            };
            for event in batch.events.iter() {
                match event {
                    ShardEvent::Room(event) => heard.last_mut().unwrap().push(event.seq),
                    ShardEvent::Skipped => heard.push(Vec::new()),
                    _ => {}
                }
            }
        }
        heard
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_come_and_leave_while_people_talk_and_nothing_is_lost() {
    let stop = Arc::new(AtomicBool::new(false));
    let mut nodes = vec![TestNode::start(&[]).await];
    whole(&nodes).await;
    room_op(&nodes[0], room()).await.unwrap();
    let mut talkers = vec![talker(&nodes[0], "a", &stop)];
    for _ in 0..2 {
        nodes.push(TestNode::start(&[&nodes[0]]).await);
    }
    settled(&nodes[0], 3).await;
    talkers.push(talker(&nodes[2], "b", &stop));
    for _ in 0..2 {
        nodes.push(TestNode::start(&[&nodes[1]]).await);
    }
    settled(&nodes[0], 5).await;
    // With five nodes and three replicas, two of them hold nothing of the room's shard.
    let shard = nodes[0].cluster.slots().of_room(&ROOM);
    let without = nodes.iter().position(|node| !node.cluster.holds(shard)).expect("two hold nothing of it");
    let listening = Arc::new(AtomicBool::new(false));
    let heard = listener(&nodes[without], &listening);
    say(&nodes[without].cluster, "from-afar").await;
    assert!(cids(&nodes[without]).await.contains(&"from-afar".to_owned()), "reads its own write");
    tokio::time::sleep(Duration::from_secs(2)).await;
    listening.store(true, Ordering::Relaxed);
    let heard = heard.await.unwrap();
    assert!(heard.iter().map(Vec::len).sum::<usize>() > 10, "the feed of a shard that is held elsewhere");
    let without_holes = |seqs: &Vec<u64>| seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    assert!(heard.iter().all(without_holes), "{heard:?}");

    for _ in 0..2 {
        let leaving = nodes.pop().unwrap();
        let id = leaving.cluster.node_id();
        operator(&nodes[0]).set_state(id, NodeState::Leaving).await.unwrap();
        let mut meta = leaving.cluster.meta();
        let gone = meta.wait_for(|row| row.state_of(id) == Some(NodeState::Gone));
        tokio::time::timeout(LIMIT, gone).await.expect("it never left").unwrap();
        leaving.cluster.shutdown().await.unwrap();
    }
    settled(&nodes[0], 3).await;
    stop.store(true, Ordering::Relaxed);
    let mut all_acked = Vec::new();
    for talker in talkers {
        all_acked.push(talker.await.unwrap());
    }
    let log = cids(&nodes[1]).await;
    for acked in all_acked {
        let in_log: Vec<_> =
            log.iter().filter(|cid| cid.starts_with(&acked[0][..2]) && cid.contains('-')).collect();
        assert_eq!(in_log, acked.iter().collect::<Vec<_>>(), "each once, in order");
    }
}

/// Waits until so many nodes are up and every group is where the ring wants it.
async fn settled(node: &TestNode, count: usize) {
    until("everything is in its place", async || {
        let overview = node.cluster.overview().await;
        overview.nodes.len() == count && overview.ailments().is_empty()
    })
    .await;
}
