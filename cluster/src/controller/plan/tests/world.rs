//! A cluster as the planner sees it, without clock or network: META is the real machine, raft groups are
//! sets. Every step is checked before it is carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use madang_storage::row::table;

use super::super::{GroupReport, META, Step, plan, targets};
use crate::command::{Command, MetaOp, NewNode, Op, Outcome, Reply};
use crate::controller::absence::Absences;
use crate::machine::meta::{META_KEY, MetaRow, NodeState, apply};
use crate::machine::rows::{MemoryBase, Rows};

/// What a fresh copy lacks, and how much of it arrives in a round.
const FRESH_LACKS: u64 = 1_000;
const ARRIVES: u64 = 400;
/// How long a round takes.
pub(super) const ROUND_MS: u64 = 1_000;

/// What becomes of a voter that stops voting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demoted {
    Dropped,
    Learner,
}

#[derive(Debug, Clone)]
pub(super) struct Raft {
    pub(super) leader: Option<u64>,
    pub(super) voters: BTreeSet<u64>,
    pub(super) learners: BTreeSet<u64>,
    behind: BTreeMap<u64, u64>,
    joint: bool,
}

#[derive(Debug)]
pub(super) struct World {
    base: MemoryBase,
    demoted: Demoted,
    now: Instant,
    pub(super) absences: Absences,
    pub(super) reachable: BTreeSet<u64>,
    pub(super) groups: BTreeMap<u16, Raft>,
}

impl World {
    pub(super) fn formed(shards: u16, demoted: Demoted) -> Self {
        let raft = Raft {
            leader: Some(1),
            voters: [1].into(),
            learners: BTreeSet::new(),
            behind: [(1, 0)].into(),
            joint: false,
        };
        let groups = (0..=shards).map(|group| (group, raft.clone())).collect();
        let (base, absences) = (MemoryBase::default(), Absences::default());
        let mut world = Self { base, demoted, now: Instant::now(), absences, reachable: [1].into(), groups };
        world.run(MetaOp::Form { cluster_id: [1; 16], shards, replication: 3, node: new_node(1, 100) });
        world
    }

    pub(super) fn meta(&self) -> MetaRow {
        Rows::new(&self.base).load(table::SHARD, META_KEY).unwrap().unwrap()
    }

    pub(super) fn ask(&mut self, op: MetaOp) -> Outcome {
        let mut rows = Rows::new(&self.base);
        let outcome = apply(&mut rows, &Command { at_ms: 1, op: Op::Meta(op) }).unwrap();
        let writes = rows.into_writes();
        self.base.write(writes);
        outcome
    }

    pub(super) fn run(&mut self, op: MetaOp) {
        let asked = format!("{op:?}");
        let outcome = self.ask(op);
        assert!(outcome.is_ok(), "{asked}: {outcome:?}");
    }

    /// One node more, up and reachable.
    pub(super) fn join(&mut self) {
        let next = self.meta().next_node;
        let joined = self.ask(MetaOp::Join { node: new_node(next, 100) });
        assert_eq!(joined, Ok(Reply::Joined { node: next }));
        self.run(MetaOp::Meet { node: next, now: new_node(next, 100) });
        self.reachable.insert(next);
    }

    pub(super) fn weigh(&mut self, node: u64, weight: u16) {
        let _ = self.ask(MetaOp::Meet { node, now: new_node(node, weight) });
    }

    /// A node dies, and an operator says so.
    pub(super) fn kill(&mut self, node: u64) {
        self.run(MetaOp::Remove { node });
        self.reachable.remove(&node);
    }

    /// Whether every group keeps a majority that is not gone, and META somebody who serves.
    pub(super) fn survives_without(&self, node: u64) -> bool {
        let meta = self.meta();
        let stays = |voter: &&u64| **voter != node && meta.is_alive(**voter);
        let serves = |state| matches!(state, NodeState::Up | NodeState::Draining);
        meta.is_alive(node)
            && meta.alive().any(|(id, row)| id != node && serves(row.state))
            && self
                .groups
                .values()
                .all(|raft| majority(&raft.voters, raft.voters.iter().filter(stays).count()))
    }

