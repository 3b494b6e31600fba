//! Which method and path stand for which operation.

use actix_web::http::Method;

use crate::api::Operation;

/// One operation over HTTP.
#[derive(Debug, Clone)]
pub struct Route {
    /// The operation.
    pub operation: Operation,
    /// The method.
    pub method: Method,
    /// The path; `{…}` are fields of the request.
    pub path: &'static str,
    /// The status of a successful answer.
    pub status: u16,
}

const fn route(method: Method, path: &'static str, operation: Operation, status: u16) -> Route {
    Route { operation, method, path, status }
}

/// Every operation but `connect`, which only WebSocket has.
pub static ROUTES: &[Route] = &[
    route(Method::POST, "/v1/users", Operation::SignUp, 201),
    route(Method::POST, "/v1/login", Operation::Login, 200),
    route(Method::POST, "/v1/logout", Operation::Logout, 200),
    route(Method::GET, "/v1/me", Operation::Me, 200),
    route(Method::PATCH, "/v1/me", Operation::SetProfile, 200),
    route(Method::POST, "/v1/me/password", Operation::ChangePassword, 200),
    route(Method::GET, "/v1/me/sessions", Operation::Sessions, 200),
    route(Method::DELETE, "/v1/me/sessions/{session}", Operation::Revoke, 200),
    route(Method::GET, "/v1/users/{user}", Operation::Profile, 200),
    route(Method::POST, "/v1/rooms", Operation::CreateRoom, 201),
    route(Method::GET, "/v1/rooms", Operation::Rooms, 200),
    route(Method::GET, "/v1/open-rooms", Operation::OpenRooms, 200),
    route(Method::GET, "/v1/rooms/{room}", Operation::Room, 200),
    route(Method::PATCH, "/v1/rooms/{room}", Operation::SetRoom, 200),
    route(Method::POST, "/v1/rooms/{room}/join", Operation::Join, 200),
    route(Method::POST, "/v1/rooms/{room}/leave", Operation::Leave, 200),
    route(Method::POST, "/v1/rooms/{room}/invite", Operation::Invite, 200),
    route(Method::POST, "/v1/rooms/{room}/kick", Operation::Kick, 200),
    route(Method::POST, "/v1/rooms/{room}/role", Operation::SetRole, 200),
    route(Method::GET, "/v1/rooms/{room}/members", Operation::Members, 200),
    route(Method::POST, "/v1/rooms/{room}/messages", Operation::Send, 201),
    route(Method::GET, "/v1/rooms/{room}/messages", Operation::History, 200),
    route(Method::POST, "/v1/rooms/{room}/read", Operation::MarkRead, 200),
];
