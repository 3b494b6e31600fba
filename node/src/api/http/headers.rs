//! Headers of every answer, and cross-origin rules.

use actix_cors::Cors;
use actix_web::http::{Method, header};
use actix_web::middleware::DefaultHeaders;

use crate::config::Live;

/// How long a browser may remember a preflight.
const PREFLIGHT_SECONDS: usize = 600;

/// Headers that cost nothing and close whole classes of attack.
pub(super) fn security() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
        .add((header::REFERRER_POLICY, "no-referrer"))
        .add(("Cross-Origin-Opener-Policy", "same-origin"))
        .add(("Cross-Origin-Resource-Policy", "same-origin"))
}

/// Lets the pages of `http.allowed_origins` use the API. No credentials: tokens are sent explicitly.
pub(super) fn cors(config: Live) -> Cors {
    Cors::default()
        .allowed_origin_fn(move |origin, _| {
            config.get().http.allowed_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
        })
        .allowed_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER])
        .max_age(PREFLIGHT_SECONDS)
}
