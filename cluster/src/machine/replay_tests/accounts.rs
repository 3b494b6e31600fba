//! Arbitrary commands about accounts, and what must hold of them in every state.

use madang_storage::id::{SessionId, UserId};
use madang_storage::row::{Status, UserRow, Visibility, table};
use proptest::prelude::*;

use super::commands::{room, switch};
use super::people;
use super::rules::{count, rows};
use crate::command::{PresenceOp, StatusChange, UserOp};
use crate::machine::rows::{MemoryBase, session_key, user_prefix};

fn session() -> impl Strategy<Value = SessionId> {
    (0..6_u8).prop_map(|n| SessionId([n; 16]))
}

/// Of the password that somebody has, or had.
fn hash() -> impl Strategy<Value = String> {
    prop_oneof!["h1", "h2"]
}

fn presence() -> impl Strategy<Value = PresenceOp> {
    let visibility = prop::option::of(prop_oneof![Just(Visibility::Visible), Just(Visibility::Invisible)]);
    let set = (0..2_000_u64).prop_map(|expires_ms| {
        StatusChange::Set(Status { text: "s".into(), emoji: String::new(), expires_ms: Some(expires_ms) })
    });
    let status = prop::option::of(prop_oneof![set, Just(StatusChange::Clear)]);
    prop_oneof![
        2 => (visibility, status).prop_map(|(visibility, status)| PresenceOp::Show { visibility, status }),
        1 => (0..1_000_u64).prop_map(|last_active_ms| PresenceOp::Gone { last_active_ms }),
    ]
}

/// Something that an account decides.
pub(super) fn op() -> impl Strategy<Value = UserOp> {
    let names = || prop::collection::vec("[xy]{1,2}", 0..2);
    let open =
        (session(), 1..4_u16, prop::option::of(hash())).prop_map(|(session, sessions_max, checked)| {
            let (token_hash, device) = ([session.0[0]; 32], String::new());
            UserOp::OpenSession { session, token_hash, device, sessions_max, checked }
        });
    let password = (hash(), hash(), session());
    let quiet = prop::option::of((0..2_000_u64).prop_map(madang_storage::row::Until));
    prop_oneof![
        3 => (names(), hash()).prop_map(|(names, password_hash)| UserOp::SignUp {
            display_name: "n".into(), password_hash, names
        }),
        1 => names().prop_map(|names| UserOp::SetProfile { display_name: "m".into(), names }),
        3 => open,
        1 => session().prop_map(UserOp::CloseSession),
        1 => session().prop_map(UserOp::SeeSession),
        1 => password.prop_map(|(old_hash, new_hash, keep)| UserOp::SetPassword { old_hash, new_hash, keep }),
        1 => (room(), quiet, prop::option::of(switch()))
            .prop_map(|(room, quiet, pinned)| UserOp::SetRoom { room, quiet, pinned }),
        2 => presence().prop_map(UserOp::Presence),
        8 => people::of_people().prop_map(UserOp::People),
    ]
}

/// An account knows its sessions, and nothing else is one.
pub(super) fn check(base: &MemoryBase) {
    for (key, row) in rows::<UserRow>(base, table::USER) {
        let user = UserId::parse(std::str::from_utf8(&key).unwrap()).unwrap();
        for session in &row.sessions {
            assert!(base.0.contains_key(&(table::SESSION, session_key(&user, session))), "{user}: {row:?}");
        }
        assert_eq!(count(base, table::SESSION, &user_prefix(&user)), row.sessions.len() as u64, "{user}");
    }
}
