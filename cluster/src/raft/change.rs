//! Changes of who takes part in a group. Asked of the leader, one at a time; openraft refuses the next
//! one until the last is committed.

use std::collections::BTreeSet;
use std::time::Duration;

use openraft::{ChangeMembers, EmptyNode};
use serde::{Deserialize, Serialize};

use super::group::{Group, unavailable};
use crate::error::ClusterError;
use crate::replica::ReplicaId;

/// How long a change may take to be agreed on.
const AGREED_WITHIN: Duration = Duration::from_secs(10);

/// One step. Goes between nodes: a variant's number stays for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Change {
    /// This replica gets everything from now on, without a vote.
    #[serde(rename = "1")]
    AddLearner(ReplicaId),
    /// This replica gets nothing any more.
    #[serde(rename = "2")]
    RemoveLearner(ReplicaId),
    /// These decide from now on; who decided before and is not among them listens.
    #[serde(rename = "3")]
    SetVoters(BTreeSet<ReplicaId>),
    /// This one leads from now on.
    #[serde(rename = "4")]
    HandOver(ReplicaId),
}

impl Group {
    /// Carries a step out. Errors: `Unavailable` where this node does not lead or the step is not possible
    /// now; look again before the next try.
    pub(crate) async fn change(&self, change: Change) -> Result<(), ClusterError> {
        let members = match change {
            Change::HandOver(to) => {
                self.lease_ends();
                return self.raft.trigger().transfer_leader(to.raw()).await.map_err(unavailable);
            }
            Change::AddLearner(one) => ChangeMembers::AddNodes([(one.raw(), EmptyNode {})].into()),
            Change::RemoveLearner(one) => ChangeMembers::RemoveNodes([one.raw()].into()),
            Change::SetVoters(voters) => {
                ChangeMembers::ReplaceAllVoters(voters.into_iter().map(ReplicaId::raw).collect())
            }
        };
        let changed = tokio::time::timeout(AGREED_WITHIN, self.raft.change_membership(members, true)).await;
        changed.map_err(unavailable)?.map(|_| ()).map_err(unavailable)
    }
}
