//! Reports, the staff that works on them, and the audit log.

use std::borrow::Cow;

use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::command::{Op, Refusal, Reply, SafetyOp, Standing};
use madang_cluster::{AuditPlace, Page, QueuePlace};
use madang_storage::id::{ReportId, RoomId, ShardId, UserId};
use madang_storage::row::{
    AuditRow, Content, EventBody, Extra, MediaPlace, MemberState, Quoted, Reason, ReportRow, ReportState,
    ReportTarget, StaffRole,
};
use sha2::{Digest, Sha256};

use super::{Caller, Listed, Service, ServiceError, cursor};

/// Messages that are copied around the one that is reported.
const CONTEXT_EVENTS: usize = 11;
/// What is copied of a long one.
const QUOTED_BYTES_MAX: usize = 2_000;
/// Bytes of log that are read for the context.
const CONTEXT_BYTES_MAX: usize = 256 * 1024;
/// How often somebody may report the same again after it was closed.
const REPORTS_AGAIN_MAX: usize = 20;
/// Shards whose audit logs are read at the same time.
const SHARDS_AT_ONCE: usize = 8;

/// What somebody reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    /// A message.
    Message {
        /// Where.
        room: RoomId,
        /// Which event.
        seq: u64,
    },
    /// A user.
    User(UserId),
}

/// A report, as the staff sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportView {
    /// Its id.
    pub report: ReportId,
    /// What it says, and how far it has come.
    pub row: ReportRow,
}

/// Somebody of the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffView {
    /// Who.
    pub user: UserId,
    /// What they may do.
    pub role: StaffRole,
    /// Who appointed them; nobody did whom the settings name.
    pub by: Option<UserId>,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditView {
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
    /// Who did what.
    pub row: AuditRow,
}

impl Service {
    /// Reports something to the moderators. Reporting the same once more changes nothing until it is closed; then
    /// it is a report of its own.
    pub async fn report(
        &self,
        caller: &Caller,
        reported: Reported,
        reason: Reason,
        note: String,
    ) -> Result<ReportId, ServiceError> {
        let (target, context) = match reported {
            Reported::Message { room, seq } => self.message_and_context(caller, room, seq).await?,
            Reported::User(user) => {
                self.readers().profile(&user).await?;
                (ReportTarget::User(user), Vec::new())
            }
        };
        let report = self.open_report(report_id(&caller.user, &target)).await?;
        let op = SafetyOp::Report { report, target, reason, note, context };
        self.change_desk(caller, op).await?;
        Ok(report)
    }

    /// The first of a reporter's reports on one target that is not closed: each one's id follows from the one
    /// before.
    async fn open_report(&self, first: ReportId) -> Result<ReportId, ServiceError> {
        let desk = self.desk().await?;
        let mut report = first;
        for _ in 0..REPORTS_AGAIN_MAX {
            let is_closed =
                |row: ReportRow| matches!(row.state, ReportState::Resolved | ReportState::Dismissed);
            if !desk.report(&report).await?.is_some_and(is_closed) {
                return Ok(report);
            }
            report = id_of(Sha256::new().chain_update("again").chain_update(report.0));
        }
        let what = "the number of your closed reports about the same";
        Err(ServiceError::TooLarge { what, limit: REPORTS_AGAIN_MAX as u64 })
    }

    /// Reports in one state, oldest first. For the staff.
    pub async fn reports(
        &self,
        caller: &Caller,
        state: ReportState,
        limit: usize,
        next: Option<&str>,
    ) -> Result<Listed<ReportView>, ServiceError> {
        let after: Option<QueuePlace> = next.map(cursor::parse_place).transpose()?;
        self.check_staff(caller).await?;
        let mut rows = self.desk().await?.queue(state, after, limit + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|(place, _)| cursor::place_text(*place));
        let items = rows.into_iter().map(|((_, report), row)| ReportView { report, row }).collect();
        Ok(Listed { items, next })
    }

    /// Moves a report on. For the staff.
    pub async fn move_report(
        &self,
        caller: &Caller,
        report: ReportId,
        to: ReportState,
        note: String,
    ) -> Result<ReportView, ServiceError> {
        self.change_desk(caller, SafetyOp::Move { report, to, note }).await?;
        let row = self.desk().await?.report(&report).await?.ok_or(Refusal::NoReport)?;
        Ok(ReportView { report, row })
    }

