//! `/livez`, `/readyz` and `/metrics`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::{HttpState, problem};
use crate::api::{ApiError, ErrorKind};
use crate::telemetry::{Finding, Ready};

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

/// Whether clients should be sent here: short for load balancers, with `?verbose` shard by shard for people.
async fn readyz(request: HttpRequest, state: web::Data<HttpState>) -> HttpResponse {
    let ready = state.readiness.get();
    let is_verbose =
        form_urlencoded::parse(request.query_string().as_bytes()).any(|(name, _)| name == "verbose");
    if is_verbose {
        return verbose(&ready, &state.readiness.findings());
    }
    if ready == Ready::Ready {
        return HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(json!({ "status": "ready" }));
    }
    problem::answer(ApiError::new(ErrorKind::Unavailable, ready.to_string()).retry_after_ms(ASK_AGAIN_MS))
}

/// A line for the node, one for each shard, and one for the slowest.
fn verbose(ready: &Ready, findings: &[Finding]) -> HttpResponse {
    let mut text = format!("{ready}\n");
    for finding in findings {
        text.push_str(&format!("{finding}\n"));
    }
    let took = |finding: &Finding| finding.took.as_ref().ok().map(|took| (*took, finding.shard));
    if let Some((took, shard)) = findings.iter().filter_map(took).max() {
        text.push_str(&format!("slowest: shard {shard}, {} ms\n", took.as_millis()));
    }
    let mut response =
        if *ready == Ready::Ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain; charset=utf-8")
        .body(text)
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
