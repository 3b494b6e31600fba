//! Promise: an ack means durable. The plug is pulled in the middle of sending; every acked message must be
//! there afterwards. The control runs the same with fsync switched off and must lose some.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use madang_tests::disk::Disk;
use madang_tests::node::{NO_RATE_LIMITS, Node};
use madang_tests::people::{Person, Pipeline, messages, read_forwards};

/// Sends until the plug is pulled; answers how many acked messages are missing afterwards, of how many.
async fn acked_messages_lost(settings: &[(&str, &str)]) -> Option<(usize, usize)> {
    let disk = Disk::new(512)?;
    let data = disk.path().join("data");
    let node = Node::start(&data, settings).await;
    let host = Person::sign_up(&node.url, "host").await;
    let room = host.open_room(&node.url, "storm").await;
    // What a person set up before the power fails is on the disk in both runs: only the sends are in doubt.
    let status = node.stop().await;
    assert!(status.success(), "{status}");
    let node = Node::start(&data, settings).await;

    let url = node.url.clone();
    let mut pipeline = Pipeline::new(host.clone(), &room, 200_000);
    let sending = tokio::spawn(async move {
        let end = Instant::now() + Duration::from_secs(2);
        while Instant::now() < end {
            pipeline.burst(&url, 200).await;
        }
        pipeline.acked()
    });
    let acked = sending.await.unwrap();
    disk.pull_plug();
    node.kill();
    disk.plug_in_again();

    let node = Node::start(&data, &[]).await;
    let log = read_forwards(&host.http(&node.url), &room).await;
    let found: BTreeSet<(String, u64)> =
        messages(&log).into_iter().map(|(seq, _, cid, _)| (cid, seq)).collect();
    let lost = acked.iter().filter(|ack| !found.contains(ack)).count();
    node.kill();
    Some((lost, acked.len()))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acked_message_is_lost_when_the_power_fails() {
    let Some((lost, acked)) = acked_messages_lost(&NO_RATE_LIMITS).await else { return };
    assert!(acked > 100, "only {acked} acks: not much of a test");
    assert_eq!(lost, 0, "of {acked} acked messages");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_fsync_the_same_test_finds_losses() {
    let [rate, burst] = NO_RATE_LIMITS;
    let settings = [rate, burst, ("MADANG_TEST_WITHOUT_FSYNC", "1")];
    let Some((lost, acked)) = acked_messages_lost(&settings).await else { return };
    assert!(lost > 0, "nothing lost of {acked}: this test could not see a missing fsync");
}
