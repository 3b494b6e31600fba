//! META by script: one node's life after the other, refusals and repeats included; its bytes, fixed.

use madang_storage::GroupId;
use madang_storage::id::ShardId;
use madang_storage::row::{Row, table};
use proptest::prelude::*;

use super::node::{GONE_MAX, NODES_MAX};
use super::{HeatLimits, META_KEY, MetaRow, NodeState, Tunables, apply};
use crate::command::{Command, MetaOp, MetaRefusal, NewNode, Op, Outcome, Refusal, Reply, RoomOp};
use crate::machine::rows::{MemoryBase, Rows};

#[derive(Default)]
struct Meta {
    base: MemoryBase,
    now_ms: u64,
}

impl Meta {
    fn formed() -> Self {
        let mut meta = Self::default();
        meta.run(form(7)).unwrap();
        meta
    }

    /// Nodes 1 to `count`, all up.
    fn of(count: u64) -> Self {
        let mut meta = Self::formed();
        for id in 2..=count {
            assert_eq!(meta.run(join(id)), Ok(Reply::Joined { node: id }));
            meta.run(meet(id)).unwrap();
        }
        meta
    }

    fn run(&mut self, op: MetaOp) -> Outcome {
        self.now_ms += 1;
        let command = Command { at_ms: self.now_ms, op: Op::Meta(op) };
        let mut rows = Rows::new(&self.base);
        let outcome = apply(&mut rows, &command).unwrap();
        let writes = rows.into_writes();
        self.base.write(writes);
        outcome
    }

    fn refused(&mut self, op: MetaOp) -> MetaRefusal {
        let before = self.base.clone();
        let outcome = self.run(op);
        assert_eq!(before, self.base, "a refusal changes nothing");
        match outcome {
            Err(Refusal::Meta(refusal)) => refusal,
            other => panic!("not refused by META: {other:?}"),
        }
    }

    /// Runs what changes nothing, not even the version.
    fn unchanged(&mut self, op: MetaOp) -> Reply {
        let before = self.base.clone();
        let reply = self.run(op).unwrap();
        assert_eq!(before, self.base);
        reply
    }

    fn row(&self) -> MetaRow {
        Rows::new(&self.base).load(table::SHARD, META_KEY).unwrap().unwrap()
    }

    fn state(&self, node: u64) -> NodeState {
        self.row().state_of(node).unwrap()
    }
}

fn new_node(id: u64) -> NewNode {
    NewNode {
        incarnation: id * 11,
        peer: format!("n{id}:7400"),
        http: format!("n{id}:8080"),
        zone: "z".into(),
        weight: 100,
        protocol: 1,
    }
}

fn form(cluster: u8) -> MetaOp {
    MetaOp::Form { cluster_id: [cluster; 16], shards: 4, replication: 3, node: new_node(1) }
}

fn join(id: u64) -> MetaOp {
    MetaOp::Join { node: new_node(id) }
}

fn meet(id: u64) -> MetaOp {
    MetaOp::Meet { node: id, now: new_node(id) }
}

fn set(node: u64, state: NodeState) -> MetaOp {
    MetaOp::SetState { node, state }
}

fn place(group: u16, replicas: &[u64], was: &[u64]) -> MetaOp {
    MetaOp::Place { group, replicas: replicas.to_vec(), was: was.to_vec() }
}

fn done() -> Reply {
    Reply::Done { outbox: vec![] }
}

#[test]
fn a_cluster_is_formed_once_and_its_first_node_holds_everything() {
    let mut meta = Meta::default();
    assert_eq!(meta.refused(join(2)), MetaRefusal::NotFormed);
    meta.run(form(7)).unwrap();
    let row = meta.row();
    assert_eq!((row.version, row.next_node, row.placed(4)), (1, 2, &[1][..]));
    assert_eq!(row.state_of(1), Some(NodeState::Up));
    meta.unchanged(form(7));
    assert_eq!(meta.run(form(8)), Err(Refusal::AlreadyFormed));
}

#[test]
fn only_what_can_work_is_formed() {
    for (shards, replication) in [(0, 3), (1_025, 3), (16, 0), (16, 8)] {
        let op = MetaOp::Form { cluster_id: [1; 16], shards, replication, node: new_node(1) };
        assert!(matches!(Meta::default().refused(op), MetaRefusal::OutOfBounds { .. }));
    }
}

