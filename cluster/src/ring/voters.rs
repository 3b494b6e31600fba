//! Who votes in META: few enough that agreement is quick, spread over zones, changed as little as possible.

use std::collections::{BTreeMap, BTreeSet};

use super::RingNode;

/// The nodes that should vote in META: all of one or two, three of up to four, otherwise five. Those that
/// vote now (`current`) stay, unless their zone has at least two more voters than another could have. In
/// order of id.
pub fn meta_voters(nodes: &[RingNode], current: &BTreeSet<u64>) -> Vec<u64> {
    let nodes: BTreeMap<u64, &str> = nodes.iter().map(|node| (node.id, node.zone.as_str())).collect();
    let wanted = match nodes.len() {
        few @ 0..=2 => few,
        3..=4 => 3,
        _ => 5,
    };
    let mut voters: BTreeSet<u64> = current.iter().copied().filter(|id| nodes.contains_key(id)).collect();
    while voters.len() > wanted {
        let Some((_, out)) = most_crowded(&nodes, &voters) else { break };
        voters.remove(&out);
    }
    while voters.len() < wanted {
        let Some((_, into)) = least_crowded(&nodes, &voters) else { break };
        voters.insert(into);
    }
    while let (Some((many, out)), Some((few, into))) =
        (most_crowded(&nodes, &voters), least_crowded(&nodes, &voters))
        && many >= few + 2
    {
        voters.remove(&out);
        voters.insert(into);
    }
    voters.into_iter().collect()
}

/// The voter whose zone has the most voters, of several the one with the highest id; and how many.
fn most_crowded(nodes: &BTreeMap<u64, &str>, voters: &BTreeSet<u64>) -> Option<(usize, u64)> {
    voters.iter().map(|id| (voters_beside(nodes, voters, *id), *id)).max()
}

/// The node that does not vote and whose zone has the fewest voters, of several the one with the lowest
/// id; and how many.
fn least_crowded(nodes: &BTreeMap<u64, &str>, voters: &BTreeSet<u64>) -> Option<(usize, u64)> {
    let others = nodes.keys().filter(|id| !voters.contains(id));
    others.map(|id| (voters_beside(nodes, voters, *id), *id)).min()
}

/// How many voters the node's zone has.
fn voters_beside(nodes: &BTreeMap<u64, &str>, voters: &BTreeSet<u64>, node: u64) -> usize {
    let zone = nodes.get(&node);
    voters.iter().filter(|voter| nodes.get(voter) == zone).count()
}
