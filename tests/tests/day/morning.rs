//! Everybody wakes up but Haneul. People become contacts; a room is made; an invitation waits.

use serde_json::json;

use crate::day::yard::{Yard, create, is_shown, reads, say, send, shows};

/// Devices are switched on, on all nodes; Minji and Jun become contacts.
pub(crate) async fn people_meet(yard: &mut Yard) {
    let urls = yard.urls.clone();
    yard.phone.wake(&urls[0]).await;
    yard.laptop.wake(&urls[1]).await;
    yard.jun.wake(&urls[1]).await;
    yard.sora.wake(&urls[2]).await;

    assert_eq!(yard.phone.ask("request_contact", json!({ "user": "jun" })).await["state"], "asked");
    yard.jun.sees("a request", |model| (model.contact("minji") == "asking").then_some(())).await;
    yard.jun.ask("accept_contact", json!({ "user": "minji" })).await;
    for device in [&yard.phone, &yard.laptop] {
        device.sees("a contact", |model| (model.contact("jun") == "contact").then_some(())).await;
        is_shown(device, "jun", "online").await;
    }
    // These wait for somebody who is not there.
    yard.phone.ask("request_contact", json!({ "user": "haneul" })).await;
    yard.sora.ask("request_contact", json!({ "user": "haneul" })).await;
}

/// A group with a title; Jun and Sora come in, Haneul's invitation waits. Answers the room.
pub(crate) async fn a_room_is_made(yard: &Yard) -> String {
    let members = ["jun", "sora", "haneul"];
    let book = create(&yard.phone, json!({ "kind": "group", "title": "책모임", "members": members })).await;
    for device in [&yard.jun, &yard.sora] {
        let by = device.sees("an invitation", |model| model.invited_by(&book).map(str::to_owned)).await;
        assert_eq!(by, "minji");
        device.ask("join", json!({ "room": book })).await;
    }
    let hello = say(&yard.laptop, &book, "안녕하세요").await;
    for device in yard.devices() {
        reads(device, &book, hello, "안녕하세요").await;
    }
    book
}

/// Words, a picture, a file, and something that only the clients can read.
pub(crate) async fn everything_is_said(yard: &Yard, book: &str) {
    let image =
        json!({ "type": "image", "url": "https://example.com/yard.png", "mime": "image/png", "width": 640 });
    let file = json!({ "type": "file", "media": "chapter-1", "name": "1장.pdf", "bytes": 120_000 });
    let opaque = json!({ "type": "opaque", "scheme": "mls", "data": "AAECAw==" });
    let rules = json!({ "type": "system" });
    let said = [
        (&yard.phone, "마당 사진", image),
        (&yard.jun, "", file),
        (&yard.sora, "", opaque),
        (&yard.phone, "서로 존중합시다", rules),
    ];
    for (device, text, content) in said {
        let seq = send(device, book, text, json!({ "content": content })).await;
        shows(&yard.laptop, book, seq, ("content", content)).await;
    }
}
