//! What META decides: which cluster this is, which nodes it has and which of them hold which shard.
//!
//! `row.rs` is what META knows, with the questions others ask of it, `heat.rs`, `shed.rs` and
//! `joins.rs` what it says of busy rooms, `tunable.rs` the names and bounds of all that can be tuned; `node.rs` decides who is part of the cluster, `placement.rs` who holds what. Like every machine it is
//! pure: where a shard *should* be is worked out by the controller, META only takes what still fits.
//!
//! Invariants: a node's id is never given twice; a node that is gone never comes back; the version grows
//! with every change and only then.

mod heat;
mod joins;
mod node;
mod placement;
mod row;
mod shed;
#[cfg(test)]
mod tests;
mod tunable;

use madang_storage::StorageError;
use madang_storage::row::table;

pub use heat::HeatLimits;
pub use joins::JoinLimits;
pub use row::{META_KEY, MetaRow, NodeRow, NodeState, Tunables};
pub use shed::ShedLimits;
pub use tunable::{TUNABLES, Tunable, TuneError};

use super::rows::Rows;
use crate::command::{Command, MetaOp, MetaRefusal, Op, Outcome, Refusal, Reply};

/// The machine version that a cluster formed by this release begins with.
const FIRST_MACHINE_VERSION: u32 = 1;
/// How many shards a cluster may have.
const SHARDS_MAX: u64 = 1_024;
/// How many replicas a shard may be asked to have.
const REPLICATION_MAX: u64 = 7;

/// Carries out one command on META.
pub fn apply(rows: &mut Rows<'_>, command: &Command) -> Result<Outcome, StorageError> {
    let Op::Meta(op) = &command.op else {
        return Ok(Err(Refusal::WrongGroup));
    };
    let known: Option<MetaRow> = rows.load(table::SHARD, META_KEY)?;
    let before = known.as_ref().map_or(0, |row| row.version);
    let (row, reply) = match decide(known, op, command.at_ms) {
        Ok(decided) => decided,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if row.version != before {
        rows.save(table::SHARD, META_KEY.to_vec(), &row)?;
    }
    Ok(Ok(reply))
}

/// Decides one command: the row as it is afterwards, and the answer.
fn decide(known: Option<MetaRow>, op: &MetaOp, at_ms: u64) -> Result<(MetaRow, Reply), Refusal> {
    if let MetaOp::Form { .. } = op {
        let row = form(known.as_ref(), op, at_ms)?;
        return Ok((row, done()));
    }
    let before = known.ok_or(MetaRefusal::NotFormed)?;
    let mut row = before.clone();
    let mut reply = done();
    match op {
        MetaOp::Form { .. } => {}
        MetaOp::Join { node } => reply = Reply::Joined { node: node::join(&mut row, node, at_ms)? },
        MetaOp::Meet { node, now } => node::meet(&mut row, *node, now, at_ms)?,
        MetaOp::SetState { node, state } => node::set_state(&mut row, *node, *state, at_ms)?,
        MetaOp::Remove { node } => node::remove(&mut row, *node, at_ms)?,
        MetaOp::Place { group, replicas, was } => placement::place(&mut row, *group, replicas, was)?,
        MetaOp::Tune { tunables } => tune(&mut row, tunables)?,
        MetaOp::RaiseMachineVersion { to } => raise(&mut row, *to)?,
    }
    if row != before {
        row.version += 1;
    }
    Ok((row, reply))
}

fn form(known: Option<&MetaRow>, op: &MetaOp, at_ms: u64) -> Result<MetaRow, Refusal> {
    let MetaOp::Form { cluster_id, shards, replication, node } = op else {
        return Err(Refusal::WrongGroup);
    };
    if let Some(known) = known {
        // The answer to the first one was lost: nothing to do.
        return if known.cluster_id == *cluster_id { Ok(known.clone()) } else { Err(Refusal::AlreadyFormed) };
    }
    check("the number of shards", u64::from(*shards), 1, SHARDS_MAX)?;
    check("the number of replicas", u64::from(*replication), 1, REPLICATION_MAX)?;
    let mut row = MetaRow {
        cluster_id: *cluster_id,
        version: 1,
        shards: *shards,
        replication: *replication,
        machine_version: FIRST_MACHINE_VERSION,
        next_node: 1,
        nodes: Default::default(),
        replicas: Default::default(),
        placed_by: Default::default(),
        tunables: Tunables::default(),
    };
    let first = node::form(&mut row, node, at_ms)?;
    for group in row.groups() {
        row.set_placed(group, vec![first]);
    }
    Ok(row)
}

fn tune(row: &mut MetaRow, tunables: &Tunables) -> Result<(), MetaRefusal> {
    tunable::check_all(tunables)?;
    row.tunables = tunables.clone();
    Ok(())
}

fn raise(row: &mut MetaRow, to: u32) -> Result<(), MetaRefusal> {
    if to < row.machine_version {
        return Err(MetaRefusal::VersionBackwards { now: row.machine_version });
    }
    row.machine_version = to;
    Ok(())
}

/// Refuses a value that is out of bounds.
fn check(what: &str, value: u64, min: u64, max: u64) -> Result<(), MetaRefusal> {
    let fits = (min..=max).contains(&value);
    if fits { Ok(()) } else { Err(MetaRefusal::OutOfBounds { what: what.to_owned(), min, max }) }
}

fn done() -> Reply {
    Reply::Done { outbox: Vec::new() }
}
