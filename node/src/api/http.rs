//! The HTTP side: `/v1/…` for every operation, the cluster, health, metrics, the OpenAPI document, and the page.
//!
//! [`app`] is the whole actix `App`. Every operation goes through one handler ([`handle`]), steered by one
//! table ([`route`]), so a route cannot do anything that the operation itself does not. There are no
//! cookies, hence nothing that another site's page could misuse.

mod cluster;
mod docs;
mod handle;
mod headers;
mod health;
mod hot_rooms;
mod openapi;
mod problem;
mod route;
#[cfg(test)]
mod tests;
mod tune;

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, web};

use super::dispatch::Dispatch;
use crate::config::Live;
use crate::telemetry::{Metrics, Readiness};
use crate::web::page;

pub use cluster::{AskedAround, ClusterDoor, ClusterReport, Standing};
pub use hot_rooms::{RoomReport, RoomsReport, SHOWN, SHOWN_MAX};
pub use openapi::document;
pub(crate) use problem::not_found;
pub use route::{ROUTES, Route};
pub use tune::{TunableReport, TunablesReport, change};

/// What the handlers share.
#[derive(Clone)]
pub struct HttpState {
    /// Carries requests out.
    pub dispatch: Arc<dyn Dispatch>,
    /// Settings in force.
    pub config: Live,
    /// What `/v1/cluster` and what lies below it say, and to whom.
    pub cluster: ClusterDoor,
    /// What `/readyz` says.
    pub readiness: Readiness,
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// Addresses of the cluster's nodes: the page may go on at any of them.
    pub nodes: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
}

/// The whole HTTP application; one per worker thread.
pub fn app(
    state: HttpState,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let cors = headers::cors(state.config.clone());
    let security = headers::security(&state.config.get().http);
    App::new()
        .app_data(web::Data::new(state))
        .configure(handle::routes)
        .configure(cluster::routes)
        .configure(hot_rooms::routes)
        .configure(tune::routes)
        .configure(health::routes)
        .configure(docs::routes)
        .configure(page::routes)
        .default_service(web::to(problem::not_found))
        .wrap(cors)
        .wrap(security)
}
