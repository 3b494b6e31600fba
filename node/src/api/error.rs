//! The error table of the protocol, the same on every transport, and its two JSON forms.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

macro_rules! errors {
    ($( $(#[doc = $doc:literal])* $kind:ident = $code:literal, $name:literal, $http:literal, $temporary:literal; )*) => {
        /// What went wrong, by what the client can do about it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorKind {
            $( $(#[doc = $doc])* $kind, )*
        }

        impl ErrorKind {
            /// All kinds, by code.
            pub const ALL: &'static [Self] = &[$( Self::$kind, )*];

            /// The number.
            pub const fn code(self) -> u16 {
                match self { $( Self::$kind => $code, )* }
            }

            /// The name.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$kind => $name, )* }
            }

            /// The status of an HTTP answer.
            pub const fn http_status(self) -> u16 {
                match self { $( Self::$kind => $http, )* }
            }

            /// Whether the same may succeed later.
            pub const fn is_temporary(self) -> bool {
                match self { $( Self::$kind => $temporary, )* }
            }
        }
    };
}

errors! {
    /// The command is malformed; the message says which field.
    BadRequest = 1000, "bad_request", 400, false;
    /// No valid token, or a wrong user name or password.
    Unauthenticated = 1001, "unauthenticated", 401, false;
    /// The role does not allow it.
    Forbidden = 1002, "forbidden", 403, false;
    /// No such user, room, session or path (also: a room one may not see).
    NotFound = 1003, "not_found", 404, false;
    /// The user name is taken.
    AlreadyExists = 1004, "already_exists", 409, false;
    /// This cid was used for another text.
    CidConflict = 1005, "cid_conflict", 409, false;
    /// The send named in `after` is not in the log.
    OutOfOrder = 1006, "out_of_order", 409, true;
    /// Over a limit; the message names it.
    TooLarge = 1007, "too_large", 413, false;
    /// Wait `retry_after_ms`.
    RateLimited = 1008, "rate_limited", 429, true;
    /// A queue is full; nothing was done.
    Overloaded = 1009, "overloaded", 503, true;
    /// No quorum, the node is stopping, or its disk failed; nothing is known to be lost.
    Unavailable = 1010, "unavailable", 503, true;
    /// No answer in time: it may or may not have happened.
    Timeout = 1011, "timeout", 504, true;
    /// A bug; it was logged.
    Internal = 1012, "internal", 500, false;
    /// The room's state does not allow it.
    Conflict = 1013, "conflict", 409, false;
    /// The account is suspended by the staff; if that ends by itself, after `retry_after_ms`.
    Suspended = 1014, "suspended", 403, false;
    /// The message was deleted.
    Gone = 1020, "gone", 410, false;
    /// The member may not speak in this room; if that ends by itself, after `retry_after_ms`.
    Muted = 1030, "muted", 403, false;
    /// The user may not enter this room; if that ends by itself, after `retry_after_ms`.
    Banned = 1031, "banned", 403, false;
    /// The room is in slow mode: wait `retry_after_ms`.
    SlowMode = 1032, "slow_mode", 429, true;
    /// The room is archived: it can be read, and nothing else.
    Archived = 1033, "archived", 409, false;
    /// The link is not valid, or no longer.
    LinkExpired = 1034, "link_expired", 410, false;
    /// The room does without this feature.
    FeatureOff = 1035, "feature_off", 409, false;
    /// What is said is not allowed here.
    ContentRefused = 1040, "content_refused", 422, false;
    /// The room, or the whole cluster, has this switched off, or the room is too large for it.
    SwitchedOff = 1060, "switched_off", 409, false;
}

/// One error, as a client hears of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// For people: what exactly.
    pub message: String,
    /// How long to wait before trying again, where waiting helps.
    pub retry_after_ms: Option<u64>,
}

impl ApiError {
    /// An error without a waiting time.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after_ms: None }
    }

    /// A malformed command.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadRequest, message)
    }

    /// The same error with a waiting time.
    #[must_use]
    pub fn retry_after_ms(mut self, wait_ms: u64) -> Self {
        self.retry_after_ms = Some(wait_ms);
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}

impl std::error::Error for ApiError {}

/// The WebSocket form: {code, name, message, temporary, retry_after_ms?}.
impl Serialize for ApiError {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("code", &self.kind.code())?;
        map.serialize_entry("name", self.kind.name())?;
        map.serialize_entry("message", &self.message)?;
        map.serialize_entry("temporary", &self.kind.is_temporary())?;
        if let Some(wait_ms) = self.retry_after_ms {
            map.serialize_entry("retry_after_ms", &wait_ms)?;
        }
        map.end()
    }
}

/// The HTTP form, `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// `urn:madang:error:` and the name.
    pub r#type: String,
    /// The name in the error table.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// For people: what exactly.
    pub detail: String,
    /// The number in the error table.
    pub code: u16,
    /// Whether the same may succeed later.
    pub temporary: bool,
    /// How long to wait before trying again, where waiting helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        let name = error.kind.name();
        Self {
            r#type: format!("urn:madang:error:{name}"),
            title: name,
            status: error.kind.http_status(),
            detail: error.message,
            code: error.kind.code(),
            temporary: error.kind.is_temporary(),
            retry_after_ms: error.retry_after_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_over_websocket_has_the_shape_of_the_protocol() {
        let error = ApiError::new(ErrorKind::NotFound, "there is no room 01K");
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"code":1003,"name":"not_found","message":"there is no room 01K","temporary":false}"#
        );
        let error = ApiError::new(ErrorKind::RateLimited, "slower").retry_after_ms(250);
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"code":1008,"name":"rate_limited","message":"slower","temporary":true,"retry_after_ms":250}"#
        );
    }

    #[test]
    fn an_error_over_http_is_a_problem() {
        let problem = Problem::from(ApiError::new(ErrorKind::CidConflict, "other text"));
        assert_eq!(
            serde_json::to_value(&problem).unwrap(),
            serde_json::json!({
                "type": "urn:madang:error:cid_conflict", "title": "cid_conflict", "status": 409,
                "detail": "other text", "code": 1005, "temporary": false,
            })
        );
    }
}
