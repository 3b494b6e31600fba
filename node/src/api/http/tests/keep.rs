//! The routes of keeping rooms, each beside the command that asks the same.

use serde_json::json;

use super::{ROOM, Row};

pub(super) fn rows() -> Vec<Row> {
    let rooms = format!("/v1/rooms/{ROOM}");
    let (room, jun) = (json!({"room": ROOM}), json!({"room": ROOM, "user": "jun"}));
    let (link, code) = ("01K9ZZZZZZZZZZZZZZZZZZZZZZ", "01K9ZZZZZZZZZZZZZZZZZZZZZZ".repeat(2));
    let ban = json!({"room": ROOM, "user": "jun", "for_ms": 5, "reason": "spam"});
    let make = json!({"room": ROOM, "for_ms": 5, "uses_max": 2});
    let set = json!({"room": ROOM, "quiet_until_ms": 9, "pinned": true});
    vec![
        (
            "POST",
            format!("{rooms}/bans"),
            Some(json!({"user": "jun", "for_ms": 5, "reason": "spam"})),
            "ban",
            ban,
        ),
        ("DELETE", format!("{rooms}/bans/jun"), None, "unban", jun.clone()),
        ("GET", format!("{rooms}/bans?limit=5"), None, "bans", json!({"room": ROOM, "limit": 5})),
        ("POST", format!("{rooms}/mutes"), Some(json!({"user": "jun"})), "mute", jun.clone()),
        ("DELETE", format!("{rooms}/mutes/jun"), None, "unmute", jun),
        ("POST", format!("{rooms}/links"), Some(json!({"for_ms": 5, "uses_max": 2})), "create_link", make),
        ("GET", format!("{rooms}/links"), None, "links", room.clone()),
        ("DELETE", format!("{rooms}/links/{link}"), None, "revoke_link", json!({"room": ROOM, "link": link})),
        ("GET", format!("/v1/links/{code}"), None, "preview_link", json!({"code": code})),
        ("POST", format!("/v1/links/{code}/join"), None, "join_link", json!({"code": code})),
        ("POST", format!("{rooms}/archive"), None, "archive", room.clone()),
        ("POST", format!("{rooms}/unarchive"), None, "unarchive", room.clone()),
        ("DELETE", rooms.clone(), None, "delete_room", room),
        (
            "PATCH",
            format!("{rooms}/my"),
            Some(json!({"quiet_until_ms": 9, "pinned": true})),
            "set_my_room",
            set,
        ),
    ]
}
