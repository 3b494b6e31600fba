//! Reads of the desk and of the audit log.

use madang_storage::id::{ReportId, UserId};
use madang_storage::row::{AuditRow, ReportRow, ReportState, Row, StaffRow, SuspensionRow, table};
use madang_storage::{Direction, KeyRange, StorageError, prefix_end};
use serde::{Deserialize, Serialize};

use super::local::{odd_key, text_id};
use super::{Found, LocalReader, Query, Reader};
use crate::error::ClusterError;
use crate::machine::rows::{report_key, user_key};

/// A report's place in the queue: when it was made, and which.
pub type QueuePlace = (u64, ReportId);
/// An entry's place in a shard's audit log: when, and which number.
pub type AuditPlace = (u64, u64);

/// What can be read. Goes between nodes: numbers stay for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SafetyQuery {
    #[serde(rename = "1")]
    Staff(UserId),
    #[serde(rename = "2")]
    AllStaff,
    #[serde(rename = "3")]
    Report(ReportId),
    #[serde(rename = "4")]
    Queue { state: ReportState, after: Option<QueuePlace>, limit: usize },
    #[serde(rename = "5")]
    Audit { before: Option<AuditPlace>, limit: usize },
    #[serde(rename = "6")]
    Suspensions { after: Option<UserId>, limit: usize },
}

/// What was read: the variant of the query's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SafetyFound {
    #[serde(rename = "1")]
    Staff(Option<StaffRow>),
    #[serde(rename = "2")]
    AllStaff(Vec<(UserId, StaffRow)>),
    #[serde(rename = "3")]
    Report(Option<ReportRow>),
    #[serde(rename = "4")]
    Queue(Vec<(QueuePlace, ReportRow)>),
    #[serde(rename = "5")]
    Audit(Vec<(AuditPlace, AuditRow)>),
    #[serde(rename = "6")]
    Suspensions(Vec<(UserId, SuspensionRow)>),
}

/// Nobody appoints more people than this; a list of staff ends here.
const STAFF_MAX: usize = 10_000;

impl SafetyQuery {
    pub(super) fn reads_many_rows(&self) -> bool {
        !matches!(self, Self::Staff(_) | Self::Report(_))
    }

    pub(super) fn read(&self, local: &LocalReader) -> Result<SafetyFound, ClusterError> {
        Ok(match self {
            Self::Staff(user) => SafetyFound::Staff(local.load(table::STAFF, &user_key(user))?),
            Self::AllStaff => {
                SafetyFound::AllStaff(local.list(table::STAFF, &[], None, STAFF_MAX, |key, bytes| {
                    Ok((text_id(key, UserId::parse)?, StaffRow::decode(bytes)?))
                })?)
            }
            Self::Report(report) => SafetyFound::Report(local.load(table::REPORT, &report_key(report))?),
            Self::Queue { state, after, limit } => SafetyFound::Queue(queue(local, *state, *after, *limit)?),
            Self::Audit { before, limit } => SafetyFound::Audit(audit(local, *before, *limit)?),
            Self::Suspensions { after, limit } => {
                let after = after.as_ref().map(|user| user.as_str().as_bytes());
                SafetyFound::Suspensions(local.list(
                    table::SUSPENSION,
                    &[],
                    after,
                    *limit,
                    |key, bytes| Ok((text_id(key, UserId::parse)?, SuspensionRow::decode(bytes)?)),
                )?)
            }
        })
    }
}

/// Reports in this state, oldest first, those behind `after`.
fn queue(
    local: &LocalReader,
    state: ReportState,
    after: Option<QueuePlace>,
    limit: usize,
) -> Result<Vec<(QueuePlace, ReportRow)>, ClusterError> {
    let after = after.map(|(at_ms, report)| [at_ms.to_be_bytes().as_slice(), &report.0].concat());
    let places =
        local.list(table::REPORT_QUEUE, &[state.number()], after.as_deref(), limit, |key, _| place(key))?;
    let mut rows = Vec::with_capacity(places.len());
    for place in places {
        // One that moved on between the two reads is simply not there any more.
        if let Some(row) = local.load::<ReportRow>(table::REPORT, &report_key(&place.1))? {
            rows.push((place, row));
        }
    }
    Ok(rows)
}

