//! `GET /v1/cluster/rooms`: which rooms are asked for most, and which of them are hot. For operators, like
//! `GET /v1/cluster`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use madang_actors::hot::{HotRoom, HotRooms};
use madang_actors::shed::Class;
use serde::Serialize;

use super::{HttpState, cluster, problem};
use crate::api::ApiError;
use crate::api::room::RoomKind;

/// How many rooms are shown if nobody says.
pub const SHOWN: usize = 20;
/// How many may be asked for.
pub const SHOWN_MAX: usize = 100;

/// The rooms of the cluster that are asked for most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoomsReport {
    /// The hot ones first, then by how near to hot they are.
    pub rooms: Vec<RoomReport>,
    /// Nodes that did not answer in time: what is asked of rooms there is missing.
    pub silent: Vec<u64>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoomReport {
    /// Its id.
    pub room: String,
    /// Direct, group or open; `null`: not known now.
    pub kind: Option<RoomKind>,
    /// How many have joined; `null`: not known now.
    pub members: Option<u64>,
    /// The node that decides for it; `null`: nobody does now.
    pub leader: Option<u64>,
    /// Messages a second, and what is done to them; asked, not granted. So are the other two.
    pub sends_per_s: u32,
    /// Pages of history a second.
    pub fetches_per_s: u32,
    /// People who want to enter, a second.
    pub joins_per_s: u32,
    /// How long it is hot; `null`: it is not.
    pub hot_for_ms: Option<u64>,
    /// Events times listeners a second, on all nodes together, if nothing were shed.
    pub deliveries_per_s: u64,
    /// How far up the ladder of shedding it is, on the node where that is farthest; `null`: nothing is shed.
    pub shed: Option<&'static str>,
}

impl From<HotRooms> for RoomsReport {
    fn from(HotRooms { rooms, silent }: HotRooms) -> Self {
        Self { rooms: rooms.into_iter().map(RoomReport::from).collect(), silent }
    }
}

impl From<HotRoom> for RoomReport {
    fn from(room: HotRoom) -> Self {
        Self {
            room: room.room.to_string(),
            kind: room.kind.map(RoomKind::from),
            members: room.members,
            leader: room.leader,
            sends_per_s: room.sends_per_s,
            fetches_per_s: room.fetches_per_s,
            joins_per_s: room.joins_per_s,
            hot_for_ms: room.hot_for_ms,
            deliveries_per_s: room.deliveries_per_s,
            shed: room.level.map(Class::name),
        }
    }
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource("/v1/cluster/rooms").route(web::get().to(rooms)));
}

async fn rooms(request: HttpRequest, state: web::Data<HttpState>) -> HttpResponse {
    if let Err(stranger) = cluster::check_operator(&request, &state.cluster) {
        return problem::answer(stranger);
    }
    match limit(request.query_string()) {
        Ok(limit) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(RoomsReport::from(state.cluster.standing.rooms(limit).await)),
        Err(wrong) => problem::answer(wrong),
    }
}

/// How many rooms are asked for.
fn limit(query: &str) -> Result<usize, ApiError> {
    let said = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "limit");
    let Some((_, said)) = said else { return Ok(SHOWN) };
    match said.parse() {
        Ok(limit) if (1..=SHOWN_MAX).contains(&limit) => Ok(limit),
        _ => Err(ApiError::bad_request(format!("field `limit`: a number from 1 to {SHOWN_MAX}"))),
    }
}
