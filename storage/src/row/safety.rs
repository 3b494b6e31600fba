//! Reports, who works on them, and what staff and rooms' moderators did.

use serde::{Deserialize, Serialize};

use super::{Role, Row, Until};
use crate::id::{ReportId, RoomId, UserId};

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportTarget {
    /// What somebody said.
    #[serde(rename = "1")]
    Message {
        /// Where.
        room: RoomId,
        /// Which event.
        seq: u64,
        /// Who said it.
        user: UserId,
    },
    /// Somebody.
    #[serde(rename = "2")]
    User(UserId),
}

/// Why somebody reports something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// Unwanted advertising.
    #[serde(rename = "1")]
    Spam,
    /// Insults, threats, stalking.
    #[serde(rename = "2")]
    Harassment,
    /// Against a group of people.
    #[serde(rename = "3")]
    Hate,
    /// Violence, or the threat of it.
    #[serde(rename = "4")]
    Violence,
    /// Sexual content.
    #[serde(rename = "5")]
    Sexual,
    /// Something else, which the note says.
    #[serde(rename = "6")]
    Other,
}

/// A message as it was when it was reported: it may be edited or deleted later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quoted {
    /// Where in the room's log.
    pub seq: u64,
    /// When it was said, milliseconds since the epoch.
    pub at_ms: u64,
    /// By whom.
    pub user: UserId,
    /// What, cut off if it was long.
    pub text: String,
}

/// How far a report has come. Order: open → taken → resolved or dismissed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportState {
    /// Nobody works on it.
    #[serde(rename = "1")]
    Open,
    /// Somebody does.
    #[serde(rename = "2")]
    Taken,
    /// Something was done about it.
    #[serde(rename = "3")]
    Resolved,
    /// There was nothing to do.
    #[serde(rename = "4")]
    Dismissed,
}

impl ReportState {
    /// Its place in keys: the number on disk.
    pub const fn number(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Taken => 2,
            Self::Resolved => 3,
            Self::Dismissed => 4,
        }
    }
}

/// One step of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportStep {
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
    /// Who did it.
    pub by: UserId,
    /// What it became.
    pub state: ReportState,
    /// What there was to say about it, may be empty.
    pub note: String,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRow {
    /// Who reported.
    pub by: UserId,
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
    /// What.
    pub target: ReportTarget,
    /// Why.
    pub reason: Reason,
    /// In the reporter's words, may be empty.
    pub note: String,
    /// What was said, and around it.
    pub context: Vec<Quoted>,
    /// How far it has come.
    pub state: ReportState,
    /// The newest steps, oldest first; all of them are in the audit log.
    pub steps: Vec<ReportStep>,
}

impl Row for ReportRow {
    const NAME: &'static str = "report row";
}

/// What a member of the staff may do; a greater one may do all that a lesser may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StaffRole {
    /// Works on reports.
    #[serde(rename = "1")]
    Moderator,
    /// Also appoints.
    #[serde(rename = "2")]
    Admin,
}

/// Somebody of the staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRow {
    /// What they may do.
    pub role: StaffRole,
    /// Since when, milliseconds since the epoch.
    pub at_ms: u64,
    /// Who appointed them.
    pub by: UserId,
}

impl Row for StaffRow {
    const NAME: &'static str = "staff row";
}

/// What somebody did by their power over others. Written in the same command as the act itself, never
/// changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Who.
    pub by: UserId,
    /// What.
    pub act: Act,
}

impl Row for AuditRow {
    const NAME: &'static str = "audit row";
}

/// The acts that are written down. The serde name is the number on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Appointed somebody, or (without a role) dismissed them.
    #[serde(rename = "1")]
    Appointed {
        /// Whom.
        user: UserId,
        /// As what.
        role: Option<StaffRole>,
    },
    /// Moved a report on.
    #[serde(rename = "2")]
    Report {
        /// Which.
        report: ReportId,
        /// What it became.
        state: ReportState,
        /// What there was to say about it, may be empty.
        note: String,
    },
    /// Did something in a room.
    #[serde(rename = "3")]
    Room {
        /// Which room.
        room: RoomId,
        /// To whom, if to anybody.
        user: Option<UserId>,
        /// What.
        act: RoomAct,
    },
    /// Keeps somebody out of the whole cluster.
    #[serde(rename = "4")]
    Suspended {
        /// Whom.
        user: UserId,
        /// Until when.
        until: Until,
        /// Why, may be empty.
        reason: String,
    },
    /// Lets somebody in again.
    #[serde(rename = "5")]
    Restored {
        /// Whom.
        user: UserId,
    },
}

/// What those who keep a room do in it. The serde name is the number on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoomAct {
    /// Put somebody out.
    #[serde(rename = "1")]
    Kicked,
    /// Gave somebody a role.
    #[serde(rename = "2")]
    Role(Role),
    /// Keeps somebody out.
    #[serde(rename = "3")]
    Banned {
        /// Why, may be empty.
        reason: String,
    },
    /// Lets somebody in again.
    #[serde(rename = "4")]
    Unbanned,
    /// Keeps somebody from speaking.
    #[serde(rename = "5")]
    Muted,
    /// Lets somebody speak again.
    #[serde(rename = "6")]
    Unmuted,
    /// Made the room read only.
    #[serde(rename = "7")]
    Archived,
    /// Took it out of the archive.
    #[serde(rename = "8")]
    Unarchived,
    /// Deleted the room.
    #[serde(rename = "9")]
    Deleted,
    /// Deleted what somebody else said.
    #[serde(rename = "10")]
    MessageDeleted {
        /// Which event.
        seq: u64,
    },
    /// Changed what holds in the room: features, rights, slow mode or places.
    #[serde(rename = "11")]
    Configured {
        /// The event that says how.
        seq: u64,
    },
    /// Took away somebody else's link.
    #[serde(rename = "12")]
    LinkRevoked,
}
