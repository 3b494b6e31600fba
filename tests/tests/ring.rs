//! Promise: three nodes from a seed list are one system, and a dead one costs nobody a message.

use std::time::{Duration, Instant};

use madang_loadtest::accounts::patiently;
use madang_loadtest::client::{Push, SendMessage};
use madang_tests::cluster::{Ground, TestCluster, WHOLE_WITHIN};
use madang_tests::network::Network;
use madang_tests::people::{LIMIT, Person, messages, read_forwards};
use madang_tests::workload::{Chat, Settled, Workload, read_back};
use madang_tests::{checker, wait_until};

/// After healing every send must be answered within this.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);
/// A minority must say within this that it cannot write.
const REFUSED_WITHIN: Duration = Duration::from_secs(5);
/// After healing all nodes must show the same within this.
const CONVERGED_WITHIN: Duration = Duration::from_secs(10);

/// Ends a chat and checks everything that anybody was told.
async fn check(chat: Workload, cluster: &TestCluster, acked_min: usize) -> Settled {
    let (host, rooms) = (chat.host.clone(), chat.rooms.clone());
    let settled = chat.settle(SETTLED_WITHIN).await;
    settled.assert_complete();
    let verdict = checker::check(&settled.record, &read_back(&cluster.urls(), &host, &rooms).await);
    assert!(verdict.is_clean(), "{verdict}");
    assert!(verdict.acked >= acked_min, "not much of a test: {verdict}");
    settled
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_with_one_seed_list_form_one_system() {
    let cluster = TestCluster::on_loopback(3).await;
    let urls = cluster.urls();
    let minji = Person::sign_up(&urls[0], "minji").await;
    let room = minji.open_room(&urls[0], "yard").await;
    let jun = Person::sign_up(&urls[1], "jun").await;
    patiently(LIMIT, || async { jun.http(&urls[1]).join(&room).await.map(drop) }).await.unwrap();
    let (_ears, mut pushes) = jun.listen(&urls[2]).await;

    let connection = minji.connect(&urls[0]).await.unwrap();
    let send = SendMessage { room: &room, cid: "c1", text: "안녕", after: None };
    let ack = patiently(LIMIT, || connection.send(send, LIMIT)).await.unwrap();
    let heard = tokio::time::timeout(LIMIT, async {
        loop {
            let (_, push) = pushes.next().await.expect("a connection that stays");
            if let Push::Event(event) = push
                && event.seq == ack.seq
            {
                return *event;
            }
        }
    });
    let heard = heard.await.expect("a push on another node");
    assert_eq!((heard.room, heard.user), (room.clone(), "minji".to_owned()));
    let logs = [
        read_forwards(&jun.http(&urls[0]), &room).await,
        read_forwards(&jun.http(&urls[1]), &room).await,
        read_forwards(&jun.http(&urls[2]), &room).await,
    ];
    assert_eq!(messages(&logs[0]), [(ack.seq, "minji".into(), "c1".into(), "안녕".into())]);
    assert!(logs.iter().all(|log| *log == logs[0]), "{logs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_of_each_node_in_turn_costs_nobody_a_message() {
    let mut cluster = TestCluster::on_loopback(3).await;
    let chat = Workload::begin(&cluster.urls(), "turns", Chat { writers: 12, ..Chat::default() }).await;
    chat.goes_on(200).await;
    for node in 0..3 {
        cluster.node_mut(node).kill();
        chat.goes_on(200).await;
        cluster.node_mut(node).start_and_wait(WHOLE_WITHIN).await;
        chat.goes_on(100).await;
    }
    check(chat, &cluster, 1_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_of_all_nodes_at_once_costs_nobody_a_message() {
    let mut cluster = TestCluster::on_loopback(3).await;
    let chat = Workload::begin(&cluster.urls(), "all", Chat::default()).await;
    for _ in 0..2 {
        chat.goes_on(100).await;
        cluster.kill_all();
        cluster.start_all();
        cluster.wait_whole(WHOLE_WITHIN).await;
    }
    chat.goes_on(100).await;
    check(chat, &cluster, 300).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_comes_back_without_its_disk_is_a_new_one_at_the_old_address() {
    let mut cluster = TestCluster::on_loopback(3).await;
    let chat = Workload::begin(&cluster.urls(), "wiped", Chat::default()).await;
    chat.goes_on(100).await;
    let node = cluster.node_mut(2);
    node.kill();
    node.wipe();
    node.start_and_wait(WHOLE_WITHIN).await;
    chat.goes_on(100).await;
    check(chat, &cluster, 200).await;
}

/// A write by way of `url` must be refused as temporary, soon.
async fn assert_refused(url: &str, person: &Person, room: &str) {
    let began = Instant::now();
    let send = SendMessage { room, cid: "minority", text: "is anybody there?", after: None };
    let answer = person.http(url).send(send).await;
    let took = began.elapsed();
    let error = answer.expect_err("a minority must not acknowledge");
    assert!(error.refusal().is_some_and(|refusal| refusal.temporary), "{error}");
    assert!(took < REFUSED_WITHIN, "took {took:?}: {error}");
}

/// All nodes give the same log of a room, and it has this cid.
async fn assert_converges(cluster: &TestCluster, person: &Person, room: &str, cid: &str) {
    wait_until("all nodes show the same", CONVERGED_WITHIN, || async {
        let mut logs = Vec::new();
        for url in cluster.urls() {
            let page = person.http(&url).history(room, madang_loadtest::client::Page::Newest, 200).await;
            logs.push(page.ok()?.events);
        }
        let there = messages(&logs[0]).iter().any(|(_, _, found, _)| found == cid);
        (there && logs.iter().all(|log| *log == logs[0])).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minority_refuses_writes_and_converges_when_the_others_are_back() {
    let mut cluster = TestCluster::on_loopback(3).await;
    let urls = cluster.urls();
    let minji = Person::sign_up(&urls[0], "minji").await;
    let room = minji.open_room(&urls[0], "yard").await;
    for node in [1, 2] {
        cluster.node_mut(node).pause();
    }
    assert_refused(&urls[0], &minji, &room).await;
    for node in [1, 2] {
        cluster.node_mut(node).resume();
    }
    let again = || minji.http(&urls[1]);
    let send = SendMessage { room: &room, cid: "after", text: "there we are", after: None };
    patiently(CONVERGED_WITHIN, || async { again().send(send).await }).await.unwrap();
    assert_converges(&cluster, &minji, &room, "after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_refuses_writes_while_the_others_go_on_and_converges_when_healed() {
    let Some(network) = Network::new(3) else { return };
    let cluster = TestCluster::form(3, Ground { network: Some(network), ..Ground::default() }).await;
    let urls = cluster.urls();
    let minji = Person::sign_up(&urls[0], "minji").await;
    let room = minji.open_room(&urls[0], "yard").await;
    let network = cluster.network().unwrap();
    network.isolate(0);
    assert_refused(&urls[0], &minji, &room).await;
    let send = SendMessage { room: &room, cid: "majority", text: "we go on", after: None };
    patiently(CONVERGED_WITHIN, || async { minji.http(&urls[1]).send(send).await }).await.unwrap();
    network.heal();
    assert_converges(&cluster, &minji, &room, "majority").await;
}
