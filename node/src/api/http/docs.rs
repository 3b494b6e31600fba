//! `/v1/openapi.json`, and `/v1/docs` to try it out. Everything is in the binary; nothing comes from
//! elsewhere.

use std::sync::{Arc, LazyLock};

use actix_web::http::header;
use actix_web::middleware::Compress;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use utoipa_swagger_ui::Config;

use super::{openapi, problem};

/// The docs page styles itself inline and draws its icons from data URLs.
const DOCS_CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                        img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<Bytes> =
    LazyLock::new(|| Bytes::from(openapi::document().to_json().unwrap_or_default()));

static SWAGGER: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from("/v1/openapi.json").try_it_out_enabled(true).validator_url("none");
    Arc::new(config)
});

pub(super) fn routes(config: &mut web::ServiceConfig) {
    let document =
        web::resource("/v1/openapi.json").wrap(Compress::default()).route(web::get().to(openapi_json));
    let page =
        web::resource("/v1/docs/{file:.*}").wrap(Compress::default()).route(web::get().to(swagger_file));
    config.service(document).service(web::resource("/v1/docs").route(web::get().to(to_docs))).service(page);
}

async fn openapi_json() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type("application/json")
        .body(DOCUMENT.clone())
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/v1/docs/")).finish()
}

async fn swagger_file(request: HttpRequest, file: web::Path<String>) -> HttpResponse {
    match utoipa_swagger_ui::serve(&file, SWAGGER.clone()) {
        Ok(Some(file)) => HttpResponse::Ok()
            .insert_header((header::CONTENT_SECURITY_POLICY, DOCS_CSP))
            .insert_header((header::CACHE_CONTROL, "no-cache"))
            .content_type(file.content_type)
            .body(file.bytes.into_owned()),
        Ok(None) => problem::not_found(request).await,
        Err(error) => {
            tracing::error!(%error, "the API docs page could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
