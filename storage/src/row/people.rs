//! What a user is to other users: contacts, blocks, and how the user wants to be seen.

use serde::{Deserialize, Serialize};

use super::Row;

/// What one user has said about being another's contact. Only the user's own shard changes it; the other
/// one's shard keeps a copy, and takes a newer version only. So both compute the same, whatever order the
/// news takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Grows with every change.
    pub version: u64,
    /// The version at which the user asked, or accepted; 0: has not, or took it back.
    pub given: u64,
    /// What the other one gave up to this version was declined, or the contact was ended.
    pub cancelled: u64,
}

/// What two users are to each other, as one of them sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// Nothing.
    #[serde(rename = "1")]
    None,
    /// The user asked, the other one has not answered.
    #[serde(rename = "2")]
    Asked,
    /// The other one asked, the user has not answered.
    #[serde(rename = "3")]
    Asking,
    /// Both said yes.
    #[serde(rename = "4")]
    Contact,
}

/// One other user, as the user's own shard knows it. Kept when nothing is left of it: the versions tell
/// stragglers from news.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRow {
    /// What the user said.
    pub mine: Side,
    /// What the other one said, as far as it is known here.
    pub theirs: Side,
    /// When it last became something else, milliseconds since the epoch.
    pub at_ms: u64,
}

impl ContactRow {
    /// What the two are to each other: a contact only if both said so, and neither took it back.
    pub fn relation(&self) -> Relation {
        match (self.mine.given > self.theirs.cancelled, self.theirs.given > self.mine.cancelled) {
            (true, true) => Relation::Contact,
            (true, false) => Relation::Asked,
            (false, true) => Relation::Asking,
            (false, false) => Relation::None,
        }
    }
}

impl Row for ContactRow {
    const NAME: &'static str = "contact row";
}

/// Whether something holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Blocked {
    /// It does not (any more).
    #[default]
    #[serde(rename = "1")]
    No,
    /// It does.
    #[serde(rename = "2")]
    Yes,
}

/// That a user blocks another. Kept when it is taken back, as [`ContactRow`] is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRow {
    /// Whether it holds.
    pub blocked: Blocked,
    /// Grows with every change.
    pub version: u64,
    /// When it was last changed, milliseconds since the epoch.
    pub at_ms: u64,
}

impl Row for BlockRow {
    const NAME: &'static str = "block row";
}

/// Who of the two people of a direct room blocks the other, as the room's shard knows it; also before there
/// is a room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairRow {
    /// The lesser user id: block and its version.
    pub lesser: (Blocked, u64),
    /// The greater user id.
    pub greater: (Blocked, u64),
}

impl Row for PairRow {
    const NAME: &'static str = "pair row";
}

/// Who sees how far a user has read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// The other members of a room.
    #[default]
    #[serde(rename = "1")]
    Shown,
    /// Nobody but the user's own devices.
    #[serde(rename = "2")]
    Private,
}

/// Whether a user comes up in searches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Findable {
    /// By id and by display name.
    #[default]
    #[serde(rename = "1")]
    Yes,
    /// Only in rooms that one shares with them.
    #[serde(rename = "2")]
    No,
}

/// What a user's shard counts and remembers about the user among people. Nothing special without a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleRow {
    /// How many [`ContactRow`]s stand for something.
    pub contacts: u32,
    /// How many [`BlockRow`]s hold.
    pub blocks: u32,
    /// Who sees how far the user has read.
    pub reading: Reading,
    /// Whether the user comes up in searches.
    pub findable: Findable,
    /// Under which texts, folded by the node that took the command: a machine knows no tables of Unicode,
    /// which change from build to build.
    pub names: Vec<String>,
}

impl Row for PeopleRow {
    const NAME: &'static str = "people row";
}
