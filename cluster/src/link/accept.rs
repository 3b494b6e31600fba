//! The port for other nodes: takes connections in, lets them introduce themselves, answers questions and
//! turns admitted callers into links. Strangers hold little, and not for long.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::carrier::{Carrier, Side};
use super::handshake::{
    Frame, HandshakeError, LinkRequest, QUESTION_BYTES_MAX, Refusal, Terms, meet, read, refuse, write,
};
use super::run::{Made, run};
use super::shared::Shared;
use super::slot::{Slot, Taken};
use super::tls::Secured;

/// How long to wait when the system has no more files to give.
const BREATH: Duration = Duration::from_millis(50);

/// Runs until the links are shut down. On raft's runtime, since links of both lanes stay registered where
/// they were accepted, and bulk must not delay that one; everything else is handed to others.
pub(super) async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(shared.options.connections_max));
    loop {
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) => match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => {
                    let greeting = greet(Arc::clone(&shared), stream, from, place);
                    shared.tasks.spawn_on(greeting, &shared.runtimes.bulk);
                }
                Err(_) => shared.counters.refused_connections.add(1),
            },
            Err(error) => {
                if shared.quiet.worth_saying(format!("accept {error}"), Instant::now()) {
                    tracing::warn!("cannot accept connections of other nodes: {error}");
                }
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// What a caller wants.
enum Purpose {
    Ask(Secured, Bytes),
    Link(Secured, LinkRequest),
}

async fn greet(shared: Arc<Shared>, stream: TcpStream, from: SocketAddr, place: OwnedSemaphorePermit) {
    let limit = shared.options.handshake_timeout();
    let introduced = tokio::select! {
        () = shared.stop.cancelled() => return,
        introduced = timeout(limit, introduction(&shared, stream)) => introduced,
    };
    let timed_out = HandshakeError::Timeout { after_ms: shared.options.handshake_timeout_ms };
    let ended = match introduced.unwrap_or(Err(timed_out)) {
        Ok(Purpose::Ask(caller, question)) => answer(&shared, caller, question).await,
        Ok(Purpose::Link(caller, request)) => link(&shared, caller, request, place).await,
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        shared.handshake_failed(from.ip(), &error);
    }
}

async fn introduction(shared: &Shared, stream: TcpStream) -> Result<Purpose, HandshakeError> {
    stream.set_nodelay(true)?;
    let mut caller = match &shared.tls {
        Some(tls) => tls.accept(stream).await?,
        None => Secured::plain(stream),
    };
    meet(&mut caller.connection, &shared.secret, &caller.binding).await?;
    match read(&mut caller.connection).await? {
        Frame::Ask(question) => Ok(Purpose::Ask(caller, question)),
        Frame::Link(request) => Ok(Purpose::Link(caller, request)),
        other => Err(HandshakeError::Garbage(format!("{} instead of a purpose", other.name()))),
    }
}

async fn answer(shared: &Shared, mut caller: Secured, question: Bytes) -> Result<(), HandshakeError> {
    let connection = &mut caller.connection;
    let limit = Duration::from_millis(shared.options.ask_timeout_ms);
    let answer = tokio::select! {
        () = shared.stop.cancelled() => Err(Refusal::Stopping),
        answer = timeout(limit, shared.door.ask(question)) => {
            answer.map_err(|_| Refusal::AskTimeout { after_ms: shared.options.ask_timeout_ms })
        }
    };
    let answer = answer.and_then(|answer| match answer.len() {
        bytes if bytes > QUESTION_BYTES_MAX => {
            Err(Refusal::AnswerTooLarge { bytes, limit_bytes: QUESTION_BYTES_MAX })
        }
        _ => Ok(answer),
    });
    let said = async {
        match answer {
            Ok(answer) => write(connection, &Frame::Answer(answer)).await,
            Err(refusal) => {
                refuse(connection, &refusal).await;
                Err(refusal.into())
            }
        }
    };
    let after_ms = shared.options.handshake_timeout_ms;
    timeout(shared.options.handshake_timeout(), said)
        .await
        .unwrap_or(Err(HandshakeError::Timeout { after_ms }))?;
    shared.counters.asks.add(1);
    Ok(())
}

async fn link(
    shared: &Arc<Shared>,
    caller: Secured,
    request: LinkRequest,
    place: OwnedSemaphorePermit,
) -> Result<(), HandshakeError> {
    let after_ms = shared.options.handshake_timeout_ms;
    let welcomed = timeout(shared.options.handshake_timeout(), welcome(shared, caller, request)).await;
    let made = welcomed.unwrap_or(Err(HandshakeError::Timeout { after_ms }))?;
    let runtime = shared.runtime(made.lane).clone();
    let running = Arc::clone(shared);
    shared.tasks.spawn_on(async move { run(&running, made).await }, &runtime);
    // From now on it is a link, of which there are at most two for each peer.
    drop(place);
    Ok(())
}

async fn welcome(
    shared: &Arc<Shared>,
    mut caller: Secured,
    request: LinkRequest,
) -> Result<Made, HandshakeError> {
    match prepare(shared, &request).await {
        Ok(prepared) => {
            let Prepared { carrier, terms, kill, slot, taken } = prepared;
            let token = terms.token;
            write(&mut caller.connection, &Frame::Welcome(terms)).await?;
            let LinkRequest { node, lane, terms: theirs, .. } = request;
            let (connection, side) = (caller.connection, Side::Listener);
            Ok(Made { connection, side, node, lane, theirs, token, carrier, kill, slot, taken })
        }
        Err(refusal) => {
            refuse(&mut caller.connection, &refusal).await;
            Err(refusal.into())
        }
    }
}

struct Prepared {
    carrier: Arc<Carrier>,
    terms: Terms,
    kill: CancellationToken,
    slot: Arc<Slot>,
    taken: Taken,
}

async fn prepare(shared: &Shared, request: &LinkRequest) -> Result<Prepared, Refusal> {
    shared.admit(request)?;
    let carrier = shared.ends.get(request.lane).carrier().ok_or(Refusal::Stopping)?;
    let slot = shared.table.slot(request.node, request.lane);
    let kill = shared.stop.child_token();
    let taken = slot.take(&kill).await.ok_or(Refusal::Superseded { node: request.node })?;
    // It may have been removed while it waited; from here on a removal finds its `kill`.
    shared.admit(request)?;
    let terms = shared.terms(carrier.gateway());
    Ok(Prepared { carrier, terms, kill, slot, taken })
}