    /// Everybody who is not gone can be reached, and somebody is up.
    pub(super) fn heal(&mut self) {
        let alive: Vec<(u64, NodeState)> = self.meta().alive().map(|(id, row)| (id, row.state)).collect();
        self.reachable = alive.iter().map(|(id, _)| *id).collect();
        for (node, state) in alive {
            if state == NodeState::Draining {
                self.run(MetaOp::SetState { node, state: NodeState::Up });
            }
        }
    }

    fn plan(&mut self) -> Vec<Step> {
        let meta = self.meta();
        let mut steps = self.absences.on_look(&meta, &self.reachable, self.now);
        steps.extend(plan(&meta, &self.reachable, &self.reports()));
        steps
    }

    /// Time passes: leaders are elected, entries arrive, the plan is carried out. Answers its steps.
    pub(super) fn round(&mut self) -> Vec<Step> {
        self.now += Duration::from_millis(ROUND_MS);
        self.pass();
        let (steps, copying) = (self.plan(), self.copying());
        for step in &steps {
            self.carry_out(step);
        }
        let limit = usize::from(self.meta().tunables.moves_at_once).max(copying.len());
        assert!(self.copying().len() <= limit, "{:?} are copied at once: {steps:?}", self.copying());
        steps
    }

    /// Rounds until there is nothing to do.
    pub(super) fn settle(&mut self) {
        const ROUNDS_MAX: usize = 400;
        let mut quiet = 0;
        for _ in 0..ROUNDS_MAX {
            quiet = if self.round().is_empty() { quiet + 1 } else { 0 };
            // A learner may need some rounds to catch up, in which nothing is decided.
            if quiet > 5 {
                return;
            }
        }
        let plan = self.plan();
        panic!("no rest after {ROUNDS_MAX} rounds, still {plan:?} of {self:?}");
    }

    /// Everything is as the ring wants it.
    pub(super) fn check_settled(&self) {
        let meta = self.meta();
        for (group, target) in targets(&meta) {
            let raft = &self.groups[&group];
            assert_eq!(raft.voters, target.iter().copied().collect(), "voters of {group}");
            assert_eq!((meta.placed(group), raft.learners.len()), (target.as_slice(), 0), "group {group}");
            let first = target.iter().find(|node| meta.state_of(**node) == Some(NodeState::Up));
            assert_eq!(raft.leader.as_ref(), first, "leader of {group}");
        }
        let raft = &self.groups[&META];
        let alive: BTreeSet<u64> = meta.alive().map(|(id, _)| id).collect();
        let votes = match alive.len() {
            few @ 0..=2 => few,
            3..=4 => 3,
            _ => 5,
        };
        assert_eq!(raft.voters.len(), votes);
        assert_eq!(raft.voters.union(&raft.learners).copied().collect::<BTreeSet<_>>(), alive);
        assert!(meta.alive().all(|(_, row)| row.state != NodeState::Leaving), "{meta:?}");
    }

    /// The shards that are being copied, as far as somebody leads them.
    pub(super) fn copying(&self) -> Vec<u16> {
        let shards = self.groups.iter().filter(|(group, raft)| **group != META && raft.leader.is_some());
        let targets = targets(&self.meta());
        shards
            .filter(|(group, raft)| raft.learners.iter().any(|node| targets[group].contains(node)))
            .map(|(group, _)| *group)
            .collect()
    }

    fn reports(&self) -> BTreeMap<u16, GroupReport> {
        let report = |(group, raft): (&u16, &Raft)| {
            let report = GroupReport {
                group: *group,
                leader: raft.leader?,
                voters: raft.voters.clone(),
                learners: raft.learners.clone(),
                joint: raft.joint,
                behind: raft.behind.clone(),
            };
            Some((*group, report))
        };
        self.groups.iter().filter_map(report).collect()
    }

    fn pass(&mut self) {
        let reachable = self.reachable.clone();
        for raft in self.groups.values_mut() {
            raft.joint = false;
            let reached: Vec<u64> = raft.voters.intersection(&reachable).copied().collect();
            if !majority(&raft.voters, reached.len()) {
                raft.leader = None;
                continue;
            }
            if raft.leader.is_none_or(|leader| !reached.contains(&leader)) {
                raft.leader = reached.iter().copied().min_by_key(|node| (raft.behind[node], *node));
            }
            for (node, lacks) in &mut raft.behind {
                let here = reachable.contains(node);
                *lacks = if here { lacks.saturating_sub(ARRIVES) } else { *lacks + 10 };
            }
            raft.behind.extend(raft.leader.map(|leader| (leader, 0)));
        }
    }

