//! Questions of programs that proved the secret but are no nodes: those that want to join, and operators'
//! command lines.

use std::sync::Arc;

use bytes::Bytes;

use crate::cluster::Inner;
use crate::command::{MetaOp, NewNode, Reply};
use crate::peer::{Answer, Known, Question};
use crate::service::Service;

/// What operators may ask that the cluster itself does not know.
const FOR_OPERATORS: [Service; 1] = [Service::HEAT];

impl Inner {
    pub(crate) async fn answer_question(self: Arc<Self>, question: Question) -> Answer {
        match question {
            Question::Who => Answer::Member(self.known()),
            Question::Join { cluster_id, node } => self.join(cluster_id, node).await,
            Question::Meta(op) if is_for_operators(&op) => match self.propose_meta(op).await {
                Ok(outcome) => Answer::Decided(outcome),
                Err(error) => Answer::Failed(error.to_string()),
            },
            Question::Meta(_) => Answer::Failed("only nodes may ask that".to_owned()),
            Question::Overview => Answer::Overview(Box::new(self.overview().await)),
            Question::Service { service, payload } => self.ask_service(service, payload).await,
        }
    }

    /// The service takes it for a question of this node.
    async fn ask_service(&self, service: u8, payload: Bytes) -> Answer {
        let handler = self.services.get(service).filter(|_| FOR_OPERATORS.contains(&Service(service)));
        let Some(handler) = handler else {
            return Answer::Failed(format!("this node has no service {service} for operators"));
        };
        match handler.request(self.identity.node, payload).await {
            Ok(said) => Answer::Service(said),
            Err(why) => Answer::Failed(why),
        }
    }

    async fn join(self: &Arc<Self>, cluster_id: [u8; 16], node: NewNode) -> Answer {
        if cluster_id != self.identity.cluster_id {
            return Answer::Failed(
                "two clusters never merge: this node is part of another cluster".to_owned(),
            );
        }
        if self.is_taken(&node) {
            let why = format!("another node is alive at {}: give this one an address of its own", node.peer);
            return Answer::Failed(why);
        }
        let (incarnation, peer) = (node.incarnation, node.peer.clone());
        match self.propose_meta(MetaOp::Join { node }).await {
            Ok(Ok(Reply::Joined { node })) => {
                let mut known: Known = self.known();
                known.peers.insert(node, (incarnation, peer));
                Answer::Joined { node, known }
            }
            Ok(Ok(other)) => Answer::Failed(format!("META answers {other:?}")),
            Ok(Err(refusal)) => Answer::Failed(refusal.to_string()),
            Err(error) => Answer::Failed(error.to_string()),
        }
    }
}

impl Inner {
    /// Whether somebody else can be reached at a newcomer's address. META would take the other one for gone,
    /// and that is final.
    fn is_taken(&self, newcomer: &NewNode) -> bool {
        let (row, linked, me) = (self.meta_now(), self.linked(), self.identity.node);
        row.alive().any(|(id, node)| {
            node.peer == newcomer.peer
                && node.incarnation != newcomer.incarnation
                && (id == me || linked.contains(&id))
        })
    }
}

fn is_for_operators(op: &MetaOp) -> bool {
    matches!(op, MetaOp::SetState { .. } | MetaOp::Remove { .. } | MetaOp::Tune { .. })
}