    /// Everybody of the staff, with those whom this node's settings name. For the staff.
    pub async fn staff(&self, caller: &Caller) -> Result<Vec<StaffView>, ServiceError> {
        self.check_staff(caller).await?;
        let named = self.0.options.admins.iter();
        let named = named.map(|user| StaffView { user: user.clone(), role: StaffRole::Admin, by: None });
        let mut staff: Vec<StaffView> = named.collect();
        for (user, row) in self.desk().await?.all_staff().await? {
            if staff.iter().all(|known| known.user != user) {
                staff.push(StaffView { user, role: row.role, by: Some(row.by) });
            }
        }
        Ok(staff)
    }

    /// Gives somebody a role in the staff, or none. For admins.
    pub async fn appoint(
        &self,
        caller: &Caller,
        user: UserId,
        role: Option<StaffRole>,
    ) -> Result<(), ServiceError> {
        self.readers().profile(&user).await?;
        self.change_desk(caller, SafetyOp::Appoint { user, role }).await
    }

    /// The audit log of the whole cluster, newest first. For the staff.
    pub async fn audit(
        &self,
        caller: &Caller,
        limit: usize,
        next: Option<&str>,
    ) -> Result<Listed<AuditView>, ServiceError> {
        let before = next.map(cursor::AuditCursor::parse).transpose()?;
        self.check_staff(caller).await?;
        let readers = self.readers();
        let shards = self.0.cluster.slots().all().map(|shard| {
            let readers = &readers;
            async move {
                let before = before.map(|before| before_in(shard, before));
                let rows = readers.of(shard).await?.audit(before, limit + 1).await?;
                Ok::<_, ServiceError>(rows.into_iter().map(move |(at, row)| (at.0, shard.0, at.1, row)))
            }
        });
        let found: Vec<_> = stream::iter(shards).buffer_unordered(SHARDS_AT_ONCE).try_collect().await?;
        let mut found: Vec<_> = found.into_iter().flatten().collect();
        found.sort_unstable_by_key(|(at_ms, shard, number, _)| std::cmp::Reverse((*at_ms, *shard, *number)));
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(at_ms, shard, number, _)| {
            cursor::AuditCursor { at_ms: *at_ms, shard: *shard, number: *number }.text()
        });
        let items = found.into_iter().map(|(at_ms, _, _, row)| AuditView { at_ms, row }).collect();
        Ok(Listed { items, next })
    }
}

impl Service {
    pub(super) async fn desk(&self) -> Result<madang_cluster::Reader, ServiceError> {
        Ok(self.0.cluster.reader(self.0.cluster.slots().desk()).await?)
    }

    /// Has the desk decide, and waits until the shards of all people concerned know it.
    pub(super) async fn change_desk(&self, caller: &Caller, op: SafetyOp) -> Result<(), ServiceError> {
        let op = Op::Safety { by: caller.user.clone(), standing: self.standing(caller), op };
        let desk = self.0.cluster.slots().desk();
        if let Reply::Done { outbox } = self.0.cluster.propose(desk, op).await?? {
            self.0.cluster.settle(desk, &outbox).await;
        }
        Ok(())
    }

    fn standing(&self, caller: &Caller) -> Standing {
        if self.0.options.admins.contains(&caller.user) { Standing::Named } else { Standing::Listed }
    }

    /// Refuses who is not of the staff.
    pub(super) async fn check_staff(&self, caller: &Caller) -> Result<(), ServiceError> {
        if self.standing(caller) == Standing::Named || self.desk().await?.staff(&caller.user).await?.is_some()
        {
            Ok(())
        } else {
            Err(Refusal::NotStaff.into())
        }
    }

