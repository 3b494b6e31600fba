//! The messages between nodes, and the questions of programs that are no nodes yet. MessagePack; a
//! variant's number (its serde name) stays for good, new fields come last with a default.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use bytes::Bytes;

use crate::command::{Command, MetaOp, NewNode, Outcome, serde_id};
use crate::error::ClusterError;
use crate::event::ShardEvent;
use crate::load::Load;
use crate::overview::Overview;
use crate::raft::Change;
use crate::reader::{Found, Query};
use crate::replica::ReplicaId;

/// Numbers of the services that belong to the cluster itself. Above them: [`crate::Service`].
pub(crate) mod number {
    /// Raft's own requests: group, call, bytes.
    pub(crate) const RAFT: u8 = 1;
    /// [`super::PeerRequest`].
    pub(crate) const CLUSTER: u8 = 2;
    /// [`super::PeerTold`].
    pub(crate) const TOLD: u8 = 3;
}

/// What a node asks of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PeerRequest {
    /// Of a group's leader: have this decided.
    #[serde(rename = "1")]
    Propose { group: u16, command: Command },
    /// Of a node with a replica: read this, as new as it gets.
    #[serde(rename = "2")]
    Read { group: u16, query: Query },
    /// Of a group's leader: how many entries are applied?
    #[serde(rename = "3")]
    Current { group: u16 },
    /// Of a group's leader: answer when its outbox is delivered this far.
    #[serde(rename = "4")]
    Settle { group: u16, through: u64 },
    /// Of anybody: how do the groups stand that you hold?
    #[serde(rename = "5")]
    Status,
    /// Of a group's leader: change who takes part.
    #[serde(rename = "6")]
    Change { group: u16, change: Change },
    /// Of a node with a replica: what became true since this watch asked last?
    #[serde(rename = "7")]
    Feed { group: u16, watch: u64 },
}

/// What is answered: the variant of the request's name, or a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PeerAnswer {
    #[serde(rename = "1")]
    Proposed(Outcome),
    #[serde(rename = "2")]
    Found(Found),
    #[serde(rename = "3")]
    Current { entries: u64 },
    #[serde(rename = "4")]
    Settled,
    #[serde(rename = "5")]
    Status(Vec<GroupStatus>),
    #[serde(rename = "6")]
    Changed,
    #[serde(rename = "7")]
    Failed(Failure),
    #[serde(rename = "8")]
    Feed { watch: u64, events: Vec<ShardEvent> },
}

/// What a node tells others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PeerTold {
    /// The sender leads these groups, and no others.
    #[serde(rename = "1")]
    Leads(Vec<u16>),
    /// So many clients are connected to the sender.
    #[serde(rename = "2")]
    Load(Load),
}

/// How a group stands on the node that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupStatus {
    pub(crate) group: u16,
    pub(crate) leads: bool,
    pub(crate) voters: BTreeSet<ReplicaId>,
    pub(crate) learners: BTreeSet<ReplicaId>,
    /// Between two sets of voters.
    pub(crate) joint: bool,
    /// What each replica lacks; told by the leader.
    pub(crate) behind: BTreeMap<ReplicaId, u64>,
    /// Entries applied here.
    pub(crate) applied: u64,
}

/// A [`ClusterError`] as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Failure {
    #[serde(rename = "1")]
    NotLeader { leader: Option<u64> },
    #[serde(rename = "2")]
    Overloaded { limit: usize },
    #[serde(rename = "3")]
    Timeout { after_ms: u64 },
    #[serde(rename = "4")]
    Interrupted { why: String },
    #[serde(rename = "5")]
    Unavailable { why: String },
}

/// What a program that proved the secret may ask without being a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Question {
    /// Who is there?
    #[serde(rename = "1")]
    Who,
    /// Take this node in.
    #[serde(rename = "2")]
    Join {
        /// Which cluster the asker was told of.
        #[serde(with = "serde_id")]
        cluster_id: [u8; 16],
        node: NewNode,
    },
    /// An operator's wish.
    #[serde(rename = "3")]
    Meta(MetaOp),
    /// How does the cluster stand, as this node sees it?
    #[serde(rename = "4")]
    Overview,
    /// For a service above the cluster, if operators may ask it.
    #[serde(rename = "5")]
    Service { service: u8, payload: Bytes },
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// Part of no cluster yet.
    #[serde(rename = "1")]
    Fresh { advertise: String, seeds: Vec<String> },
    /// Part of one.
    #[serde(rename = "2")]
    Member(Known),
    /// Taken in.
    #[serde(rename = "3")]
    Joined { node: u64, known: Known },
    /// Done; what the machine says.
    #[serde(rename = "4")]
    Decided(Outcome),
    /// All of it.
    #[serde(rename = "5")]
    Overview(Box<Overview>),
    /// Not possible now.
    #[serde(rename = "6")]
    Failed(String),
    /// What a service says.
    #[serde(rename = "7")]
    Service(Bytes),
}

/// What a member tells of its cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    #[serde(with = "serde_id")]
    pub(crate) cluster_id: [u8; 16],
    pub(crate) shards: u16,
    /// Who answers.
    pub(crate) node: u64,
    pub(crate) incarnation: u64,
    /// The version of META that it has heard.
    pub(crate) version: u64,
    /// node → incarnation, address: all that are not gone.
    pub(crate) peers: BTreeMap<u64, (u64, String)>,
}

impl PeerAnswer {
    /// An answer to another question than was asked.
    pub(crate) fn misfit(self) -> ClusterError {
        match self {
            Self::Failed(failure) => failure.into(),
            other => {
                ClusterError::Unavailable { why: format!("a node answered another question: {other:?}") }
            }
        }
    }
}

impl From<ClusterError> for Failure {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::NotLeader { leader } => Self::NotLeader { leader },
            ClusterError::Overloaded { limit } => Self::Overloaded { limit },
            ClusterError::Timeout { after_ms } => Self::Timeout { after_ms },
            ClusterError::Interrupted { why } => Self::Interrupted { why },
            ClusterError::Lost { .. } => Self::Interrupted { why: error.to_string() },
            ClusterError::Unavailable { why } => Self::Unavailable { why },
            ClusterError::Storage(_) | ClusterError::Misfit(_) | ClusterError::Link(_) => {
                Self::Unavailable { why: error.to_string() }
            }
        }
    }
}

impl From<Failure> for ClusterError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotLeader { leader } => Self::NotLeader { leader },
            Failure::Overloaded { limit } => Self::Overloaded { limit },
            Failure::Timeout { after_ms } => Self::Timeout { after_ms },
            Failure::Interrupted { why } => Self::Interrupted { why },
            Failure::Unavailable { why } => Self::Unavailable { why },
        }
    }
}

/// The bytes of a message.
pub(crate) fn encode<T: Serialize>(message: &T) -> Result<Bytes, ClusterError> {
    let bytes = rmp_serde::to_vec(message).map_err(|error| odd("cannot be written", &error))?;
    Ok(bytes.into())
}

/// Reads a message.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ClusterError> {
    rmp_serde::from_slice(bytes).map_err(|error| odd("cannot be read", &error))
}

fn odd(what: &str, error: &dyn std::fmt::Display) -> ClusterError {
    ClusterError::Unavailable { why: format!("a message between nodes {what}: {error}") }
}
