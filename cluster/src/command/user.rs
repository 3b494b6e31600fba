//! What can be asked of an account.

use madang_storage::id::{RoomId, SessionId};
use madang_storage::row::{Switch, Until};
use serde::{Deserialize, Serialize};

use super::PresenceOp;
use super::people::PeopleOp;

/// What can be asked of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserOp {
    /// Make the account.
    #[serde(rename = "1")]
    SignUp {
        /// What people see.
        display_name: String,
        /// PHC string.
        password_hash: String,
        /// Under which texts a search finds the user, folded.
        #[serde(default)]
        names: Vec<String>,
    },
    /// Log a device in.
    #[serde(rename = "2")]
    OpenSession {
        /// Its id, made by the node.
        session: SessionId,
        /// SHA-256 of the token's secret.
        #[serde(with = "serde_hash")]
        token_hash: [u8; 32],
        /// The device's name.
        device: String,
        /// How many sessions the user may have; the oldest are ended.
        sessions_max: u16,
        /// The hash that the password was checked against: a login that was on its way while the password
        /// changed is refused. `None` right after sign-up.
        #[serde(default)]
        checked: Option<String>,
    },
    /// Log a device out.
    #[serde(rename = "3")]
    CloseSession(SessionId),
    /// Change the password if the old one still is what was checked.
    #[serde(rename = "4")]
    SetPassword {
        /// PHC string that the old password was checked against.
        old_hash: String,
        /// PHC string of the new one.
        new_hash: String,
        /// The session that stays; all others end.
        keep: SessionId,
    },
    /// Change what people see.
    #[serde(rename = "5")]
    SetProfile {
        /// The new display name.
        display_name: String,
        /// Under which texts a search finds the user from now on, folded.
        #[serde(default)]
        names: Vec<String>,
    },
    /// Set a room up for oneself; what is `None` stays as it is.
    #[serde(rename = "40")]
    SetRoom {
        /// Which room.
        room: RoomId,
        /// Until when to hear nothing of it.
        quiet: Option<Until>,
        /// Whether it stands before the others.
        pinned: Option<Switch>,
    },
    /// Something about other people.
    #[serde(rename = "60")]
    People(PeopleOp),
    /// The device was seen.
    #[serde(rename = "61")]
    SeeSession(SessionId),
    /// Change what the user shows of being there.
    #[serde(rename = "90")]
    Presence(PresenceOp),
}

/// 32 bytes as one binary value.
mod serde_hash {
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        super::super::fixed(from)
    }
}
