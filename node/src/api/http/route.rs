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
    route(Method::GET, "/v1/connect", Operation::Nodes, 200),
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
    route(Method::POST, "/v1/rooms/{room}/bans", Operation::Ban, 200),
    route(Method::DELETE, "/v1/rooms/{room}/bans/{user}", Operation::Unban, 200),
    route(Method::GET, "/v1/rooms/{room}/bans", Operation::Bans, 200),
    route(Method::POST, "/v1/rooms/{room}/mutes", Operation::Mute, 200),
    route(Method::DELETE, "/v1/rooms/{room}/mutes/{user}", Operation::Unmute, 200),
    route(Method::POST, "/v1/rooms/{room}/links", Operation::CreateLink, 201),
    route(Method::GET, "/v1/rooms/{room}/links", Operation::Links, 200),
    route(Method::DELETE, "/v1/rooms/{room}/links/{link}", Operation::RevokeLink, 200),
    route(Method::GET, "/v1/links/{code}", Operation::PreviewLink, 200),
    route(Method::POST, "/v1/links/{code}/join", Operation::JoinLink, 200),
    route(Method::POST, "/v1/rooms/{room}/archive", Operation::Archive, 200),
    route(Method::POST, "/v1/rooms/{room}/unarchive", Operation::Unarchive, 200),
    route(Method::DELETE, "/v1/rooms/{room}", Operation::DeleteRoom, 200),
    route(Method::PATCH, "/v1/rooms/{room}/my", Operation::SetMyRoom, 200),
    route(Method::POST, "/v1/rooms/{room}/messages", Operation::Send, 201),
    route(Method::GET, "/v1/rooms/{room}/messages", Operation::History, 200),
    route(Method::POST, "/v1/rooms/{room}/forwards", Operation::Forward, 201),
    route(Method::PATCH, "/v1/rooms/{room}/messages/{seq}", Operation::Edit, 200),
    route(Method::DELETE, "/v1/rooms/{room}/messages/{seq}", Operation::Delete, 200),
    route(Method::GET, "/v1/rooms/{room}/messages/{seq}/edits", Operation::Edits, 200),
    route(Method::POST, "/v1/rooms/{room}/messages/{seq}/reactions", Operation::React, 200),
    route(Method::GET, "/v1/rooms/{room}/messages/{seq}/reactions", Operation::Reactions, 200),
    route(Method::POST, "/v1/rooms/{room}/messages/{seq}/pin", Operation::Pin, 200),
    route(Method::GET, "/v1/rooms/{room}/pins", Operation::Pins, 200),
    route(Method::GET, "/v1/rooms/{room}/messages/{seq}/thread", Operation::Thread, 200),
    route(Method::GET, "/v1/me/mentions", Operation::Mentions, 200),
    route(Method::POST, "/v1/rooms/{room}/read", Operation::MarkRead, 200),
    route(Method::POST, "/v1/rooms/{room}/received", Operation::MarkReceived, 200),
    route(Method::GET, "/v1/rooms/{room}/receipts", Operation::Receipts, 200),
    route(Method::GET, "/v1/me/unread", Operation::Unread, 200),
    route(Method::GET, "/v1/me/invitations", Operation::Invitations, 200),
    route(Method::POST, "/v1/rooms/{room}/decline", Operation::Decline, 200),
    route(Method::GET, "/v1/me/contacts", Operation::Contacts, 200),
    route(Method::POST, "/v1/me/contacts/{user}", Operation::RequestContact, 200),
    route(Method::POST, "/v1/me/contacts/{user}/accept", Operation::AcceptContact, 200),
    route(Method::POST, "/v1/me/contacts/{user}/decline", Operation::DeclineContact, 200),
    route(Method::DELETE, "/v1/me/contacts/{user}", Operation::RemoveContact, 200),
    route(Method::GET, "/v1/me/blocks", Operation::Blocks, 200),
    route(Method::POST, "/v1/me/blocks/{user}", Operation::Block, 200),
    route(Method::DELETE, "/v1/me/blocks/{user}", Operation::Unblock, 200),
    route(Method::GET, "/v1/users", Operation::FindUsers, 200),
    route(Method::GET, "/v1/me/privacy", Operation::Privacy, 200),
    route(Method::PATCH, "/v1/me/privacy", Operation::SetPrivacy, 200),
    route(Method::POST, "/v1/reports", Operation::Report, 201),
    route(Method::GET, "/v1/reports", Operation::Reports, 200),
    route(Method::PATCH, "/v1/reports/{report}", Operation::MoveReport, 200),
    route(Method::GET, "/v1/staff", Operation::Staff, 200),
    route(Method::POST, "/v1/staff/{user}", Operation::Appoint, 200),
    route(Method::POST, "/v1/suspensions/{user}", Operation::Suspend, 200),
    route(Method::DELETE, "/v1/suspensions/{user}", Operation::Restore, 200),
    route(Method::GET, "/v1/suspensions", Operation::Suspensions, 200),
    route(Method::GET, "/v1/audit", Operation::Audit, 200),
    route(Method::POST, "/v1/presence", Operation::Presence, 200),
    route(Method::PATCH, "/v1/me/presence", Operation::SetPresence, 200),
    route(Method::POST, "/v1/rooms/{room}/typing", Operation::Typing, 200),
];
