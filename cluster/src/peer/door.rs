//! What other nodes, and programs that are no nodes yet, hear from this one.

use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use madang_storage::GroupId;

use super::message::{
    Answer, Failure, GroupStatus, PeerAnswer, PeerRequest, PeerTold, Question, decode, encode,
};
use super::number;
use super::transport::{Envelope, open_envelope};
use crate::cluster::Inner;
use crate::error::ClusterError;
use crate::fresh::current_here;
use crate::link::{Door, Lane};
use crate::reader::{Freshness, stale};
use crate::route::settle_here;
use crate::service::Leader;

/// The node's door. It stands before the node is part of a cluster; until then it only says who it is.
pub(crate) struct PeerDoor {
    advertise: OnceLock<String>,
    seeds: Vec<String>,
    inside: OnceLock<Weak<Inner>>,
}

impl PeerDoor {
    pub(crate) fn new(seeds: Vec<String>) -> Self {
        Self { advertise: OnceLock::new(), seeds, inside: OnceLock::new() }
    }

    /// Where others find it.
    pub(crate) fn stands_at(&self, address: String) {
        let _ = self.advertise.set(address);
    }

    /// The node is part of a cluster from now on.
    pub(crate) fn open(&self, inside: Weak<Inner>) {
        let _ = self.inside.set(inside);
    }

    fn inside(&self) -> Option<Arc<Inner>> {
        self.inside.get()?.upgrade()
    }
}

impl Door for PeerDoor {
    fn request(
        &self,
        from: u64,
        _: Lane,
        service: u8,
        payload: Bytes,
    ) -> BoxFuture<'static, Result<Bytes, String>> {
        let Some(inner) = self.inside() else { return ready(Err("the node is starting".to_owned())).boxed() };
        match service {
            number::RAFT => raft(inner, payload).boxed(),
            number::CLUSTER => cluster(inner, from, payload),
            service => match inner.services().get(service) {
                Some(handler) => handler.request(from, payload),
                None => ready(Err(format!("this node has no service {service}"))).boxed(),
            },
        }
    }

    fn tell(&self, from: u64, _: Lane, service: u8, payload: Bytes) {
        let Some(inner) = self.inside() else { return };
        if service != number::TOLD {
            return tracing::warn!(from, service, "a node tells a service that does not listen");
        }
        match decode(&payload) {
            Ok(PeerTold::Leads(groups)) => inner.heard_leader(from, &groups),
            Ok(PeerTold::Load(load)) => inner.heard_load(from, load),
            Err(error) => tracing::warn!(from, %error, "a node tells something odd"),
        }
    }

    fn ask(&self, question: Bytes) -> BoxFuture<'static, Bytes> {
        let advertise = self.advertise.get().cloned().unwrap_or_default();
        let fresh = Answer::Fresh { advertise, seeds: self.seeds.clone() };
        let inside = self.inside();
        async move {
            let answer = match (decode(&question), inside) {
                (Err(error), _) => Answer::Failed(error.to_string()),
                (Ok(Question::Who), None) => fresh,
                (Ok(_), None) => Answer::Failed("this node is not part of a cluster yet".to_owned()),
                (Ok(question), Some(inner)) => inner.answer_question(question).await,
            };
            encode(&answer).unwrap_or_default()
        }
        .boxed()
    }

    fn linked(&self, node: u64) {
        if let Some(inner) = self.inside() {
            inner.linked_with(node);
        }
    }

    fn unlinked(&self, node: u64) {
        if let Some(inner) = self.inside() {
            inner.unlinked_from(node);
        }
    }
}

async fn raft(inner: Arc<Inner>, payload: Bytes) -> Result<Bytes, String> {
    let Envelope { group, call, to, request } = open_envelope(&payload).ok_or("not a raft request")?;
    let answer = async {
        let replica = inner.hosted(group.0)?.here()?;
        if replica.group.replica() != to {
            let why = format!("this is replica {}, not {to}", replica.group.replica());
            return Err(ClusterError::Unavailable { why });
        }
        replica.group.answer(call, &request).await
    };
    answer.await.map_err(|error| error.to_string())
}

/// Commands enter their queue here, in the order in which they were sent; only the answer is waited for.
fn cluster(inner: Arc<Inner>, from: u64, payload: Bytes) -> BoxFuture<'static, Result<Bytes, String>> {
    let answer = match decode(&payload) {
        Ok(PeerRequest::Propose { group, command }) => {
            let submitted = inner.hosted(group).and_then(|hosted| {
                if hosted.leader_now() != Leader::Here {
                    return Err(not_here(hosted.leader_now()));
                }
                hosted.here()?.batcher.submit(command)
            });
            async move {
                match submitted {
                    Ok(answer) => inner.answered(answer).await.map(PeerAnswer::Proposed),
                    Err(error) => Err(error),
                }
            }
            .boxed()
        }
        Ok(request) => answer(inner, from, request).boxed(),
        Err(error) => ready(Err(error)).boxed(),
    };
    async move {
        let answer = answer.await.unwrap_or_else(|error| PeerAnswer::Failed(Failure::from(error)));
        encode(&answer).map_err(|error| error.to_string())
    }
    .boxed()
}

async fn answer(inner: Arc<Inner>, from: u64, request: PeerRequest) -> Result<PeerAnswer, ClusterError> {
    match request {
        PeerRequest::Propose { .. } => Err(not_here(Leader::Unknown)),
        PeerRequest::Read { group, query } => {
            // Who asks has no replica and cannot judge: what is old is for nobody else.
            match inner.local_reader(group).await? {
                (local, Freshness::Current) => query.answer(&local).await.map(PeerAnswer::Found),
                (_, Freshness::Stale) => Err(stale()),
            }
        }
        PeerRequest::Current { group } => {
            let hosted = inner.hosted(group)?;
            if hosted.leader_now() != Leader::Here {
                return Err(not_here(hosted.leader_now()));
            }
            current_here(&hosted.here()?).await.map(|entries| PeerAnswer::Current { entries })
        }
        PeerRequest::Settle { group, through } => {
            settle_here(inner.hosted(group)?, through).await;
            Ok(PeerAnswer::Settled)
        }
        PeerRequest::Status => Ok(PeerAnswer::Status(inner.statuses())),
        PeerRequest::Change { group, change } => {
            inner.hosted(group)?.here()?.group.change(change).await?;
            Ok(PeerAnswer::Changed)
        }
        PeerRequest::Feed { group, watch } => inner.watchers.answer(&inner, from, group, watch).await,
    }
}

fn not_here(leader: Leader) -> ClusterError {
    let leader = match leader {
        Leader::Node(node) => Some(node),
        Leader::Here | Leader::Unknown => None,
    };
    ClusterError::NotLeader { leader }
}

impl Inner {
    /// How the groups stand that this node holds.
    pub(crate) fn statuses(&self) -> Vec<GroupStatus> {
        let status = |(group, replica): (GroupId, crate::hosted::Replica)| {
            let members = replica.group.members();
            GroupStatus {
                group: group.0,
                leads: replica.group.holds_lease(),
                voters: members.voters,
                learners: members.learners,
                joint: members.joint,
                behind: replica.group.behind(),
                applied: replica.group.applied().now().entries,
            }
        };
        self.replicas().map(status).collect()
    }
}
