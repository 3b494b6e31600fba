//! Devices as their owner sees them; and whether all that was pushed was needed.

use madang_tests::device::Device;
use reqwest::Method;
use serde_json::{Value, json};

use crate::day::yard::{Yard, enter, is_told};

/// Every push of a day but cursors, typing and one's own presence, which are waited for where they happen, and the
/// size, which devices that know all members count themselves.
const PUSHES: [&str; 9] =
    ["room_added", "room_removed", "my_room", "read", "receipt", "contact", "block", "presence", "event"];
/// Every kind of event that leaves something to see. What a mute takes away another event would tell too.
const EVENTS: [&str; 15] = [
    "message", "edited", "deleted", "reacted", "pinned", "joined", "left", "invited", "kicked", "banned",
    "role", "muted", "unmuted", "changed", "archived",
];

/// Minji sees on every node which of her devices are on; one that is lost is put out.
pub(crate) async fn devices_are_known(yard: &mut Yard) {
    sees_devices(yard, &[("laptop", true), ("phone", true)]).await;
    yard.laptop.sleep().await;
    sees_devices(yard, &[("laptop", false), ("phone", true)]).await;

    let mut tablet = Device::new("tablet", &enter(&yard.urls[2], "/v1/login", "minji", "tablet").await);
    tablet.wake(&yard.urls[2]).await;
    let told = tablet.ask("sessions", json!({})).await;
    let current =
        told["sessions"].as_array().expect("sessions").iter().find(|session| session["current"] == true);
    let session = current.expect("its own session")["session"].clone();
    sees_devices(yard, &[("laptop", false), ("phone", true), ("tablet", true)]).await;
    yard.phone.ask("revoke", json!({ "session": session })).await;
    assert_eq!(tablet.lose_connection().await, Some(3502));
    let url = yard.urls[0].clone();
    yard.laptop.wake(&url).await;
    sees_devices(yard, &[("laptop", true), ("phone", true)]).await;
}

/// Waits until every node tells so of Minji's devices, by name.
async fn sees_devices(yard: &Yard, wanted: &[(&str, bool)]) {
    for url in &yard.urls {
        let http = yard.minji.http(url);
        is_told(&format!("{url} tells {wanted:?}"), async || {
            let asked = http.request(Method::GET, "/v1/me/sessions", &Value::Null, None::<&Value>).await;
            let told: Value = asked.expect("the devices");
            let sessions = told["sessions"].as_array().expect("sessions");
            assert!(
                sessions.iter().all(|session| session["seen_ms"].as_u64() >= session["created_ms"].as_u64())
            );
            let mut known: Vec<(&str, bool)> = sessions
                .iter()
                .map(|s| (s["device"].as_str().unwrap_or_default(), s["online"] == true))
                .collect();
            known.sort_unstable();
            known == wanted
        })
        .await;
    }
}

/// A device that had missed any one kind of push would show something else: so the test can fail.
pub(crate) fn no_push_is_superfluous(yard: &Yard) {
    for name in PUSHES {
        assert!(is_missed(yard, |push, _| push == name), "nobody would miss {name}");
    }
    for kind in EVENTS {
        let is_it = |push: &str, event: &Value| push == "event" && event["kind"] == kind;
        assert!(is_missed(yard, is_it), "nobody would miss {kind}");
    }
}

fn is_missed(yard: &Yard, is_unheard: impl Fn(&str, &Value) -> bool) -> bool {
    yard.devices().any(|device| {
        let diary = device.diary();
        diary.deaf_to(&device.person.user, &is_unheard).shown() != diary.model.shown()
    })
}