#[test]
fn meta_decides_nothing_about_rooms() {
    let room = madang_storage::id::RoomId([1; 16]);
    let user = madang_storage::id::UserId::parse("minji").unwrap();
    let command = Command { at_ms: 1, op: Op::Room { room, user, op: RoomOp::Join } };
    let base = MemoryBase::default();
    assert_eq!(apply(&mut Rows::new(&base), &command).unwrap(), Err(Refusal::WrongGroup));
}

#[test]
fn a_node_joins_once_and_is_up_when_it_is_met() {
    let mut meta = Meta::formed();
    assert_eq!(meta.run(join(2)), Ok(Reply::Joined { node: 2 }));
    assert_eq!(meta.unchanged(join(2)), Reply::Joined { node: 2 });
    assert_eq!((meta.state(2), meta.row().nodes[&2].since_ms), (NodeState::Joining, 2));
    meta.run(meet(2)).unwrap();
    assert_eq!((meta.state(2), meta.row().nodes[&2].since_ms), (NodeState::Up, 4));
    meta.unchanged(meet(2));
}

#[test]
fn a_node_may_come_back_at_other_addresses() {
    let mut meta = Meta::of(2);
    // The address of another one, too: machines that swap addresses come one after the other.
    let now = NewNode { peer: "n1:7400".into(), zone: "y".into(), weight: 50, ..new_node(2) };
    meta.run(MetaOp::Meet { node: 2, now }).unwrap();
    let row = meta.row().nodes[&2].clone();
    assert_eq!((row.peer.as_str(), row.zone.as_str(), row.weight), ("n1:7400", "y", 50));
    assert_eq!(meta.state(1), NodeState::Up);
    assert_eq!(
        meta.refused(MetaOp::Join { node: NewNode { peer: "n1:7400".into(), ..new_node(3) } }),
        MetaRefusal::AddressTaken { node: 1, peer: "n1:7400".into() }
    );
}

#[test]
fn a_wiped_node_is_a_new_node_and_the_one_at_its_address_is_gone() {
    let mut meta = Meta::of(3);
    let wiped = NewNode { incarnation: 999, ..new_node(3) };
    assert_eq!(meta.run(MetaOp::Join { node: wiped }), Ok(Reply::Joined { node: 4 }));
    assert_eq!((meta.state(3), meta.state(4)), (NodeState::Gone, NodeState::Joining));
    assert_eq!(meta.row().nodes[&3].peer, "");
    assert_eq!(meta.refused(meet(3)), MetaRefusal::NodeGone { node: 3 });
    assert_eq!(meta.refused(join(3)), MetaRefusal::NodeGone { node: 3 });
}

#[test]
fn the_last_node_that_serves_is_neither_replaced_nor_removed_nor_sent_away() {
    let mut meta = Meta::formed();
    meta.run(join(2)).unwrap();
    let impostor = NewNode { peer: "n1:7400".into(), ..new_node(3) };
    let taken = MetaRefusal::AddressTaken { node: 1, peer: "n1:7400".into() };
    assert_eq!(meta.refused(MetaOp::Join { node: impostor }), taken);
    assert_eq!(meta.refused(MetaOp::Remove { node: 1 }), MetaRefusal::LastNode { node: 1 });
    assert_eq!(meta.refused(set(1, NodeState::Leaving)), MetaRefusal::LastNode { node: 1 });
    meta.run(meet(2)).unwrap();
    meta.run(MetaOp::Remove { node: 1 }).unwrap();
}

#[test]
fn a_node_without_an_address_replaces_nobody() {
    let mut meta = Meta::formed();
    for id in 2..5 {
        let node = NewNode { peer: String::new(), ..new_node(id) };
        assert_eq!(meta.run(MetaOp::Join { node }), Ok(Reply::Joined { node: id }));
    }
}

#[test]
fn a_node_is_met_with_its_own_data_only() {
    let mut meta = Meta::of(2);
    let other = NewNode { incarnation: 5, ..new_node(2) };
    assert_eq!(meta.refused(MetaOp::Meet { node: 2, now: other }), MetaRefusal::OtherData { node: 2 });
    assert_eq!(meta.refused(meet(9)), MetaRefusal::NoNode { node: 9 });
}

