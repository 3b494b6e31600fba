//! Commands and reads from any node, and what happens when the one that leads goes away.

use std::time::Duration;

use madang_cluster::command::{Op, Repeat, Reply, RoomOp, UserOp};
use madang_cluster::event::ShardEvent;
use madang_cluster::{Beginning, ClusterOptions, Freshness};

use crate::support::*;

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
async fn a_read_among_a_majority_waits_for_the_election_however_impatient_it_is() {
    let impatient = ClusterOptions { read_wait_ms: 10, ..ClusterOptions::default() };
    let mut nodes = Vec::from(three_as(&impatient).await);
    room_op(&nodes[0], room()).await.unwrap();
    let shard = nodes[0].cluster.slots().of_room(&ROOM);
    let gone = nodes.remove(leader_of(&nodes, shard));
    gone.cluster.shutdown().await.unwrap();
    for node in &nodes {
        assert_eq!(node.cluster.reader(shard).await.unwrap().freshness(), Freshness::Current);
    }
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
    let op = UserOp::SignUp { display_name: "Jun".into(), password_hash: "x".into(), names: vec![] };
    nodes[1].cluster.propose(home, Op::User { user: jun.clone(), op }).await.unwrap().unwrap();
    room_op(&nodes[0], room()).await.unwrap();
    let shard = nodes[2].cluster.slots().of_room(&ROOM);
    let join = Op::Room { room: ROOM, user: jun.clone(), op: RoomOp::Join };
    let Ok(Reply::Done { outbox }) = nodes[2].cluster.propose(shard, join).await.unwrap() else { panic!() };
    nodes[2].cluster.settle(shard, &outbox).await;
    let rooms = nodes[2].cluster.reader(home).await.unwrap().user_rooms(&jun).await.unwrap();
    assert_eq!(rooms.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_hands_over_shows_what_its_successor_acknowledged() {
    let mut nodes = Vec::from(three().await);
    room_op(&nodes[0], room()).await.unwrap();
    let shard = nodes[0].cluster.slots().of_room(&ROOM);
    let leaving = nodes.remove(leader_of(&nodes, shard));
    let cluster = leaving.cluster.clone();
    let handed_over = tokio::spawn(async move { cluster.drain(Duration::from_secs(10)).await });
    let mut sent = Vec::new();
    while sent.len() < 20 || leaving.cluster.leads(shard) {
        let cid = format!("c{}", sent.len());
        room_op(&nodes[sent.len() % 2], send(&cid)).await.unwrap();
        sent.push(cid);
        assert_eq!(cids(&leaving).await, sent, "read where leadership is going away, right after the answer");
    }
    handed_over.await.unwrap();
}
