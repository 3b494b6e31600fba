//! openraft's type parameters. Addresses live in META alone, so a node's raft record is empty and all
//! addresses may change at a restart.

use std::fmt;

use openraft::EmptyNode;
use serde::{Deserialize, Serialize};

use super::runtime::Beating;
use crate::command::{Batch, Outcome};

openraft::declare_raft_types!(
    /// The types of every group.
    pub(crate) TypeConfig:
        D = Batch,
        R = Outcomes,
        NodeId = u64,
        Node = EmptyNode,
        AsyncRuntime = Beating,
);

/// The answers to a batch, one per command, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcomes(pub(crate) Vec<Outcome>);

impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} outcomes", self.0.len())
    }
}

pub(crate) type Entry = openraft::alias::EntryOf<TypeConfig>;
pub(crate) type LogId = openraft::alias::LogIdOf<TypeConfig>;
pub(crate) type Vote = openraft::alias::VoteOf<TypeConfig>;
pub(crate) type StoredMembership = openraft::alias::StoredMembershipOf<TypeConfig>;
pub(crate) type SnapshotMeta = openraft::alias::SnapshotMetaOf<TypeConfig>;
