//! What a user shows of being there, and when the user was last.

use serde::{Deserialize, Serialize};

use super::Row;

/// What outlives a user's connections. Who has one now is in no row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceRow {
    /// Who may know.
    pub visibility: Visibility,
    /// What the user says beside it.
    pub status: Option<Status>,
    /// When the user was active last, milliseconds since the epoch, as of the last time the user went; 0: never.
    pub last_active_ms: u64,
}

impl Row for PresenceRow {
    const NAME: &'static str = "presence row";
}

/// Who may know whether a user is there. The serde name is the number on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Visibility {
    /// Contacts, and members of the user's rooms.
    #[default]
    #[serde(rename = "1")]
    Visible,
    /// Nobody: the user looks offline to all others.
    #[serde(rename = "2")]
    Invisible,
}

/// What a user says of being there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Status {
    /// In words, may be empty.
    pub text: String,
    /// As one picture, may be empty.
    pub emoji: String,
    /// Until when it holds, milliseconds since the epoch.
    pub expires_ms: Option<u64>,
}

impl Status {
    /// Whether it still holds.
    pub fn holds(&self, now_ms: u64) -> bool {
        self.expires_ms.is_none_or(|expires_ms| now_ms < expires_ms)
    }
}
