//! Nodes to be linked, and a door that does what requests tell it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use madang_cluster::link::{
    Door, Lane, LinkError, LinkOptions, LinkRuntimes, Links, Myself, PeerAddress, Secret,
};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// Answered with the payload.
pub(crate) const ECHO: u8 = 1;
/// Answered when the door's gate is open.
pub(crate) const GATED: u8 = 2;
/// Refused.
pub(crate) const FAIL: u8 = 3;
/// Its handler panics.
pub(crate) const PANIC: u8 = 4;
/// The door itself panics, and with it the actor that called it.
pub(crate) const BREAK: u8 = 6;
/// A question without an answer.
pub(crate) const NEVER: &str = "never";
/// Answered with as many bytes as the payload says.
pub(crate) const SIZED: u8 = 5;

/// How long anything may take that is expected to happen.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Waits until `ready`, and fails after a while.
pub(crate) async fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let began = Instant::now();
    while !ready() {
        assert!(began.elapsed() < SOON, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What arrived at a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Request(u64, Lane, Bytes),
    Tell(u64, Lane, Bytes),
    Linked(u64),
    Unlinked(u64),
}

/// A door that remembers.
pub(crate) struct Probe {
    heard: Mutex<Vec<Heard>>,
    asked: AtomicUsize,
    pub(crate) gate: Arc<Semaphore>,
}

impl Probe {
    fn hear(&self, heard: Heard) {
        self.heard.lock().push(heard);
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().clone()
    }

    /// How many questions were heard.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, heard: &Heard) -> usize {
        self.heard.lock().iter().filter(|h| *h == heard).count()
    }
}

impl Door for Probe {
    fn request(
        &self,
        from: u64,
        lane: Lane,
        service: u8,
        payload: Bytes,
    ) -> BoxFuture<'static, Result<Bytes, String>> {
        assert!(service != BREAK, "as a bug would");
        self.hear(Heard::Request(from, lane, payload.slice(..payload.len().min(16))));
        let gate = Arc::clone(&self.gate);
        Box::pin(async move {
            match service {
                ECHO => Ok(payload),
                GATED => {
                    let _open = gate.acquire().await.unwrap();
                    Ok(payload)
                }
                PANIC => panic!("as a bug would"),
                SIZED => {
                    let bytes = std::str::from_utf8(&payload).unwrap().parse().unwrap();
                    Ok(Bytes::from(vec![0; bytes]))
                }
                _ => Err("this fails".to_owned()),
            }
        })
    }

    fn tell(&self, from: u64, lane: Lane, _: u8, payload: Bytes) {
        self.hear(Heard::Tell(from, lane, payload));
    }

    fn ask(&self, question: Bytes) -> BoxFuture<'static, Bytes> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if question == NEVER {
                std::future::pending::<()>().await;
            }
            [b"you asked: ", &question[..]].concat().into()
        })
    }

    fn linked(&self, node: u64) {
        self.hear(Heard::Linked(node));
    }

    fn unlinked(&self, node: u64) {
        self.hear(Heard::Unlinked(node));
    }
}

/// A node's links, and its door.
pub(crate) struct Node {
    pub(crate) links: Links,
    pub(crate) door: Arc<Probe>,
}

/// Options for a test in which no link is meant to break: a busy machine must not break one either.
pub(crate) fn calm() -> LinkOptions {
    LinkOptions {
        secret: Some(Secret::new("between us")),
        heartbeat_ms: 1_000,
        heartbeats_missed_max: 20,
        handshake_timeout_ms: 10_000,
        reconnect_ms_min: 10,
        reconnect_ms_max: 100,
        ..LinkOptions::default()
    }
}

pub(crate) fn here() -> LinkRuntimes {
    LinkRuntimes { raft: Handle::current(), bulk: Handle::current() }
}

pub(crate) fn myself(node: u64) -> Myself {
    Myself { cluster_id: [7; 16], node, incarnation: node * 100, shards: 16 }
}

impl Node {
    /// Listens, and is nobody yet.
    pub(crate) async fn listen(options: LinkOptions) -> Self {
        Self::on(here(), options).await
    }

    pub(crate) async fn on(runtimes: LinkRuntimes, options: LinkOptions) -> Self {
        let door = Arc::new(Probe {
            heard: Mutex::default(),
            asked: AtomicUsize::new(0),
            gate: Arc::new(Semaphore::new(0)),
        });
        let links = Links::listen(options, runtimes, Arc::clone(&door) as Arc<dyn Door>).await.unwrap();
        Self { links, door }
    }

    /// Listens, and is node `myself.node`.
    pub(crate) async fn start(options: LinkOptions, myself: Myself) -> Self {
        let node = Self::listen(options).await;
        node.links.activate(myself).await.unwrap();
        node
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.links.local_addr()
    }

    /// Knows this one peer from now on.
    pub(crate) fn knows(&self, peer: Myself, address: SocketAddr) {
        self.links.set_peers(peers(peer, address));
    }

    pub(crate) async fn is_linked_to(&self, node: u64) {
        wait_until(&format!("a link to node {node}"), || self.links.linked().contains(&node)).await;
    }

    pub(crate) async fn is_not_linked_to(&self, node: u64) {
        wait_until(&format!("no link to node {node}"), || !self.links.linked().contains(&node)).await;
    }

    pub(crate) async fn asks(
        &self,
        node: u64,
        lane: Lane,
        service: u8,
        payload: &str,
    ) -> Result<Bytes, LinkError> {
        self.links.request(node, lane, service, Bytes::copy_from_slice(payload.as_bytes()), SOON).await
    }
}

pub(crate) fn peers(peer: Myself, address: SocketAddr) -> BTreeMap<u64, PeerAddress> {
    let address = PeerAddress { incarnation: peer.incarnation, address: address.to_string() };
    BTreeMap::from([(peer.node, address)])
}

/// Nodes 1 and 2, linked to each other.
pub(crate) async fn pair(options: LinkOptions) -> (Node, Node) {
    let one = Node::start(options.clone(), myself(1)).await;
    let two = Node::start(options, myself(2)).await;
    introduce(&one, &two).await;
    (one, two)
}

/// Makes nodes 1 and 2 each other's peers, and waits until they are linked.
pub(crate) async fn introduce(one: &Node, two: &Node) {
    two.knows(myself(1), one.address());
    one.knows(myself(2), two.address());
    one.is_linked_to(2).await;
    two.is_linked_to(1).await;
}
