//! What META decides: which cluster this is, which nodes it has and which of them hold which shard.

use std::collections::BTreeMap;

use madang_storage::StorageError;
use madang_storage::row::{Row, table};
use serde::{Deserialize, Serialize};

use super::rows::Rows;
use crate::command::{Command, MetaOp, Op, Outcome, Refusal, Reply};

/// Key of [`MetaRow`] in [`table::SHARD`] of META's group.
pub const META_KEY: &[u8] = b"meta";

/// All that META knows: small, so it is one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaRow {
    /// Tells clusters apart.
    pub cluster_id: Vec<u8>,
    /// Grows with every change, so that a reader knows which of two copies is newer.
    pub version: u64,
    /// How many shards there are, for good.
    pub shards: u16,
    /// The nodes, by id.
    pub nodes: BTreeMap<u64, NodeState>,
    /// shard → the nodes that should hold it, first the one that should lead.
    pub replicas: BTreeMap<u16, Vec<u64>>,
}

impl Row for MetaRow {
    const NAME: &'static str = "meta row";
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeState {
    /// Serves.
    #[serde(rename = "1")]
    Up,
}

/// Carries out one command on META.
pub fn apply(rows: &mut Rows<'_>, command: &Command) -> Result<Outcome, StorageError> {
    let Op::Meta(MetaOp::Form { cluster_id, shards, node }) = &command.op else {
        return Ok(Err(Refusal::WrongGroup));
    };
    if rows.load::<MetaRow>(table::SHARD, META_KEY)?.is_some() {
        return Ok(Err(Refusal::AlreadyFormed));
    }
    let row = MetaRow {
        cluster_id: cluster_id.to_vec(),
        version: 1,
        shards: *shards,
        nodes: BTreeMap::from([(*node, NodeState::Up)]),
        replicas: (0..*shards).map(|shard| (shard, vec![*node])).collect(),
    };
    rows.save(table::SHARD, META_KEY.to_vec(), &row)?;
    Ok(Ok(Reply::Done { outbox: Vec::new() }))
}
