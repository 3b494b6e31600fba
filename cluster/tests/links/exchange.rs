//! Requests, answers and messages between nodes that are linked, and between those that are not.

use std::time::{Duration, Instant};

use bytes::Bytes;
use madang_cluster::link::{Lane, LinkError};

use crate::support::{
    ECHO, FAIL, GATED, Heard, Node, PANIC, SIZED, SOON, calm, introduce, myself, pair, wait_until,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_ask_each_other_on_both_lanes() {
    let (one, two) = pair(calm()).await;
    for lane in Lane::ALL {
        assert_eq!(one.asks(2, lane, ECHO, "to two").await.unwrap(), "to two");
        assert_eq!(two.asks(1, lane, ECHO, "to one").await.unwrap(), "to one");
    }
    for node in [&one, &two] {
        let meters = node.links.meters();
        for lane in [meters.raft, meters.bulk] {
            assert_eq!((lane.sent_envelopes, lane.received_envelopes, lane.links), (2, 2, 1));
            assert!(lane.sent_bytes > 0 && lane.received_bytes > 0);
        }
    }
    wait_until("both doors are told", || {
        one.door.count(&Heard::Linked(2)) == 1 && two.door.count(&Heard::Linked(1)) == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_and_messages_of_one_lane_arrive_in_the_order_of_calls() {
    let (one, two) = pair(calm()).await;
    let mut expected = Vec::new();
    let mut answers = Vec::new();
    for n in 0..3_000_u32 {
        let payload = Bytes::from(n.to_string());
        if n % 3 == 0 {
            one.links.tell(2, Lane::Bulk, ECHO, payload.clone()).unwrap();
            expected.push(Heard::Tell(1, Lane::Bulk, payload));
        } else {
            answers.push((payload.clone(), one.links.request(2, Lane::Bulk, ECHO, payload.clone(), SOON)));
            expected.push(Heard::Request(1, Lane::Bulk, payload));
        }
    }
    for (payload, answer) in answers {
        assert_eq!(answer.await.unwrap(), payload);
    }
    let mut heard = two.door.heard();
    heard.retain(|heard| !matches!(heard, Heard::Linked(_)));
    assert_eq!(heard, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_sent_fails_at_once_and_says_so() {
    let (one, _two) = pair(calm()).await;
    let began = Instant::now();
    let error = one.asks(3, Lane::Raft, ECHO, "nobody").await.unwrap_err();
    assert_eq!(error, LinkError::NotLinked { node: 3 });
    assert!(error.nothing_was_sent());
    assert_eq!(one.links.tell(3, Lane::Bulk, ECHO, Bytes::new()), Err(LinkError::NotLinked { node: 3 }));
    let large = Bytes::from(vec![0; (4 << 20) + 1]);
    let error = one.links.request(2, Lane::Bulk, ECHO, large, SOON).await.unwrap_err();
    assert_eq!(error, LinkError::TooLarge { bytes: (4 << 20) + 1, limit_bytes: 4 << 20 });
    assert!(began.elapsed() < SOON);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_request_and_the_largest_answer_pass() {
    let (one, two) = pair(calm()).await;
    let large = Bytes::from(vec![7; 4 << 20]);
    for (node, peer) in [(&one, 2), (&two, 1)] {
        let answer = node.links.request(peer, Lane::Bulk, ECHO, large.clone(), SOON).await.unwrap();
        assert_eq!(answer, large);
    }
    let error = one.asks(2, Lane::Bulk, SIZED, &((4 << 20) + 1).to_string()).await.unwrap_err();
    assert!(error.to_string().contains("over the limit"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_fails_or_dies_answers_all_the_same() {
    let (one, _two) = pair(calm()).await;
    let error = one.asks(2, Lane::Bulk, FAIL, "").await.unwrap_err();
    assert_eq!(error, LinkError::Remote { why: "this fails".to_owned() });
    assert!(!error.nothing_was_sent());
    let error = one.asks(2, Lane::Bulk, PANIC, "").await.unwrap_err();
    assert!(error.to_string().contains("dropped without an answer"), "{error}");
    assert_eq!(one.asks(2, Lane::Bulk, ECHO, "still here").await.unwrap(), "still here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_an_answer_ends_in_time_and_holds_nobody_up() {
    let (one, two) = pair(calm()).await;
    let short = Duration::from_millis(20);
    let waiting = one.links.request(2, Lane::Raft, GATED, Bytes::new(), short);
    assert_eq!(waiting.await, Err(LinkError::Timeout { after_ms: 20 }));
    assert_eq!(one.asks(2, Lane::Raft, ECHO, "next").await.unwrap(), "next");
    two.door.gate.add_permits(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_is_removed_is_cut_off_and_one_that_shuts_down_breaks_what_waits() {
    let (one, two) = pair(calm()).await;
    let waiting = one.links.request(2, Lane::Bulk, GATED, Bytes::new(), SOON);
    wait_until("the request is there", || two.door.heard().len() > 1).await;
    two.links.shutdown().await;
    assert_eq!(waiting.await, Err(LinkError::Broken { node: 2 }));
    one.is_not_linked_to(2).await;
    wait_until("the door is told", || one.door.count(&Heard::Unlinked(2)) == 1).await;

    let again = Node::start(calm(), myself(2)).await;
    introduce(&one, &again).await;
    again.links.set_peers(std::collections::BTreeMap::new());
    one.is_not_linked_to(2).await;
    again.is_not_linked_to(1).await;
    wait_until("the reason is known", || {
        let answer = futures_util::FutureExt::now_or_never(one.asks(2, Lane::Bulk, ECHO, ""));
        matches!(answer, Some(Err(LinkError::Refused { why })) if why.contains("node 1 is unknown here"))
    })
    .await;
    again.knows(myself(1), one.address());
    one.is_linked_to(2).await;
    assert_eq!(one.asks(2, Lane::Bulk, ECHO, "back").await.unwrap(), "back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_activated_once() {
    let node = Node::start(calm(), myself(1)).await;
    node.links.activate(myself(1)).await.unwrap();
    assert_eq!(node.links.activate(myself(2)).await, Err(LinkError::AlreadyActive { node: 1 }));
}
