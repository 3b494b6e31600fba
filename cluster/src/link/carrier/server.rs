//! A lane's node server: takes streams, tells when their sessions are ready and when they are gone.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use ractor::{Actor, ActorRef};
use ractor_cluster::node::{NodeConnectionMode, NodeServerSessionInformation};
use ractor_cluster::{
    BoxRead, BoxWrite, ClusterBidiStream, NodeEventSubscription, NodeServer, NodeServerMessage,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::gateway::{Gateway, GatewayMessage, Inbox, RemoteGateway};
use super::locked::locked;
use crate::link::stream::LinkStream;

/// Which side of a connection this node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::link) enum Side {
    Caller,
    Listener,
}

/// How a lane's node server is made.
#[derive(Debug, Clone)]
pub(in crate::link) struct CarrierOptions {
    /// Unlike any other node server's, of this process or another.
    pub(in crate::link) name: String,
    /// The same on all nodes.
    pub(in crate::link) cookie: String,
    /// The largest frame that a peer may send.
    pub(in crate::link) frame_bytes_max: u64,
}

/// A lane's node server and gateway.
pub(in crate::link) struct Carrier {
    server: ActorRef<NodeServerMessage>,
    gateway: ActorRef<GatewayMessage>,
    sessions: Sessions,
    tasks: Mutex<Option<Tasks>>,
}

struct Tasks {
    server: JoinHandle<()>,
    gateway: JoinHandle<()>,
}

/// A stream that was handed over.
pub(in crate::link) struct Carried {
    /// Comes when batches can be sent; dropped if that will never be.
    pub(in crate::link) ready: oneshot::Receiver<RemoteGateway>,
    /// Cancelled when the session is gone.
    pub(in crate::link) gone: CancellationToken,
}

impl Carrier {
    /// Starts both on the current runtime. Errors: why not.
    pub(in crate::link) async fn start(
        options: &CarrierOptions,
        inbox: Arc<dyn Inbox>,
    ) -> Result<Self, String> {
        let server = NodeServer::new(
            0,
            options.cookie.clone(),
            options.name.clone(),
            // Also the host of the `host:port` that tells node servers apart: it must be unlike any other.
            options.name.clone(),
            Some(locked().map_err(|error| error.to_string())?),
            Some(NodeConnectionMode::Isolated),
        )
        .with_listen_addr(IpAddr::V4(Ipv4Addr::LOCALHOST))
        .with_max_inbound_frame_size(options.frame_bytes_max);
        let (server, server_task) =
            Actor::spawn(None, server, ()).await.map_err(|error| error.to_string())?;
        let sessions = Sessions::default();
        let subscription = NodeServerMessage::SubscribeToEvents {
            id: String::new(),
            subscription: Box::new(sessions.clone()),
        };
        let subscribed = server.cast(subscription).map_err(|error| error.to_string());
        let gateway = match subscribed {
            Ok(()) => Actor::spawn(None, Gateway, inbox).await.map_err(|error| error.to_string()),
            Err(why) => Err(why),
        };
        let (gateway, gateway_task) = gateway.inspect_err(|_| server.stop(None))?;
        let tasks = Mutex::new(Some(Tasks { server: server_task, gateway: gateway_task }));
        Ok(Self { server, gateway, sessions, tasks })
    }

    /// The number by which a peer finds this lane's gateway.
    pub(in crate::link) fn gateway(&self) -> u64 {
        self.gateway.get_id().pid()
    }

    /// Makes a session of a stream whose other end was told `self.gateway()`, and told us `gateway`.
    /// `number` differs from that of every other stream.
    pub(in crate::link) fn carry(
        &self,
        stream: LinkStream,
        side: Side,
        number: u64,
        gateway: u64,
    ) -> Carried {
        let label = number.to_string();
        let (ready_sender, ready) = oneshot::channel();
        let gone = CancellationToken::new();
        let signals = Signals { gateway, ready: Some(ready_sender), _gone: gone.clone().drop_guard() };
        self.sessions.0.lock().insert(label.clone(), signals);
        let stream = Box::new(LabelledStream { stream, label: label.clone() });
        let is_server = side == Side::Listener;
        let handed = self.server.cast(NodeServerMessage::ConnectionOpenedExternal { stream, is_server });
        if handed.is_err() {
            self.forget(number);
        }
        Carried { ready, gone }
    }

    /// A stream was cut before it ever became a session.
    pub(in crate::link) fn forget(&self, number: u64) {
        self.sessions.0.lock().remove(&number.to_string());
    }

    /// Returns when one of the two has ended, which is never expected. May be awaited once.
    pub(in crate::link) async fn ended(&self) {
        let Some(mut tasks) = self.tasks.lock().take() else { return };
        tokio::select! {
            _ = &mut tasks.server => {}
            _ = &mut tasks.gateway => {}
        }
    }

    /// Stops both; streams must have been cut before.
    pub(in crate::link) async fn stop(&self) {
        let limit = Some(std::time::Duration::from_secs(2));
        // They hold nothing that could be lost: one that does not stop in time is left alone.
        let _ = self.server.stop_and_wait(None, limit).await;
        let _ = self.gateway.stop_and_wait(None, limit).await;
        self.sessions.0.lock().clear();
    }
}

/// A stream with the label by which its session is recognised.
struct LabelledStream {
    stream: LinkStream,
    label: String,
}

impl ClusterBidiStream for LabelledStream {
    fn split(self: Box<Self>) -> (BoxRead, BoxWrite) {
        let (reader, writer) = self.stream.split();
        (Box::new(reader), Box::new(writer))
    }

    fn peer_label(&self) -> Option<String> {
        Some(self.label.clone())
    }
}

/// Who waits for which session.
#[derive(Clone, Default)]
struct Sessions(Arc<Mutex<HashMap<String, Signals>>>);

struct Signals {
    gateway: u64,
    ready: Option<oneshot::Sender<RemoteGateway>>,
    /// Dropped with the rest when the session is gone.
    _gone: DropGuard,
}

impl NodeEventSubscription for Sessions {
    fn node_session_opened(&self, _: NodeServerSessionInformation) {}

    fn node_session_authenticated(&self, _: NodeServerSessionInformation) {}

    fn node_session_ready(&self, session: NodeServerSessionInformation) {
        let mut sessions = self.0.lock();
        let Some(signals) = sessions.get_mut(&session.peer_addr) else { return };
        let ready = signals.ready.take();
        let gateway = RemoteGateway::of(&session.actor.get_cell(), signals.gateway);
        if let (Some(ready), Some(gateway)) = (ready, gateway) {
            let _ = ready.send(gateway);
        }
    }

    fn node_session_disconnected(&self, session: NodeServerSessionInformation) {
        self.0.lock().remove(&session.peer_addr);
    }
}
