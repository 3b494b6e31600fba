//! Who holds what. META does not work out where a shard should be: it takes the controller's word, if
//! nobody was faster and nothing in it is impossible.

use std::collections::BTreeSet;

use super::row::{MetaRow, NodeState};
use crate::command::MetaRefusal;

/// Compare and set: who holds a group.
pub(super) fn place(row: &mut MetaRow, group: u16, replicas: &[u64], was: &[u64]) -> Result<(), MetaRefusal> {
    if !(1..=row.shards).contains(&group) {
        return Err(MetaRefusal::NoGroup { group, last: row.shards });
    }
    let distinct: BTreeSet<&u64> = replicas.iter().collect();
    if replicas.is_empty() || distinct.len() != replicas.len() {
        return Err(MetaRefusal::NoPlacement { group });
    }
    for &node in replicas {
        match row.state_of(node) {
            None => return Err(MetaRefusal::NoNode { node }),
            Some(NodeState::Gone) => return Err(MetaRefusal::NodeGone { node }),
            Some(_) => {}
        }
    }
    let now = row.placed(group);
    // The answer to the first one was lost: it is done already.
    if now == replicas {
        return Ok(());
    }
    if now != was {
        return Err(MetaRefusal::Moved { group });
    }
    row.set_placed(group, replicas.to_vec());
    Ok(())
}
