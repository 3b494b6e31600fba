//! `GET /v1/cluster`: how the cluster stands. It names addresses, so it is for operators: asked from this
//! machine itself, or with the cluster's secret as a bearer token.

use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use madang_actors::hot::{Heats, HotRooms};
use madang_cluster::machine::meta::Tunables;
use madang_cluster::{Cluster, Overview};
use serde::Serialize;

use super::{HttpState, problem};
use crate::api::{ApiError, ErrorKind};
use crate::config::SecretText;

/// Headers by which a proxy says that it asks for somebody else.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "via"];

/// Somebody who knows how the cluster stands.
pub trait Standing: Send + Sync {
    /// How it stands now, as far as this node can tell: also without a quorum.
    fn overview(&self) -> BoxFuture<'static, Overview>;

    /// The rooms that are asked for most, so many; the hot ones first.
    fn rooms(&self, limit: usize) -> BoxFuture<'static, HotRooms>;

    /// What can be tuned while the cluster runs, as it is now.
    fn tunables(&self) -> Tunables;

    /// Changes it. Errors: why not, as a sentence.
    fn tune(&self, tunables: Tunables) -> BoxFuture<'static, Result<(), String>>;
}

/// What this node can find out by asking the others.
pub struct AskedAround {
    /// How the cluster stands.
    pub cluster: Cluster,
    /// Which rooms are hot.
    pub heats: Heats,
}

impl Standing for AskedAround {
    fn overview(&self) -> BoxFuture<'static, Overview> {
        let cluster = self.cluster.clone();
        async move { cluster.overview().await }.boxed()
    }

    fn rooms(&self, limit: usize) -> BoxFuture<'static, HotRooms> {
        let heats = self.heats.clone();
        async move { heats.everywhere(limit).await }.boxed()
    }

    fn tunables(&self) -> Tunables {
        self.cluster.meta().borrow().tunables.clone()
    }

    fn tune(&self, tunables: Tunables) -> BoxFuture<'static, Result<(), String>> {
        let cluster = self.cluster.clone();
        async move {
            match cluster.tune(tunables).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(refusal)) => Err(refusal.to_string()),
                Err(error) => Err(error.to_string()),
            }
        }
        .boxed()
    }
}

/// Who is asked about the cluster, and what one must know to be told.
#[derive(Clone)]
pub struct ClusterDoor {
    /// Who is asked.
    pub standing: Arc<dyn Standing>,
    /// The cluster's secret; `None`: there is none, and only this machine itself is answered.
    pub secret: Option<SecretText>,
}

/// How the cluster stands, and whether that is well.
#[derive(Debug, Clone, Serialize)]
pub struct ClusterReport {
    /// Whether there are no ailments.
    pub healthy: bool,
    /// What is not well, in words.
    pub ailments: Vec<String>,
    /// Nodes and groups.
    #[serde(flatten)]
    pub overview: Overview,
}

impl ClusterReport {
    /// Looks for ailments.
    pub fn new(overview: Overview) -> Self {
        let ailments = overview.ailments();
        Self { healthy: ailments.is_empty(), ailments, overview }
    }
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource("/v1/cluster").route(web::get().to(cluster)));
}

async fn cluster(request: HttpRequest, state: web::Data<HttpState>) -> HttpResponse {
    if let Err(stranger) = check_operator(&request, &state.cluster) {
        return problem::answer(stranger);
    }
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(ClusterReport::new(state.cluster.standing.overview().await))
}

/// Lets those in who ask from this machine itself, or know the cluster's secret.
pub(super) fn check_operator(request: &HttpRequest, door: &ClusterDoor) -> Result<(), ApiError> {
    if is_local(request) || knows(request, door.secret.as_ref()) {
        return Ok(());
    }
    let message = match door.secret {
        Some(_) => {
            "this shows addresses: ask from the node's own machine, or with the cluster's secret \
             (peer.secret) as `Authorization: Bearer <secret>`"
        }
        None => "this shows addresses: ask from the node's own machine, or set peer.secret on every node",
    };
    Err(ApiError::new(ErrorKind::Forbidden, message))
}

/// Whether somebody on this machine asks for themselves: no proxy in between, and no page of another site
/// whose name was made to lead here.
fn is_local(request: &HttpRequest) -> bool {
    let from_here = request.peer_addr().is_some_and(|from| from.ip().to_canonical().is_loopback());
    let is_forwarded = FORWARDED.iter().any(|name| request.headers().contains_key(*name));
    // Not what a forwarded host says: any page can set that.
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    from_here && !is_forwarded && host.is_some_and(names_this_machine)
}

/// Whether `host`, with or without a port, can only be this machine.
fn names_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn knows(request: &HttpRequest, secret: Option<&SecretText>) -> bool {
    let said = request.headers().get(header::AUTHORIZATION).map(header::HeaderValue::as_bytes);
    let said = said.and_then(|value| value.split_at_checked("Bearer ".len()));
    match (said, secret) {
        (Some((scheme, said)), Some(secret)) => {
            scheme.eq_ignore_ascii_case(b"Bearer ") && same(said, secret.reveal().as_bytes())
        }
        _ => false,
    }
}

/// Compares in a time that does not tell where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).fold(0, |all, (x, y)| black_box(all | (x ^ y)));
    a.len() == b.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_its_names() {
        for host in ["localhost", "LOCALHOST:7300", "127.0.0.1", "127.9.9.9:1", "[::1]:7300", "[::1]"] {
            assert!(names_this_machine(host), "{host}");
        }
        for host in
            ["", "localhost.example.org", "10.0.0.1:7300", "[::2]:7300", "127.0.0.1.example.org", "::1"]
        {
            assert!(!names_this_machine(host), "{host}");
        }
    }

    #[test]
    fn secrets_are_compared_to_their_ends() {
        assert!(same(b"secret", b"secret") && same(b"", b""));
        for other in [&b"secre"[..], b"secret1", b"Secret", b""] {
            assert!(!same(b"secret", other));
        }
    }
}