#[test]
fn states_change_only_as_they_may() {
    use NodeState::{Away, Draining, Gone, Joining, Leaving, Up};
    let states = [Joining, Up, Draining, Leaving, Gone, Away];
    let allowed = [
        (Joining, Leaving),
        (Up, Draining),
        (Up, Leaving),
        (Draining, Up),
        (Draining, Leaving),
        (Leaving, Up),
        (Up, Away),
        (Draining, Away),
        (Away, Up),
        (Away, Leaving),
    ];
    for from in states {
        for to in states {
            let mut meta = Meta::of(2);
            meta.run(join(3)).unwrap();
            if from != Joining {
                meta.run(meet(3)).unwrap();
            }
            match from {
                Joining | Up => {}
                Gone => drop(meta.run(MetaOp::Remove { node: 3 }).unwrap()),
                _ => drop(meta.run(set(3, from)).unwrap()),
            }
            if from == Gone {
                assert_eq!(meta.refused(set(3, to)), MetaRefusal::NodeGone { node: 3 });
            } else if from == to {
                meta.unchanged(set(3, to));
            } else if allowed.contains(&(from, to)) {
                meta.run(set(3, to)).unwrap();
                assert_eq!((meta.state(3), meta.row().nodes[&3].since_ms), (to, meta.now_ms));
            } else {
                assert_eq!(meta.refused(set(3, to)), MetaRefusal::Transition { node: 3, from, to });
            }
        }
    }
}

#[test]
fn a_restart_ends_draining_but_neither_being_away_nor_leaving() {
    use NodeState::{Away, Draining, Leaving, Up};
    let mut meta = Meta::of(3);
    for (state, then) in [(Draining, Up), (Away, Away), (Leaving, Leaving)] {
        meta.run(set(2, state)).unwrap();
        meta.run(meet(2)).unwrap();
        assert_eq!(meta.state(2), then);
    }
}

#[test]
fn a_removed_node_is_gone_for_good_and_its_id_is_not_given_again() {
    let mut meta = Meta::of(3);
    meta.run(MetaOp::Remove { node: 3 }).unwrap();
    assert_eq!(meta.unchanged(MetaOp::Remove { node: 3 }), done());
    assert_eq!(meta.refused(MetaOp::Remove { node: 9 }), MetaRefusal::NoNode { node: 9 });
    assert_eq!(meta.run(join(4)), Ok(Reply::Joined { node: 4 }));
}

#[test]
fn the_cluster_has_room_for_so_many_nodes_and_remembers_so_many_that_are_gone() {
    let mut meta = Meta::of(NODES_MAX as u64);
    assert_eq!(meta.refused(join(65)), MetaRefusal::ClusterFull { max: 64 });
    // One that takes another's place fits in.
    for wipe in 0..=GONE_MAX as u64 {
        let node = NewNode { incarnation: 1_000_000 + wipe, ..new_node(2) };
        assert_eq!(meta.run(MetaOp::Join { node }), Ok(Reply::Joined { node: 65 + wipe }));
    }
    let row = meta.row();
    assert_eq!((row.alive().count(), row.nodes.len()), (NODES_MAX, NODES_MAX + GONE_MAX));
    assert_eq!((row.nodes.get(&2), row.state_of(2)), (None, Some(NodeState::Gone)));
    assert_eq!(meta.refused(meet(2)), MetaRefusal::NodeGone { node: 2 });
}

#[test]
fn texts_and_weights_have_bounds() {
    let long = |bytes: usize| "x".repeat(bytes);
    let wrong = [
        NewNode { peer: long(256), ..new_node(2) },
        NewNode { http: long(256), ..new_node(2) },
        NewNode { zone: long(65), ..new_node(2) },
        NewNode { weight: 0, ..new_node(2) },
        NewNode { weight: 10_001, ..new_node(2) },
    ];
    for node in wrong {
        let mut meta = Meta::of(2);
        for op in [MetaOp::Join { node: node.clone() }, MetaOp::Meet { node: 2, now: node }] {
            assert!(matches!(meta.refused(op), MetaRefusal::OutOfBounds { .. }));
        }
    }
}

