//! What can be asked of the replicated machines, and what they answer. These types go into raft
//! entries and between nodes: a variant's number (its serde name) and the order of its fields stay for
//! good; new fields come last with `#[serde(default)]`. Golden bytes: `command/golden_tests.rs`.

mod admin;
#[cfg(test)]
mod admin_tests;
#[cfg(test)]
mod golden_talk_tests;
#[cfg(test)]
mod golden_tests;
mod meta;
mod people;
mod presence;
mod refusal;
mod room;
mod safety;
mod sweep;
mod talk;
mod user;

use std::fmt;
use std::sync::Arc;

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::Effect;
use serde::{Deserialize, Serialize};

pub use admin::AdminOp;
pub(crate) use meta::serde_id;
pub use meta::{MetaOp, NewNode};
pub use people::PeopleOp;
pub use presence::{PresenceOp, StatusChange};
pub use refusal::{MetaRefusal, Refusal};
pub use room::RoomOp;
pub use safety::{SafetyOp, Standing};
pub use sweep::SweepOp;
pub use talk::TalkOp;
pub use user::UserOp;

/// One command to a group, with the time at which it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Milliseconds since the epoch, by the clock of the node that took it.
    pub at_ms: u64,
    /// What to do.
    pub op: Op,
}

/// What to do, by who decides it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Decided by a room.
    #[serde(rename = "1")]
    Room {
        /// Which room.
        room: RoomId,
        /// Who asks.
        user: UserId,
        /// What.
        op: RoomOp,
    },
    /// Decided by a user's account.
    #[serde(rename = "2")]
    User {
        /// Whose account.
        user: UserId,
        /// What.
        op: UserOp,
    },
    /// News from another shard's outbox; repeats are dropped.
    #[serde(rename = "3")]
    Effect(Effect),
    /// These outbox rows of this shard were delivered; forget them.
    #[serde(rename = "4")]
    OutboxDone(Vec<u64>),
    /// Decided by META.
    #[serde(rename = "5")]
    Meta(MetaOp),
    /// Take away what belongs to nothing any more; asked by the shard's leader of itself.
    #[serde(rename = "40")]
    Sweep(SweepOp),
    /// Decided by the desk.
    #[serde(rename = "60")]
    Safety {
        /// Who asks.
        by: UserId,
        /// Where their power comes from.
        standing: Standing,
        /// What.
        op: SafetyOp,
    },
}

/// What a machine answers to a command it carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Done (or already so).
    #[serde(rename = "1")]
    Done {
        /// Ids of the effects now in this shard's outbox.
        outbox: Vec<u64>,
    },
    /// The message is in the log.
    #[serde(rename = "2")]
    Sent {
        /// Where.
        seq: u64,
        /// When, milliseconds since the epoch.
        at_ms: u64,
        /// Whether it was there before.
        dup: Repeat,
    },
    /// The read marker, after the command.
    #[serde(rename = "3")]
    Read {
        /// Everything up to this seq is read.
        read_seq: u64,
        /// How many messages are not.
        unread: u64,
        /// How many of them call the user.
        #[serde(default)]
        mentions: u64,
    },
    /// How far has been received, after the command.
    #[serde(rename = "60")]
    Received {
        /// Everything up to this seq has reached a device.
        received_seq: u64,
    },
    /// META has taken the node in.
    #[serde(rename = "4")]
    Joined {
        /// Its id, never given to another.
        node: u64,
    },
}

/// Whether a command was carried out now or before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Repeat {
    /// Now.
    #[serde(rename = "1")]
    First,
    /// Before; this is the first answer again.
    #[serde(rename = "2")]
    Again,
}

/// A machine's answer: a refusal is an answer, not an error.
pub type Outcome = Result<Reply, Refusal>;

/// Commands that share one raft entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Carried out in this order.
    pub commands: Arc<Vec<Command>>,
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} commands", self.commands.len())
    }
}

impl Op {
    /// About how many bytes the command takes in an entry: what the batcher's limits count.
    pub fn weight(&self) -> usize {
        const BASE: usize = 64;
        BASE + match self {
            Self::Room { op: RoomOp::Send { text, extra, .. }, .. } => {
                text.len() + extra.as_ref().map_or(0, |extra| extra.weight())
            }
            Self::Room { op: RoomOp::Talk(op), .. } => op.weight(),
            Self::Room { op: RoomOp::Create { members, topic, .. }, .. } => members.len() * 32 + topic.len(),
            Self::Room { op: RoomOp::Admin(op), .. } => op.weight(),
            Self::Sweep(op) => op.weight(),
            Self::OutboxDone(ids) => ids.len() * 9,
            Self::User { .. } => 256,
            Self::Safety { op, .. } => op.weight(),
            _ => 0,
        }
    }
}

/// Reads exactly `N` bytes.
fn fixed<'de, D: serde::Deserializer<'de>, const N: usize>(from: D) -> Result<[u8; N], D::Error> {
    let bytes = bytes::Bytes::deserialize(from)?;
    bytes
        .as_ref()
        .try_into()
        .map_err(|_| serde::de::Error::invalid_length(bytes.len(), &"a fixed number of bytes"))
}
