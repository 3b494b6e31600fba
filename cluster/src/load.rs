//! How busy each node is with clients: a number that every node tells the others every few seconds, so that
//! clients can be sent where there is room. Never exact, and nothing that must be right depends on it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cluster::{Cluster, Inner};
use crate::link::Lane;
use crate::peer::{PeerTold, encode, number};

/// How many clients are connected to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Connections that are open.
    pub clients: u32,
    /// Connections that may be.
    pub clients_max: u32,
}

impl Cluster {
    /// So many clients are connected to this node: the others hear it. To be said every few seconds.
    pub fn tell_load(&self, load: Load) {
        self.inner.loads.lock().insert(self.inner.identity.node, load);
        self.inner.pass_on_load(self.inner.linked());
    }

    /// What nodes said last, this one included; of others only those that can be reached.
    pub fn loads(&self) -> BTreeMap<u64, Load> {
        self.inner.loads.lock().clone()
    }
}

impl Inner {
    /// Tells these nodes how busy this one is, if it has said so yet.
    pub(crate) fn pass_on_load(&self, nodes: impl IntoIterator<Item = u64>) {
        let Some(load) = self.loads.lock().get(&self.identity.node).copied() else { return };
        let Ok(told) = encode(&PeerTold::Load(load)) else { return };
        for node in nodes {
            // A node that is not linked any more is told when it is again.
            let _ = self.links.tell(node, Lane::Bulk, number::TOLD, told.clone());
        }
    }

    /// A node said how busy it is.
    pub(crate) fn heard_load(&self, node: u64, load: Load) {
        if self.peers.borrow().contains(&node) {
            self.loads.lock().insert(node, load);
        }
    }

    /// A node cannot be reached any more.
    pub(crate) fn forget_load(&self, node: u64) {
        self.loads.lock().remove(&node);
    }
}
