//! The routes of messages, each beside the command that asks the same.

use serde_json::json;

use super::{ROOM, Row};

pub(super) fn rows() -> Vec<Row> {
    let rooms = format!("/v1/rooms/{ROOM}");
    vec![
        (
            "POST",
            format!("{rooms}/messages"),
            Some(json!({"cid": "c1", "text": "안녕", "after": "c0"})),
            "send",
            json!({"room": ROOM, "cid": "c1", "text": "안녕", "after": "c0"}),
        ),
        (
            "GET",
            format!("{rooms}/messages?before=77&limit=20"),
            None,
            "history",
            json!({"room": ROOM, "before": 77, "limit": 20}),
        ),
        (
            "POST",
            format!("{rooms}/forwards"),
            Some(json!({"cid": "c1", "from_room": ROOM, "from_seq": 7})),
            "forward",
            json!({"room": ROOM, "cid": "c1", "from_room": ROOM, "from_seq": 7}),
        ),
        (
            "PATCH",
            format!("{rooms}/messages/7"),
            Some(json!({"text": "다시", "cid": "e1"})),
            "edit",
            json!({"room": ROOM, "seq": 7, "text": "다시", "cid": "e1"}),
        ),
        ("DELETE", format!("{rooms}/messages/7"), None, "delete", json!({"room": ROOM, "seq": 7})),
        ("GET", format!("{rooms}/messages/7/edits"), None, "edits", json!({"room": ROOM, "seq": 7})),
        (
            "POST",
            format!("{rooms}/messages/7/reactions"),
            Some(json!({"emoji": "👍", "on": false})),
            "react",
            json!({"room": ROOM, "seq": 7, "emoji": "👍", "on": false}),
        ),
        (
            "GET",
            format!("{rooms}/messages/7/reactions?emoji=%F0%9F%91%8D"),
            None,
            "reactions",
            json!({"room": ROOM, "seq": 7, "emoji": "👍"}),
        ),
        ("POST", format!("{rooms}/messages/7/pin"), None, "pin", json!({"room": ROOM, "seq": 7})),
        ("GET", format!("{rooms}/pins"), None, "pins", json!({"room": ROOM})),
        (
            "GET",
            format!("{rooms}/messages/7/thread?after=9"),
            None,
            "thread",
            json!({"room": ROOM, "seq": 7, "after": 9}),
        ),
        ("GET", "/v1/me/mentions?limit=5".into(), None, "mentions", json!({"limit": 5})),
    ]
}
