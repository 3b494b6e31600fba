//! Peers that stop without a word, lines that swallow what is sent: noticed, told, and mended.

use bytes::Bytes;
use madang_cluster::link::{Lane, LinkError, LinkOptions};

use crate::proxy::{Flow, Proxy};
use crate::support::{BREAK, ECHO, GATED, Heard, Node, SOON, calm, myself, pair, wait_until};

/// Options under which silence is noticed soon.
fn attentive() -> LinkOptions {
    LinkOptions { heartbeat_ms: 100, heartbeats_missed_max: 5, handshake_timeout_ms: 1_000, ..calm() }
}

/// Nodes 1 and 2, linked through a proxy.
async fn apart() -> (Node, Node, Proxy) {
    let one = Node::start(attentive(), myself(1)).await;
    let two = Node::start(attentive(), myself(2)).await;
    let proxy = Proxy::before(two.address()).await;
    two.knows(myself(1), one.address());
    one.knows(myself(2), proxy.address);
    one.is_linked_to(2).await;
    two.is_linked_to(1).await;
    (one, two, proxy)
}

/// Stops the line, and opens it again: both sides must notice, fail what waits, and be linked again.
async fn notices_and_mends(stop: impl FnOnce(&Proxy)) {
    let (one, two, proxy) = apart().await;
    let waiting = [Lane::Raft, Lane::Bulk].map(|lane| {
        [
            one.links.request(2, lane, GATED, Bytes::new(), SOON),
            two.links.request(1, lane, GATED, Bytes::new(), SOON),
        ]
    });
    wait_until("the requests are there", || {
        [(&one, 2), (&two, 1)].iter().all(|(node, peer)| {
            let request = |lane| node.door.count(&Heard::Request(*peer, lane, Bytes::new()));
            request(Lane::Raft) + request(Lane::Bulk) == 2
        })
    })
    .await;

    stop(&proxy);
    for [to_two, to_one] in waiting {
        assert_eq!(to_two.await, Err(LinkError::Broken { node: 2 }));
        assert_eq!(to_one.await, Err(LinkError::Broken { node: 1 }));
    }
    one.is_not_linked_to(2).await;
    two.is_not_linked_to(1).await;
    assert_eq!(one.asks(2, Lane::Raft, ECHO, "").await, Err(LinkError::NotLinked { node: 2 }));
    wait_until("both doors are told", || {
        one.door.count(&Heard::Unlinked(2)) > 0 && two.door.count(&Heard::Unlinked(1)) > 0
    })
    .await;

    proxy.both(Flow::Open);
    one.is_linked_to(2).await;
    two.is_linked_to(1).await;
    for lane in Lane::ALL {
        wait_until_answered(&one, 2, lane).await;
        wait_until_answered(&two, 1, lane).await;
    }
    assert!(one.links.meters().raft.reconnects > 0);
}

/// A link may still be replaced by a newer one just after the line was opened.
async fn wait_until_answered(node: &Node, peer: u64, lane: Lane) {
    loop {
        node.is_linked_to(peer).await;
        match node.asks(peer, lane, ECHO, "again").await {
            Ok(answer) => return assert_eq!(answer, "again"),
            Err(LinkError::NotLinked { .. } | LinkError::Broken { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_says_and_hears_nothing_is_noticed_and_linked_again() {
    notices_and_mends(|proxy| proxy.both(Flow::Stopped)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_swallows_what_the_dialler_says_is_noticed_and_mended() {
    notices_and_mends(|proxy| Proxy::set(&proxy.forth, Flow::Stopped)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_swallows_what_the_dialled_one_says_is_noticed_and_mended() {
    notices_and_mends(|proxy| Proxy::set(&proxy.back, Flow::Stopped)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_comes_back_takes_the_place_of_its_half_open_link() {
    let (one, two, proxy) = apart().await;
    // Node 1 loses both links and dials again, directly; node 2 still believes in the old ones.
    proxy.both(Flow::Stopped);
    one.knows(myself(2), two.address());
    one.is_linked_to(2).await;
    wait_until_answered(&one, 2, Lane::Raft).await;
    wait_until_answered(&one, 2, Lane::Bulk).await;
    wait_until("the newest link is told", || two.door.count(&Heard::Linked(1)) > 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_starts_anew_is_linked_again() {
    let (one, two) = pair(attentive()).await;
    two.links.shutdown().await;
    one.is_not_linked_to(2).await;
    let address = two.address();
    let again = Node::start(LinkOptions { listen: address, ..attentive() }, myself(2)).await;
    again.knows(myself(1), one.address());
    one.is_linked_to(2).await;
    wait_until_answered(&one, 2, Lane::Raft).await;
    assert!(two.links.linked().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_whose_actors_die_starts_them_again_and_is_linked_again() {
    let (one, two) = pair(attentive()).await;
    let broken = one.asks(2, Lane::Bulk, BREAK, "").await;
    assert_eq!(broken, Err(LinkError::Broken { node: 2 }));
    wait_until("the lane is linked again", || one.links.meters().bulk.reconnects == 1).await;
    wait_until_answered(&one, 2, Lane::Bulk).await;
    wait_until_answered(&two, 1, Lane::Bulk).await;
    assert_eq!(one.links.meters().raft.links, 1, "the other lane was not touched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_link_stays() {
    let (one, two) = pair(attentive()).await;
    let bytes = one.links.meters().raft.received_bytes;
    // Signs of life of several seconds' worth of silence limits.
    wait_until("many signs of life", || one.links.meters().raft.received_bytes > bytes + 2_000).await;
    assert_eq!((one.links.meters().raft.links, two.links.meters().bulk.links), (1, 1));
}
