//! Reports, staff and the audit log: what is asked and answered.

use madang_storage::id::{ReportId, RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field::{Check, Note, PageLimit};
use super::room::Role;

/// Why something is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Unwanted advertising.
    Spam,
    /// Insults, threats, stalking.
    Harassment,
    /// Against a group of people.
    Hate,
    /// Violence, or the threat of it.
    Violence,
    /// Sexual content.
    Sexual,
    /// Something else, which the note says.
    Other,
}

/// Reports a message, or a user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeReport {
    /// Of a message: its room.
    #[schema(value_type = Option<String>)]
    pub room: Option<RoomId>,
    /// Of a message: its seq.
    pub seq: Option<u64>,
    /// The user, if no message is reported.
    #[schema(value_type = Option<String>)]
    pub user: Option<UserId>,
    /// Why.
    pub reason: Reason,
    /// In one's own words.
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub note: Option<Note>,
}

impl Check for MakeReport {
    fn check(&self) -> Result<(), String> {
        match (&self.room, self.seq, &self.user) {
            (Some(_), Some(_), None) | (None, None, Some(_)) => Ok(()),
            _ => Err("fields `room` and `seq`, or `user`: either a message or a user is reported".into()),
        }
    }
}

/// The report is in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reported {
    /// Its id.
    #[schema(value_type = String)]
    pub report: ReportId,
}

/// How far a report has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportState {
    /// Nobody works on it.
    Open,
    /// Somebody does.
    Taken,
    /// Something was done about it.
    Resolved,
    /// There was nothing to do.
    Dismissed,
}

/// Asks for a page of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportsPage {
    /// Reports in this state; `open` if absent.
    pub state: Option<ReportState>,
    /// Reports in the page, 1 to 100; 20 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Option<PageLimit<100>>,
    /// Where the page starts: `next` of the page before.
    pub next: Option<String>,
}

/// Moves a report on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveReport {
    /// Which.
    #[schema(value_type = String)]
    pub report: ReportId,
    /// What it becomes.
    pub state: ReportState,
    /// What there is to say about it.
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub note: Option<Note>,
}

/// A message as it was when it was reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuotedMessage {
    /// Where in the room's log.
    pub seq: u64,
    /// When it was said.
    pub at_ms: u64,
    /// By whom.
    #[schema(value_type = String)]
    pub user: UserId,
    /// What, cut off after 2,000 bytes.
    pub text: String,
}

/// One step of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReportStep {
    /// When.
    pub at_ms: u64,
    /// Who did it.
    #[schema(value_type = String)]
    pub by: UserId,
    /// What it became.
    pub state: ReportState,
    /// What there was to say about it.
    pub note: String,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Report {
    /// Its id.
    #[schema(value_type = String)]
    pub report: ReportId,
    /// Who reported.
    #[schema(value_type = String)]
    pub by: UserId,
    /// When.
    pub at_ms: u64,
    /// Whom, or who said what is reported.
    #[schema(value_type = String)]
    pub user: UserId,
    /// Of a message: its room.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub room: Option<RoomId>,
    /// Of a message: its seq.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Why.
    pub reason: Reason,
    /// In the reporter's words.
    pub note: String,
    /// What was said, and around it.
    pub context: Vec<QuotedMessage>,
    /// How far it has come.
    pub state: ReportState,
    /// The newest steps, oldest first.
    pub steps: Vec<ReportStep>,
}

/// A page of the queue, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reports {
    /// The reports.
    pub reports: Vec<Report>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

/// What a member of the staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// Works on reports.
    Moderator,
    /// Also appoints.
    Admin,
    /// Nothing: not of the staff (any more).
    None,
}

/// Gives somebody a role in the staff.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Appoint {
    /// Whom.
    #[schema(value_type = String)]
    pub user: UserId,
    /// As what.
    pub role: StaffRole,
}

/// Somebody of the staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StaffMember {
    /// Who.
    #[schema(value_type = String)]
    pub user: UserId,
    /// What they may do.
    pub role: StaffRole,
    /// Who appointed them; null for those whom the node's settings name.
    #[schema(value_type = Option<String>)]
    pub by: Option<UserId>,
}

/// The staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Staff {
    /// Everybody.
    pub staff: Vec<StaffMember>,
}

/// Asks for a page of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditPage {
    /// Entries in the page, 1 to 200; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<PageLimit<200>>,
    /// Where the page starts: `next` of the page before.
    pub next: Option<String>,
}

/// What somebody did by their power over others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditEntry {
    /// When.
    pub at_ms: u64,
    /// Who.
    #[schema(value_type = String)]
    pub by: UserId,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// The acts that are written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Gave somebody a role in the staff, or none.
    Appointed {
        /// Whom.
        #[schema(value_type = String)]
        user: UserId,
        /// As what.
        role: StaffRole,
    },
    /// Moved a report on.
    Report {
        /// Which.
        #[schema(value_type = String)]
        report: ReportId,
        /// What it became.
        state: ReportState,
        /// What there was to say about it.
        note: String,
    },
    /// Did something in a room.
    Room {
        /// Which room.
        #[schema(value_type = String)]
        room: RoomId,
        /// To whom, if to anybody.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        user: Option<UserId>,
        /// What.
        deed: RoomDeed,
        /// The new role.
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        /// The message that was deleted, or the event that says what was configured.
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        /// Why, if it was said.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Keeps somebody out of the whole cluster.
    Suspended {
        /// Whom.
        #[schema(value_type = String)]
        user: UserId,
        /// Until when.
        until_ms: u64,
        /// Why; may be empty.
        reason: String,
    },
    /// Lets somebody in again.
    Restored {
        /// Whom.
        #[schema(value_type = String)]
        user: UserId,
    },
}

/// What was done in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomDeed {
    /// Put somebody out.
    Kicked,
    /// Gave somebody a role.
    Role,
    /// Keeps somebody out.
    Banned,
    /// Lets somebody in again.
    Unbanned,
    /// Keeps somebody from speaking.
    Muted,
    /// Lets somebody speak again.
    Unmuted,
    /// Made the room read only.
    Archived,
    /// Took it out of the archive.
    Unarchived,
    /// Deleted the room.
    Deleted,
    /// Deleted what somebody else said.
    MessageDeleted,
    /// Changed features, rights, slow mode or places.
    Configured,
    /// Took away somebody else's link.
    LinkRevoked,
}

/// A page of the audit log, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Audit {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

impl Check for ReportsPage {}
impl Check for MoveReport {}
impl Check for Appoint {}
impl Check for AuditPage {}
