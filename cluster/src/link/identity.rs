//! Who is linked to whom, and over which lane.

use serde::{Deserialize, Serialize};

/// Two lanes with queues, connections and actors of their own: bulk can never delay raft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lane {
    /// Agreement: small and urgent.
    #[serde(rename = "1")]
    Raft,
    /// Everything else.
    #[serde(rename = "2")]
    Bulk,
}

impl Lane {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Raft, Self::Bulk];

    /// As it stands in logs and names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raft => "raft",
            Self::Bulk => "bulk",
        }
    }
}

/// One of something for each lane.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PerLane<T> {
    pub(super) raft: T,
    pub(super) bulk: T,
}

impl<T> PerLane<T> {
    pub(super) fn get(&self, lane: Lane) -> &T {
        match lane {
            Lane::Raft => &self.raft,
            Lane::Bulk => &self.bulk,
        }
    }

    pub(super) fn get_mut(&mut self, lane: Lane) -> &mut T {
        match lane {
            Lane::Raft => &mut self.raft,
            Lane::Bulk => &mut self.bulk,
        }
    }
}

/// Who this node is, once it has joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Myself {
    /// Which cluster it is part of.
    pub cluster_id: [u8; 16],
    /// Its number in that cluster, never given to another.
    pub node: u64,
    /// Which data folder it has: drawn when the folder was made.
    pub incarnation: u64,
    /// How many shards the cluster was formed with.
    pub shards: u16,
}

/// How a peer is reached, and which data folder it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerAddress {
    /// Its incarnation, as the cluster knows it.
    pub incarnation: u64,
    /// `host:port`.
    pub address: String,
}
