//! What holds in a room beside who is in it: switches, rights, slow mode, places, and whether it is live.

use serde::{Deserialize, Serialize};

use super::{Role, RoomKind, Switch};

/// What can be switched off in a room. The serde name is the number on disk; so is the bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Feature {
    /// That somebody is typing is passed on.
    #[serde(rename = "1")]
    Typing,
    /// How far members have read is passed on.
    #[serde(rename = "2")]
    Receipts,
    /// Reactions to messages.
    #[serde(rename = "3")]
    Reactions,
    /// Threads.
    #[serde(rename = "4")]
    Threads,
    /// Who is there is passed on.
    #[serde(rename = "5")]
    Presence,
}

impl Feature {
    /// All features.
    pub const ALL: [Self; 5] = [Self::Typing, Self::Receipts, Self::Reactions, Self::Threads, Self::Presence];

    const fn bit(self) -> u16 {
        match self {
            Self::Typing => 1,
            Self::Receipts => 1 << 1,
            Self::Reactions => 1 << 2,
            Self::Threads => 1 << 3,
            Self::Presence => 1 << 4,
        }
    }
}

/// Which features are on. What is on disk is what is off, so that a new feature is on in old rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Features {
    off: u16,
}

impl Features {
    /// Whether this one is on.
    pub fn has(self, feature: Feature) -> bool {
        self.off & feature.bit() == 0
    }

    /// Switches one.
    pub fn set(&mut self, feature: Feature, to: Switch) {
        match to {
            Switch::On => self.off &= !feature.bit(),
            Switch::Off => self.off |= feature.bit(),
        }
    }
}

/// A right whose least role a room decides for itself. The serde name is the number on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Right {
    /// To send messages.
    #[serde(rename = "1")]
    Send,
    /// To ask people in, by name or by link.
    #[serde(rename = "2")]
    Invite,
    /// To pin messages.
    #[serde(rename = "3")]
    Pin,
    /// To change title, topic and picture.
    #[serde(rename = "4")]
    Describe,
    /// To call everybody in a message.
    #[serde(rename = "5")]
    MentionRoom,
    /// To delete other people's messages.
    #[serde(rename = "6")]
    DeleteOthers,
}

impl Right {
    /// All rights.
    pub const ALL: [Self; 6] =
        [Self::Send, Self::Invite, Self::Pin, Self::Describe, Self::MentionRoom, Self::DeleteOthers];
}

/// The least role for each right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    send: Role,
    invite: Role,
    pin: Role,
    describe: Role,
    mention_room: Role,
    delete_others: Role,
}

impl Rights {
    /// What a new room of this kind begins with. Nobody in a direct room is more than a member.
    pub const fn of(kind: RoomKind) -> Self {
        let (send, pin, mention_room) = (Role::Member, Role::Member, Role::Member);
        match kind {
            RoomKind::Direct => {
                let (invite, describe, delete_others) = (Role::Owner, Role::Owner, Role::Owner);
                Self { send, invite, pin, describe, mention_room, delete_others }
            }
            RoomKind::Group => {
                let (invite, describe, delete_others) = (Role::Member, Role::Admin, Role::Moderator);
                Self { send, invite, pin, describe, mention_room, delete_others }
            }
            RoomKind::Open => {
                let (invite, describe, delete_others) = (Role::Admin, Role::Admin, Role::Moderator);
                let (pin, mention_room) = (Role::Moderator, Role::Moderator);
                Self { send, invite, pin, describe, mention_room, delete_others }
            }
        }
    }

    /// The least role for one right.
    pub fn least(&self, right: Right) -> Role {
        match right {
            Right::Send => self.send,
            Right::Invite => self.invite,
            Right::Pin => self.pin,
            Right::Describe => self.describe,
            Right::MentionRoom => self.mention_room,
            Right::DeleteOthers => self.delete_others,
        }
    }

    /// Sets the least role for one right.
    pub fn set(&mut self, right: Right, least: Role) {
        let place = match right {
            Right::Send => &mut self.send,
            Right::Invite => &mut self.invite,
            Right::Pin => &mut self.pin,
            Right::Describe => &mut self.describe,
            Right::MentionRoom => &mut self.mention_room,
            Right::DeleteOthers => &mut self.delete_others,
        };
        *place = least;
    }
}

impl Default for Rights {
    fn default() -> Self {
        Self::of(RoomKind::Group)
    }
}

/// Whether a room is in use. The serde name is the number on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Life {
    /// In use.
    #[default]
    #[serde(rename = "1")]
    Live,
    /// Read only, until it is taken out of the archive.
    #[serde(rename = "2")]
    Archived,
    /// Gone for everybody; what is left of it is being swept away.
    #[serde(rename = "3")]
    Deleted,
}

/// Until when something holds, milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Until(pub u64);

impl Until {
    /// It does not hold.
    pub const OVER: Self = Self(0);
    /// For good.
    pub const FOREVER: Self = Self(u64::MAX);

    /// Whether it holds at `now_ms`.
    pub fn holds(self, now_ms: u64) -> bool {
        self.0 > now_ms
    }

    /// How long it holds from `now_ms` on; `None` for good.
    pub fn left_ms(self, now_ms: u64) -> Option<u64> {
        (self != Self::FOREVER).then(|| self.0.saturating_sub(now_ms))
    }

    /// When it ends; `None` if never.
    pub fn end_ms(self) -> Option<u64> {
        (self != Self::FOREVER).then_some(self.0)
    }
}

/// What is changed about a room; whatever is `None` or not named stays as it is. The same in the command
/// and in the event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomChange {
    /// New title.
    #[serde(default)]
    pub title: Option<String>,
    /// New topic.
    #[serde(default)]
    pub topic: Option<String>,
    /// New picture: an address or the media store's name for it; empty takes it away.
    #[serde(default)]
    pub picture: Option<String>,
    /// Features that are switched.
    #[serde(default)]
    pub features: Vec<(Feature, Switch)>,
    /// Rights that need another role.
    #[serde(default)]
    pub rights: Vec<(Right, Role)>,
    /// Seconds between two messages of one member; 0 switches slow mode off.
    #[serde(default)]
    pub slow_mode_s: Option<u32>,
    /// How many people there are places for.
    #[serde(default)]
    pub places_max: Option<u64>,
}

impl RoomChange {
    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        let texts = [&self.title, &self.topic, &self.picture];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        texts + 4 * (self.features.len() + self.rights.len()) + 16
    }
}
