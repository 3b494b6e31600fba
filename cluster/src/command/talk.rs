//! What can be asked about messages that were said.

use madang_storage::id::{Cid, Emoji};
use madang_storage::row::{EditedTo, Switch};
use serde::{Deserialize, Serialize};

/// What can be asked about a message. `target` is its seq.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TalkOp {
    /// Say it differently. The sender only.
    #[serde(rename = "1")]
    Edit {
        /// Which message.
        target: u64,
        /// The client's name for this edit: a retry of it never overwrites a newer edit.
        cid: Option<Cid>,
        /// What it says from now on.
        to: Box<EditedTo>,
    },
    /// Delete it for everybody. The sender, and those who keep order.
    #[serde(rename = "2")]
    Delete {
        /// Which message.
        target: u64,
    },
    /// React to it, or take that back.
    #[serde(rename = "3")]
    React {
        /// Which message.
        target: u64,
        /// With what.
        emoji: Emoji,
        /// Give or take back.
        to: Switch,
    },
    /// Pin it, or take it off.
    #[serde(rename = "4")]
    Pin {
        /// Which message.
        target: u64,
        /// Pin or take off.
        to: Switch,
    },
}

impl TalkOp {
    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Edit { to, .. } => {
                to.text.len() + to.data.as_ref().map_or(0, String::len) + to.mentions.users.len() * 32
            }
            Self::Delete { .. } | Self::React { .. } | Self::Pin { .. } => 0,
        }
    }
}