/// The newest entries before a place, newest first.
fn audit(
    local: &LocalReader,
    before: Option<AuditPlace>,
    limit: usize,
) -> Result<Vec<(AuditPlace, AuditRow)>, ClusterError> {
    let before = before.map(|(at_ms, number)| [at_ms.to_be_bytes(), number.to_be_bytes()].concat());
    let whole = local.state().key(table::AUDIT, &[]);
    let to = match before {
        Some(before) => [whole.as_slice(), &before].concat(),
        None => prefix_end(&whole),
    };
    let range = KeyRange { from: whole.clone(), to };
    local.walk(&range, Direction::Descending, limit, |key, bytes| {
        let key = key.get(whole.len()..).unwrap_or_default();
        let (at_ms, number) = key.split_first_chunk::<8>().ok_or_else(|| odd_key(key))?;
        let number: [u8; 8] = number.try_into().map_err(|_| odd_key(key))?;
        let at = (u64::from_be_bytes(*at_ms), u64::from_be_bytes(number));
        Ok((at, AuditRow::decode(bytes)?))
    })
}

fn place(key: &[u8]) -> Result<QueuePlace, StorageError> {
    let (at_ms, report) = key.split_first_chunk::<8>().ok_or_else(|| odd_key(key))?;
    let report: [u8; 16] = report.try_into().map_err(|_| odd_key(key))?;
    Ok((u64::from_be_bytes(*at_ms), ReportId(report)))
}

impl Reader {
    /// Somebody of the staff. Only where the desk is.
    pub async fn staff(&self, user: &UserId) -> Result<Option<StaffRow>, ClusterError> {
        match self.ask_safety(SafetyQuery::Staff(user.clone())).await? {
            SafetyFound::Staff(row) => Ok(row),
            other => Err(misfit(other)),
        }
    }

    /// The whole staff. Only where the desk is.
    pub async fn all_staff(&self) -> Result<Vec<(UserId, StaffRow)>, ClusterError> {
        match self.ask_safety(SafetyQuery::AllStaff).await? {
            SafetyFound::AllStaff(rows) => Ok(rows),
            other => Err(misfit(other)),
        }
    }

    /// A report. Only where the desk is.
    pub async fn report(&self, report: &ReportId) -> Result<Option<ReportRow>, ClusterError> {
        match self.ask_safety(SafetyQuery::Report(*report)).await? {
            SafetyFound::Report(row) => Ok(row),
            other => Err(misfit(other)),
        }
    }

    /// Reports in one state, oldest first, those behind `after`. Only where the desk is.
    pub async fn queue(
        &self,
        state: ReportState,
        after: Option<QueuePlace>,
        limit: usize,
    ) -> Result<Vec<(QueuePlace, ReportRow)>, ClusterError> {
        match self.ask_safety(SafetyQuery::Queue { state, after, limit }).await? {
            SafetyFound::Queue(rows) => Ok(rows),
            other => Err(misfit(other)),
        }
    }

    /// This shard's part of the audit log, newest first, what is before a place.
    pub async fn audit(
        &self,
        before: Option<AuditPlace>,
        limit: usize,
    ) -> Result<Vec<(AuditPlace, AuditRow)>, ClusterError> {
        match self.ask_safety(SafetyQuery::Audit { before, limit }).await? {
            SafetyFound::Audit(rows) => Ok(rows),
            other => Err(misfit(other)),
        }
    }

    /// Who is suspended, by user id, those behind `after`. Only where the desk is.
    pub async fn suspensions(
        &self,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<(UserId, SuspensionRow)>, ClusterError> {
        match self.ask_safety(SafetyQuery::Suspensions { after, limit }).await? {
            SafetyFound::Suspensions(rows) => Ok(rows),
            other => Err(misfit(other)),
        }
    }

    async fn ask_safety(&self, query: SafetyQuery) -> Result<SafetyFound, ClusterError> {
        match self.ask(Query::Safety(query)).await? {
            Found::Safety(found) => Ok(found),
            other => Err(other.misfit()),
        }
    }
}

fn misfit(found: SafetyFound) -> ClusterError {
    Found::Safety(found).misfit()
}
