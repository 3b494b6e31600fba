//! Changes of who takes part in a group. Asked of the leader, one at a time; openraft refuses the next
//! one until the last is committed.

use std::collections::BTreeSet;
use std::time::Duration;

use openraft::{ChangeMembers, EmptyNode};
use serde::{Deserialize, Serialize};

use super::group::{Group, unavailable};
use crate::error::ClusterError;

/// How long a change may take to be agreed on.
const AGREED_WITHIN: Duration = Duration::from_secs(10);

/// One step. Goes between nodes: a variant's number stays for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Change {
    /// This node gets everything from now on, without a vote.
    #[serde(rename = "1")]
    AddLearner(u64),
    /// This node gets nothing any more.
    #[serde(rename = "2")]
    RemoveLearner(u64),
    /// These decide from now on; who decided before and is not among them listens.
    #[serde(rename = "3")]
    SetVoters(BTreeSet<u64>),
    /// This node leads from now on.
    #[serde(rename = "4")]
    HandOver(u64),
}

impl Group {
    /// Carries a step out. Errors: `Unavailable` where this node does not lead or the step is not possible
    /// now; look again before the next try.
    pub(crate) async fn change(&self, change: Change) -> Result<(), ClusterError> {
        let members = match change {
            Change::HandOver(node) => {
                return self.raft.trigger().transfer_leader(node).await.map_err(unavailable);
            }
            Change::AddLearner(node) => ChangeMembers::AddNodes([(node, EmptyNode {})].into()),
            Change::RemoveLearner(node) => ChangeMembers::RemoveNodes([node].into()),
            Change::SetVoters(voters) => ChangeMembers::ReplaceAllVoters(voters),
        };
        let changed = tokio::time::timeout(AGREED_WITHIN, self.raft.change_membership(members, true)).await;
        changed.map_err(unavailable)?.map(|_| ()).map_err(unavailable)
    }
}
