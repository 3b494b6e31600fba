//! This node's end of a lane: its carrier, and which link each arriving batch belongs to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::carrier::{Carrier, CarrierOptions, Inbox};
use super::door::Door;
use super::envelope::{self, Batch};
use super::handshake::Token;
use super::identity::Lane;
use super::meters::LaneCounters;
use super::session::Session;

/// How long to wait before an ended carrier is started again, if that fails.
const RESTART_AFTER: Duration = Duration::from_secs(1);

pub(super) struct LaneEnd {
    lane: Lane,
    door: Arc<dyn Door>,
    counters: Arc<LaneCounters>,
    carrier: Mutex<Option<Arc<Carrier>>>,
    routes: Mutex<HashMap<Token, Arc<Session>>>,
}

impl LaneEnd {
    pub(super) fn new(lane: Lane, door: Arc<dyn Door>, counters: Arc<LaneCounters>) -> Self {
        Self { lane, door, counters, carrier: Mutex::default(), routes: Mutex::default() }
    }

    pub(super) fn counters(&self) -> &Arc<LaneCounters> {
        &self.counters
    }

    /// What carries links now; nothing before this node joined.
    pub(super) fn carrier(&self) -> Option<Arc<Carrier>> {
        self.carrier.lock().clone()
    }

    /// From now on batches that begin with `token` are those of `session`.
    pub(super) fn route(&self, token: Token, session: &Arc<Session>) {
        self.routes.lock().insert(token, Arc::clone(session));
    }

    /// What comes late for a link that is over is dropped.
    pub(super) fn unroute(&self, token: &Token) {
        self.routes.lock().remove(token);
    }

    /// Starts the carrier on the current runtime, which is the lane's. Errors: why not.
    pub(super) async fn start(self: &Arc<Self>, options: &CarrierOptions) -> Result<(), String> {
        let inbox = Arc::clone(self);
        let carrier = Carrier::start(options, inbox).await?;
        *self.carrier.lock() = Some(Arc::new(carrier));
        Ok(())
    }

    /// Keeps the carrier running until `stop`. When a part of it ends, all links of the lane are cut, since
    /// their peers know a gateway that is no more.
    pub(super) async fn keep(self: Arc<Self>, options: CarrierOptions, stop: CancellationToken) {
        while let Some(carrier) = self.carrier() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = carrier.ended() => {}
            }
            self.cut_all();
            carrier.stop().await;
            *self.carrier.lock() = None;
            while !stop.is_cancelled() {
                tracing::error!(lane = self.lane.name(), "the actors of a lane ended: starting them again");
                match self.start(&options).await {
                    Ok(()) => break,
                    Err(why) => tracing::error!(lane = self.lane.name(), "cannot start them: {why}"),
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(RESTART_AFTER) => {}
                }
            }
        }
    }

    fn cut_all(&self) {
        for session in self.routes.lock().values() {
            session.kill().cancel();
        }
    }
}

impl Inbox for LaneEnd {
    fn deliver(&self, bytes: &[u8]) {
        let Some((token, encoded)) = envelope::address(bytes) else { return };
        let session = self.routes.lock().get(token).cloned();
        // Not of a link, or of one that is over.
        let Some(session) = session else { return };
        match Batch::decode(encoded) {
            Ok(batch) => session.receive(batch, &self.door),
            Err(error) => {
                tracing::error!(node = session.node(), "a batch makes no sense, the link is cut: {error}");
                session.kill().cancel();
            }
        }
    }
}
