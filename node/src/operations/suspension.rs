//! The operations of the staff on suspended users, and their answers.

use madang_actors::service::{Caller, Listed, Service, ServiceError};

use super::keep::{lasting, until_ms};
use super::run::size;
use crate::api::account::Empty;
use crate::api::{Request, Response, suspension as json};

/// Items of a page whose client names no limit.
const SUSPENSIONS_DEFAULT: u32 = 100;

pub(super) async fn run(
    service: &Service,
    caller: &Caller,
    request: Request,
) -> Result<Response, ServiceError> {
    Ok(match request {
        Request::Suspend(ask) => {
            let reason = ask.reason.map_or_else(String::new, |reason| reason.into_string());
            service.suspend(caller, ask.user, lasting(ask.for_ms), reason).await?;
            Response::Suspend(Empty {})
        }
        Request::Restore(ask) => {
            service.restore(caller, ask.user).await?;
            Response::Restore(Empty {})
        }
        Request::Suspensions(ask) => {
            let limit = size(ask.limit.map_or(SUSPENSIONS_DEFAULT, |limit| limit.get()));
            let Listed { items, next } = service.suspensions(caller, limit, ask.next.as_deref()).await?;
            let suspensions = items.into_iter().map(|view| json::Suspension {
                user: view.user,
                by: view.row.by,
                at_ms: view.row.at_ms,
                until_ms: until_ms(view.row.until),
                reason: view.row.reason,
            });
            Response::Suspensions(json::Suspensions { suspensions: suspensions.collect(), next })
        }
        other => {
            let what = format!("`{}` is carried out nowhere", other.operation().name());
            return Err(ServiceError::Internal(what));
        }
    })
}
