//! Who is refused hears why, and what to do; and is let in once that is done.

use bytes::Bytes;
use futures_util::FutureExt;
use madang_cluster::link::{Lane, LinkError, LinkOptions, Myself, Secret};

use crate::support::{ECHO, Node, calm, myself, wait_until};

/// Node 1 means to reach node 2; what it hears instead.
async fn why(callers: LinkOptions, caller: Myself, meant: Myself, knows: Myself) -> (Node, Node, String) {
    let one = Node::start(callers, caller).await;
    let two = Node::start(calm(), myself(2)).await;
    two.knows(knows, one.address());
    one.knows(meant, two.address());
    let mut why = None;
    wait_until("a refusal", || {
        why = refusal(&one, meant.node);
        why.is_some()
    })
    .await;
    assert!(one.links.linked().is_empty() && two.links.linked().is_empty());
    assert!(two.links.meters().refused_handshakes > 0);
    (one, two, why.unwrap())
}

fn refusal(node: &Node, peer: u64) -> Option<String> {
    let answer = node.links.request(peer, Lane::Bulk, ECHO, Bytes::new(), crate::support::SOON);
    match answer.now_or_never() {
        Some(Err(error @ LinkError::Refused { .. })) => {
            assert!(error.nothing_was_sent());
            Some(error.to_string())
        }
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_another_secret_is_refused() {
    let options = LinkOptions { secret: Some(Secret::new("another")), ..calm() };
    let (_one, _two, why) = why(options, myself(1), myself(2), myself(1)).await;
    assert!(why.contains("set the same secret on every node"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_another_cluster_is_refused() {
    let stranger = Myself { cluster_id: [8; 16], ..myself(1) };
    let (_one, _two, why) = why(calm(), stranger, myself(2), stranger).await;
    assert!(why.contains("two clusters never merge"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_reaches_another_than_it_means_is_refused() {
    let (_one, _two, why) = why(calm(), myself(1), myself(3), myself(1)).await;
    assert!(why.contains("this address now belongs to node 2, you mean node 3"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_means_a_data_folder_that_is_no_more_is_refused() {
    let before = Myself { incarnation: 1, ..myself(2) };
    let (_one, _two, why) = why(calm(), myself(1), before, myself(1)).await;
    assert!(why.contains("node 2 has another data folder than the one you mean"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_data_folder_is_refused_and_the_original_is_let_in() {
    let copy = Myself { incarnation: 1, ..myself(1) };
    let (one, two, why) = why(calm(), copy, myself(2), myself(1)).await;
    assert!(why.contains("node 1 is known with another data folder"), "{why}");
    two.knows(copy, one.address());
    one.is_linked_to(2).await;
    assert_eq!(one.asks(2, Lane::Raft, ECHO, "in").await.unwrap(), "in");
    assert_eq!(refusal(&one, 2), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_node_is_refused() {
    let (_one, _two, why) = why(calm(), myself(1), myself(2), myself(3)).await;
    assert!(why.contains("node 1 is unknown here: it was removed, or has not joined yet"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_has_not_joined_refuses_links_and_takes_them_later() {
    let two = Node::listen(calm()).await;
    let one = Node::start(calm(), myself(1)).await;
    one.knows(myself(2), two.address());
    wait_until("a refusal", || refusal(&one, 2).is_some_and(|why| why.contains("has not joined"))).await;
    two.knows(myself(1), one.address());
    two.links.activate(myself(2)).await.unwrap();
    one.is_linked_to(2).await;
}
