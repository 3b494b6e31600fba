//! A node that is about to stop hands over what it leads, so that nobody waits for an election.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::cluster::Inner;
use crate::command::MetaOp;
use crate::hosted::{Hosted, Replica};
use crate::machine::meta::NodeState;
use crate::raft::Change;
use crate::replica::ReplicaId;
use crate::service::Leader;

/// How long META may take to hear of it: without META's word others might hand leadership back.
const TOLD_WITHIN: Duration = Duration::from_secs(1);
/// How long an heir may take before it, or another, is asked again.
const TAKEN_WITHIN: Duration = Duration::from_millis(500);

impl Inner {
    /// Leads nothing any more, if there are others who can; after `limit` at the latest.
    pub(crate) async fn drain(self: &Arc<Self>, limit: Duration) {
        if self.meta_now().alive().count() < 2 {
            return;
        }
        let deadline = Instant::now() + limit;
        let node = self.identity.node;
        let told = self.propose_meta(MetaOp::SetState { node, state: NodeState::Draining });
        let told = timeout_at(deadline.min(Instant::now() + TOLD_WITHIN), told).await;
        if !matches!(told, Ok(Ok(Ok(_)))) {
            tracing::warn!("the cluster could not be told that this node stops");
        }
        // META last: it is needed for the others.
        for hosted in self.groups.iter().rev() {
            let handed_over = timeout_at(deadline, self.hand_over_lead(hosted)).await;
            if handed_over.is_err() {
                tracing::warn!(group = hosted.id().0, "nobody took over in time: there will be an election");
            }
        }
    }

    /// Until somebody else leads. A group without anybody else is let be.
    async fn hand_over_lead(&self, hosted: &Hosted) {
        while hosted.leader_now() == Leader::Here
            && let Some(replica) = hosted.replica()
            && let Some(to) = self.heir(&replica)
        {
            if let Err(error) = replica.group.change(Change::HandOver(to)).await {
                tracing::debug!(group = hosted.id().0, %to, %error, "cannot hand over");
            }
            let mut leader = hosted.leader();
            let _ = tokio::time::timeout(TAKEN_WITHIN, leader.wait_for(|now| *now != Leader::Here)).await;
        }
    }

    /// The voter that can be reached and lacks least.
    fn heir(&self, replica: &Replica) -> Option<ReplicaId> {
        let (linked, behind) = (self.linked(), replica.group.behind());
        let voters = replica.group.members().voters;
        let others = voters.into_iter().filter(|voter| linked.contains(&voter.node()));
        others.min_by_key(|voter| behind.get(voter).copied().unwrap_or(u64::MAX))
    }
}
