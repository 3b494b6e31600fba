//! The operator's way in: questions to a running node from a program beside it, which proves the cluster's
//! secret on the port for other nodes.

use std::time::Duration;

use bytes::Bytes;

use crate::command::MetaOp;
use crate::error::ClusterError;
use crate::link::{LinkClientOptions, ask};
use crate::machine::meta::{NodeState, Tunables};
use crate::overview::Overview;
use crate::peer::{Answer, Question, decode, encode};
use crate::service::Service;

/// How long a node may take to answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// Asks one node, which speaks for the cluster.
#[derive(Debug, Clone)]
pub struct Operator {
    address: String,
    options: LinkClientOptions,
}

impl Operator {
    /// Asks the node whose port for other nodes is at `address`.
    pub fn new(address: String, options: LinkClientOptions) -> Self {
        Self { address, options }
    }

    /// How the cluster stands.
    pub async fn overview(&self) -> Result<Overview, ClusterError> {
        match self.ask(&Question::Overview).await? {
            Answer::Overview(overview) => Ok(*overview),
            other => Err(misfit(other)),
        }
    }

    /// Has a node drain, leave, or serve again.
    pub async fn set_state(&self, node: u64, state: NodeState) -> Result<(), ClusterError> {
        self.decide(MetaOp::SetState { node, state }).await
    }

    /// Gives a dead node up: its replicas are made anew elsewhere, its id never comes back.
    pub async fn remove(&self, node: u64) -> Result<(), ClusterError> {
        self.decide(MetaOp::Remove { node }).await
    }

    /// Changes what can be tuned while the cluster runs.
    pub async fn tune(&self, tunables: Tunables) -> Result<(), ClusterError> {
        self.decide(MetaOp::Tune { tunables }).await
    }

    /// Asks a service that nodes have above the cluster, if it is one for operators.
    pub async fn request(&self, service: Service, payload: Bytes) -> Result<Bytes, ClusterError> {
        match self.ask(&Question::Service { service: service.0, payload }).await? {
            Answer::Service(said) => Ok(said),
            other => Err(misfit(other)),
        }
    }

    async fn decide(&self, op: MetaOp) -> Result<(), ClusterError> {
        match self.ask(&Question::Meta(op)).await? {
            Answer::Decided(Ok(_)) => Ok(()),
            Answer::Decided(Err(refusal)) => Err(ClusterError::Misfit(refusal.to_string())),
            other => Err(misfit(other)),
        }
    }

    async fn ask(&self, question: &Question) -> Result<Answer, ClusterError> {
        let question = encode(question)?;
        let answer = ask(&self.options, &self.address, question, ANSWERED_WITHIN).await?;
        decode(&answer)
    }
}

fn misfit(answer: Answer) -> ClusterError {
    match answer {
        Answer::Failed(why) => ClusterError::Unavailable { why },
        other => ClusterError::Unavailable { why: format!("the node answers another question: {other:?}") },
    }
}
