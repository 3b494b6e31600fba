//! What a node says about the cluster at `/v1/cluster`, as far as drills ask. Pure.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Replicas of each group, where there are nodes enough.
const REPLICAS: usize = 3;
/// The name of the group that holds what the cluster itself is.
const META: &str = "meta";

/// The cluster as one node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Standing {
    nodes: Vec<NodeStanding>,
    groups: Vec<GroupStanding>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct NodeStanding {
    node: u64,
    state: String,
    reachable: bool,
    peer: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct GroupStanding {
    group: String,
    leader: Option<u64>,
    voters: BTreeSet<u64>,
    learners: BTreeSet<u64>,
    settled: bool,
}

impl Standing {
    /// What keeps the cluster from being well with so many nodes, in words; `None`: nothing.
    pub(super) fn lack(&self, nodes: usize) -> Option<String> {
        let up = self.nodes.iter().filter(|node| node.state == "up" && node.reachable).count();
        if self.nodes.len() != nodes || up != nodes {
            return Some(format!("{up} of {} nodes are up, {nodes} are wanted", self.nodes.len()));
        }
        let replicas = nodes.min(REPLICAS);
        let moving = self.groups.iter().find(|group| {
            let all = group.settled && group.voters.len() >= replicas;
            // Whoever does not vote in META hears what it says.
            let moving = group.group != META && !group.learners.is_empty();
            group.leader.is_none() || !all || moving
        })?;
        Some(format!("group {} is not settled", moving.group))
    }

    /// The id of the node that others reach there.
    pub(super) fn node_at(&self, peer: &str) -> Option<u64> {
        self.nodes.iter().find(|node| node.peer == peer).map(|node| node.node)
    }

    /// How many shards there are.
    pub(super) fn shards(&self) -> u16 {
        let shards = self.groups.iter().filter(|group| group.group.parse::<u16>().is_ok()).count();
        u16::try_from(shards).unwrap_or(u16::MAX)
    }

    /// The shards that this node leads.
    pub(super) fn led_by(&self, node: u64) -> BTreeSet<u16> {
        let led = self.groups.iter().filter(|group| group.leader == Some(node));
        led.filter_map(|group| group.group.parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn standing(nodes: &[(&str, bool)], groups: Value) -> Standing {
        let nodes: Vec<Value> = (1..)
            .zip(nodes)
            .map(|(id, (state, reachable))| {
                json!({"node": id, "state": state, "reachable": reachable, "peer": format!("h{id}:7400")})
            })
            .collect();
        serde_json::from_value(json!({"healthy": true, "nodes": nodes, "groups": groups})).unwrap()
    }

    fn group(name: &str, leader: Option<u64>, voters: &[u64], settled: bool) -> Value {
        json!({"group": name, "leader": leader, "voters": voters, "learners": [], "settled": settled})
    }

    #[test]
    fn a_cluster_is_well_when_all_nodes_are_up_and_all_groups_have_their_replicas() {
        let up = [("up", true); 3];
        let whole = || group("0", Some(1), &[1, 2, 3], true);
        let rows = [
            (standing(&up, json!([whole()])), None),
            (standing(&up[..2], json!([whole()])), Some("2 of 2 nodes are up, 3 are wanted")),
            (
                standing(&[up[0], ("draining", true), up[0]], json!([])),
                Some("2 of 3 nodes are up, 3 are wanted"),
            ),
            (standing(&[up[0], ("up", false), up[0]], json!([])), Some("2 of 3 nodes are up, 3 are wanted")),
            (standing(&up, json!([group("0", None, &[1, 2, 3], true)])), Some("group 0 is not settled")),
            (standing(&up, json!([group("4", Some(1), &[1, 2], true)])), Some("group 4 is not settled")),
            (
                standing(&up, json!([group("meta", Some(1), &[1, 2, 3], false)])),
                Some("group meta is not settled"),
            ),
        ];
        for (standing, lack) in rows {
            assert_eq!(standing.lack(3).as_deref(), lack, "{standing:?}");
        }
        let learner = |name: &str| json!({"group": name, "leader": 1, "voters": [1, 2, 3], "learners": [4], "settled": true});
        assert_eq!(standing(&up, json!([learner("meta")])).lack(3), None);
        assert_eq!(standing(&up, json!([learner("0")])).lack(3).as_deref(), Some("group 0 is not settled"));
        let alone = standing(&up[..1], json!([group("0", Some(1), &[1], true)]));
        assert_eq!(alone.lack(1), None);
    }

    #[test]
    fn shards_are_told_from_meta_and_counted_by_leader() {
        let groups = json!([
            group("meta", Some(2), &[1, 2], true),
            group("0", Some(2), &[1, 2], true),
            group("1", Some(1), &[1, 2], true),
            group("2", Some(2), &[1, 2], true),
        ]);
        let standing = standing(&[("up", true); 2], groups);
        assert_eq!((standing.shards(), standing.led_by(2)), (3, BTreeSet::from([0, 2])));
        assert_eq!((standing.node_at("h2:7400"), standing.node_at("h9:7400")), (Some(2), None));
    }
}
