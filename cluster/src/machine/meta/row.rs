//! What META knows, and the questions that the rest of the node asks of it.

use std::collections::BTreeMap;
use std::fmt;

use madang_storage::GroupId;
use madang_storage::id::ShardId;
use madang_storage::row::Row;
use serde::{Deserialize, Serialize};

use super::{HeatLimits, JoinLimits, ShedLimits};
use crate::command::serde_id;
use crate::replica::ReplicaId;

/// Key of [`MetaRow`] in [`SHARD`](madang_storage::row::table::SHARD) of META's group.
pub const META_KEY: &[u8] = b"meta";

/// All that META knows: small, so it is one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaRow {
    /// Tells clusters apart.
    #[serde(with = "serde_id")]
    pub cluster_id: [u8; 16],
    /// Grows with every change, so that a reader knows which of two copies is newer.
    pub version: u64,
    /// How many shards there are, for good.
    pub shards: u16,
    /// How many nodes should hold each shard; fewer if there are not so many.
    pub replication: u8,
    /// Which rules the machines follow.
    pub machine_version: u32,
    /// The id that the next new node gets.
    pub next_node: u64,
    /// The nodes, by id. Of those that are gone the newest are remembered, without their addresses.
    pub nodes: BTreeMap<u64, NodeRow>,
    /// Raft group number → the nodes that must have that group open: voters and those becoming voters;
    /// first the one that should lead. META's own group is not in here: every node holds it.
    pub replicas: BTreeMap<u16, Vec<u64>>,
    /// Raft group number → node → the version of META that placed its replica there.
    pub placed_by: BTreeMap<u16, BTreeMap<u64, u64>>,
    /// What can be tuned while the cluster runs.
    pub tunables: Tunables,
}

impl Row for MetaRow {
    const NAME: &'static str = "meta row";
}

/// What META knows about a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRow {
    /// Random, stored with the node's data.
    pub incarnation: u64,
    /// Where it stands.
    pub state: NodeState,
    /// `host:port` where the other nodes reach it; empty: nowhere.
    pub peer: String,
    /// `host:port` where clients reach it; empty: nowhere.
    pub http: String,
    /// Failure zone.
    pub zone: String,
    /// How much it should hold, 100 is normal.
    pub weight: u16,
    /// The version of the protocol between nodes that it speaks.
    pub protocol: u32,
    /// Since when it is in this state, milliseconds since the epoch.
    pub since_ms: u64,
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NodeState {
    /// Has an id and holds nothing yet.
    #[serde(rename = "1")]
    Joining,
    /// Serves.
    #[serde(rename = "2")]
    Up,
    /// Keeps its replicas, leads nothing, sends its clients away: about to be restarted.
    #[serde(rename = "3")]
    Draining,
    /// Everything that it holds is moved away; then it is removed.
    #[serde(rename = "4")]
    Leaving,
    /// Away for good; its id never comes back.
    #[serde(rename = "5")]
    Gone,
    /// Cannot be reached for so long that others stand in for it; what it holds is given back to it when it
    /// is there again.
    #[serde(rename = "6")]
    Away,
}

impl fmt::Display for NodeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Joining => "joining",
            Self::Up => "up",
            Self::Draining => "draining",
            Self::Leaving => "leaving",
            Self::Gone => "gone",
            Self::Away => "away",
        })
    }
}

/// What can be tuned while the cluster runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tunables {
    /// Shards that may get a new replica at the same time; 0: none is moved.
    pub moves_at_once: u16,
    /// Bytes a second that a node may send for new replicas.
    pub move_bytes_per_second: u64,
    /// Raft entries that a replica may lack when it becomes a voter, or a leader.
    pub promote_lag_entries_max: u64,
    /// A node that cannot be reached for so long is stood in for by others, if there are enough, milliseconds;
    /// 0: never.
    pub substitute_after_ms: u64,
    /// When a room is hot.
    pub heat: HeatLimits,
    /// What a room may cost a node before it gets less.
    pub shed: ShedLimits,
    /// How fast a room lets people in.
    pub joins: JoinLimits,
}

impl Default for Tunables {
    fn default() -> Self {
        Self {
            moves_at_once: 4,
            move_bytes_per_second: 64 << 20,
            promote_lag_entries_max: 256,
            substitute_after_ms: 600_000,
            heat: HeatLimits::default(),
            shed: ShedLimits::default(),
            joins: JoinLimits::default(),
        }
    }
}

impl MetaRow {
    /// The group of a shard.
    pub fn shard_group(shard: ShardId) -> GroupId {
        GroupId(shard.0.saturating_add(1))
    }

    /// The numbers of all groups that are placed: all but META's.
    pub fn groups(&self) -> impl Iterator<Item = u16> + use<> {
        1..=self.shards
    }

    /// Where a node stands; `None`: there was never such a node. An id whose row is forgotten is gone.
    pub fn state_of(&self, node: u64) -> Option<NodeState> {
        let given = (1..self.next_node).contains(&node);
        self.nodes.get(&node).map(|row| row.state).or_else(|| given.then_some(NodeState::Gone))
    }

    /// Whether there is such a node and it is not gone.
    pub fn is_alive(&self, node: u64) -> bool {
        self.state_of(node).is_some_and(|state| state != NodeState::Gone)
    }

    /// The nodes that are not gone, by id.
    pub fn alive(&self) -> impl Iterator<Item = (u64, &NodeRow)> {
        self.nodes.iter().filter(|(_, row)| row.state != NodeState::Gone).map(|(id, row)| (*id, row))
    }

    /// The nodes that `me` keeps a link to: all others that are not gone.
    pub fn peers_of(&self, me: u64) -> impl Iterator<Item = (u64, &NodeRow)> {
        self.alive().filter(move |(id, _)| *id != me)
    }

    /// The nodes that must have a group open, first the one that should lead. META: all that are not gone.
    pub fn holders(&self, group: GroupId) -> Vec<u64> {
        if group == GroupId::META {
            return self.alive().map(|(id, _)| id).collect();
        }
        self.placed(group.0).iter().copied().filter(|node| self.is_alive(*node)).collect()
    }

    /// What a node's replica of a group is called; `None`: it has none.
    pub fn replica(&self, group: GroupId, node: u64) -> Option<ReplicaId> {
        if group == GroupId::META {
            return Some(ReplicaId::new(node, 0));
        }
        let placed_by = self.placed_by.get(&group.0)?.get(&node)?;
        Some(ReplicaId::new(node, *placed_by))
    }

    /// Changes who holds a group. Who held it before keeps its replica, who is new gets one of its own.
    pub(super) fn set_placed(&mut self, group: u16, replicas: Vec<u64>) {
        let (version, before) = (self.version + 1, self.placed_by.remove(&group).unwrap_or_default());
        let placed_by = |node: &u64| (*node, before.get(node).copied().unwrap_or(version));
        self.placed_by.insert(group, replicas.iter().map(placed_by).collect());
        self.replicas.insert(group, replicas);
    }

    /// What [`MetaRow::replicas`] says of a group.
    pub fn placed(&self, group: u16) -> &[u64] {
        self.replicas.get(&group).map_or(&[], Vec::as_slice)
    }
}
