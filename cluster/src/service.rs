//! What nodes ask each other above consensus: numbered services, each with one handler a node. The cluster
//! carries their bytes and gives them no meaning.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use parking_lot::RwLock;

/// Who leads a shard, as far as this node knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leader {
    /// Nobody that is known.
    Unknown,
    /// This node.
    Here,
    /// Another node.
    Node(u64),
}

/// A service's number. Goes between nodes: never renumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Service(pub(crate) u8);

impl Service {
    /// Commands for the owners of rooms.
    pub const ROOMS: Self = Self(32);
    /// Who is online.
    pub const PRESENCE: Self = Self(33);
    /// Who is typing.
    pub const TYPING: Self = Self(34);
    /// Which rooms are hot.
    pub const HEAT: Self = Self(35);
    /// Which devices are connected.
    pub const DEVICES: Self = Self(36);
}

/// Answers other nodes.
pub trait PeerService: Send + Sync + 'static {
    /// A request. Called in the order in which one node asks; the futures run side by side. Errors are
    /// sentences for the one who asked.
    fn request(&self, from: u64, payload: Bytes) -> BoxFuture<'static, Result<Bytes, String>>;
}

/// The handlers of this node.
#[derive(Default)]
pub(crate) struct Services(RwLock<HashMap<u8, Arc<dyn PeerService>>>);

impl Services {
    pub(crate) fn serve(&self, service: Service, handler: Arc<dyn PeerService>) {
        self.0.write().insert(service.0, handler);
    }

    pub(crate) fn get(&self, service: u8) -> Option<Arc<dyn PeerService>> {
        self.0.read().get(&service).cloned()
    }
}
