//! Serves the embedded files: compressed, with an `ETag`, under a strict content security policy.

use actix_web::http::header::{self, ETag, EntityTag, IfNoneMatch};
use actix_web::middleware::Compress;
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::api::http::{HttpState, not_found};

/// The files. In debug builds they are read from disk at each request, so the page can be edited live.
#[derive(RustEmbed)]
#[folder = "web/"]
struct Files;

/// Only what came with the page itself may run. Whom it may talk to is added.
const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                   object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
                   connect-src 'self'";

/// Registers `/`, `/cluster` and every other path that nobody else took.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/{file:.*}")
            .wrap(Compress::default())
            .route(web::get().to(file))
            .route(web::head().to(file))
            .default_service(web::to(not_found)),
    );
}

async fn file(
    request: HttpRequest,
    path: web::Path<String>,
    if_none_match: Option<web::Header<IfNoneMatch>>,
    state: web::Data<HttpState>,
) -> HttpResponse {
    let path = match path.as_str() {
        "" => "index.html",
        "cluster" => "cluster.html",
        path => path,
    };
    match Files::get(path) {
        Some(file) => answer(&file, if_none_match.map(web::Header::into_inner), &policy(&(state.nodes)())),
        None => not_found(request).await,
    }
}

fn answer(file: &EmbeddedFile, known: Option<IfNoneMatch>, policy: &str) -> HttpResponse {
    // Weak, since the bytes on the wire depend on the encoding.
    let tag = EntityTag::new_weak(hex(&file.metadata.sha256_hash()));
    let fresh = match &known {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        None => false,
    };
    let mut response = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header(ETag(tag))
        // Kept, but asked for again each time: a new version of the node shows at once.
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy));
    if fresh {
        return response.finish();
    }
    let kind = file.metadata.mimetype();
    let charset = if kind.starts_with("text/") { "; charset=utf-8" } else { "" };
    response.content_type(format!("{kind}{charset}")).body(file.data.to_vec())
}

/// The page may talk to its own node, and open WebSockets to the others, where it goes on if its own goes
/// away.
fn policy(nodes: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:/[]".contains(c);
    let sockets =
        nodes.iter().filter(|url| url.chars().all(plain)).filter_map(|url| url.strip_prefix("http"));
    sockets.fold(CSP.to_owned(), |policy, rest| policy + " ws" + rest)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
