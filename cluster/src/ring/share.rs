//! How much a node should hold: its part of all replicas by weight, as far as zones and nodes can hold it.
//!
//! A zone is asked for no more replicas of one shard than it takes to hold them all, and a node for one; what
//! is beyond goes to the others by weight. So each share is at most what can really be held, and rounding
//! it up leaves room for an assignment of whole replicas: shares divided by shards are a fractional one, and
//! a flow with whole bounds has a whole solution.

use std::collections::BTreeMap;

use super::RingNode;

/// An exact fraction: floats are not alike everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    numerator: u128,
    denominator: u128,
}

impl Share {
    /// A `parts`-th of it, rounded up.
    pub(super) fn rounded_up(self, parts: usize) -> usize {
        let parts = self.denominator * (parts.max(1) as u128);
        usize::try_from(self.numerator.div_ceil(parts)).unwrap_or(usize::MAX)
    }
}

/// Something that takes a share by weight.
struct Taker {
    weight: u128,
    /// It cannot take more.
    limit: u128,
    full: bool,
}

/// How many replicas of one shard may be in one zone: as few as still find room.
pub(super) fn zone_max(replicas: usize, nodes: &BTreeMap<u64, &RingNode>) -> usize {
    let zones = by_zone(nodes);
    let room = |max: usize| zones.values().map(|zone| zone.len().min(max)).sum::<usize>();
    (1..=replicas).find(|max| room(*max) >= replicas).unwrap_or(replicas)
}

/// Each node's share of all replicas.
pub(super) fn shares(
    shards: u16,
    replicas: usize,
    zone_max: usize,
    nodes: &BTreeMap<u64, &RingNode>,
) -> BTreeMap<u64, Share> {
    let shards = u128::from(shards);
    let all = Share { numerator: shards * replicas as u128, denominator: 1 };
    let zones = by_zone(nodes);
    let of_zones = divide(
        all,
        zones.values().map(|zone| Taker {
            weight: zone.iter().map(|node| weight(node)).sum(),
            limit: shards * zone.len().min(zone_max) as u128,
            full: false,
        }),
    );
    let of_nodes = zones.values().zip(of_zones).flat_map(|(zone, share)| {
        let takers = zone.iter().map(|node| Taker { weight: weight(node), limit: shards, full: false });
        zone.iter().map(|node| node.id).zip(divide(share, takers))
    });
    of_nodes.collect()
}

/// Divides by weight; what is too much for one goes to the others.
fn divide(all: Share, takers: impl Iterator<Item = Taker>) -> Vec<Share> {
    let Share { numerator, denominator } = all;
    let mut takers: Vec<Taker> = takers.collect();
    loop {
        let taken: u128 = takers.iter().filter(|taker| taker.full).map(|taker| taker.limit).sum();
        let rest = numerator.saturating_sub(taken * denominator);
        let weights: u128 = takers.iter().filter(|taker| !taker.full).map(|taker| taker.weight).sum();
        let mut changed = false;
        for taker in takers.iter_mut().filter(|taker| !taker.full) {
            taker.full = rest * taker.weight >= taker.limit * denominator * weights;
            changed |= taker.full;
        }
        if !changed {
            let share = |taker: Taker| match taker.full {
                true => Share { numerator: taker.limit, denominator: 1 },
                false => Share { numerator: rest * taker.weight, denominator: denominator * weights },
            };
            return takers.into_iter().map(share).collect();
        }
    }
}

fn by_zone<'n>(nodes: &BTreeMap<u64, &'n RingNode>) -> BTreeMap<&'n str, Vec<&'n RingNode>> {
    let mut zones: BTreeMap<&str, Vec<&RingNode>> = BTreeMap::new();
    for node in nodes.values() {
        zones.entry(&node.zone).or_default().push(node);
    }
    zones
}

fn weight(node: &RingNode) -> u128 {
    u128::from(node.weight.max(1))
}
