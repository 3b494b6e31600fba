//! The routes of people and of safety, and the commands that they stand for.

use serde_json::{Value, json};

use super::{ROOM, Row};

/// What a command and its route have in common.
fn row(method: &'static str, path: &str, body: Option<Value>, name: &'static str, fields: Value) -> Row {
    (method, path.to_owned(), body, name, fields)
}

pub(super) fn rows() -> Vec<Row> {
    let in_room = |end: &str| format!("/v1/rooms/{ROOM}/{end}");
    let (jun, of_room) = (json!({"user": "jun"}), json!({"room": ROOM}));
    let seq = json!({"seq": 9});
    vec![
        row("POST", &in_room("received"), Some(seq), "mark_received", json!({"room": ROOM, "seq": 9})),
        row("GET", &in_room("receipts"), None, "receipts", of_room.clone()),
        row("GET", "/v1/me/unread", None, "unread", json!({})),
        row("GET", "/v1/me/invitations", None, "invitations", json!({})),
        row("POST", &in_room("decline"), None, "decline", of_room),
        row("GET", "/v1/me/contacts?limit=5", None, "contacts", json!({"limit": 5})),
        row("POST", "/v1/me/contacts/jun", None, "request_contact", jun.clone()),
        row("POST", "/v1/me/contacts/jun/accept", None, "accept_contact", jun.clone()),
        row("POST", "/v1/me/contacts/jun/decline", None, "decline_contact", jun.clone()),
        row("DELETE", "/v1/me/contacts/jun", None, "remove_contact", jun.clone()),
        row("GET", "/v1/me/blocks?next=x", None, "blocks", json!({"next": "x"})),
        row("POST", "/v1/me/blocks/jun", None, "block", jun.clone()),
        row("DELETE", "/v1/me/blocks/jun", None, "unblock", jun),
        row(
            "GET",
            "/v1/users?prefix=ju%20n&limit=5",
            None,
            "find_users",
            json!({"prefix": "ju n", "limit": 5}),
        ),
        row("GET", "/v1/me/privacy", None, "privacy", json!({})),
        row(
            "PATCH",
            "/v1/me/privacy",
            Some(json!({"findable": false})),
            "set_privacy",
            json!({"findable": false}),
        ),
        row(
            "POST",
            "/v1/reports",
            Some(json!({"user": "jun", "reason": "spam"})),
            "report",
            json!({"user": "jun", "reason": "spam"}),
        ),
        row("GET", "/v1/reports?state=taken", None, "reports", json!({"state": "taken"})),
        row(
            "PATCH",
            &format!("/v1/reports/{ROOM}"),
            Some(json!({"state": "resolved", "note": "n"})),
            "move_report",
            json!({"report": ROOM, "state": "resolved", "note": "n"}),
        ),
        row("GET", "/v1/staff", None, "staff", json!({})),
        row(
            "POST",
            "/v1/staff/jun",
            Some(json!({"role": "moderator"})),
            "appoint",
            json!({"user": "jun", "role": "moderator"}),
        ),
        row(
            "POST",
            "/v1/suspensions/jun",
            Some(json!({"for_ms": 5, "reason": "r"})),
            "suspend",
            json!({"user": "jun", "for_ms": 5, "reason": "r"}),
        ),
        row("DELETE", "/v1/suspensions/jun", None, "restore", json!({"user": "jun"})),
        row("GET", "/v1/suspensions?limit=5", None, "suspensions", json!({"limit": 5})),
        row("GET", "/v1/audit?limit=5", None, "audit", json!({"limit": 5})),
    ]
}