#[test]
fn a_placement_is_taken_if_nobody_was_faster() {
    let mut meta = Meta::of(3);
    meta.run(place(1, &[1, 2], &[1])).unwrap();
    meta.unchanged(place(1, &[1, 2], &[1]));
    assert_eq!(meta.refused(place(1, &[1, 3], &[1])), MetaRefusal::Moved { group: 1 });
    meta.run(place(1, &[2, 1], &[1, 2])).unwrap();
    assert_eq!(meta.row().placed(1), [2, 1]);
}

#[test]
fn a_replica_that_is_placed_again_on_its_node_is_another_one() {
    let mut meta = Meta::formed();
    meta.run(join(2)).unwrap();
    let replica = |meta: &Meta, node| meta.row().replica(GroupId(1), node);
    meta.run(place(1, &[1, 2], &[1])).unwrap();
    let (first, second) = (replica(&meta, 1), replica(&meta, 2));
    meta.run(place(1, &[1], &[1, 2])).unwrap();
    assert_eq!((replica(&meta, 1), replica(&meta, 2)), (first, None));
    meta.run(place(1, &[2, 1], &[1])).unwrap();
    assert_eq!(replica(&meta, 1), first, "who stayed keeps its replica");
    assert_ne!(replica(&meta, 2), second, "who comes back is somebody else");
    assert_eq!(replica(&meta, 2).map(|replica| replica.node()), Some(2));
}

#[test]
fn an_impossible_placement_is_refused() {
    let mut meta = Meta::of(3);
    meta.run(MetaOp::Remove { node: 3 }).unwrap();
    for group in [0, 5] {
        assert_eq!(meta.refused(place(group, &[1], &[1])), MetaRefusal::NoGroup { group, last: 4 });
    }
    for replicas in [&[][..], &[1, 1]] {
        assert_eq!(meta.refused(place(1, replicas, &[1])), MetaRefusal::NoPlacement { group: 1 });
    }
    assert_eq!(meta.refused(place(1, &[1, 3], &[1])), MetaRefusal::NodeGone { node: 3 });
    assert_eq!(meta.refused(place(1, &[1, 9], &[1])), MetaRefusal::NoNode { node: 9 });
}

#[test]
fn a_group_is_held_by_those_that_are_not_gone_and_meta_by_everybody() {
    let mut meta = Meta::of(3);
    meta.run(place(2, &[3, 1], &[1])).unwrap();
    assert_eq!(meta.row().holders(MetaRow::shard_group(ShardId(1))), [3, 1]);
    meta.run(MetaOp::Remove { node: 3 }).unwrap();
    let row = meta.row();
    assert_eq!((row.holders(GroupId(2)), row.holders(GroupId::META)), (vec![1], vec![1, 2]));
    assert_eq!(row.peers_of(1).map(|(id, _)| id).collect::<Vec<_>>(), [2]);
    assert!(row.is_alive(2) && !row.is_alive(3) && !row.is_alive(9));
}

#[test]
fn tuning_keeps_to_its_bounds() {
    let mut meta = Meta::formed();
    let tunables = Tunables { moves_at_once: 0, ..Tunables::default() };
    meta.run(MetaOp::Tune { tunables: tunables.clone() }).unwrap();
    meta.unchanged(MetaOp::Tune { tunables: tunables.clone() });
    assert_eq!(meta.row().tunables, tunables);
    let heat = |heat| Tunables { heat, ..Tunables::default() };
    for wrong in [
        Tunables { moves_at_once: 65, ..Tunables::default() },
        Tunables { move_bytes_per_second: 1, ..Tunables::default() },
        Tunables { promote_lag_entries_max: 0, ..Tunables::default() },
        heat(HeatLimits { joins_per_s: 1_000_001, ..HeatLimits::default() }),
        heat(HeatLimits { cool_percent: 91, ..HeatLimits::default() }),
        heat(HeatLimits { cool_after_ms: 600_001, ..HeatLimits::default() }),
    ] {
        assert!(matches!(meta.refused(MetaOp::Tune { tunables: wrong }), MetaRefusal::OutOfBounds { .. }));
    }
}

