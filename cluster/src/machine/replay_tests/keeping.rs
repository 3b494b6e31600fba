//! Arbitrary commands of those who keep rooms, links into them, and steps of sweeps.

use bytes::Bytes;
use madang_storage::id::{LinkSecret, RoomId, UserId};
use madang_storage::row::{Feature, Right, RoomChange, Until, table};
use proptest::prelude::*;

use super::commands::{SEQS, role, room, switch, user};
use crate::command::{AdminOp, RoomOp, SweepOp};
use crate::machine::room::link::link_id;
use crate::machine::rows::{link_prefix, room_key};

/// Few, so that links are found again.
fn secret() -> impl Strategy<Value = LinkSecret> {
    (0..3_u8).prop_map(|n| LinkSecret([n; 16]))
}

/// Commands are of the times 0 to 1,000.
pub(super) fn until() -> impl Strategy<Value = Until> {
    prop_oneof![4 => (0..1_500_u64).prop_map(Until), 1 => Just(Until::FOREVER)]
}

fn change() -> impl Strategy<Value = AdminOp> {
    let title = || prop::option::weighted(0.3, "[a-c]");
    let feature = prop::sample::select(Feature::ALL.to_vec());
    let right = prop::sample::select(Right::ALL.to_vec());
    let parts = (
        (title(), title(), title()),
        prop::collection::vec((feature, switch()), 0..2),
        prop::collection::vec((right, role()), 0..2),
        prop::option::weighted(0.1, 0..2_u32),
        prop::option::weighted(0.2, 1..6_u64),
    );
    parts.prop_map(|((title, topic, picture), features, rights, slow_mode_s, places_max)| {
        let sort_title = title.clone().unwrap_or_default();
        let change = RoomChange { title, topic, picture, features, rights, slow_mode_s, places_max };
        AdminOp::Change { change: Box::new(change), sort_title }
    })
}

fn admin() -> impl Strategy<Value = AdminOp> {
    prop_oneof![
        6 => change(),
        2 => (user(), until(), "[ab]?")
            .prop_map(|(target, until, reason)| AdminOp::Ban { target, until, reason }),
        2 => user().prop_map(AdminOp::Unban),
        2 => (user(), until()).prop_map(|(target, until)| AdminOp::Mute { target, until }),
        3 => (secret(), until(), prop::option::of(0..3_u32))
            .prop_map(|(secret, until, uses_max)| AdminOp::MakeLink { secret, until, uses_max }),
        1 => secret().prop_map(|secret| AdminOp::RevokeLink(link_id(&secret))),
        1 => Just(AdminOp::Archive),
        3 => Just(AdminOp::Unarchive),
        1 => Just(AdminOp::Delete),
    ]
}

/// Something about the room itself, or a way into it.
pub(super) fn op() -> impl Strategy<Value = RoomOp> {
    prop_oneof![4 => admin().prop_map(RoomOp::Admin), 1 => secret().prop_map(RoomOp::JoinByLink)]
}

/// What a sweep can be of: a room, or a link of one.
fn under() -> impl Strategy<Value = Bytes> {
    let of_link = (room(), secret()).prop_map(|(room, secret)| link_prefix(&room, &link_id(&secret)));
    prop_oneof![2 => room().prop_map(|room| room_key(&room)), 1 => of_link].prop_map(Bytes::from)
}

fn keys() -> impl Strategy<Value = Vec<Bytes>> {
    let of_event = SEQS.prop_map(|seq| seq.to_be_bytes().to_vec());
    let of_user = user().prop_map(|user| user.as_str().as_bytes().to_vec());
    let key = prop_oneof![3 => of_event, 1 => of_user, 1 => Just(Vec::new())];
    prop::collection::vec(key.prop_map(Bytes::from), 0..6)
}

/// A step of a sweep, whether there is anything to sweep or not.
pub(super) fn sweep() -> impl Strategy<Value = SweepOp> {
    let tables = [table::OF_A_ROOM.as_slice(), &[table::MEMBER, table::USER]].concat();
    let people = prop::collection::vec(user(), 0..4);
    prop_oneof![
        2 => (room(), people).prop_map(|(room, users): (RoomId, Vec<UserId>)| SweepOp::Members { room, users }),
        2 => (under(), prop::sample::select(tables), keys())
            .prop_map(|(under, table, keys)| SweepOp::Rows { under, table, keys }),
        1 => under().prop_map(|under| SweepOp::Done { under }),
    ]
}
