//! That a command changes only what is its own: rows of its room, of its user, of the desk.

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Effect, Home, table};

use crate::command::{Op, SweepOp};
use crate::machine::rows::{MemoryBase, RowKey, user_key, user_prefix};

/// Panics if the command changed a row that it has nothing to do with.
pub(super) fn check(before: &MemoryBase, after: &MemoryBase, op: &Op) {
    let changed = |one: &MemoryBase, other: &MemoryBase| -> Vec<RowKey> {
        let differs = one.0.iter().filter(|(key, row)| other.0.get(*key) != Some(*row));
        differs.map(|(key, _)| key.clone()).collect()
    };
    let all = changed(before, after).into_iter().chain(changed(after, before));
    // What another shard is to hear may come from anything.
    for (table, key) in all.filter(|(table, _)| *table != table::OUTBOX) {
        assert!(is_its_own(op, table, &key), "{op:?} changed {key:02x?} of table {table}");
    }
}

fn is_its_own(op: &Op, table: u8, key: &[u8]) -> bool {
    match op {
        Op::Room { room, .. } => of_room(room, table, key) || table == table::AUDIT,
        Op::User { user, .. } => of_user(user, table, key),
        Op::Effect(effect) => of_effect(effect, table, key),
        Op::Safety { .. } => {
            [table::STAFF, table::REPORT, table::REPORT_QUEUE, table::AUDIT, table::SUSPENSION]
                .contains(&table)
        }
        Op::Sweep(SweepOp::Members { room, .. }) => {
            [table::ROOM, table::MEMBER].contains(&table) && key.starts_with(&room.0)
        }
        Op::Sweep(SweepOp::Rows { under, table: swept, .. }) => table == *swept && key.starts_with(under),
        Op::Sweep(SweepOp::Done { under }) => [table::ROOM, table::SWEEP].contains(&table) && key == under,
        Op::OutboxDone(_) | Op::Meta(_) => false,
    }
}

fn of_room(room: &RoomId, table: u8, key: &[u8]) -> bool {
    match table {
        table::DIRECTORY => key.ends_with(&room.0),
        table::ROOM | table::MEMBER | table::SWEEP => key.starts_with(&room.0),
        table => table::OF_A_ROOM.contains(&table) && key.starts_with(&room.0),
    }
}

fn of_user(user: &UserId, table: u8, key: &[u8]) -> bool {
    match table {
        table::GONES | table::USER | table::PRESENCE | table::PEOPLE | table::SUSPENDED => {
            key == user_key(user)
        }
        table::SESSION | table::USER_ROOM | table::GONE | table::CONTACT | table::BLOCK => {
            key.starts_with(&user_prefix(user))
        }
        table::NAME | table::HIDDEN_NAME => key.ends_with(user.as_str().as_bytes()),
        _ => false,
    }
}

fn of_effect(effect: &Effect, table: u8, key: &[u8]) -> bool {
    match effect.home() {
        Home::User(user) => match table {
            table::MENTIONS => key == user_key(user),
            table::MENTION | table::MENTION_AT => key.starts_with(&user_prefix(user)),
            _ => of_user(user, table, key),
        },
        Home::Room(room) => (table == table::PAIR && key == room.0) || of_room(room, table, key),
    }
}
