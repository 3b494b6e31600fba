//! The bytes of the rows about who may come in, and of what rooms say about it.

use super::golden_tests::{check, user};
use super::*;
use crate::id::{LinkId, LinkSecret};

#[test]
fn rows_at_the_door_keep_their_bytes() {
    let ban = BanRow { by: user(), at_ms: 1, until: Until(2), reason: "r".into() };
    check(ban, "94a56d696e6a690102a172");
    let (id, secret) = (LinkId([1; 16]), LinkSecret([2; 16]));
    let link = Link { id, secret, by: user(), made_ms: 3, until: Until::FOREVER, uses_max: Some(4), uses: 5 };
    let (id, secret) = ("01".repeat(16), "02".repeat(16));
    check(
        LinksRow { links: vec![link] },
        &format!("919197c410{id}c410{secret}a56d696e6a6903cfffffffffffffffff0405"),
    );
    check(LeftRow { muted: Until(1), last_send_ms: 2 }, "920102");
    check(SweepRow { since_ms: 1 }, "9101");
}

#[test]
fn events_of_keeping_a_room_keep_their_bytes() {
    let event = |body| EventRow { at_ms: 1, user: user(), pos: 2, messages: 3, body };
    let (target, until) = (user(), Until(7));
    let banned = EventBody::Banned { target: target.clone(), until, reason: String::new() };
    check(event(banned), "9501a56d696e6a69020381a2343093a56d696e6a6907a0");
    check(
        event(EventBody::Unbanned { target: target.clone() }),
        "9501a56d696e6a69020381a2343191a56d696e6a69",
    );
    check(event(EventBody::Muted { target, until }), "9501a56d696e6a69020381a2343292a56d696e6a6907");
    check(event(EventBody::Archived), "9501a56d696e6a690203a23433");
    check(event(EventBody::Unarchived), "9501a56d696e6a690203a23434");
    check(event(EventBody::RoomDeleted), "9501a56d696e6a690203a23435");
    let change = RoomChange {
        features: vec![(Feature::Typing, Switch::Off), (Feature::Presence, Switch::On)],
        rights: vec![(Right::Send, Role::Moderator), (Right::DeleteOthers, Role::Owner)],
        slow_mode_s: Some(60),
        places_max: Some(500),
        ..RoomChange::default()
    };
    check(
        event(EventBody::Changed(Box::new(change))),
        "9501a56d696e6a69020381a13897c0c0c09292a131a13292a135a1319292a131a13492a136a1333ccd01f4",
    );
}

#[test]
fn what_is_switched_off_is_what_is_on_disk() {
    let mut features = Features::default();
    assert!(Feature::ALL.into_iter().all(|feature| features.has(feature)));
    for (number, feature) in Feature::ALL.into_iter().enumerate() {
        features.set(feature, Switch::Off);
        assert_eq!(rmp_serde::to_vec(&features).unwrap(), [1 << number], "{feature:?}");
        features.set(feature, Switch::On);
    }
}
