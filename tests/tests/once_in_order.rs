//! Promise: a send happens once, at one place, and one sender's pipelined sends keep their order; also
//! through cut connections, `kill -9` and restarts.

use std::collections::BTreeMap;
use std::time::Duration;

use madang_tests::node::Node;
use madang_tests::people::{Person, Pipeline, messages, read_backwards, read_forwards};

const CLIENTS: usize = 10;
const SENDS: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_sends_through_cuts_and_kills_are_logged_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::start(dir.path(), &[]).await;
    let host = Person::sign_up(&node.url, "host").await;
    let room = host.open_room(&node.url, "storm").await;
    let mut pipelines = Vec::new();
    for number in 0..CLIENTS {
        let person = Person::sign_up(&node.url, &format!("client{number}")).await;
        person.http(&node.url).join(&room).await.unwrap();
        pipelines.push(Pipeline::new(person, &room, SENDS));
    }
    let address = node.address().to_owned();
    let url = node.url.clone();
    let kills = tokio::spawn(async move {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(400)).await;
            node.kill();
            node = Node::start_at(dir.path(), &address, &[]).await;
        }
        (node, dir)
    });
    let sending = pipelines.into_iter().enumerate().map(|(number, mut pipeline)| {
        let url = url.clone();
        tokio::spawn(async move {
            let mut round = 0;
            while !pipeline.is_done() {
                assert!(round < 2_000, "{} gets nowhere", pipeline.person.user);
                // Every client cuts its connection after another number of answers.
                pipeline.burst(&url, 3 + (number * 7 + round * 5) % 11).await;
                round += 1;
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
            pipeline
        })
    });
    let sending: Vec<_> = sending.collect();
    let (node, dir) = kills.await.unwrap();
    let mut acked = BTreeMap::new();
    for pipeline in sending {
        acked.extend(pipeline.await.unwrap().acked());
    }
    assert_eq!(acked.len(), CLIENTS * SENDS);

    let log = read_forwards(&host.http(&node.url), &room).await;
    let seqs: Vec<u64> = log.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=log.len() as u64).collect::<Vec<_>>(), "holes or repeats in seq");
    let found = messages(&log);
    assert_eq!(found.len(), CLIENTS * SENDS, "lost or doubled");
    let mut next: BTreeMap<String, usize> = BTreeMap::new();
    for (seq, user, cid, text) in &found {
        let expected = next.entry(user.clone()).or_default();
        assert_eq!(*cid, format!("{user}-{expected}"), "{user}'s order");
        assert_eq!((text, Some(seq)), (cid, acked.get(cid)), "an answer that is not the log's");
        *expected += 1;
    }

    // Everybody sees the same: another direction, another transport, a third who comes late.
    let late = Person::sign_up(&node.url, "late").await;
    let late_connection = late.connect(&node.url).await.unwrap();
    late_connection.join(&room, Duration::from_secs(20)).await.unwrap();
    let backwards = read_backwards(&late_connection, &room).await;
    assert_eq!(backwards[..log.len()], log[..]);
    drop((node, dir));
}
