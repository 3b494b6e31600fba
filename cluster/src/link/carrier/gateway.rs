//! The one actor of a lane that peers can reach, and how theirs is reached.

use std::sync::Arc;

use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, BytesConvertable};
use ractor_cluster::RactorClusterMessage;

/// Where batches go that arrive. Called in order of arrival, on the lane's runtime.
pub(in crate::link) trait Inbox: Send + Sync + 'static {
    /// Bytes that say themselves which link they came on.
    fn deliver(&self, batch: &[u8]);
}

/// What a gateway hears, from gateways of peers only.
#[derive(Debug, RactorClusterMessage)]
pub(super) enum GatewayMessage {
    /// Some envelopes of one link, encoded. Never answered: answers are envelopes too.
    Batch(Cargo),
}

/// Bytes as they are. The library's own way for byte vectors copies them one by one.
#[derive(Debug)]
pub(super) struct Cargo(Vec<u8>);

impl BytesConvertable for Cargo {
    fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// The gateway of one lane.
pub(super) struct Gateway;

impl Actor for Gateway {
    type Msg = GatewayMessage;
    type State = Arc<dyn Inbox>;
    type Arguments = Arc<dyn Inbox>;

    async fn pre_start(
        &self,
        _: ActorRef<GatewayMessage>,
        inbox: Arc<dyn Inbox>,
    ) -> Result<Arc<dyn Inbox>, ActorProcessingErr> {
        Ok(inbox)
    }

    async fn handle(
        &self,
        _: ActorRef<GatewayMessage>,
        message: GatewayMessage,
        inbox: &mut Arc<dyn Inbox>,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            GatewayMessage::Batch(Cargo(bytes)) => inbox.deliver(&bytes),
        }
        Ok(())
    }
}

/// The gateway of a peer, on one session.
#[derive(Debug, Clone)]
pub(in crate::link) struct RemoteGateway(ActorRef<GatewayMessage>);

impl RemoteGateway {
    /// Finds the gateway with the peer's `number` among what the peer announced on `session`.
    pub(super) fn of(session: &ActorCell, number: u64) -> Option<Self> {
        let announced = session.get_children().into_iter();
        let mut gateways =
            announced.filter(|actor| matches!(actor.get_id(), ActorId::Remote { pid, .. } if pid == number));
        gateways.next().map(|actor| Self(actor.into()))
    }

    /// Hands a batch to the library. Errors: the session has ended.
    pub(in crate::link) fn send(&self, batch: Vec<u8>) -> Result<(), SessionEnded> {
        self.0.cast(GatewayMessage::Batch(Cargo(batch))).map_err(|_| SessionEnded)
    }
}

/// Nothing can be sent on this session any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::link) struct SessionEnded;
