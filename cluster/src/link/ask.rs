//! Questions to a node from whoever knows the secret and is no peer: a node that wants to join, an
//! operator's command line.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::dial::connect;
use super::error::LinkError;
use super::handshake::{Frame, HandshakeError, QUESTION_BYTES_MAX, introduce, read, write};
use super::options::LinkTls;
use super::secret::Secret;
use super::tls::{Secured, TlsEnds};

/// What a program needs to ask a node without being one.
#[derive(Debug, Clone, Default)]
pub struct LinkClientOptions {
    /// What every node of the cluster knows.
    pub secret: Option<Secret>,
    /// Mutual TLS, as the nodes have it.
    pub tls: Option<LinkTls>,
}

/// Asks whoever listens at `address` (`host:port`), with mutual proof of the secret.
///
/// # Errors
/// `Tls`, `TooLarge`, `Unreachable`, `Refused`: nothing was asked. `Timeout`, `Lost`, `Remote`: it may have
/// been.
pub async fn ask(
    options: &LinkClientOptions,
    address: &str,
    question: Bytes,
    within: Duration,
) -> Result<Bytes, LinkError> {
    let tls = options.tls.as_ref().map(TlsEnds::load).transpose()?;
    let secret = options.secret.clone().unwrap_or_else(Secret::none);
    put(&secret, tls.as_ref(), address, question, within).await
}

pub(super) async fn put(
    secret: &Secret,
    tls: Option<&TlsEnds>,
    address: &str,
    question: Bytes,
    within: Duration,
) -> Result<Bytes, LinkError> {
    if question.len() > QUESTION_BYTES_MAX {
        return Err(LinkError::TooLarge { bytes: question.len(), limit_bytes: QUESTION_BYTES_MAX });
    }
    let conversation = async {
        let mut reached = meet(secret, tls, address).await.map_err(|error| error.before(address))?;
        converse(&mut reached, question).await.map_err(|error| error.after(address))
    };
    let after_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
    timeout(within, conversation).await.unwrap_or(Err(LinkError::Timeout { after_ms }))
}

async fn meet(secret: &Secret, tls: Option<&TlsEnds>, address: &str) -> Result<Secured, HandshakeError> {
    let mut reached = connect(tls, address).await?;
    introduce(&mut reached.connection, secret, &reached.binding).await?;
    Ok(reached)
}

async fn converse(reached: &mut Secured, question: Bytes) -> Result<Bytes, HandshakeError> {
    write(&mut reached.connection, &Frame::Ask(question)).await?;
    match read(&mut reached.connection).await? {
        Frame::Answer(answer) => Ok(answer),
        other => Err(HandshakeError::Garbage(format!("{} instead of an answer", other.name()))),
    }
}
