//! Promise: whatever happens to a node, what its clients were told stays true. Everything they are told is
//! recorded and checked, through kills, a frozen process, torn logs and power cuts. The control switches
//! fsync off, and the same check must find what is lost then.

use std::time::Duration;

use madang_tests::checker::{Verdict, Violation, check};
use madang_tests::cluster::{Ground, TestCluster, WHOLE_WITHIN};
use madang_tests::disk::Disk;
use madang_tests::schedule::{Schedule, run};
use madang_tests::workload::{Chat, Workload, read_back};

/// After healing every send must be answered within this.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);

/// Chats while the schedule runs; answers what was found.
async fn chat_through(schedule: &str, mut cluster: TestCluster) -> Verdict {
    let urls = cluster.urls();
    let chat = Workload::begin(&urls, "yard", Chat::default()).await;
    chat.goes_on(50).await;
    let schedule: Schedule = schedule.parse().unwrap();
    let odd = run(&schedule, &mut cluster).await;
    assert!(odd.is_empty(), "{}", odd.join("\n"));
    let (host, rooms) = (chat.host.clone(), chat.rooms.clone());
    let settled = chat.settle(SETTLED_WITHIN).await;
    settled.assert_complete();
    check(&settled.record, &read_back(&urls, &host, &rooms).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_through_kills_a_freeze_and_torn_logs_keeps_every_promise() {
    let schedule = "at 500 for 0 kill 1; at 2500 for 800 pause 1; at 4500 for 200 tear-tail 1; \
                    at 6500 for 1500 slow-fsync 1";
    let verdict = chat_through(schedule, TestCluster::on_loopback(1).await).await;
    assert!(verdict.is_clean(), "{verdict}");
    assert!(verdict.acked > 100, "not much of a test: {verdict}");
}

async fn on_a_disk(settings: &[(&str, &str)]) -> Option<TestCluster> {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let ground = Ground { disks: vec![Disk::new(512)?], settings, ..Ground::default() };
    Some(TestCluster::form(1, ground).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_through_power_cuts_and_a_full_disk_keeps_every_promise() {
    let Some(cluster) = on_a_disk(&[]).await else { return };
    let schedule = "at 500 for 0 power-cut 1; at 2500 for 0 fill-disk 1; at 4500 for 0 fail-fsync 1; \
                    at 6500 for 0 power-cut 1";
    let verdict = chat_through(schedule, cluster).await;
    assert!(verdict.is_clean(), "{verdict}");
    assert!(verdict.acked > 100, "not much of a test: {verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_fsync_the_same_check_finds_what_is_lost() {
    let Some(mut cluster) = on_a_disk(&[("MADANG_TEST_WITHOUT_FSYNC", "1")]).await else { return };
    let urls = cluster.urls();
    let chat = Workload::begin(&urls, "yard", Chat::default()).await;
    chat.goes_on(50).await;
    // What people set up is on the disk after this; only the messages since then are in doubt.
    cluster.stop_all().await;
    cluster.node_mut(0).start_and_wait(WHOLE_WITHIN).await;
    chat.goes_on(100).await;
    cluster.node_mut(0).cut_power();
    cluster.node_mut(0).start_and_wait(WHOLE_WITHIN).await;
    let (host, rooms) = (chat.host.clone(), chat.rooms.clone());
    // Whoever names a lost message in `after` waits in vain.
    let settled = chat.settle(Duration::from_secs(2)).await;
    let verdict = check(&settled.record, &read_back(&urls, &host, &rooms).await);
    let lost = verdict.violations.iter().any(|violation| matches!(violation, Violation::Lost { .. }));
    assert!(lost, "nothing lost: this test could not see a missing fsync: {verdict}");
}
