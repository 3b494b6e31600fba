//! The operations of reporters and of the staff, and their answers.

use madang_actors::service::{AuditView, Caller, Listed, ReportView, Reported, Service, ServiceError};
use madang_storage::row::{Act, AuditRow, Reason, ReportRow, ReportState, ReportTarget, RoomAct, StaffRole};

use super::answer::role;
use super::keep::until_ms;
use super::run::size;
use super::suspension;
use crate::api::account::Empty;
use crate::api::{Request, Response, safety as json};

/// Items of a page whose client names no limit.
const REPORTS_DEFAULT: u32 = 20;
const AUDIT_DEFAULT: u32 = 50;

pub(super) async fn run(
    service: &Service,
    caller: &Caller,
    request: Request,
) -> Result<Response, ServiceError> {
    Ok(match request {
        Request::Report(ask) => {
            let reported = match (ask.room, ask.seq, ask.user) {
                (Some(room), Some(seq), _) => Reported::Message { room, seq },
                (_, _, Some(user)) => Reported::User(user),
                _ => {
                    let what = "either a message or a user is reported".to_owned();
                    return Err(ServiceError::BadRequest { what });
                }
            };
            let note = ask.note.map_or_else(String::new, |note| note.into_string());
            let report = service.report(caller, reported, reason_asked(ask.reason), note).await?;
            Response::Report(json::Reported { report })
        }
        Request::Reports(ask) => {
            let limit = size(ask.limit.map_or(REPORTS_DEFAULT, |limit| limit.get()));
            let state = state_asked(ask.state.unwrap_or(json::ReportState::Open));
            let Listed { items, next } = service.reports(caller, state, limit, ask.next.as_deref()).await?;
            Response::Reports(json::Reports { reports: items.into_iter().map(report).collect(), next })
        }
        Request::MoveReport(ask) => {
            let note = ask.note.map_or_else(String::new, |note| note.into_string());
            let moved = service.move_report(caller, ask.report, state_asked(ask.state), note).await?;
            Response::MoveReport(report(moved))
        }
        Request::Staff(Empty {}) => {
            let staff = service.staff(caller).await?.into_iter().map(|member| json::StaffMember {
                user: member.user,
                role: staff_role(Some(member.role)),
                by: member.by,
            });
            Response::Staff(json::Staff { staff: staff.collect() })
        }
        Request::Appoint(ask) => {
            let role = match ask.role {
                json::StaffRole::Moderator => Some(StaffRole::Moderator),
                json::StaffRole::Admin => Some(StaffRole::Admin),
                json::StaffRole::None => None,
            };
            service.appoint(caller, ask.user, role).await?;
            Response::Appoint(Empty {})
        }
        Request::Audit(ask) => {
            let limit = size(ask.limit.map_or(AUDIT_DEFAULT, |limit| limit.get()));
            let Listed { items, next } = service.audit(caller, limit, ask.next.as_deref()).await?;
            Response::Audit(json::Audit { entries: items.into_iter().map(entry).collect(), next })
        }
        other => return suspension::run(service, caller, other).await,
    })
}

fn report(view: ReportView) -> json::Report {
    let ReportView { report, row } = view;
    let ReportRow { by, at_ms, target, reason, note, context, state, steps } = row;
    let (user, room, seq) = match target {
        ReportTarget::Message { room, seq, user } => (user, Some(room), Some(seq)),
        ReportTarget::User(user) => (user, None, None),
    };
    let context = context.into_iter().map(|quoted| json::QuotedMessage {
        seq: quoted.seq,
        at_ms: quoted.at_ms,
        user: quoted.user,
        text: quoted.text,
    });
    let steps = steps.into_iter().map(|step| json::ReportStep {
        at_ms: step.at_ms,
        by: step.by,
        state: report_state(step.state),
        note: step.note,
    });
    json::Report {
        report,
        by,
        at_ms,
        user,
        room,
        seq,
        reason: reason_answer(reason),
        note,
        context: context.collect(),
        state: report_state(state),
        steps: steps.collect(),
    }
}

fn entry(view: AuditView) -> json::AuditEntry {
    let AuditView { at_ms, row: AuditRow { by, act } } = view;
    let act = match act {
        Act::Appointed { user, role } => json::Act::Appointed { user, role: staff_role(role) },
        Act::Report { report, state, note } => json::Act::Report { report, state: report_state(state), note },
        Act::Suspended { user, until, reason } => {
            json::Act::Suspended { user, until_ms: until_ms(until), reason }
        }
        Act::Restored { user } => json::Act::Restored { user },
        Act::Room { room, user, act } => {
            let (deed, given, seq, reason) = match act {
                RoomAct::Kicked => (json::RoomDeed::Kicked, None, None, None),
                RoomAct::Role(given) => (json::RoomDeed::Role, Some(role(given)), None, None),
                RoomAct::Banned { reason } => (json::RoomDeed::Banned, None, None, Some(reason)),
                RoomAct::Unbanned => (json::RoomDeed::Unbanned, None, None, None),
                RoomAct::Muted => (json::RoomDeed::Muted, None, None, None),
                RoomAct::Unmuted => (json::RoomDeed::Unmuted, None, None, None),
                RoomAct::Archived => (json::RoomDeed::Archived, None, None, None),
                RoomAct::Unarchived => (json::RoomDeed::Unarchived, None, None, None),
                RoomAct::Deleted => (json::RoomDeed::Deleted, None, None, None),
                RoomAct::MessageDeleted { seq } => (json::RoomDeed::MessageDeleted, None, Some(seq), None),
                RoomAct::Configured { seq } => (json::RoomDeed::Configured, None, Some(seq), None),
                RoomAct::LinkRevoked => (json::RoomDeed::LinkRevoked, None, None, None),
            };
            json::Act::Room { room, user, deed, role: given, seq, reason }
        }
    };
    json::AuditEntry { at_ms, by, act }
}

fn staff_role(role: Option<StaffRole>) -> json::StaffRole {
    match role {
        Some(StaffRole::Moderator) => json::StaffRole::Moderator,
        Some(StaffRole::Admin) => json::StaffRole::Admin,
        None => json::StaffRole::None,
    }
}

fn state_asked(state: json::ReportState) -> ReportState {
    match state {
        json::ReportState::Open => ReportState::Open,
        json::ReportState::Taken => ReportState::Taken,
        json::ReportState::Resolved => ReportState::Resolved,
        json::ReportState::Dismissed => ReportState::Dismissed,
    }
}

fn report_state(state: ReportState) -> json::ReportState {
    match state {
        ReportState::Open => json::ReportState::Open,
        ReportState::Taken => json::ReportState::Taken,
        ReportState::Resolved => json::ReportState::Resolved,
        ReportState::Dismissed => json::ReportState::Dismissed,
    }
}

fn reason_asked(reason: json::Reason) -> Reason {
    match reason {
        json::Reason::Spam => Reason::Spam,
        json::Reason::Harassment => Reason::Harassment,
        json::Reason::Hate => Reason::Hate,
        json::Reason::Violence => Reason::Violence,
        json::Reason::Sexual => Reason::Sexual,
        json::Reason::Other => Reason::Other,
    }
}

fn reason_answer(reason: Reason) -> json::Reason {
    match reason {
        Reason::Spam => json::Reason::Spam,
        Reason::Harassment => json::Reason::Harassment,
        Reason::Hate => json::Reason::Hate,
        Reason::Violence => json::Reason::Violence,
        Reason::Sexual => json::Reason::Sexual,
        Reason::Other => json::Reason::Other,
    }
}
