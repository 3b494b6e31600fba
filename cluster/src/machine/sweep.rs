//! Taking away what belongs to nothing any more, in bounded steps. The leader looks rows up and names them;
//! here it is decided that they may go. Repeats change nothing.

use bytes::Bytes;
use madang_storage::id::RoomId;
use madang_storage::row::{SweepRow, table};

use super::room;
use super::shard::{Stop, Turn};
use crate::command::{Refusal, SweepOp};

/// Carries out one step.
pub(super) fn decide(turn: &mut Turn<'_, '_>, op: &SweepOp) -> Result<(), Stop> {
    match op {
        SweepOp::Members { room, users } => room::sweep_members(turn, room, users),
        SweepOp::Rows { under, table, keys } => rows(turn, under, *table, keys),
        SweepOp::Done { under } => done(turn, under),
    }
}

/// Ends what was begun, unless people are left who have not heard of it.
fn done(turn: &mut Turn<'_, '_>, under: &[u8]) -> Result<(), Stop> {
    if turn.rows.load::<SweepRow>(table::SWEEP, under)?.is_none() {
        return Ok(());
    }
    if let Ok(room) = <[u8; 16]>::try_from(under)
        && !room::bury(turn, &RoomId(room))?
    {
        return Ok(());
    }
    turn.rows.remove(table::SWEEP, under.to_vec());
    Ok(())
}

/// Only rows of what is written down as gone, and only of tables that go with it.
fn rows(turn: &mut Turn<'_, '_>, under: &[u8], table: u8, keys: &[Bytes]) -> Result<(), Stop> {
    if turn.rows.load::<SweepRow>(table::SWEEP, under)?.is_none() {
        return Ok(());
    }
    if !tables_under(under).contains(&table) {
        return Err(Refusal::WrongGroup.into());
    }
    for key in keys {
        turn.rows.remove(table, [under, key].concat());
    }
    Ok(())
}

/// Where rows under this prefix are: under a room's id in all tables of a room, under a link of a room in one.
pub fn tables_under(under: &[u8]) -> &'static [u8] {
    if under.len() == size_of::<RoomId>() { &table::OF_A_ROOM } else { &[table::LINK_USE] }
}
