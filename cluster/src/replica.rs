//! What a replica is called within its group. A node that gave a replica up and gets one again later is
//! somebody else to the group: its new log begins empty, so it must not inherit the votes that old
//! memberships give to the old one. (With one name for both, a node that replays "this node alone decides"
//! from the beginning of the log would elect itself.)

use std::fmt;

use serde::{Deserialize, Serialize};

/// Bits of the node's number.
const NODE_BITS: u32 = 16;
/// The greatest node number that fits.
pub const NODE_MAX: u64 = (1 << NODE_BITS) - 1;

/// A replica's id: which node, and by which change of META it was placed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicaId(u64);

impl ReplicaId {
    /// The replica that version `placed` of META put on `node`. META's own replicas: version 0, since a node
    /// that is gone never comes back.
    pub fn new(node: u64, placed: u64) -> Self {
        Self((placed << NODE_BITS) | (node & NODE_MAX))
    }

    /// As consensus knows it.
    pub(crate) fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// As consensus knows it.
    pub(crate) fn raw(self) -> u64 {
        self.0
    }

    /// On which node it is.
    pub fn node(self) -> u64 {
        self.0 & NODE_MAX
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.node(), self.0 >> NODE_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_that_comes_back_to_its_node_is_another_one() {
        let (first, second) = (ReplicaId::new(3, 7), ReplicaId::new(3, 9));
        assert_ne!(first, second);
        assert_eq!((first.node(), second.node()), (3, 3));
        assert_eq!(second.to_string(), "3@9");
        assert_eq!(ReplicaId::from_raw(second.raw()), second);
    }

    #[test]
    fn metas_replicas_are_called_like_their_nodes() {
        assert_eq!(ReplicaId::new(5, 0).raw(), 5);
    }
}
