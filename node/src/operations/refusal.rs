//! From what went wrong to the protocol's error table. The one place where a bug is logged.

use madang_actors::service::ServiceError;
use madang_cluster::command::Refusal;

use crate::api::{ApiError, ErrorKind, Operation};

/// How long a client should wait before it tries a full or silent node again.
const RETRY_AFTER_MS: u64 = 500;

/// What the client of `operation` hears.
pub(super) fn api_error(operation: Operation, error: &ServiceError) -> ApiError {
    let kind = match error {
        ServiceError::BadRequest { .. } => ErrorKind::BadRequest,
        ServiceError::Unauthenticated(_) => ErrorKind::Unauthenticated,
        ServiceError::Refused(refusal) => refused(refusal),
        ServiceError::NoUser(_) | ServiceError::NoRoom(_) | ServiceError::NoSession(_) => ErrorKind::NotFound,
        ServiceError::TooLarge { .. } => ErrorKind::TooLarge,
        ServiceError::RateLimited { .. } => ErrorKind::RateLimited,
        ServiceError::Overloaded => ErrorKind::Overloaded,
        ServiceError::Unavailable(_) => ErrorKind::Unavailable,
        ServiceError::Timeout => ErrorKind::Timeout,
        ServiceError::Internal(_) => ErrorKind::Internal,
    };
    let message = match error {
        ServiceError::Internal(why) => {
            tracing::error!(operation = operation.name(), why, "an operation failed");
            "the node failed to do this; it was logged".to_owned()
        }
        other => other.to_string(),
    };
    let api_error = ApiError::new(kind, message);
    match error {
        ServiceError::RateLimited { retry_after_ms } => api_error.retry_after_ms(*retry_after_ms),
        ServiceError::Refused(
            Refusal::Muted { retry_after_ms: Some(wait_ms) }
            | Refusal::Banned { retry_after_ms: Some(wait_ms) }
            | Refusal::Suspended { retry_after_ms: Some(wait_ms), .. }
            | Refusal::SlowMode { retry_after_ms: wait_ms },
        ) => api_error.retry_after_ms(*wait_ms),
        ServiceError::Overloaded | ServiceError::Unavailable(_) | ServiceError::Timeout => {
            api_error.retry_after_ms(RETRY_AFTER_MS)
        }
        _ => api_error,
    }
}

fn refused(refusal: &Refusal) -> ErrorKind {
    match refusal {
        Refusal::NoRoom | Refusal::NoUser => ErrorKind::NotFound,
        Refusal::NotMember | Refusal::Forbidden | Refusal::InviteOnly => ErrorKind::Forbidden,
        Refusal::UserExists => ErrorKind::AlreadyExists,
        Refusal::SwitchedOff => ErrorKind::SwitchedOff,
        Refusal::CidConflict => ErrorKind::CidConflict,
        Refusal::OutOfOrder => ErrorKind::OutOfOrder,
        Refusal::NoMessage => ErrorKind::NotFound,
        Refusal::MessageGone => ErrorKind::Gone,
        Refusal::TooMany { .. } => ErrorKind::TooLarge,
        Refusal::NoThread | Refusal::OtherContent => ErrorKind::BadRequest,
        Refusal::Muted { .. } => ErrorKind::Muted,
        Refusal::Banned { .. } => ErrorKind::Banned,
        Refusal::SlowMode { .. } => ErrorKind::SlowMode,
        Refusal::Archived => ErrorKind::Archived,
        Refusal::LinkExpired => ErrorKind::LinkExpired,
        Refusal::FeatureOff => ErrorKind::FeatureOff,
        Refusal::DirectRoom
        | Refusal::OwnerLeaves
        | Refusal::RoomFull { .. }
        | Refusal::RoomExists
        | Refusal::PasswordChanged => ErrorKind::Conflict,
        Refusal::Private | Refusal::NotStaff => ErrorKind::Forbidden,
        Refusal::OfStaff => ErrorKind::Conflict,
        Refusal::Suspended { .. } => ErrorKind::Suspended,
        Refusal::NoReport => ErrorKind::NotFound,
        Refusal::ListFull { .. } => ErrorKind::TooLarge,
        Refusal::Yourself => ErrorKind::BadRequest,
        Refusal::NotAsked
        | Refusal::BlockedByYou
        | Refusal::ReportTaken
        | Refusal::ReportNotTaken
        | Refusal::ReportClosed => ErrorKind::Conflict,
        Refusal::AlreadyFormed | Refusal::WrongGroup | Refusal::Meta(_) => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_errors_say_when_to_come_back() {
        for error in [ServiceError::Overloaded, ServiceError::Unavailable("x".into()), ServiceError::Timeout]
        {
            let error = api_error(Operation::Send, &error);
            assert!(error.kind.is_temporary() && error.retry_after_ms.is_some(), "{error}");
        }
    }

    #[test]
    fn the_cause_of_a_bug_stays_in_the_log() {
        let error = api_error(Operation::Send, &ServiceError::Internal("row 7 is corrupt".into()));
        assert_eq!(error.kind, ErrorKind::Internal);
        assert!(!error.message.contains("row 7"), "{error}");
    }

    #[test]
    fn what_nobody_may_see_is_not_told_from_what_is_not_there() {
        let hidden = api_error(Operation::Room, &ServiceError::Refused(Refusal::NoRoom));
        assert_eq!(hidden.kind, ErrorKind::NotFound);
    }
}
