//! Why a machine says no.

use serde::{Deserialize, Serialize};

/// A refusal: nothing was changed, and every replica refused alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// There is no such room, or the user may not see it.
    #[serde(rename = "1")]
    #[error("there is no such room")]
    NoRoom,
    /// There is no such user.
    #[serde(rename = "2")]
    #[error("there is no such user")]
    NoUser,
    /// The user has no such place in the room.
    #[serde(rename = "3")]
    #[error("that user is not in this room")]
    NotMember,
    /// The role does not allow it.
    #[serde(rename = "4")]
    #[error("your role in this room does not allow that")]
    Forbidden,
    /// The room is entered by invitation.
    #[serde(rename = "5")]
    #[error("this room is entered by invitation")]
    InviteOnly,
    /// The name is taken.
    #[serde(rename = "6")]
    #[error("that user name is taken")]
    UserExists,
    /// The cid was used for another text.
    #[serde(rename = "7")]
    #[error("this cid was used for another text")]
    CidConflict,
    /// The send named in `after` is not in the log.
    #[serde(rename = "8")]
    #[error("the send named in `after` is not in the log: retry from the first unanswered send on")]
    OutOfOrder,
    /// A direct room does not change.
    #[serde(rename = "9")]
    #[error("a direct room has exactly its two people and cannot be changed")]
    DirectRoom,
    /// An owner leaves last or hands over.
    #[serde(rename = "10")]
    #[error("hand the room over to another member before you leave")]
    OwnerLeaves,
    /// The room is full.
    #[serde(rename = "11")]
    #[error("the room is full: it has places for {max} people")]
    RoomFull {
        /// How many places there are.
        max: u64,
    },
    /// There is already a room with this id.
    #[serde(rename = "12")]
    #[error("there is already a room with this id")]
    RoomExists,
    /// The password was changed by somebody else meanwhile.
    #[serde(rename = "13")]
    #[error("the password was changed meanwhile")]
    PasswordChanged,
    /// The cluster is formed already.
    #[serde(rename = "14")]
    #[error("the cluster is formed already")]
    AlreadyFormed,
    /// The command does not belong to this group: a bug of the sender.
    #[serde(rename = "15")]
    #[error("this group does not decide that")]
    WrongGroup,
}
