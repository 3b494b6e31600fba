//! One link, from an agreed handshake to its end: the stream goes to the carrier, batches go out, silence is
//! noticed, and everything is cleared away. Runs on the lane's runtime.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::carrier::{Carrier, RemoteGateway, Side};
use super::handshake::{Terms, Token};
use super::identity::Lane;
use super::liveness::{Liveness, Pulse};
use super::session::{Agreement, Session};
use super::shared::Shared;
use super::slot::{Slot, Taken};
use super::stream::{AnyConnection, Heard, LinkStream};

/// How long a session of the carrier may take to go away after its stream was cut. Usual are milliseconds.
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// What a handshake came to.
pub(super) struct Made {
    pub(super) connection: AnyConnection,
    pub(super) side: Side,
    pub(super) node: u64,
    pub(super) lane: Lane,
    /// What the peer granted.
    pub(super) theirs: Terms,
    /// What this node told the peer to begin its batches with.
    pub(super) token: Token,
    pub(super) carrier: Arc<Carrier>,
    pub(super) kill: CancellationToken,
    pub(super) slot: Arc<Slot>,
    pub(super) taken: Taken,
}

/// How far a link came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lived {
    /// It was usable.
    Usable,
    /// It never was.
    Never,
}

/// Runs a link until it ends.
pub(super) async fn run(shared: &Arc<Shared>, made: Made) -> Lived {
    let end = shared.ends.get(made.lane);
    let number = shared.next_number();
    let agreement = Agreement {
        node: made.node,
        lane: made.lane,
        number,
        terms: made.theirs,
        payload_bytes_max: shared.options.request_bytes_max,
        queue_bytes_max: shared.options.queue_bytes_max,
        credit_bytes: shared.options.credit_bytes,
    };
    let gateway = agreement.terms.gateway;
    let counters = Arc::clone(end.counters());
    let session =
        Session::new(agreement, made.kill.clone(), Arc::clone(made.slot.budget()), Arc::clone(&counters));
    let heard = Heard::default();
    let stream = LinkStream::new(made.connection, made.kill.clone(), heard.clone(), counters);

    // Before the carrier has the stream: the peer's first batch may come before we hear that it is ready.
    end.route(made.token, &session);
    let carried = made.carrier.carry(stream, made.side, number, gateway);
    let lived = live(shared, &session, &carried.gone, carried.ready, &heard).await;

    end.unroute(&made.token);
    session.close();
    shared.table.remove(&session);
    if timeout(GONE_WITHIN, carried.gone.cancelled()).await.is_err() {
        made.carrier.forget(number);
        tracing::warn!(node = made.node, lane = made.lane.name(), "a link that was cut did not go away");
    }
    drop(made.taken);
    lived
}

async fn live(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    gone: &CancellationToken,
    ready: tokio::sync::oneshot::Receiver<RemoteGateway>,
    heard: &Heard,
) -> Lived {
    let (node, lane) = (session.node(), session.lane().name());
    let ready = tokio::select! {
        () = session.kill().cancelled() => return Lived::Never,
        () = gone.cancelled() => return Lived::Never,
        ready = timeout(shared.options.handshake_timeout(), ready) => ready,
    };
    let Ok(Ok(gateway)) = ready else {
        tracing::warn!(node, lane, "a link did not become ready");
        return Lived::Never;
    };
    made_usable(shared, session);
    tracing::info!(node, lane, "linked");
    let why = carry_on(shared, session, gone, &gateway, heard).await;
    tracing::warn!(node, lane, "link lost: {why}");
    Lived::Usable
}

fn made_usable(shared: &Shared, session: &Arc<Session>) {
    let counters = shared.ends.get(session.lane()).counters();
    counters.links.add(1);
    if shared.table.add(session) == super::table::Before::Linked {
        counters.reconnects.add(1);
    }
}

/// Sends what waits, gives signs of life and listens for them. Returns why that is over.
async fn carry_on(
    shared: &Shared,
    session: &Session,
    gone: &CancellationToken,
    gateway: &RemoteGateway,
    heard: &Heard,
) -> &'static str {
    let mut liveness = Liveness::new(shared.options.heartbeats_missed_max);
    let mut ticks = interval(Duration::from_millis(shared.options.heartbeat_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        while let Some(batch) = session.next_batch() {
            let encoded = match batch.encode(session.token()) {
                Ok(encoded) => encoded,
                Err(error) => {
                    tracing::error!("a batch cannot be encoded: {error}");
                    return "a batch cannot be encoded";
                }
            };
            if gateway.send(encoded).is_err() {
                return "the session ended";
            }
        }
        tokio::select! {
            biased;
            () = session.kill().cancelled() => return "cut by this node",
            () = gone.cancelled() => return "the connection ended",
            _ = ticks.tick() => {
                if liveness.on_tick(heard.bytes()) == Pulse::Missing {
                    return "no sign of life from the peer";
                }
                session.beat();
            }
            () = session.woken() => {}
        }
    }
}
