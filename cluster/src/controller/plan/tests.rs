//! The planner by script, and against a model of a cluster (`world.rs`) that checks every step.

mod world;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{GroupReport, Step, plan, targets};
use crate::command::MetaOp;
use crate::machine::meta::{MetaRow, NodeState, Tunables};
use world::{Demoted, ROUND_MS, World};

/// A cluster of nodes 1 to `nodes` that has come to rest.
fn settled(nodes: u64) -> World {
    let mut world = World::formed(8, Demoted::Dropped);
    for _ in 1..nodes {
        world.join();
    }
    world.settle();
    world
}

fn report(meta: &MetaRow, group: u16, voters: &[u64]) -> GroupReport {
    let leader = targets(meta)[&group].iter().copied().find(|node| voters.contains(node));
    GroupReport {
        group,
        leader: leader.unwrap_or(voters[0]),
        voters: voters.iter().copied().collect(),
        learners: BTreeSet::new(),
        joint: false,
        behind: voters.iter().map(|node| (*node, 0)).collect(),
    }
}

fn of_group(steps: &[Step], wanted: u16) -> Vec<&Step> {
    let is_of = |step: &&Step| match step {
        Step::Place { group, .. }
        | Step::AddLearner { group, .. }
        | Step::SetVoters { group, .. }
        | Step::RemoveLearner { group, .. }
        | Step::Lead { group, .. } => *group == wanted,
        Step::Remove { .. } | Step::SetAside { .. } | Step::TakeBack { .. } => false,
    };
    steps.iter().filter(is_of).collect()
}

#[test]
fn a_cluster_grows_from_one_to_five_and_shrinks_to_three() {
    let mut world = World::formed(8, Demoted::Dropped);
    world.settle();
    for count in [2, 3, 4, 5] {
        world.join();
        world.settle();
        world.check_settled();
        assert_eq!(world.meta().alive().count(), count);
    }
    for node in [2, 4] {
        world.run(MetaOp::SetState { node, state: NodeState::Leaving });
        world.settle();
        world.check_settled();
        assert_eq!(world.meta().state_of(node), Some(NodeState::Gone), "it holds nothing: it may go");
    }
}

#[test]
fn a_replica_moves_step_by_step() {
    let mut world = settled(3);
    world.join();
    let steps: Vec<Step> = (0..200).flat_map(|_| world.round()).collect();
    let moved = steps.iter().find_map(|step| match step {
        Step::Place { group, replicas, .. } if replicas.len() == 4 => Some(*group),
        _ => None,
    });
    let of_moved = of_group(&steps, moved.unwrap());
    let names = of_moved.into_iter().map(|step| match step {
        Step::Place { replicas, .. } if replicas.len() == 4 => "place",
        Step::Place { .. } => "place without",
        Step::AddLearner { .. } => "copy",
        Step::SetVoters { voters, .. } if voters.len() == 4 => "promote",
        Step::SetVoters { .. } => "demote",
        Step::RemoveLearner { .. } => "forget",
        Step::Lead { .. } => "lead",
        Step::Remove { .. } => "remove",
        Step::SetAside { .. } => "set aside",
        Step::TakeBack { .. } => "take back",
    });
    let moves: Vec<&str> = names.filter(|name| *name != "lead").collect();
    assert_eq!(moves, ["place", "copy", "promote", "demote", "place without"]);
}

#[test]
fn a_dead_node_is_replaced_by_adding_first() {
    let mut world = settled(4);
    world.kill(2);
    world.settle();
    world.check_settled();
    for raft in world.groups.values() {
        assert!(!raft.voters.contains(&2) && raft.voters.len() == 3, "{raft:?}");
    }
}

#[test]
fn without_a_replacement_a_dead_node_is_dropped() {
    let mut world = settled(3);
    world.kill(2);
    world.settle();
    world.check_settled();
    assert!(world.groups.values().all(|raft| raft.voters == [1, 3].into()));
}

#[test]
fn nothing_moves_away_from_a_node_that_may_come_back() {
    let mut world = settled(4);
    world.reachable.remove(&2);
    world.settle();
    let before: Vec<BTreeSet<u64>> = world.groups.values().map(|raft| raft.voters.clone()).collect();
    world.reachable.insert(2);
    world.settle();
    let after: Vec<BTreeSet<u64>> = world.groups.values().map(|raft| raft.voters.clone()).collect();
    assert_eq!(before, after);
    world.check_settled();
}

/// A settled cluster that waits so many rounds for a node that is away.
fn patient(nodes: u64, rounds: u64) -> World {
    let mut world = settled(nodes);
    let substitute_after_ms = rounds * ROUND_MS;
    world.run(MetaOp::Tune { tunables: Tunables { substitute_after_ms, ..Tunables::default() } });
    world
}

fn voters(world: &World) -> Vec<BTreeSet<u64>> {
    world.groups.values().map(|raft| raft.voters.clone()).collect()
}

fn rounds(world: &mut World, count: usize) -> Vec<Step> {
    (0..count).flat_map(|_| world.round()).collect()
}

