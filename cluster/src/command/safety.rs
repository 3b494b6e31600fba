//! What can be asked of the desk: the shard that keeps staff and reports.

use madang_storage::id::{ReportId, UserId};
use madang_storage::row::{Quoted, Reason, ReportState, ReportTarget, StaffRole, Until};
use serde::{Deserialize, Serialize};

/// What can be asked of the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SafetyOp {
    /// Report something. The same report again changes nothing.
    #[serde(rename = "1")]
    Report {
        /// Its id: one for each reporter and target.
        report: ReportId,
        /// What is reported.
        target: ReportTarget,
        /// Why.
        reason: Reason,
        /// In the reporter's words, may be empty.
        note: String,
        /// What was said, and around it.
        context: Vec<Quoted>,
    },
    /// Move a report on.
    #[serde(rename = "2")]
    Move {
        /// Which.
        report: ReportId,
        /// What it becomes.
        to: ReportState,
        /// What there is to say about it, may be empty.
        note: String,
    },
    /// Give somebody a role in the staff, or none.
    #[serde(rename = "3")]
    Appoint {
        /// Whom.
        user: UserId,
        /// As what.
        role: Option<StaffRole>,
    },
    /// Keep somebody out of the whole cluster.
    #[serde(rename = "4")]
    Suspend {
        /// Whom.
        user: UserId,
        /// Until when.
        until: Until,
        /// Why, in words for the user; may be empty.
        reason: String,
    },
    /// Let somebody in again.
    #[serde(rename = "5")]
    Restore(UserId),
}

/// Where the power of whoever asks comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// From the desk's own list of staff.
    #[serde(rename = "1")]
    Listed,
    /// From the settings of the node that took the command, which name them as an admin.
    #[serde(rename = "2")]
    Named,
}

impl SafetyOp {
    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Report { note, context, .. } => {
                note.len() + context.iter().map(|quoted| 64 + quoted.text.len()).sum::<usize>()
            }
            Self::Move { note, .. } => note.len(),
            Self::Suspend { reason, .. } => reason.len(),
            Self::Appoint { .. } | Self::Restore(_) => 0,
        }
    }
}
