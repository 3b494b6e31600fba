//! The bytes of the commands of those who keep a room, and of sweeping: they are in raft logs.

use bytes::Bytes;
use madang_storage::id::{LinkId, LinkSecret, RoomId, UserId};
use madang_storage::row::{RoomChange, Until};

use super::{AdminOp, Refusal, RoomOp, SweepOp};

fn check<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
    value: T,
    golden: &str,
) {
    let bytes = rmp_serde::to_vec(&value).unwrap();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, golden, "{value:?}");
    assert_eq!(rmp_serde::from_slice::<T>(&bytes).unwrap(), value);
}

#[test]
fn commands_of_those_who_keep_a_room_keep_their_bytes() {
    let check = |op, golden: &str| check(RoomOp::Admin(op), &format!("81a23430{golden}"));
    let target = UserId::parse("minji").unwrap();
    let change = Box::new(RoomChange { title: Some("T".into()), ..RoomChange::default() });
    check(AdminOp::Change { change, sort_title: "t".into() }, "81a1319297a154c0c09090c0c0a174");
    let ban = AdminOp::Ban { target: target.clone(), until: Until(7), reason: "r".into() };
    check(ban, "81a13293a56d696e6a6907a172");
    check(AdminOp::Unban(target.clone()), "81a133a56d696e6a69");
    check(AdminOp::Mute { target, until: Until(7) }, "81a13492a56d696e6a6907");
    let link = AdminOp::MakeLink { secret: LinkSecret([2; 16]), until: Until(7), uses_max: Some(3) };
    check(link, &format!("81a13593c410{}0703", "02".repeat(16)));
    check(AdminOp::RevokeLink(LinkId([1; 16])), &format!("81a136c410{}", "01".repeat(16)));
    check(AdminOp::Archive, "a137");
    check(AdminOp::Unarchive, "a138");
    check(AdminOp::Delete, "a139");
}

#[test]
fn entering_by_link_and_sweeping_keep_their_bytes() {
    let id = "01".repeat(16);
    check(RoomOp::JoinByLink(LinkSecret([1; 16])), &format!("81a23431c410{id}"));
    let room = RoomId([1; 16]);
    let users = vec![UserId::parse("minji").unwrap()];
    check(SweepOp::Members { room, users }, &format!("81a13192c410{id}91a56d696e6a69"));
    let under = Bytes::from_static(&[9]);
    let rows = SweepOp::Rows { under: under.clone(), table: 4, keys: vec![Bytes::from_static(&[8])] };
    check(rows, "81a13293c401090491c40108");
    check(SweepOp::Done { under }, "81a13391c40109");
}

#[test]
fn refusals_of_a_kept_room_keep_their_numbers() {
    check(Refusal::Muted { retry_after_ms: Some(5) }, "81a234309105");
    check(Refusal::Banned { retry_after_ms: None }, "81a2343191c0");
    check(Refusal::SlowMode { retry_after_ms: 5 }, "81a234329105");
    check(Refusal::Archived, "a23433");
    check(Refusal::LinkExpired, "a23434");
    check(Refusal::FeatureOff, "a23435");
}
