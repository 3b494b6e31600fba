//! Promise: who the nodes are and where they stand is the operator's to say. Copies go to different failure
//! zones, more of them to heavier nodes; nodes with certificates speak to nobody without; all addresses may
//! change; and others stand in for a node that stays away.

use std::collections::BTreeSet;
use std::time::Duration;

use madang_loadtest::accounts::patiently;
use madang_loadtest::client::SendMessage;
use madang_tests::authority::{Authority, Papers};
use madang_tests::cluster::{ClusterReport, Ground, GroupReport, TestCluster, WHOLE_WITHIN};
use madang_tests::people::{LIMIT, Person, messages, read_forwards};
use madang_tests::workload::{Chat, Workload, read_back};
use madang_tests::{checker, wait_until};

/// Ends a chat and checks everything that anybody was told.
async fn check(chat: Workload, cluster: &TestCluster) {
    let (host, rooms) = (chat.host.clone(), chat.rooms.clone());
    let settled = chat.settle(Duration::from_secs(30)).await;
    settled.assert_complete();
    let verdict = checker::check(&settled.record, &read_back(&cluster.urls(), &host, &rooms).await);
    assert!(verdict.is_clean(), "{verdict}");
}

/// Every group has copies in so many zones.
fn assert_spread(report: &ClusterReport, zones: usize) {
    let zone_of = |id: &u64| report.nodes.iter().find(|node| node.node == *id).expect("a node").zone.as_str();
    for group in &report.groups {
        let held: BTreeSet<&str> = group.voters.iter().map(zone_of).collect();
        assert_eq!(held.len(), zones, "{} is held by {:?}", group.group, group.voters);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_of_a_shard_stand_in_different_zones_and_a_zone_can_be_lost() {
    let mut cluster = TestCluster::prepare(5, Ground::default());
    for (index, zone) in ["east", "east", "west", "west", "north"].into_iter().enumerate() {
        cluster.node_mut(index).set("MADANG_PEER__ZONE", zone);
    }
    cluster.start_all();
    cluster.wait_whole(WHOLE_WITHIN).await;
    assert_spread(&cluster.report().await, 3);

    let chat = Workload::begin(&cluster.urls()[2..], "zones", Chat::default()).await;
    chat.goes_on(50).await;
    cluster.node_mut(0).kill();
    cluster.node_mut(1).kill();
    chat.goes_on(100).await;
    cluster.start_all();
    cluster.wait_whole(WHOLE_WITHIN).await;
    check(chat, &cluster).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heavier_node_holds_more() {
    let settings = vec![("MADANG_RAFT__SHARDS".to_owned(), "24".to_owned())];
    let mut cluster = TestCluster::prepare(4, Ground { settings, ..Ground::default() });
    cluster.node_mut(3).set("MADANG_PEER__WEIGHT", "400");
    cluster.start_all();
    cluster.wait_whole(WHOLE_WITHIN).await;
    let report = cluster.report().await;
    let url = cluster.node(3).url();
    let (heavy, light): (Vec<_>, Vec<_>) = report.nodes.iter().partition(|node| url.ends_with(&node.http));
    assert!(light.iter().all(|node| node.votes < heavy[0].votes), "{:?}", report.nodes);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_with_certificates_chat_and_let_in_nobody_without() {
    let papers = tempfile::tempdir().unwrap();
    let ours = Authority::new();
    let mut cluster = TestCluster::prepare(3, Ground::default());
    let give = |cluster: &mut TestCluster, index: usize, papers: &Papers| {
        for (name, value) in papers.settings() {
            cluster.node_mut(index).set(name, &value);
        }
    };
    for index in 0..3 {
        let host = cluster.node(index).host();
        give(&mut cluster, index, &ours.sign(papers.path(), &host));
    }
    cluster.start_all();
    cluster.wait_whole(WHOLE_WITHIN).await;
    let chat = Workload::begin(&cluster.urls(), "papers", Chat::default()).await;
    chat.goes_on(100).await;
    // An operator's program shows papers too.
    cluster.node(1).operate(&["status"]);

    // The same node with papers of somebody else: it knows the secret, and still nobody speaks to it.
    let elsewhere = tempfile::tempdir().unwrap();
    let host = cluster.node(2).host();
    let stop = cluster.node_mut(2).stop().await;
    assert!(stop.success(), "{stop}");
    give(&mut cluster, 2, &Authority::new().sign(elsewhere.path(), &host));
    cluster.node_mut(2).start();
    chat.goes_on(100).await;
    let report = cluster.report().await;
    let led: Vec<_> = report.nodes.iter().filter(|node| node.leads > 0).collect();
    assert_eq!(led.len(), 2, "{:?}", report.nodes);
    assert!(!cluster.node(2).is_ready().await, "nobody let it in");

    cluster.node_mut(2).kill();
    give(&mut cluster, 2, &ours.sign(papers.path(), &host));
    cluster.node_mut(2).start_and_wait(WHOLE_WITHIN).await;
    chat.goes_on(50).await;
    cluster.wait_whole(WHOLE_WITHIN).await;
    check(chat, &cluster).await;
}

fn send<'a>(room: &'a str, cid: &'a str) -> SendMessage<'a> {
    SendMessage { room, cid, text: "안녕", after: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_addresses_may_change_at_a_restart() {
    let mut cluster = TestCluster::on_loopback(3).await;
    let before = (cluster.urls(), cluster.report().await);
    let minji = Person::sign_up(&before.0[0], "minji").await;
    let room = minji.open_room(&before.0[0], "yard").await;
    let say = async |url: &str, cid: &str| {
        patiently(LIMIT, || async { minji.http(url).send(send(&room, cid)).await.map(drop) }).await.unwrap();
    };
    say(&before.0[1], "before").await;

    cluster.restart_elsewhere().await;
    let (urls, report) = (cluster.urls(), cluster.report().await);
    assert!(before.0.iter().all(|url| !urls.contains(url)));
    assert_eq!(report.cluster, before.1.cluster, "still the same cluster");
    let ids = |report: &ClusterReport| report.nodes.iter().map(|node| node.node).collect::<BTreeSet<_>>();
    assert_eq!(ids(&report), ids(&before.1), "and the same nodes");
    say(&urls[2], "after").await;
    for url in &urls {
        wait_until("every node shows both messages", LIMIT, || async {
            let log = read_forwards(&minji.http(url), &room).await;
            (messages(&log).len() == 2).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn others_stand_in_for_a_node_that_stays_away_until_it_is_back() {
    let mut cluster = TestCluster::on_loopback(4).await;
    cluster.node(0).operate(&["tune", "substitute_after_ms=1000"]);
    let chat = Workload::begin(&cluster.urls()[..3], "away", Chat::default()).await;
    chat.goes_on(50).await;
    let url = cluster.node(3).url();
    let state = |report: &ClusterReport| {
        let node = report.nodes.iter().find(|node| url.ends_with(&node.http)).expect("it is not gone");
        (node.node, node.state.clone())
    };
    let (away, _) = state(&cluster.report().await);
    cluster.node_mut(3).kill();
    wait_until("others stand in for it", WHOLE_WITHIN, || async {
        let report = cluster.report().await;
        let whole =
            |group: &GroupReport| group.voters.len() >= 3 && !group.voters.contains(&away) && group.settled;
        let shards = report.groups.iter().filter(|group| group.group != "meta");
        (state(&report).1 == "away" && shards.into_iter().all(whole)).then_some(())
    })
    .await;
    chat.goes_on(50).await;

    cluster.node_mut(3).start_and_wait(WHOLE_WITHIN).await;
    wait_until("it has its place again", WHOLE_WITHIN, || async {
        let report = cluster.report().await;
        let holds = report.groups.iter().filter(|group| group.voters.contains(&away)).count();
        (state(&report).1 == "up" && holds > 1).then_some(())
    })
    .await;
    cluster.wait_whole(WHOLE_WITHIN).await;
    check(chat, &cluster).await;
}
