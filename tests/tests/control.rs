//! Would a broken promise be noticed? Each test here has real nodes break one on purpose, does what brings it
//! to light, and demands that the checker finds it. Nothing found says that the other tests prove nothing.

use std::time::Duration;

use madang_tests::checker::{self, Verdict, Violation};
use madang_tests::cluster::{Ground, TestCluster, WHOLE_WITHIN};
use madang_tests::disk::Disk;
use madang_tests::schedule::run;
use madang_tests::workload::{Chat, Workload, read_back};

const NODES: usize = 3;
const DISK_MIB: u32 = 256;
/// Whoever names a lost message in `after` waits in vain: no use in waiting long.
const SETTLED_WITHIN: Duration = Duration::from_secs(2);
/// So long without an answer, and whoever could be answered was.
const QUIET: Duration = Duration::from_secs(2);

/// Ends the chat and checks it.
async fn check(chat: Workload, cluster: &TestCluster) -> Verdict {
    let (host, rooms) = (chat.host.clone(), chat.rooms.clone());
    let settled = chat.settle(SETTLED_WITHIN).await;
    checker::check(&settled.record, &read_back(&cluster.urls(), &host, &rooms).await)
}

fn assert_found(verdict: &Verdict, is_it: impl Fn(&Violation) -> bool) {
    assert!(verdict.violations.iter().any(is_it), "this could not be seen: {verdict}");
}

fn is_lost(violation: &Violation) -> bool {
    matches!(violation, Violation::Lost { .. })
}

/// One node answers alone; the others go on without it and without what it answered.
#[tokio::test(flavor = "multi_thread")]
async fn answers_before_a_majority_agrees_are_found_when_the_leader_dies() {
    let mut cluster = TestCluster::on_loopback(NODES).await;
    // So many rooms that one node leads some of them, and somebody in each who gets there.
    let chat = Chat { writers: 24, readers: 0, rooms: 24, ..Chat::default() };
    let chat = Workload::begin(&cluster.urls(), "early", chat).await;
    // Setting up reads on one node what another acknowledged: that is for nodes that keep their promise.
    cluster.restart_with("MADANG_TEST_ACK_BEFORE_COMMIT", "1").await;
    chat.goes_on(50).await;
    let lonely = cluster.leads_most().await;
    let others = (0..NODES).filter(|node| *node != lonely);
    others.clone().for_each(|node| cluster.node_mut(node).kill());
    chat.falls_silent(QUIET).await;
    cluster.node_mut(lonely).kill();
    others.for_each(|node| cluster.node_mut(node).start());
    chat.goes_on(50).await;
    cluster.node_mut(lonely).start();
    cluster.wait_whole(WHOLE_WITHIN).await;
    assert_found(&check(chat, &cluster).await, is_lost);
}

/// Answers get lost with the nodes that should have brought them, and everybody tries again.
#[tokio::test(flavor = "multi_thread")]
async fn sends_that_are_not_recognised_when_they_are_tried_again_are_found() {
    let settings = vec![("MADANG_TEST_WITHOUT_DEDUP".to_owned(), "1".to_owned())];
    let mut cluster = TestCluster::form(NODES, Ground { settings, ..Ground::default() }).await;
    // Always something on its way: nobody waits with the next send for the answer to the last.
    let chat = Chat { sends_per_second: 500, window: 16, ..Chat::default() };
    let chat = Workload::begin(&cluster.urls(), "again", chat).await;
    for node in [0, 1] {
        chat.goes_on(200).await;
        cluster.node_mut(node).kill();
        cluster.node_mut(node).start_and_wait(WHOLE_WITHIN).await;
    }
    let verdict = check(chat, &cluster).await;
    assert_found(&verdict, |violation| matches!(violation, Violation::Doubled { .. }));
}

/// The power fails everywhere at once.
#[tokio::test(flavor = "multi_thread")]
async fn answers_before_the_fsync_are_found_when_the_power_fails() {
    let disks: Vec<Disk> = (0..NODES).map_while(|_| Disk::new(DISK_MIB)).collect();
    if disks.len() < NODES {
        return; // It was said why.
    }
    // What people set up is on the disks after a start in good order; only the messages since then are in
    // doubt. No checkpoint meanwhile: it syncs rows, and then the log that they come from is missing.
    let mut cluster = TestCluster::form(NODES, Ground { disks, ..Ground::default() }).await;
    let chat = Workload::begin(&cluster.urls(), "unsynced", Chat::default()).await;
    cluster.restart_with("MADANG_TEST_WITHOUT_FSYNC", "1").await;
    chat.goes_on(100).await;
    run(&"at 0 for 0 power-cut-all".parse().unwrap(), &mut cluster).await;
    assert_found(&check(chat, &cluster).await, is_lost);
}
