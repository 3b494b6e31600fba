//! `GET` and `PATCH /v1/cluster/tunables`: what can be changed while the cluster runs. For operators, like
//! `GET /v1/cluster`. A `PATCH` is nothing that a page of another site can send: browsers ask first, and are refused.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use madang_cluster::machine::meta::{TUNABLES, Tunable, Tunables, TuneError};
use serde::Serialize;

use super::{HttpState, cluster, problem};
use crate::api::{ApiError, ErrorKind};

/// All that can be tuned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TunablesReport {
    /// In the order of the documentation.
    pub tunables: Vec<TunableReport>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TunableReport {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
    /// What it is if nobody changes it.
    pub default: u64,
    /// The least it may be.
    pub min: u64,
    /// The most it may be.
    pub max: u64,
    /// What it means.
    pub what: &'static str,
}

impl TunablesReport {
    /// All of them, as they are.
    pub fn new(tunables: &Tunables) -> Self {
        let usual = Tunables::default();
        let report = |tunable: &Tunable| {
            let Tunable { name, what, min, max, .. } = *tunable;
            TunableReport { name, value: tunable.of(tunables), default: tunable.of(&usual), min, max, what }
        };
        Self { tunables: TUNABLES.iter().map(report).collect() }
    }
}

/// Changes those that are named; all or none.
pub fn change<'a>(
    tunables: &Tunables,
    changes: impl IntoIterator<Item = (&'a str, u64)>,
) -> Result<Tunables, TuneError> {
    let mut changed = tunables.clone();
    for (name, value) in changes {
        Tunable::named(name)?.change(&mut changed, value)?;
    }
    Ok(changed)
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    let here = web::resource("/v1/cluster/tunables");
    config.service(here.route(web::get().to(show)).route(web::patch().to(tune)));
}

async fn show(request: HttpRequest, state: web::Data<HttpState>) -> HttpResponse {
    match cluster::check_operator(&request, &state.cluster) {
        Ok(()) => answer(&state.cluster.standing.tunables()),
        Err(stranger) => problem::answer(stranger),
    }
}

async fn tune(request: HttpRequest, state: web::Data<HttpState>, body: web::Bytes) -> HttpResponse {
    if let Err(stranger) = cluster::check_operator(&request, &state.cluster) {
        return problem::answer(stranger);
    }
    let standing = &state.cluster.standing;
    let changed = changes(&body).and_then(|changes| {
        let changes = changes.iter().map(|(name, value)| (name.as_str(), *value));
        change(&standing.tunables(), changes).map_err(|wrong| ApiError::bad_request(wrong.to_string()))
    });
    let changed = match changed {
        Ok(changed) => changed,
        Err(wrong) => return problem::answer(wrong),
    };
    match standing.tune(changed.clone()).await {
        Ok(()) => answer(&changed),
        Err(why) => problem::answer(ApiError::new(ErrorKind::Unavailable, why)),
    }
}

/// Which values are to be what.
fn changes(body: &[u8]) -> Result<BTreeMap<String, u64>, ApiError> {
    let wrong = "a body is an object of names and whole numbers, such as {\"shed.typing\":500}";
    serde_json::from_slice(body).map_err(|_| ApiError::bad_request(wrong))
}

fn answer(tunables: &Tunables) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(TunablesReport::new(tunables))
}
