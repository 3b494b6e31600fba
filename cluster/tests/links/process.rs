//! Real processes: a peer that is stopped, goes on, and is killed.
//!
//! The peer is this very test program, started again to run [`the_peer`] alone.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use madang_cluster::link::{Lane, LinkError, LinkOptions};

use crate::support::{ECHO, GATED, Heard, Node, SOON, calm, myself, wait_until};

/// Set for the peer: where node 1 listens.
const NODE_ONE: &str = "MADANG_TEST_LINKS_NODE_ONE";

fn attentive() -> LinkOptions {
    LinkOptions { heartbeat_ms: 100, heartbeats_missed_max: 5, handshake_timeout_ms: 1_000, ..calm() }
}

/// Node 2, when it is started by another test; nothing otherwise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_peer() {
    let Ok(one) = std::env::var(NODE_ONE) else { return };
    let node = Node::start(attentive(), myself(2)).await;
    node.knows(myself(1), one.parse().unwrap());
    println!("\nlistening on {}", node.address());
    std::future::pending::<()>().await;
}

/// A process that is killed when the test is over.
struct Peer(Child);

impl Peer {
    /// Starts node 2, and says where it listens.
    fn start(one: &Node) -> (Self, std::net::SocketAddr) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "process::the_peer", "--nocapture"])
            .env(NODE_ONE, one.address().to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find_map(|line| Some(line.strip_prefix("listening on ")?.to_owned()));
        (Self(child), line.unwrap().parse().unwrap())
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_process_is_noticed_and_linked_again_when_it_goes_on() {
    let one = Node::start(attentive(), myself(1)).await;
    let (peer, address) = Peer::start(&one);
    one.knows(myself(2), address);
    one.is_linked_to(2).await;
    for lane in Lane::ALL {
        assert_eq!(one.asks(2, lane, ECHO, "hello").await.unwrap(), "hello");
    }

    let waiting = one.links.request(2, Lane::Bulk, GATED, Bytes::new(), SOON);
    peer.signal("-STOP");
    assert_eq!(waiting.await, Err(LinkError::Broken { node: 2 }));
    one.is_not_linked_to(2).await;
    wait_until("the door is told", || one.door.count(&Heard::Unlinked(2)) > 0).await;
    peer.signal("-CONT");
    one.is_linked_to(2).await;

    peer.signal("-KILL");
    one.is_not_linked_to(2).await;
    drop(peer);
    let (_again, address) = Peer::start(&one);
    one.knows(myself(2), address);
    one.is_linked_to(2).await;
}
