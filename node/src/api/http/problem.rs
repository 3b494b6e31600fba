//! Errors as HTTP answers: `application/problem+json` (RFC 9457).

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};

use crate::api::error::Problem;
use crate::api::{ApiError, ErrorKind};

/// The answer for `error`.
pub(super) fn answer(error: ApiError) -> HttpResponse {
    let status = error.kind.http_status();
    with_status(error, status)
}

/// The answer for `error` where HTTP knows a more fitting status than the table's.
pub(super) fn with_status(error: ApiError, status: u16) -> HttpResponse {
    let kind = error.kind;
    let mut problem = Problem::from(error);
    problem.status = status;
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or_default());
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if kind == ErrorKind::Unauthenticated {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
    }
    if let Some(wait_ms) = problem.retry_after_ms {
        response.insert_header((header::RETRY_AFTER, wait_ms.div_ceil(1000).to_string()));
    }
    match serde_json::to_vec(&problem) {
        Ok(body) => response.content_type("application/problem+json").body(body),
        Err(error) => {
            tracing::error!(%error, "a problem could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// The answer for a path that does not exist.
pub(crate) async fn not_found(request: HttpRequest) -> HttpResponse {
    answer(ApiError::new(ErrorKind::NotFound, format!("there is no path {}", request.path())))
}

/// The answer for a method that a path does not have.
pub(super) fn method_not_allowed(request: &HttpRequest, allowed: &str) -> HttpResponse {
    let message = format!("{} has no method {}; it has {allowed}", request.path(), request.method());
    let mut response = with_status(ApiError::bad_request(message), 405);
    if let Ok(value) = header::HeaderValue::from_str(allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
