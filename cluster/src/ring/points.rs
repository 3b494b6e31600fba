//! Points on the circle, and how far a shard is from a node.

use std::collections::{BTreeMap, BTreeSet};

use super::RingNode;
use crate::placement::hash;

/// Virtual nodes of a node of weight 100.
const POINTS: u64 = 64;
/// Virtual nodes of a node at most: weight beyond that shows in its share alone.
const POINTS_MAX: u64 = 512;
/// What tells hashes of nodes and of shards from those of rooms and users.
const KIND_NODE: u8 = 3;
const KIND_SHARD: u8 = 4;

/// A shard's wish for a node, the strongest first: how far, which group, which node.
pub(super) type Wish = (u64, u16, u64);

/// How far each shard is from each node, clockwise to the nearest of the node's points.
pub(super) struct Distances(BTreeMap<u16, BTreeMap<u64, u64>>);

impl Distances {
    pub(super) fn new(shards: u16, nodes: &BTreeMap<u64, &RingNode>) -> Self {
        let circles: Vec<(u64, BTreeSet<u64>)> = nodes.values().map(|node| (node.id, points(node))).collect();
        let of_shard = |group: u16| {
            let from = hash(KIND_SHARD, &group.to_be_bytes());
            circles.iter().map(|(node, points)| (*node, distance(from, points))).collect()
        };
        Self((1..=shards).map(|group| (group, of_shard(group))).collect())
    }

    /// Every shard's wish for every node.
    pub(super) fn all(&self) -> Vec<Wish> {
        let of_group = |(group, nodes): (&u16, &BTreeMap<u64, u64>)| {
            let group = *group;
            nodes.iter().map(move |(node, distance)| (*distance, group, *node)).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of_group).collect()
    }

    /// Every shard's wish for the nodes that hold it.
    pub(super) fn among(&self, held: &BTreeMap<u16, BTreeSet<u64>>) -> Vec<Wish> {
        let holds = |(_, group, node): &Wish| held.get(group).is_some_and(|held| held.contains(node));
        self.all().into_iter().filter(holds).collect()
    }

    /// All nodes, nearest to the group first.
    pub(super) fn ordered(&self, group: u16) -> Vec<u64> {
        let mut nodes: Vec<(u64, u64)> =
            self.0.get(&group).into_iter().flatten().map(|(node, distance)| (*distance, *node)).collect();
        nodes.sort_unstable();
        nodes.into_iter().map(|(_, node)| node).collect()
    }
}

/// Where a node's virtual nodes are.
fn points(node: &RingNode) -> BTreeSet<u64> {
    let count = (u64::from(node.weight) * POINTS / 100).clamp(1, POINTS_MAX);
    let point = |n: u64| hash(KIND_NODE, &[node.id.to_be_bytes(), n.to_be_bytes()].concat());
    (0..count).map(point).collect()
}

fn distance(from: u64, points: &BTreeSet<u64>) -> u64 {
    let next = points.range(from..).next().or_else(|| points.first());
    next.map_or(u64::MAX, |point| point.wrapping_sub(from))
}