#[test]
fn others_stand_in_for_a_node_that_is_away_for_long_and_it_gets_its_place_back() {
    let mut world = patient(4, 20);
    let before = voters(&world);
    world.reachable.remove(&2);
    rounds(&mut world, 19);
    assert_eq!(voters(&world), before, "it may come back");
    rounds(&mut world, 2);
    world.settle();
    assert_eq!(world.meta().state_of(2), Some(NodeState::Away));
    assert!(world.groups.values().all(|raft| raft.voters == [1, 3, 4].into()), "{world:?}");

    world.reachable.insert(2);
    rounds(&mut world, 3);
    world.settle();
    assert_eq!(world.meta().state_of(2), Some(NodeState::Up));
    world.check_settled();
    let of_shards = |voters: &[BTreeSet<u64>]| voters[1..].to_vec();
    assert_eq!(of_shards(&voters(&world)), of_shards(&before), "as the ring had it before");
}

#[test]
fn a_node_that_comes_and_goes_moves_nothing_to_and_fro() {
    let mut world = patient(4, 20);
    let before = voters(&world);
    for _ in 0..5 {
        world.reachable.remove(&2);
        rounds(&mut world, 19);
        world.reachable.insert(2);
        rounds(&mut world, 1);
    }
    assert_eq!(voters(&world), before, "never away for long enough");
    world.reachable.remove(&2);
    rounds(&mut world, 21);
    world.settle();
    let without = voters(&world);
    for _ in 0..5 {
        world.reachable.insert(2);
        rounds(&mut world, 2);
        world.reachable.remove(&2);
        rounds(&mut world, 2);
    }
    assert_eq!(voters(&world), without, "never back for long enough");
}

#[test]
fn without_a_substitute_a_node_that_is_away_keeps_its_place() {
    let mut world = patient(3, 20);
    let before = voters(&world);
    world.reachable.remove(&2);
    rounds(&mut world, 50);
    assert_eq!((voters(&world), world.meta().state_of(2)), (before, Some(NodeState::Up)));
}

#[test]
fn the_last_to_go_away_keep_their_places_when_too_few_are_left() {
    let mut world = patient(4, 20);
    for node in [2, 3] {
        world.reachable.remove(&node);
        rounds(&mut world, 21);
        world.settle();
    }
    // The second cannot be set aside: nobody would stand in for it.
    assert!(voters(&world).iter().all(|voters| *voters == [1, 3, 4].into()), "{world:?}");
    world.run(MetaOp::SetState { node: 3, state: NodeState::Away });
    world.settle();
    assert!(voters(&world).iter().all(|voters| *voters == [1, 3, 4].into()), "{world:?}");
}

#[test]
fn who_begins_to_decide_begins_to_wait() {
    let mut world = patient(4, 20);
    world.reachable.remove(&2);
    rounds(&mut world, 19);
    world.absences.forget();
    rounds(&mut world, 19);
    assert_eq!(world.meta().state_of(2), Some(NodeState::Up));
    rounds(&mut world, 2);
    assert_eq!(world.meta().state_of(2), Some(NodeState::Away));
    world.absences.forget();
    world.settle();
    assert_eq!(world.meta().state_of(2), Some(NodeState::Away), "what was decided stays");
}

#[test]
fn with_patience_without_end_nobody_is_stood_in_for() {
    let mut world = patient(4, 0);
    let before = voters(&world);
    world.reachable.remove(&2);
    rounds(&mut world, 1_000);
    assert_eq!(voters(&world), before);
}

#[test]
fn a_draining_node_keeps_its_replicas_and_leads_nothing() {
    let mut world = settled(3);
    world.run(MetaOp::SetState { node: 1, state: NodeState::Draining });
    world.settle();
    world.check_settled();
    for raft in world.groups.values() {
        assert!(raft.leader != Some(1) && raft.voters.contains(&1), "{raft:?}");
    }
    world.run(MetaOp::SetState { node: 1, state: NodeState::Up });
    world.settle();
    world.check_settled();
    assert!(world.groups.values().any(|raft| raft.leader == Some(1)), "leadership comes back");
}

#[test]
fn leadership_is_spread_over_the_nodes() {
    let world = settled(3);
    let mut leads: BTreeMap<u64, usize> = BTreeMap::new();
    for raft in world.groups.iter().filter(|(group, _)| **group != 0).map(|(_, raft)| raft) {
        *leads.entry(raft.leader.unwrap()).or_default() += 1;
    }
    assert!(leads.len() == 3 && leads.values().all(|count| (2..=3).contains(count)), "{leads:?}");
}

#[test]
fn a_group_without_a_report_or_with_a_change_under_way_is_left_alone() {
    let mut world = settled(3);
    world.join();
    let (meta, reachable) = (world.meta(), world.reachable.clone());
    assert_eq!(plan(&meta, &reachable, &BTreeMap::new()), []);
    let mut joint = report(&meta, 1, &[1, 2, 3]);
    joint.joint = true;
    assert_eq!(plan(&meta, &reachable, &[(1, joint)].into()), []);
    let mut away = report(&meta, 1, &[1, 2, 3]);
    away.leader = 9;
    assert_eq!(plan(&meta, &reachable, &[(1, away)].into()), []);
}

