//! The next step of one group.
//!
//! Invariants: a change of voters is one more or one less; before and after it a majority can be reached,
//! after it a majority is up to date, and the leader, which lacks nothing, is among it.

use std::collections::BTreeSet;

use super::{GroupReport, META, Sight, Step};
use crate::machine::meta::NodeState;

/// Whether the group may begin to copy itself to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Granted,
    Denied,
}

/// One group: as it is and as it should be.
pub(super) struct Group<'p> {
    sight: &'p Sight<'p>,
    report: &'p GroupReport,
    /// Who should vote, first who should lead.
    target: Vec<u64>,
    /// Who must have it open, as META says.
    placed: Vec<u64>,
}

impl<'p> Group<'p> {
    /// META's group: every node that is not gone has it open.
    pub(super) fn meta(sight: &'p Sight<'p>, report: &'p GroupReport, target: Vec<u64>) -> Self {
        let placed = sight.meta.alive().map(|(id, _)| id).collect();
        Self { sight, report, target, placed }
    }

    /// A shard's group.
    pub(super) fn shard(sight: &'p Sight<'p>, report: &'p GroupReport, target: Vec<u64>) -> Self {
        let placed = sight.meta.placed(report.group).to_vec();
        Self { sight, report, target, placed }
    }

    /// Groups in the order in which they may begin to move: first those that have begun, then those that
    /// lack most replicas.
    pub(super) fn urgency(&self) -> (bool, usize, u16) {
        let alive = self.report.voters.iter().filter(|node| self.sight.state(**node) != NodeState::Gone);
        (self.opened().is_empty(), alive.count(), self.report.group)
    }

    /// Whether it is being copied to a node.
    pub(super) fn is_copying(&self) -> bool {
        self.learners().next().is_some()
    }

    /// Whether it would begin to copy itself, if it may.
    pub(super) fn wants_to_copy(&self) -> bool {
        !self.opened().is_empty() || self.beginning().is_some()
    }

    /// The next step, if there is one.
    pub(super) fn next(&self, slot: Slot) -> Option<Step> {
        self.step_down()
            .or_else(|| self.place(slot))
            .or_else(|| self.forget())
            .or_else(|| if self.is_crowded() { self.shrink() } else { self.grow(slot) })
            .or_else(|| self.spread_leaders())
    }

    /// Ends a copy to a node that went away.
    pub(super) fn give_up_copy(&self) -> Option<Step> {
        self.learners().find(|node| !self.sight.serves(*node)).map(|node| self.remove_learner(node))
    }

    /// A leader that should not lead hands over.
    fn step_down(&self) -> Option<Step> {
        if self.sight.state(self.report.leader) == NodeState::Up {
            return None;
        }
        self.lead(self.best_leader()?)
    }

    /// META should know who holds the group, and who is about to.
    fn place(&self, slot: Slot) -> Option<Step> {
        if self.report.group == META {
            return None;
        }
        let begins = self.beginning().filter(|_| slot == Slot::Granted);
        let members = self.report.voters.iter().copied().chain(self.learners());
        let alive = members.filter(|node| self.sight.state(*node) != NodeState::Gone);
        let hold: BTreeSet<u64> = alive.chain(self.opened()).chain(begins).collect();
        let wanted = self.target.iter().copied().filter(|node| hold.contains(node));
        let others = self.placed.iter().chain(&hold).copied().filter(|node| hold.contains(node));
        let mut replicas: Vec<u64> = Vec::new();
        for node in wanted.chain(others) {
            if !replicas.contains(&node) {
                replicas.push(node);
            }
        }
        let changes = !replicas.is_empty() && replicas != self.placed;
        changes.then(|| Step::Place { group: self.report.group, replicas, was: self.placed.clone() })
    }

    /// Learners that nobody wants any more.
    fn forget(&self) -> Option<Step> {
        let wanted = if self.report.group == META { &self.placed } else { &self.target };
        self.learners().find(|node| !wanted.contains(node)).map(|node| self.remove_learner(node))
    }

