//! What a message carries beside its text.

use serde::{Deserialize, Serialize};

use crate::id::{RoomId, UserId};

/// All that a message may carry beside its text. A plain message has none of it, and no bytes for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    /// What it is, if not text alone.
    #[serde(default)]
    pub content: Content,
    /// The message that it answers.
    #[serde(default)]
    pub reply: Option<u64>,
    /// Its place in a thread.
    #[serde(default)]
    pub thread: Option<InThread>,
    /// Whom it calls.
    #[serde(default)]
    pub mentions: Mentions,
    /// Where it comes from, if it was said elsewhere before.
    #[serde(default)]
    pub forward: Option<Forward>,
}

impl Extra {
    /// What is stored with a message: nothing for a plain one.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }

    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        const BASE: usize = 32;
        BASE + self.content.weight() + self.mentions.users.len() * 16
    }
}

/// What a message is. The serde name is the number on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Its text alone.
    #[default]
    #[serde(rename = "1")]
    Text,
    /// A picture; the text is its caption, may be empty. So for all media.
    #[serde(rename = "2")]
    Image(Media),
    /// Something spoken.
    #[serde(rename = "3")]
    Voice(Media),
    /// Any file.
    #[serde(rename = "4")]
    File(Media),
    /// Said for the room by those who keep order in it.
    #[serde(rename = "5")]
    System,
    /// Readable for its receivers only; nobody here looks into it.
    #[serde(rename = "6")]
    Opaque {
        /// How the clients encrypt.
        scheme: String,
        /// What they made, base64.
        data: String,
    },
}

impl Content {
    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        match self {
            Self::Text | Self::System => 0,
            Self::Image(media) | Self::Voice(media) | Self::File(media) => media.weight(),
            Self::Opaque { scheme, data } => scheme.len() + data.len(),
        }
    }
}

/// Something that is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Where.
    pub place: MediaPlace,
    /// Its name for people, may be empty.
    pub name: String,
    /// Its MIME type, may be empty.
    pub mime: String,
    /// Its size.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// Pixels across.
    #[serde(default)]
    pub width: Option<u32>,
    /// Pixels down.
    #[serde(default)]
    pub height: Option<u32>,
    /// How long it plays, in milliseconds.
    #[serde(default)]
    pub duration_ms: Option<u64>,
}

impl Media {
    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        let place = match &self.place {
            MediaPlace::Url(text) | MediaPlace::Id(text) => text.len(),
        };
        place + self.name.len() + self.mime.len()
    }
}

/// Where media is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaPlace {
    /// At this address.
    #[serde(rename = "1")]
    Url(String),
    /// Where clients and their media service find it by this name.
    #[serde(rename = "2")]
    Id(String),
}

/// A message's place in a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InThread {
    /// The message that the thread hangs on.
    pub root: u64,
    /// Which reply it is, from 1; given by the room.
    pub number: u64,
}

/// Whom a message calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mentions {
    /// These people, each once, in order.
    pub users: Vec<UserId>,
    /// Everybody in the room, or not.
    pub everybody: Everybody,
}

impl Mentions {
    /// Whether nobody is called.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.everybody == Everybody::No
    }
}

/// Whether all members of the room are called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Everybody {
    /// They are not.
    #[default]
    #[serde(rename = "1")]
    No,
    /// They are.
    #[serde(rename = "2")]
    Yes,
}

/// Where a message was said first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// In which room.
    pub room: RoomId,
    /// Where in its log.
    pub seq: u64,
    /// By whom.
    pub user: UserId,
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
}

/// Whether something is put there or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Switch {
    /// Put there.
    #[serde(rename = "1")]
    On,
    /// Taken away.
    #[serde(rename = "2")]
    Off,
}
