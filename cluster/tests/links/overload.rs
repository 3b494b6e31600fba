//! More than fits: answered at once, bounded in memory, and without harm to the other lane.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use madang_cluster::link::{Lane, LinkError, LinkOptions, LinkRuntimes};
use tokio::runtime::{Builder, Runtime};

use crate::proxy::{Flow, Proxy};
use crate::support::{ECHO, GATED, Node, SOON, calm, introduce, myself, pair, wait_until};

const PIECE_BYTES: usize = 64 * 1024;

fn piece() -> Bytes {
    Bytes::from(vec![1; PIECE_BYTES])
}

fn narrow() -> LinkOptions {
    LinkOptions { credit_bytes: 1 << 20, queue_bytes_max: 4 << 20, request_bytes_max: 1 << 20, ..calm() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_exceeds_credit_and_queue_is_refused_at_once_and_the_rest_arrives_later() {
    let one = Node::start(narrow(), myself(1)).await;
    let two = Node::start(narrow(), myself(2)).await;
    let proxy = Proxy::before(two.address()).await;
    two.knows(myself(1), one.address());
    one.knows(myself(2), proxy.address);
    one.is_linked_to(2).await;
    proxy.both(Flow::Stopped);

    let began = Instant::now();
    let mut taken = Vec::new();
    let refused = loop {
        let mut answer = Box::pin(one.links.request(2, Lane::Bulk, ECHO, piece(), SOON * 2));
        match futures_util::FutureExt::now_or_never(&mut answer) {
            None => taken.push(answer),
            Some(answer) => break answer.unwrap_err(),
        }
        // The pump hands over what there is credit for in the meantime.
        tokio::task::yield_now().await;
        assert!(began.elapsed() < SOON);
    };
    assert_eq!(refused, LinkError::Overloaded { node: 2, limit_bytes: 4 << 20 });
    assert!(refused.nothing_was_sent());
    let taken_bytes = taken.len() * PIECE_BYTES;
    assert!(taken_bytes <= 5 << 20, "{taken_bytes} bytes wait: more than credit and queue");
    assert_eq!(one.links.meters().bulk.overloads, 1);

    proxy.both(Flow::Open);
    for answer in join_all(taken).await {
        assert_eq!(answer.unwrap().len(), PIECE_BYTES);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_beyond_what_a_peer_holds_in_hand_are_answered_busy() {
    let (one, two) = pair(narrow()).await;
    let answers: Vec<_> = (0..60).map(|_| one.links.request(2, Lane::Bulk, GATED, piece(), SOON)).collect();
    let mut more = Vec::new();
    wait_until("some are in hand and others busy", || {
        more.push(one.links.request(2, Lane::Bulk, GATED, piece(), SOON));
        two.links.meters().bulk.overloads > 0
    })
    .await;
    // Nothing more was begun than the budget allows.
    assert!(two.door.heard().len() * PIECE_BYTES < 5 << 20);
    two.door.gate.add_permits(1_000);
    let outcomes = join_all(answers.into_iter().chain(more)).await;
    let busy = outcomes.iter().filter(|outcome| **outcome == Err(LinkError::Busy { node: 2 })).count();
    assert!(busy > 0);
    assert!(outcomes.iter().filter(|outcome| outcome.is_ok()).count() >= 60);
    assert_eq!(one.asks(2, Lane::Bulk, ECHO, "free again").await.unwrap(), "free again");
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// The median time of an answer.
async fn median(node: &Node, lane: Lane, payload: Bytes, rounds: usize) -> Duration {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        let answer = node.links.request(2, lane, ECHO, payload.clone(), SOON).await;
        if answer.is_ok() {
            times.push(began.elapsed());
        }
    }
    times.sort();
    times[times.len() / 2]
}

#[test]
fn a_saturated_bulk_lane_does_not_delay_raft() {
    let [raft, bulk, test] = [runtime(), runtime(), runtime()];
    let runtimes = LinkRuntimes { raft: raft.handle().clone(), bulk: bulk.handle().clone() };
    test.block_on(async {
        let one = Node::on(runtimes.clone(), calm()).await;
        let two = Node::on(runtimes, calm()).await;
        one.links.activate(myself(1)).await.unwrap();
        two.links.activate(myself(2)).await.unwrap();
        introduce(&one, &two).await;
        let flood: Vec<_> = (0..100)
            .map(|_| {
                let links = one.links.clone();
                tokio::spawn(async move {
                    loop {
                        let _ = links.request(2, Lane::Bulk, ECHO, piece(), SOON).await;
                    }
                })
            })
            .collect();
        wait_until("the flood", || one.links.meters().bulk.received_bytes > 32 << 20).await;
        let on_raft = median(&one, Lane::Raft, Bytes::from("urgent"), 200).await;
        let on_bulk = median(&one, Lane::Bulk, Bytes::from("not urgent"), 20).await;
        flood.iter().for_each(tokio::task::JoinHandle::abort);
        assert!(on_raft * 3 < on_bulk, "raft {on_raft:?}, bulk {on_bulk:?}");
        one.links.shutdown().await;
        two.links.shutdown().await;
    });
    [raft, bulk, test].into_iter().for_each(Runtime::shutdown_background);
}