    /// A message that the caller can read, with what was said around it.
    async fn message_and_context(
        &self,
        caller: &Caller,
        room: RoomId,
        seq: u64,
    ) -> Result<(ReportTarget, Vec<Quoted>), ServiceError> {
        let readers = self.readers();
        if readers.place(&caller.user, &room).await?.state != MemberState::Joined {
            return Err(Refusal::NotMember.into());
        }
        let reader = readers.of_room(&room).await?;
        let page = reader.events(&room, Page::Around(seq), CONTEXT_EVENTS, CONTEXT_BYTES_MAX).await?;
        let is_message = |body: &EventBody| matches!(body, EventBody::Message { .. });
        let reported = page.events.iter().find(|event| event.seq == seq && is_message(&event.row.body));
        let user = reported.map(|event| event.row.user.clone());
        let user = user.ok_or_else(|| ServiceError::BadRequest {
            what: "field `seq`: there is no message at this place".to_owned(),
        })?;
        let quoted = page.events.iter().filter_map(|event| match &event.row.body {
            EventBody::Message { text, extra, .. } => Some(Quoted {
                seq: event.seq,
                at_ms: event.row.at_ms,
                user: event.row.user.clone(),
                text: cut(&evidence(text, extra.as_deref())).to_owned(),
            }),
            _ => None,
        });
        Ok((ReportTarget::Message { room, seq, user }, quoted.collect()))
    }
}

/// Where in a shard's audit log what comes behind `cursor` begins.
fn before_in(shard: ShardId, cursor: cursor::AuditCursor) -> AuditPlace {
    match shard.0.cmp(&cursor.shard) {
        std::cmp::Ordering::Equal => (cursor.at_ms, cursor.number),
        // Of one millisecond, the greater shard comes first.
        std::cmp::Ordering::Less => (cursor.at_ms.saturating_add(1), 0),
        std::cmp::Ordering::Greater => (cursor.at_ms, 0),
    }
}

/// One report for each reporter and target, however often it is sent: the first half of a hash over both.
fn report_id(by: &UserId, target: &ReportTarget) -> ReportId {
    let mut hash = Sha256::new();
    hash.update("report");
    hash.update(by.as_str());
    match target {
        ReportTarget::Message { room, seq, .. } => {
            hash.update([0]);
            hash.update(room.0);
            hash.update(seq.to_be_bytes());
        }
        ReportTarget::User(user) => {
            hash.update([1]);
            hash.update(user.as_str());
        }
    }
    id_of(hash)
}

fn id_of(hash: Sha256) -> ReportId {
    let digest: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(digest) {
        *to = from;
    }
    ReportId(id)
}

/// What a message says, and where what it shows is kept: its author may delete it meanwhile.
fn evidence<'a>(text: &'a str, extra: Option<&'a Extra>) -> Cow<'a, str> {
    match extra.map(|extra| &extra.content) {
        Some(Content::Image(media) | Content::Voice(media) | Content::File(media)) => {
            let place = match &media.place {
                MediaPlace::Url(url) => url.as_str(),
                MediaPlace::Id(id) => id.as_str(),
            };
            let parts = [place, media.name.as_str(), text];
            Cow::Owned(parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("\n"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// The beginning of a text, whole characters only.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(QUOTED_BYTES_MAX)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_audit_log_meet_without_gap_or_repeat() {
        let cursor = cursor::AuditCursor { at_ms: 5, shard: 1, number: 7 };
        assert_eq!(before_in(ShardId(1), cursor), (5, 7));
        assert_eq!(before_in(ShardId(0), cursor), (6, 0));
        assert_eq!(before_in(ShardId(2), cursor), (5, 0));
    }

    #[test]
    fn one_report_for_each_reporter_and_target() {
        let user = |name| UserId::parse(name).unwrap();
        let target = |name| ReportTarget::User(user(name));
        let message = |seq| ReportTarget::Message { room: RoomId([1; 16]), seq, user: user("bad") };
        let id = report_id(&user("jun"), &target("bad"));
        assert_eq!(id, report_id(&user("jun"), &target("bad")));
        for other in [target("worse"), message(1), message(2)] {
            assert_ne!(id, report_id(&user("jun"), &other));
        }
        assert_ne!(id, report_id(&user("minji"), &target("bad")));
    }

    #[test]
    fn what_is_quoted_ends_at_a_character() {
        let long = "한".repeat(1_000);
        assert_eq!(cut(&long).len(), 1_998);
        assert_eq!(cut("short"), "short");
    }
}
