//! Keeps links to peers with a greater number: dials, introduces itself, runs the link, and dials again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::carrier::Side;
use super::handshake::{Again, Frame, HandshakeError, LinkRequest, Terms, introduce, read, write};
use super::identity::{Lane, Myself, PeerAddress};
use super::run::{Lived, Made, run};
use super::shared::{Shared, Standing};
use super::tls::{Secured, TlsEnds};

/// Who is dialled now.
pub(super) type Diallers = BTreeMap<u64, Dialler>;

/// The tasks that keep the links to one peer.
pub(super) struct Dialler {
    peer: PeerAddress,
    stop: CancellationToken,
}

/// Makes the diallers fit the peers: whoever is new is dialled, whoever changed is dialled anew, whoever is
/// no peer any more is not.
pub(super) fn adjust(shared: &Arc<Shared>, standing: &mut Standing) {
    let Some(myself) = standing.myself else { return };
    let Standing { peers, diallers, .. } = standing;
    diallers.retain(|node, dialler| {
        let stays = peers.get(node) == Some(&dialler.peer);
        if !stays {
            dialler.stop.cancel();
        }
        stays
    });
    // The lower number dials: one direction is enough, and two would compete.
    for (node, peer) in peers.iter().filter(|(node, _)| **node > myself.node) {
        diallers.entry(*node).or_insert_with(|| {
            let stop = shared.stop.child_token();
            for lane in Lane::ALL {
                let call = Call { myself, node: *node, peer: peer.clone(), lane, stop: stop.clone() };
                shared.tasks.spawn_on(keep(Arc::clone(shared), call), shared.runtime(lane));
            }
            Dialler { peer: peer.clone(), stop }
        });
    }
}

/// Who dials whom.
struct Call {
    myself: Myself,
    node: u64,
    peer: PeerAddress,
    lane: Lane,
    stop: CancellationToken,
}

async fn keep(shared: Arc<Shared>, call: Call) {
    let mut backoff = Backoff::new(shared.options.reconnect_ms_min, shared.options.reconnect_ms_max);
    while !call.stop.is_cancelled() {
        let kill = call.stop.child_token();
        let dialled = tokio::select! {
            () = kill.cancelled() => return,
            dialled = dial(&shared, &call, &kill) => dialled,
        };
        match dialled {
            Ok(made) => {
                if run(&shared, made).await == Lived::Usable {
                    backoff.reset();
                }
            }
            Err(error) => failed(&shared, &call, &error, &mut backoff),
        }
        tokio::select! {
            () = call.stop.cancelled() => return,
            () = sleep(backoff.next(rand::random())) => {}
        }
    }
}

fn failed(shared: &Shared, call: &Call, error: &HandshakeError, backoff: &mut Backoff) {
    let (node, address) = (call.node, &call.peer.address);
    let refused = match error {
        HandshakeError::Refused(Again::Soon, why) => Some(why.clone()),
        HandshakeError::Refused(Again::Later, _) | HandshakeError::Refuse(_) => {
            backoff.lengthen();
            Some(error.to_string())
        }
        HandshakeError::Io(_)
        | HandshakeError::Garbage(_)
        | HandshakeError::NotReady
        | HandshakeError::Timeout { .. } => None,
    };
    if !call.stop.is_cancelled() {
        shared.table.refused(node, refused);
    }
    if shared.quiet.worth_saying(format!("dial {node} {error}"), Instant::now()) {
        tracing::warn!(node, %address, lane = call.lane.name(), "cannot link, trying again: {error}");
    }
}

async fn dial(shared: &Shared, call: &Call, kill: &CancellationToken) -> Result<Made, HandshakeError> {
    let carrier = shared.ends.get(call.lane).carrier().ok_or(HandshakeError::NotReady)?;
    let slot = shared.table.slot(call.node, call.lane);
    let taken = slot.take(kill).await.ok_or(HandshakeError::NotReady)?;
    let terms = shared.terms(carrier.gateway());
    let token = terms.token;
    let request = LinkRequest {
        lane: call.lane,
        cluster_id: call.myself.cluster_id,
        shards: call.myself.shards,
        node: call.myself.node,
        incarnation: call.myself.incarnation,
        dialled_node: call.node,
        dialled_incarnation: call.peer.incarnation,
        terms,
    };
    let after_ms = shared.options.handshake_timeout_ms;
    let knocked = knock(shared, &call.peer.address, request);
    let welcomed = timeout(shared.options.handshake_timeout(), knocked).await;
    let (reached, theirs) = welcomed.unwrap_or(Err(HandshakeError::Timeout { after_ms }))?;
    Ok(Made {
        connection: reached.connection,
        side: Side::Caller,
        node: call.node,
        lane: call.lane,
        theirs,
        token,
        carrier,
        kill: kill.clone(),
        slot,
        taken,
    })
}

async fn knock(
    shared: &Shared,
    address: &str,
    request: LinkRequest,
) -> Result<(Secured, Terms), HandshakeError> {
    let mut reached = connect(shared.tls.as_ref(), address).await?;
    introduce(&mut reached.connection, &shared.secret, &reached.binding).await?;
    write(&mut reached.connection, &Frame::Link(request)).await?;
    match read(&mut reached.connection).await? {
        Frame::Welcome(terms) => Ok((reached, terms)),
        other => Err(HandshakeError::Garbage(format!("{} instead of a welcome", other.name()))),
    }
}

/// Connects to `host:port`, under TLS if there is any.
pub(super) async fn connect(tls: Option<&TlsEnds>, address: &str) -> Result<Secured, HandshakeError> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    match tls {
        Some(tls) => tls.connect(stream, address).await,
        None => Ok(Secured::plain(stream)),
    }
}
