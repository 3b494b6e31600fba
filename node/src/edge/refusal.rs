//! The HTTP answer to a connection that is not taken: the same problem document as everywhere else.

use std::fmt::Write;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::api::error::Problem;
use crate::api::{ApiError, ErrorKind};

/// How long a client waits before it tries a full or stopping node again.
const RETRY_AFTER_MS: u64 = 5_000;

/// How long a refused client may take to read why.
pub(super) const REFUSAL_TIMEOUT: Duration = Duration::from_secs(3);

/// Why a connection or its upgrade is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no WebSocket at this path.
    NotFound,
    /// Only GET upgrades.
    Method,
    /// A header is missing or wrong; says which.
    BadRequest(&'static str),
    /// Not WebSocket version 13.
    Version,
    /// The page that asks is not one of ours.
    Origin,
    /// As many connections are open as may be.
    Full,
    /// The node sends its clients away: it is about to stop, or is drained.
    Draining,
    /// So many come at once that this one is to come again after this time.
    Later(Duration),
    /// Plain HTTP where TLS is spoken.
    NotTls,
}

/// Answers and ends the connection, however long that takes.
pub(super) async fn refuse(
    mut connection: impl AsyncRead + AsyncWrite + Unpin,
    refusal: Refusal,
) -> io::Result<()> {
    connection.write_all(&refusal.to_http()).await?;
    connection.shutdown().await?;
    // Closing with unread input would reset the connection, and with it the answer.
    let mut sink = [0; 1024];
    while connection.read(&mut sink).await? > 0 {}
    Ok(())
}

impl Refusal {
    /// The whole answer; the connection ends with it.
    pub(super) fn to_http(self) -> Vec<u8> {
        let (error, status, header) = self.parts();
        let mut problem = Problem::from(error);
        problem.status = status.0;
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let mut head = format!(
            "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\nconnection: close\r\n",
            status.0,
            status.1,
            body.len()
        );
        if let Some((name, value)) = header {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(wait_ms) = problem.retry_after_ms {
            // Writing to a String can't fail.
            let _ = write!(head, "retry-after: {}\r\n", wait_ms.div_ceil(1000));
        }
        head += "\r\n";
        head += &body;
        head.into_bytes()
    }

    fn parts(self) -> (ApiError, (u16, &'static str), Option<(&'static str, &'static str)>) {
        let error = |kind, message: &str| ApiError::new(kind, message);
        match self {
            Self::NotFound => {
                (error(ErrorKind::NotFound, "there is no WebSocket here"), (404, "Not Found"), None)
            }
            Self::Method => (
                error(ErrorKind::BadRequest, "only GET opens a WebSocket"),
                (405, "Method Not Allowed"),
                Some(("allow", "GET")),
            ),
            Self::BadRequest(message) => (error(ErrorKind::BadRequest, message), (400, "Bad Request"), None),
            Self::Version => (
                error(ErrorKind::BadRequest, "only WebSocket version 13 is spoken here"),
                (426, "Upgrade Required"),
                Some(("sec-websocket-version", "13")),
            ),
            Self::Origin => {
                (error(ErrorKind::Forbidden, "this Origin is not allowed"), (403, "Forbidden"), None)
            }
            Self::Full => (
                error(ErrorKind::Overloaded, "too many connections").retry_after_ms(RETRY_AFTER_MS),
                (503, "Service Unavailable"),
                None,
            ),
            Self::Draining => (
                error(ErrorKind::Unavailable, "the node is draining: go to another")
                    .retry_after_ms(RETRY_AFTER_MS),
                (503, "Service Unavailable"),
                None,
            ),
            Self::Later(wait) => (
                error(ErrorKind::Overloaded, "too many clients come at once")
                    .retry_after_ms(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)),
                (503, "Service Unavailable"),
                None,
            ),
            Self::NotTls => (
                error(
                    ErrorKind::BadRequest,
                    "TLS is spoken here: the address begins with https://, or wss:// for a WebSocket",
                ),
                (400, "Bad Request"),
                None,
            ),
        }
    }
}
