//! The ring: which nodes should hold which shard. Consistent hashing with virtual nodes, distinct zones
//! first, and bounded loads: a pure function of shards and nodes, so every node works out the same.
//!
//! Each shard and each virtual node is a point on a circle; a shard prefers the nodes whose points follow
//! its own most closely. The closest pairs are served first, within bounds (`share.rs`): nobody holds more
//! than its weighted share, rounded up. Where the bounds leave a shard short, others give way along the
//! shortest chain (`assign.rs`); the bounds are such that this always succeeds. The first replica, which
//! should lead, is chosen among a shard's replicas in the same way.
//!
//! Called by the controller. Never change what it answers without a machine version: golden tests.

mod assign;
mod points;
mod share;
#[cfg(test)]
mod tests;
mod voters;

use std::collections::BTreeMap;

use assign::{Bounds, assign};
use points::Distances;
pub use voters::meta_voters;

/// A node as the ring sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingNode {
    /// Its id.
    pub id: u64,
    /// How much it should hold, 100 is normal.
    pub weight: u16,
    /// Failure zone.
    pub zone: String,
}

/// Raft group number of each shard → the nodes that should hold it, first the one that should lead. Each
/// shard gets `replication` nodes, or all if there are fewer; with no nodes, none. The order of `nodes`
/// does not matter.
pub fn targets(shards: u16, replication: u8, nodes: &[RingNode]) -> BTreeMap<u16, Vec<u64>> {
    let nodes: BTreeMap<u64, &RingNode> = nodes.iter().map(|node| (node.id, node)).collect();
    let replicas = usize::from(replication).min(nodes.len());
    let distances = Distances::new(shards, &nodes);
    let zone_max = share::zone_max(replicas, &nodes);
    let zones: BTreeMap<u64, &str> = nodes.values().map(|node| (node.id, node.zone.as_str())).collect();
    let shares = share::shares(shards, replicas, zone_max, &nodes);

    let at_most = shares.iter().map(|(node, share)| (*node, share.rounded_up(1))).collect();
    let bounds = Bounds { replicas, at_most, zones: &zones, zone_max };
    let held = assign(distances.all(), &bounds);

    // Each node holds at most its share; if every shard took one of its replicas at random to lead, a node
    // would lead a `replicas`-th of what it holds. So this bound can be kept, too.
    let at_most = shares.iter().map(|(node, share)| (*node, share.rounded_up(replicas))).collect();
    let bounds = Bounds { replicas: replicas.min(1), at_most, zones: &zones, zone_max: 1 };
    let leads = assign(distances.among(&held), &bounds);

    let ordered = held.into_iter().map(|(group, held)| {
        let lead = leads.get(&group).and_then(|lead| lead.first().copied());
        let rest = distances.ordered(group).into_iter().filter(|node| held.contains(node));
        (group, lead.into_iter().chain(rest.filter(|node| Some(*node) != lead)).collect())
    });
    ordered.collect()
}