    /// One voter less: first those that are gone, then those that leave, then those that cannot be reached;
    /// the leader hands over before it goes.
    fn shrink(&self) -> Option<Step> {
        let surplus = self.report.voters.iter().copied().filter(|node| !self.target.contains(node));
        let rank = |node: &u64| {
            let (leads, state) = (*node == self.report.leader, self.sight.state(*node));
            (leads, state != NodeState::Gone, state != NodeState::Leaving, self.sight.reaches(*node), *node)
        };
        let out = surplus.min_by_key(rank)?;
        if out == self.report.leader {
            return self.lead(self.best_leader().filter(|to| self.target.contains(to))?);
        }
        let mut voters = self.report.voters.clone();
        voters.remove(&out);
        self.set_voters(voters)
    }

    /// One voter more: a learner that has caught up; or one learner more.
    fn grow(&self, slot: Slot) -> Option<Step> {
        let promoted = self
            .learners()
            .find(|node| self.target.contains(node) && self.sight.serves(*node) && self.is_caught_up(*node));
        let promote = promoted.and_then(|node| {
            let mut voters = self.report.voters.clone();
            voters.insert(node);
            self.set_voters(voters)
        });
        promote.or_else(|| {
            let (group, leader) = (self.report.group, self.report.leader);
            let node = self.opened().first().copied().filter(|_| slot == Slot::Granted)?;
            Some(Step::AddLearner { group, leader, node })
        })
    }

    /// The first that can should lead, once nothing moves any more. A leader is never behind, so this ends.
    fn spread_leaders(&self) -> Option<Step> {
        let moves = self.is_copying() || self.is_crowded() || self.wants_to_copy();
        if self.report.group == META || moves {
            return None;
        }
        self.lead(self.best_leader().filter(|to| self.target.contains(to))?)
    }

    fn lead(&self, to: u64) -> Option<Step> {
        let (group, from) = (self.report.group, self.report.leader);
        (to != from).then_some(Step::Lead { group, from, to })
    }

    fn remove_learner(&self, node: u64) -> Step {
        Step::RemoveLearner { group: self.report.group, leader: self.report.leader, node }
    }

    /// The change, if it is safe.
    fn set_voters(&self, voters: BTreeSet<u64>) -> Option<Step> {
        let majority_of = |all: &BTreeSet<u64>, is: &dyn Fn(u64) -> bool| {
            all.iter().filter(|node| is(**node)).count() > all.len() / 2
        };
        let is_reached = |node| self.sight.reaches(node);
        let is_current = |node| self.sight.reaches(node) && self.is_caught_up(node);
        let safe = majority_of(&self.report.voters, &is_reached) && majority_of(&voters, &is_current);
        safe.then_some(Step::SetVoters { group: self.report.group, leader: self.report.leader, voters })
    }

    /// The first voter that can lead, in the ring's order.
    fn best_leader(&self) -> Option<u64> {
        let in_order = self.target.iter().chain(&self.report.voters).copied();
        in_order.into_iter().find(|node| {
            self.report.voters.contains(node) && self.sight.serves(*node) && self.is_caught_up(*node)
        })
    }

    fn is_caught_up(&self, node: u64) -> bool {
        let lacks = self.report.behind.get(&node);
        node == self.report.leader || lacks.is_some_and(|entries| *entries <= self.sight.lag_max())
    }

    /// More vote than should.
    fn is_crowded(&self) -> bool {
        self.report.voters.len() > self.target.len()
    }

    fn learners(&self) -> impl Iterator<Item = u64> {
        self.report.learners.difference(&self.report.voters).copied()
    }

    /// Nodes that are to follow, can have the group open, and do not follow yet.
    fn opened(&self) -> Vec<u64> {
        let member = |node| self.report.voters.contains(&node) || self.report.learners.contains(&node);
        let waits = |node: &u64| match self.report.group {
            // Everybody follows META, also who is only joining or leaving.
            META => self.sight.reaches(*node),
            _ => self.target.contains(node) && self.sight.serves(*node),
        };
        self.placed.iter().copied().filter(|node| waits(node) && !member(*node)).collect()
    }

    /// The node to which the next replica goes, if none is on its way.
    fn beginning(&self) -> Option<u64> {
        if self.is_crowded() || self.is_copying() || !self.opened().is_empty() {
            return None;
        }
        let missing = self.target.iter().copied().filter(|node| !self.report.voters.contains(node));
        missing.into_iter().find(|node| self.sight.serves(*node))
    }
}
