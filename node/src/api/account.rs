//! Accounts and sessions: what is asked and answered.

use madang_storage::id::{SessionId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field::{Check, DeviceName, DisplayName, Password, Secret};

/// Nothing to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// Opens a WebSocket session; the first command of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// The token of a login.
    #[schema(value_type = String)]
    pub token: Secret,
    /// The last cursor of the connection before, if the client goes on from there.
    pub cursor: Option<String>,
}

/// What became of a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// Everything that was missed was pushed before this answer.
    Ok,
    /// It was too much, or cannot be told: the client reads it from `rooms` and `history`.
    Limited,
    /// Not a cursor of this cluster: the client begins anew.
    Reset,
}

/// The session is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Connected {
    /// Who is connected.
    #[schema(value_type = String)]
    pub user: UserId,
    /// The session of the token.
    #[schema(value_type = String)]
    pub session: SessionId,
    /// The node that answers.
    pub node: String,
    /// How often a quiet connection is pinged, in milliseconds.
    pub ping_ms: u64,
    /// What a client may do at most.
    pub limits: ClientLimits,
    /// What became of the cursor; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
    /// Where the next connection goes on, if this one breaks.
    pub cursor: String,
    /// Where to connect if this node goes away, the best first. May be empty, and may name this node.
    pub nodes: Vec<String>,
}

/// Where to connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Nodes {
    /// Addresses of nodes, the best first. Empty: stay with the address you have.
    pub nodes: Vec<String>,
}

/// Limits that clients have to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClientLimits {
    /// The longest frame.
    pub frame_bytes_max: usize,
    /// The longest text of a message.
    pub text_bytes_max: usize,
    /// Commands that may wait for a reply.
    pub commands_in_flight_max: usize,
    /// The longest page of history.
    pub history_page_max: u32,
}

/// Creates a user and logs in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    /// The login name, for good.
    #[schema(value_type = String, min_length = 2, max_length = 32, pattern = "^[a-z0-9][a-z0-9._-]+$")]
    pub user: UserId,
    /// 8 to 256 bytes.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    pub password: Password,
    /// The name people see; the login name if absent.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    pub display_name: Option<DisplayName>,
    /// A name for this device.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub device: Option<DeviceName>,
}

/// Logs in on one device.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The login name.
    #[schema(value_type = String)]
    pub user: UserId,
    /// The password.
    #[schema(value_type = String, format = Password)]
    pub password: Secret,
    /// A name for this device.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub device: Option<DeviceName>,
}

/// A new session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LoggedIn {
    /// Who logged in.
    #[schema(value_type = String)]
    pub user: UserId,
    /// The session.
    #[schema(value_type = String)]
    pub session: SessionId,
    /// The secret that proves it.
    pub token: String,
    /// Where to connect, the best first. Empty: stay with the address you have.
    pub nodes: Vec<String>,
}

/// Changes one's own profile.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetProfile {
    /// The name people see.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub display_name: DisplayName,
}

/// Changes one's own password.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The password so far.
    #[schema(value_type = String, format = Password)]
    pub old_password: Secret,
    /// The password from now on.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    pub new_password: Password,
}

/// A user's sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sessions {
    /// One entry for each login.
    pub sessions: Vec<SessionInfo>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionInfo {
    /// Its id.
    #[schema(value_type = String)]
    pub session: SessionId,
    /// The device's name, empty if it gave none.
    pub device: String,
    /// When it logged in.
    pub created_ms: u64,
    /// When it was last seen, to about five minutes.
    pub seen_ms: u64,
    /// Whether it is connected now, to whichever node.
    pub online: bool,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Ends one of one's own sessions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// The session to end.
    #[schema(value_type = String)]
    pub session: SessionId,
}

/// Asks who a user is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetProfile {
    /// The user.
    #[schema(value_type = String)]
    pub user: UserId,
}

/// What everybody may know about a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Profile {
    /// The login name.
    #[schema(value_type = String)]
    pub user: UserId,
    /// The name people see.
    pub display_name: String,
    /// When the account was made.
    pub created_ms: u64,
}

impl Check for Empty {}
impl Check for Connect {}
impl Check for SignUp {}
impl Check for Login {}
impl Check for SetProfile {}
impl Check for ChangePassword {}
impl Check for Revoke {}
impl Check for GetProfile {}