#[test]
fn a_learner_is_promoted_only_when_it_has_caught_up() {
    let mut world = settled(2);
    world.join();
    world.reachable.insert(3);
    let meta = world.meta();
    let group = 1;
    world.run(MetaOp::Place {
        group,
        replicas: targets(&meta)[&group].clone(),
        was: meta.placed(group).to_vec(),
    });
    let meta = world.meta();
    let lag_max = Tunables::default().promote_lag_entries_max;
    for (lacks, promotes) in [(None, false), (Some(lag_max + 1), false), (Some(lag_max), true)] {
        let mut report = report(&meta, group, &[1, 2]);
        report.learners.insert(3);
        report.behind.extend(lacks.map(|lacks| (3, lacks)));
        let steps = plan(&meta, &world.reachable, &[(group, report)].into());
        let promoted = steps.iter().any(|step| matches!(step, Step::SetVoters { .. }));
        assert_eq!(promoted, promotes, "{lacks:?}: {steps:?}");
    }
}

#[test]
fn no_voter_goes_while_those_that_stay_are_behind() {
    let mut world = settled(4);
    world.run(MetaOp::SetState { node: 4, state: NodeState::Leaving });
    let meta = world.meta();
    let mut report = report(&meta, 1, &[1, 2, 3, 4]);
    report.behind = [(1, 0), (2, 9_999), (3, 9_999), (4, 0)].into();
    report.leader = 1;
    let steps = plan(&meta, &world.reachable, &[(1, report)].into());
    assert!(!steps.iter().any(|step| matches!(step, Step::SetVoters { .. })), "{steps:?}");
}

#[test]
fn a_copy_to_a_node_that_went_away_makes_room_for_one_that_can_go_on() {
    let mut world = settled(4);
    world.run(MetaOp::Tune { tunables: Tunables { moves_at_once: 1, ..Tunables::default() } });
    world.join();
    while world.copying().is_empty() {
        world.round();
    }
    world.reachable.remove(&5);
    world.kill(2);
    world.settle();
    let of_others = targets(&world.meta()).into_iter().filter(|(_, target)| !target.contains(&5));
    for (group, target) in of_others {
        assert_eq!(world.groups[&group].voters, target.into_iter().collect(), "voters of {group}");
    }
    world.reachable.insert(5);
    world.settle();
    world.check_settled();
}

#[test]
fn with_no_moves_allowed_nothing_is_copied_and_leaders_still_move() {
    let mut world = settled(3);
    world.run(MetaOp::Tune { tunables: Tunables { moves_at_once: 0, ..Tunables::default() } });
    world.join();
    world.run(MetaOp::SetState { node: 1, state: NodeState::Draining });
    world.settle();
    let shards = world.groups.iter().filter(|(group, _)| **group != 0);
    assert!(shards.into_iter().all(|(_, raft)| raft.voters == [1, 2, 3].into() && raft.leader != Some(1)));
}

/// Something that happens to a cluster.
#[derive(Debug, Clone)]
enum Event {
    Join,
    Away(u64),
    Back(u64),
    Set(u64, NodeState),
    Kill(u64),
    Weigh(u64, u16),
    Wait,
}

fn event() -> impl Strategy<Value = Event> {
    let node = || 1..9_u64;
    let state = prop_oneof![Just(NodeState::Up), Just(NodeState::Draining), Just(NodeState::Leaving)];
    prop_oneof![
        3 => Just(Event::Join),
        2 => node().prop_map(Event::Away),
        3 => node().prop_map(Event::Back),
        3 => (node(), state).prop_map(|(node, state)| Event::Set(node, state)),
        1 => node().prop_map(Event::Kill),
        1 => (node(), prop_oneof![Just(50), Just(100), Just(200)]).prop_map(|(node, weight)| Event::Weigh(node, weight)),
        2 => Just(Event::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_every_step_is_safe_and_the_cluster_comes_to_rest(
        events in prop::collection::vec((event(), 0..12_usize), 1..25),
        demoted in prop_oneof![Just(Demoted::Dropped), Just(Demoted::Learner)],
        patience_ms in prop_oneof![Just(0), Just(3 * ROUND_MS), Just(10 * ROUND_MS)],
    ) {
        let mut world = World::formed(4, demoted);
        let tunables = Tunables { substitute_after_ms: patience_ms, ..Tunables::default() };
        world.run(MetaOp::Tune { tunables });
        for (event, rounds) in events {
            match event {
                Event::Join if world.meta().alive().count() < 7 => world.join(),
                Event::Away(node) if world.reachable.len() > 1 => drop(world.reachable.remove(&node)),
                Event::Back(node) if world.meta().is_alive(node) => drop(world.reachable.insert(node)),
                Event::Set(node, state) => drop(world.ask(MetaOp::SetState { node, state })),
                Event::Kill(node) if world.survives_without(node) => world.kill(node),
                Event::Weigh(node, weight) => world.weigh(node, weight),
                _ => {}
            }
            for _ in 0..rounds {
                world.round();
            }
        }
        world.heal();
        world.settle();
        world.check_settled();
    }
}
