//! Headers of every answer, and cross-origin rules.

use actix_cors::Cors;
use actix_web::http::{Method, header};
use actix_web::middleware::DefaultHeaders;

use crate::config::{Http, Live};

/// How long a browser may remember a preflight.
const PREFLIGHT_SECONDS: usize = 600;

/// Headers that cost nothing and close whole classes of attack.
pub(super) fn security(http: &Http) -> DefaultHeaders {
    let headers = DefaultHeaders::new()
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
        .add((header::REFERRER_POLICY, "no-referrer"))
        .add(("Cross-Origin-Opener-Policy", "same-origin"))
        .add(("Cross-Origin-Resource-Policy", "same-origin"));
    // Over plain HTTP it would mean nothing (RFC 6797, section 7.2).
    match http.tls_hsts_seconds {
        seconds if http.has_tls() && seconds > 0 => {
            headers.add((header::STRICT_TRANSPORT_SECURITY, format!("max-age={seconds}")))
        }
        _ => headers,
    }
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