    fn carry_out(&mut self, step: &Step) {
        let meta = self.meta();
        match step.clone() {
            Step::Place { group, replicas, was } => {
                let voters = self.groups[&group].voters.iter().filter(|node| meta.is_alive(**node));
                assert!(
                    voters.into_iter().all(|node| replicas.contains(node)),
                    "a voter must hold: {step:?}"
                );
                self.run(MetaOp::Place { group, replicas, was });
            }
            Step::SetAside { node } => {
                assert!(!self.reachable.contains(&node), "{node} is there");
                self.run(MetaOp::SetState { node, state: NodeState::Away });
            }
            Step::TakeBack { node } => {
                assert!(self.reachable.contains(&node), "{node} is not there");
                self.run(MetaOp::SetState { node, state: NodeState::Up });
            }
            Step::Remove { node } => {
                for (group, raft) in &self.groups {
                    assert!(!raft.voters.contains(&node), "{node} votes in {group}");
                    assert!(*group == META || !raft.learners.contains(&node), "{node} follows {group}");
                }
                self.kill(node);
            }
            Step::AddLearner { group, leader, node } => {
                let open = group == META || meta.placed(group).contains(&node);
                assert!(open && self.reachable.contains(&node) && meta.is_alive(node), "{step:?}");
                let raft = self.led(group, leader);
                assert!(!raft.voters.contains(&node) && raft.learners.insert(node), "{step:?}");
                raft.behind.insert(node, FRESH_LACKS);
            }
            Step::RemoveLearner { group, leader, node } => {
                let raft = self.led(group, leader);
                assert!(raft.learners.remove(&node), "{step:?}");
                raft.behind.remove(&node);
            }
            Step::SetVoters { group, leader, voters } => self.set_voters(group, leader, voters),
            Step::Lead { group, from, to } => {
                assert!(self.reachable.contains(&to) && meta.state_of(to) == Some(NodeState::Up), "{step:?}");
                let raft = self.led(group, from);
                assert!(raft.voters.contains(&to) && to != from, "{step:?}");
                raft.leader = Some(to);
            }
        }
    }

    fn set_voters(&mut self, group: u16, leader: u64, voters: BTreeSet<u64>) {
        let (reachable, demoted) = (self.reachable.clone(), self.demoted);
        let raft = self.led(group, leader);
        let said = format!("{voters:?} after {raft:?}");
        assert_eq!(raft.voters.symmetric_difference(&voters).count(), 1, "one at a time: {said}");
        assert!(voters.contains(&leader), "the leader stays: {said}");
        let reached = |all: &BTreeSet<u64>| majority(all, all.intersection(&reachable).count());
        assert!(reached(&raft.voters) && reached(&voters), "a majority stays: {said}");
        assert!(voters.iter().any(|node| raft.behind[node] == 0), "an up-to-date copy stays: {said}");
        for node in raft.voters.difference(&voters) {
            match demoted {
                Demoted::Learner => drop(raft.learners.insert(*node)),
                Demoted::Dropped => drop(raft.behind.remove(node)),
            }
        }
        for node in voters.difference(&raft.voters) {
            assert!(raft.learners.remove(node) && reachable.contains(node), "only who follows votes: {said}");
        }
        raft.voters = voters;
        raft.joint = true;
    }

    /// A group, if `leader` still leads it: what a real leader would check.
    fn led(&mut self, group: u16, leader: u64) -> &mut Raft {
        let raft = self.groups.get_mut(&group).unwrap();
        assert_eq!(raft.leader, Some(leader));
        assert!(!raft.joint);
        raft
    }
}

fn majority(all: &BTreeSet<u64>, some: usize) -> bool {
    some > all.len() / 2
}

fn new_node(id: u64, weight: u16) -> NewNode {
    let zone = ["a", "b", "c"][id as usize % 3].to_owned();
    let (peer, http) = (format!("n{id}:7400"), format!("n{id}:8080"));
    NewNode { incarnation: id, peer, http, zone, weight, protocol: 1 }
}
