//! What can go wrong for a client, split by what it can do about it.

use std::time::Duration;

use serde::Deserialize;

/// A refusal by the server, the same over WebSocket and HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, thiserror::Error)]
#[error("{name} ({code}): {message}")]
pub struct ServerError {
    /// Number from the protocol's table.
    pub code: u16,
    /// Name from the protocol's table.
    pub name: String,
    /// For people.
    pub message: String,
    /// Whether trying again can help.
    pub temporary: bool,
    /// How long to wait before trying again, in milliseconds.
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
}

impl ServerError {
    /// Whether this is the error of that name.
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// How long the server asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after_ms.map(Duration::from_millis)
    }
}

/// A refusal over HTTP: RFC 9457 problem details as madang fills them.
#[derive(Debug, Deserialize)]
struct Problem {
    code: u16,
    title: String,
    detail: String,
    temporary: bool,
    #[serde(default)]
    retry_after_ms: Option<u64>,
}

impl ServerError {
    /// Reads a refusal over HTTP; `None`: these bytes are none.
    pub(super) fn read_problem(bytes: &[u8]) -> Option<Self> {
        let Problem { code, title, detail, temporary, retry_after_ms } =
            serde_json::from_slice(bytes).ok()?;
        Some(Self { code, name: title, message: detail, temporary, retry_after_ms })
    }
}

/// Why a WebSocket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseReason {
    /// Close code, if the server sent a close frame.
    pub code: Option<u16>,
    /// The close frame's reason or the transport's error.
    pub reason: String,
}

impl CloseReason {
    /// Whether the protocol allows coming back. Not after 3500–3999 and 4500–4999, nor after the codes
    /// that mean a broken client.
    pub fn may_come_back(&self) -> bool {
        !matches!(self.code, Some(1002 | 1003 | 1007 | 1009 | 3500..=3999 | 4500..=4999))
    }
}

impl std::fmt::Display for CloseReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            Some(code) => write!(f, "closed with {code} {}", self.reason),
            None => write!(f, "cut off: {}", self.reason),
        }
    }
}

/// Everything that can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The server said no.
    #[error(transparent)]
    Refused(#[from] ServerError),
    /// No answer within the caller's limit: it may or may not have happened.
    #[error("no answer within {} ms", limit.as_millis())]
    TimedOut {
        /// The caller's limit.
        limit: Duration,
    },
    /// The connection ended before the answer came: it may or may not have happened.
    #[error("{0}")]
    Disconnected(CloseReason),
    /// No connection could be made.
    #[error("cannot reach the server: {0}")]
    Unreachable(String),
    /// The server said something the protocol does not allow.
    #[error("the server broke the protocol: {0}")]
    Protocol(String),
    /// The request could not be written down: an address or a header that does not exist.
    #[error("bad request on our side: {0}")]
    Local(String),
}

impl ClientError {
    /// The server's refusal, if that is what it is.
    pub fn refusal(&self) -> Option<&ServerError> {
        match self {
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the server refused with the error of that name.
    pub fn is(&self, name: &str) -> bool {
        self.refusal().is_some_and(|error| error.is(name))
    }

    /// Whether doing the same again can help.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Refused(error) => error.temporary,
            Self::TimedOut { .. } | Self::Unreachable(_) => true,
            Self::Disconnected(reason) => reason.may_come_back(),
            Self::Protocol(_) | Self::Local(_) => false,
        }
    }

    /// Whether it is about the node rather than about the command: another node may do better.
    pub fn blames_node(&self) -> bool {
        match self {
            // What HTTP answers with 500 and more, and is temporary.
            Self::Refused(error) => {
                ["overloaded", "unavailable", "timeout"].iter().any(|name| error.is(name))
            }
            other => other.is_temporary(),
        }
    }

    /// How long the server asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.refusal().and_then(ServerError::retry_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_code_tells_whether_to_come_back() {
        let rows = [
            (None, true),
            (Some(1001), true),
            (Some(1006), true),
            (Some(1009), false),
            (Some(3000), true),
            (Some(3003), true),
            (Some(3500), false),
            (Some(3999), false),
            (Some(4000), true),
            (Some(4500), false),
        ];
        for (code, back) in rows {
            let reason = CloseReason { code, reason: String::new() };
            assert_eq!(reason.may_come_back(), back, "{code:?}");
        }
    }

    #[test]
    fn another_node_may_help_where_the_node_and_not_the_command_is_at_fault() {
        let refused = |name: &str, temporary| {
            let (name, message) = (name.to_owned(), String::new());
            ClientError::Refused(ServerError { code: 0, name, message, temporary, retry_after_ms: None })
        };
        let lost = |code| ClientError::Disconnected(CloseReason { code, reason: String::new() });
        let rows = [
            (refused("unavailable", true), true),
            (refused("overloaded", true), true),
            (refused("timeout", true), true),
            (refused("rate_limited", true), false),
            (refused("out_of_order", true), false),
            (refused("internal", false), false),
            (lost(None), true),
            (lost(Some(3000)), true),
            (lost(Some(3500)), false),
            (ClientError::Unreachable("connection refused".into()), true),
            (ClientError::TimedOut { limit: Duration::ZERO }, true),
            (ClientError::Protocol("what?".into()), false),
        ];
        for (error, blamed) in rows {
            assert_eq!(error.blames_node(), blamed, "{error:?}");
        }
    }

    #[test]
    fn a_refusal_is_read_with_and_without_retry_after() {
        let error: ServerError = serde_json::from_str(
            r#"{"code":1008,"name":"rate_limited","message":"slowly","temporary":true,"retry_after_ms":40}"#,
        )
        .unwrap();
        assert_eq!(ClientError::from(error).retry_after(), Some(Duration::from_millis(40)));
    }
}