#[test]
fn the_machine_version_only_grows() {
    let mut meta = Meta::formed();
    meta.run(MetaOp::RaiseMachineVersion { to: 3 }).unwrap();
    meta.unchanged(MetaOp::RaiseMachineVersion { to: 3 });
    let refusal = meta.refused(MetaOp::RaiseMachineVersion { to: 2 });
    assert_eq!(refusal, MetaRefusal::VersionBackwards { now: 3 });
}

#[test]
fn the_row_keeps_its_bytes() {
    let mut meta = Meta::formed();
    meta.run(MetaOp::Tune { tunables: Tunables { moves_at_once: 3, ..Tunables::default() } }).unwrap();
    let hex: String = meta.row().encode().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, GOLDEN_ROW);
    let since_heat = GOLDEN_ROW.replace("9703ce", "9503ce").replace(SHED_AND_JOINS, "");
    let before_heat = since_heat.replace("9503ce", "9403ce").replace(HEAT, "");
    for older in [since_heat, before_heat] {
        let bytes = (0..older.len()).step_by(2).map(|at| u8::from_str_radix(&older[at..at + 2], 16).unwrap());
        let row = MetaRow::decode(&bytes.collect::<Vec<u8>>()).unwrap();
        assert_eq!(row, meta.row(), "a row from before rooms were hot, or shed");
    }
}

const HEAT: &str = "9632ccc814cd0bb832cd2710";
const SHED_AND_JOINS: &str = "9acd07d0cd0bb8cd1388cd2710cd4e20ce000f4240cd01f446cd1388cd03e892ccc832";
const GOLDEN_ROW: &str = "9ac4100707070707070707070707070707070702040301028101980ba132a76e313a37343030\
    a76e313a38303830a17a6401018401910102910103910104910184018101020281010203810102048101029703ce04000000cd0100\
    ce000927c09632ccc814cd0bb832cd27109acd07d0cd0bb8cd1388cd2710cd4e20ce000f4240cd01f446cd1388cd03e892cc\
    c832";

fn any_op() -> impl Strategy<Value = MetaOp> {
    use NodeState::{Away, Draining, Gone, Joining, Leaving, Up};
    let state = prop_oneof![Just(Joining), Just(Up), Just(Draining), Just(Leaving), Just(Gone), Just(Away)];
    // Few ids and addresses, so that nodes meet and replace each other.
    let node = || {
        (1..8_u64, 1..5_u64)
            .prop_map(|(incarnation, place)| NewNode { incarnation: incarnation * 11, ..new_node(place) })
    };
    let held = || prop::collection::vec(1..8_u64, 0..4);
    prop_oneof![
        4 => node().prop_map(|node| MetaOp::Join { node }),
        3 => (1..8_u64, node()).prop_map(|(node, now)| MetaOp::Meet { node, now }),
        3 => (1..8_u64, state).prop_map(|(node, state)| MetaOp::SetState { node, state }),
        1 => (1..8_u64).prop_map(|node| MetaOp::Remove { node }),
        3 => (0..6_u16, held(), held()).prop_map(|(group, replicas, was)| MetaOp::Place { group, replicas, was }),
        1 => (0..4_u32).prop_map(|to| MetaOp::RaiseMachineVersion { to }),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_ids_are_given_once_and_somebody_serves(ops in prop::collection::vec(any_op(), 1..60)) {
        let mut meta = Meta::formed();
        let mut given = vec![1];
        for op in ops {
            let before = meta.row();
            let asked_again = match &op {
                MetaOp::Join { node } => before.nodes.values().any(|row| row.incarnation == node.incarnation),
                _ => false,
            };
            if let (Ok(Reply::Joined { node }), false) = (meta.run(op), asked_again) {
                prop_assert!(!given.contains(&node));
                given.push(node);
            }
            let after = meta.row();
            prop_assert_eq!(after.version > before.version, after != before);
            for (id, row) in &before.nodes {
                prop_assert!(row.state != NodeState::Gone || after.state_of(*id) == Some(NodeState::Gone));
            }
            let serves = |state| matches!(state, NodeState::Up | NodeState::Draining);
            prop_assert!(after.alive().any(|(_, row)| serves(row.state)), "{after:?}");
            prop_assert!((1..=4).all(|group| !after.placed(group).is_empty()));
        }
    }
}
