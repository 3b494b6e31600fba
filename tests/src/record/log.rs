//! Events as a record keeps them, and the logs that the nodes give in the end.

use std::hash::{DefaultHasher, Hash, Hasher};

use madang_loadtest::client::{Event, EventKind};

use super::{NodeIndex, RoomIndex};

/// Stands for a text: equal texts have equal hashes, and no two of a test's texts share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextHash(pub u64);

impl TextHash {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// An event as a client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its place in the room's log.
    pub seq: u64,
    /// When it was logged.
    pub at_ms: u64,
    /// Who did it.
    pub by: String,
    /// What it tells.
    pub what: What,
}

/// What an event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody said something.
    Message {
        /// The sender's name for the send.
        cid: String,
        /// What was said.
        text: TextHash,
    },
    /// Anything else, in words.
    Other(String),
}

impl From<&Event> for Seen {
    fn from(event: &Event) -> Self {
        let what = match &event.kind {
            EventKind::Message { cid, text } => What::Message { cid: cid.clone(), text: TextHash::of(text) },
            other => What::Other(format!("{other:?}")),
        };
        Self { seq: event.seq, at_ms: event.at_ms, by: event.user.clone(), what }
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.what {
            What::Message { cid, .. } => write!(f, "seq {} by {} (cid {cid})", self.seq, self.by),
            What::Other(what) => write!(f, "seq {} by {} ({what})", self.seq, self.by),
        }
    }
}

/// A room's whole log as one node gives it when all is quiet.
#[derive(Clone, Debug)]
pub struct FinalLog {
    /// Which room's.
    pub room: RoomIndex,
    /// Which node's.
    pub node: NodeIndex,
    /// The events, in the order in which the node gave them.
    pub events: Vec<Seen>,
}

/// The final logs of all rooms from all nodes.
#[derive(Clone, Debug, Default)]
pub struct ReadBack(pub Vec<FinalLog>);
