//! Who may come into a room beside those invited by name, and who may not: links, bans, and what waits for
//! somebody who comes back.

use serde::{Deserialize, Serialize};

use super::{Row, Until};
use crate::id::{LinkId, LinkSecret, UserId};

/// That somebody may not enter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BanRow {
    /// Who decided it.
    pub by: UserId,
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
    /// Until when it holds.
    pub until: Until,
    /// Why, for people; may be empty.
    pub reason: String,
}

impl Row for BanRow {
    const NAME: &'static str = "ban row";
}

/// All links of a room: few, so one row holds them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinksRow {
    /// The links, oldest first.
    pub links: Vec<Link>,
}

impl Row for LinksRow {
    const NAME: &'static str = "links row";
}

/// One link into a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it is called: made from the secret by a one-way function.
    pub id: LinkId,
    /// What opens the door. Kept, so that whoever may see the link can pass it on again.
    pub secret: LinkSecret,
    /// Who made it. It opens the door only as long as that member may ask people in.
    pub by: UserId,
    /// When it was made, milliseconds since the epoch.
    pub made_ms: u64,
    /// Until when it opens the door.
    pub until: Until,
    /// How many people it lets in; `None`: any number.
    pub uses_max: Option<u32>,
    /// How many people have come in by it: each counts once, however often they come.
    pub uses: u32,
}

impl Link {
    /// Whether it lets somebody new in, as far as time and number go.
    pub fn is_open(&self, now_ms: u64) -> bool {
        self.until.holds(now_ms) && self.uses_max.is_none_or(|max| self.uses < max)
    }
}

/// What somebody who left takes up again on coming back: leaving ends neither a mute nor slow mode. Only
/// while it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftRow {
    /// Until when the member may not speak.
    pub muted: Until,
    /// When the member last spoke, milliseconds since the epoch.
    pub last_send_ms: u64,
}

impl Row for LeftRow {
    const NAME: &'static str = "left row";
}

/// That the rows under a prefix (which is this row's key) belong to nothing any more and are to be taken away,
/// some at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepRow {
    /// Since when, milliseconds since the epoch.
    pub since_ms: u64,
}

impl Row for SweepRow {
    const NAME: &'static str = "sweep row";
}
