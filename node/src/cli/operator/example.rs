//! A cluster, and its rooms, for tests of what is shown.

use std::collections::{BTreeMap, BTreeSet};

use madang_cluster::machine::meta::Tunables;
use madang_cluster::{GroupView, NodeView, Overview};

use crate::api::http::{RoomReport, RoomsReport};
use crate::api::room::RoomKind;

/// Three nodes, META and two shards; all is well.
pub(super) fn three_nodes() -> Overview {
    let node = |node: u64, leads| NodeView {
        node,
        state: "up".to_owned(),
        reachable: true,
        peer: format!("10.0.0.{node}:7400"),
        http: format!("10.0.0.{node}:7300"),
        zone: if node == 1 { "seoul-a".to_owned() } else { String::new() },
        weight: 100,
        leads,
        votes: 3,
    };
    let group = |name: &str, leader| GroupView {
        group: name.to_owned(),
        leader: Some(leader),
        placed: if name == "meta" { Vec::new() } else { vec![leader, leader % 3 + 1, (leader + 1) % 3 + 1] },
        voters: BTreeSet::from([1, 2, 3]),
        learners: BTreeSet::new(),
        behind: BTreeMap::from([(2, 0), (3, 0)]),
        settled: true,
    };
    Overview {
        cluster: "5eed".to_owned(),
        node: 1,
        version: 7,
        replication: 3,
        nodes: vec![node(1, 2), node(2, 1), node(3, 0)],
        groups: vec![group("meta", 1), group("0", 1), group("1", 2)],
        tunables: Tunables::default(),
    }
}

/// The same while node 3 is away and node 4 takes over.
pub(super) fn one_away() -> Overview {
    let mut overview = three_nodes();
    overview.nodes[2].reachable = false;
    overview.nodes.push(NodeView { node: 4, votes: 0, leads: 0, ..overview.nodes[1].clone() });
    overview.groups[1].placed = vec![1, 2, 4];
    overview.groups[1].learners = BTreeSet::from([4]);
    overview.groups[1].behind = BTreeMap::from([(2, 0), (3, 40), (4, 1200)]);
    overview.groups[1].settled = false;
    overview.groups[2].leader = None;
    overview.groups[2].voters.clear();
    overview.groups[2].behind.clear();
    overview.groups[2].settled = false;
    overview
}

/// A hot room, and one that is merely busy and of which little is known.
pub(super) fn rooms() -> RoomsReport {
    let hot = RoomReport {
        room: "01K9ZZZZZZZZZZZZZZZZZZZZZZ".to_owned(),
        kind: Some(RoomKind::Open),
        members: Some(5_000),
        leader: Some(2),
        sends_per_s: 104,
        fetches_per_s: 31,
        joins_per_s: 0,
        hot_for_ms: Some(83_000),
        deliveries_per_s: 520_000,
        shed: Some("heads"),
    };
    let busy = RoomReport {
        room: "01K9YYYYYYYYYYYYYYYYYYYYYY".to_owned(),
        kind: None,
        members: None,
        leader: None,
        sends_per_s: 12,
        fetches_per_s: 0,
        joins_per_s: 1,
        hot_for_ms: None,
        deliveries_per_s: 0,
        shed: None,
    };
    RoomsReport { rooms: vec![hot, busy], silent: vec![3] }
}
