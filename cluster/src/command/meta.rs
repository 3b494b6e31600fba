//! What can be asked of META: forming the cluster, nodes coming and going, who holds which shard.

use serde::{Deserialize, Serialize};

use crate::machine::meta::{NodeState, Tunables};

/// What can be asked of META. All of it may come twice: a repeat changes nothing and is answered alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MetaOp {
    /// Form the cluster; happens once. Its first node gets id 1 and holds everything.
    #[serde(rename = "1")]
    Form {
        /// Random, tells clusters apart.
        #[serde(with = "serde_id")]
        cluster_id: [u8; 16],
        /// How many shards, for good.
        shards: u16,
        /// How many nodes should hold each shard.
        replication: u8,
        /// The first node.
        node: NewNode,
    },
    /// A node with an empty data directory asks for an id; answered by `Reply::Joined`. Whoever was known
    /// at its peer address is gone: what answers there now has other data.
    #[serde(rename = "2")]
    Join {
        /// The one that asks.
        node: NewNode,
    },
    /// A known node has started (again) and serves. Any of its addresses may have changed.
    #[serde(rename = "3")]
    Meet {
        /// Its id.
        node: u64,
        /// What it is now; the incarnation must be the one it joined with.
        now: NewNode,
    },
    /// An operator, or the node itself, wants a node to drain, to serve again, or to leave; or the controller
    /// sees that one is away for long, or there again.
    #[serde(rename = "4")]
    SetState {
        /// Which node.
        node: u64,
        /// What it should be. `Gone` only by way of [`MetaOp::Remove`].
        state: NodeState,
    },
    /// A node is dead, or has handed over everything: it is gone for good.
    #[serde(rename = "5")]
    Remove {
        /// Which node.
        node: u64,
    },
    /// The controller changes who holds a group, if it still is what the controller saw.
    #[serde(rename = "6")]
    Place {
        /// Raft group number; shard s is s + 1. META itself is held by everybody.
        group: u16,
        /// Who must have the group open, first who should lead.
        replicas: Vec<u64>,
        /// What the controller saw.
        was: Vec<u64>,
    },
    /// Change what can be tuned while the cluster runs.
    #[serde(rename = "7")]
    Tune {
        /// The new values, all of them.
        tunables: Tunables,
    },
    /// From here on the machines follow newer rules. The asker has made sure that every node knows them.
    #[serde(rename = "8")]
    RaiseMachineVersion {
        /// The version from now on.
        to: u32,
    },
}

/// What a node says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewNode {
    /// Random, stored with the node's data: tells this data from any other at the same address.
    pub incarnation: u64,
    /// `host:port` where the other nodes reach it; empty: nowhere.
    pub peer: String,
    /// `host:port` where clients reach it; empty: nowhere.
    pub http: String,
    /// Failure zone, any text.
    pub zone: String,
    /// How much of the cluster it should hold, 100 is normal.
    pub weight: u16,
    /// The version of the protocol between nodes that it speaks.
    pub protocol: u32,
}

/// 16 bytes as one binary value.
pub(crate) mod serde_id {
    use serde::{Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8; 16], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 16], D::Error> {
        super::super::fixed(from)
    }
}
