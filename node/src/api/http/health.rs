//! `/livez`, `/readyz` and `/metrics`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::{HttpState, problem};
use crate::api::{ApiError, ErrorKind};
use crate::telemetry::Ready;

/// The media type of the OpenMetrics text format.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How long a load balancer should wait before it asks again.
const ASK_AGAIN_MS: u64 = 1_000;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/livez").route(web::get().to(livez)).route(web::head().to(livez)))
        .service(web::resource("/readyz").route(web::get().to(readyz)).route(web::head().to(readyz)))
        .service(web::resource("/metrics").route(web::get().to(metrics)));
}

/// The process answers: nothing more, so that no orchestrator kills a node for lack of a quorum.
async fn livez() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({ "status": "alive" }))
}

/// Whether clients should be sent here.
async fn readyz(state: web::Data<HttpState>) -> HttpResponse {
    let reason = match state.readiness.get() {
        Ready::Ready => {
            return HttpResponse::Ok()
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .json(json!({ "status": "ready" }));
        }
        Ready::Starting => "the node is starting".to_owned(),
        Ready::Draining => "the node is stopping".to_owned(),
        Ready::Failing(reason) => reason,
    };
    problem::answer(ApiError::new(ErrorKind::Unavailable, reason).retry_after_ms(ASK_AGAIN_MS))
}

async fn metrics(state: web::Data<HttpState>) -> HttpResponse {
    match state.metrics.encode() {
        Ok(text) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .content_type(OPENMETRICS)
            .body(text),
        Err(error) => {
            tracing::error!(%error, "metrics could not be written");
            problem::answer(ApiError::new(ErrorKind::Internal, "metrics could not be written"))
        }
    }
}
