//! Being there, and typing: what is asked and answered.

use madang_storage::id::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field::{Check, Emoji, StatusText};

/// The most users whose presence is asked for at once.
pub const PRESENCE_USERS_MAX: usize = 100;

/// Whether a user is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Connected, on at least one device that is in use.
    Online,
    /// Connected, with nobody looking.
    Idle,
    /// Not connected, or not to be seen.
    Offline,
}

/// What a user says of being there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Status {
    /// In words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// As one picture.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub emoji: String,
    /// Until when it holds; absent: until it is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
}

/// What others see of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Presence {
    /// Who.
    #[schema(value_type = String)]
    pub user: UserId,
    /// Whether the user is there.
    pub state: State,
    /// What the user says, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// When the user was active last; absent while that is now, or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_active_ms: Option<u64>,
}

/// Asks whether users are there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetPresence {
    /// Who, up to 100.
    #[schema(value_type = Vec<String>, max_items = 100)]
    pub users: Vec<UserId>,
}

impl Check for GetPresence {
    fn check(&self) -> Result<(), String> {
        if self.users.len() > PRESENCE_USERS_MAX {
            return Err(format!(
                "field `users`: {PRESENCE_USERS_MAX} users at a time, not {}",
                self.users.len()
            ));
        }
        Ok(())
    }
}

/// Whether users are there, in the order of the question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Presences {
    /// The users.
    pub users: Vec<Presence>,
}

/// What a user wants others to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateAsked {
    /// This device is in use, and others may know.
    Online,
    /// Nobody looks at this device.
    Idle,
    /// Others see the user as offline, whatever the devices do.
    Invisible,
}

/// What a user wants to say; with neither text nor emoji, nothing any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusAsked {
    /// In words, up to 128 characters.
    #[schema(value_type = Option<String>, max_length = 128)]
    pub text: Option<StatusText>,
    /// As one picture, up to 16 characters.
    #[schema(value_type = Option<String>, max_length = 16)]
    pub emoji: Option<Emoji>,
    /// Until when it holds; absent: until it is changed.
    pub expires_ms: Option<u64>,
}

/// Changes what others see of oneself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPresence {
    /// Whether one is there.
    pub state: Option<StateAsked>,
    /// What one says.
    pub status: Option<StatusAsked>,
}

impl Check for SetPresence {
    fn check(&self) -> Result<(), String> {
        if self.state.is_none() && self.status.is_none() {
            return Err("field `state` or `status` is wanted".into());
        }
        Ok(())
    }
}

/// What one shows of being there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MyPresence {
    /// Whether one looks offline to all others.
    pub invisible: bool,
    /// What one says, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

/// Says that one types, or has stopped to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTyping {
    /// Where.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Whether.
    pub on: bool,
}

impl Check for SetTyping {}
