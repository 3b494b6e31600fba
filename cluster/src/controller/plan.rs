//! What to do next so that every group is held and led as the ring wants it: one safe step a group.
//!
//! A pure function of what META says and what the leaders report; nothing is remembered between two calls,
//! so the controller may move to another node at any time. A replica moves in this order: it is placed (so
//! that the node opens the group), becomes a learner, catches up, becomes a voter; then the surplus voter
//! goes, first one that is gone, and is placed no more. `group.rs` decides about one group, this file about
//! all of them: how many may move at once, and who goes first.
//!
//! Nothing moves away from a node that cannot be reached: it may come back. Once META says that it is away
//! (`absence.rs` beside this file decides that), the ring chooses as if it was gone, as long as there are
//! enough others.

mod group;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use group::{Group, Slot};

use crate::machine::meta::{MetaRow, NodeState};
use crate::ring::{self, RingNode};

/// META's own group.
const META: u16 = 0;

/// What a group's leader says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupReport {
    /// Raft group number.
    pub(crate) group: u16,
    /// Who leads.
    pub(crate) leader: u64,
    /// Who votes.
    pub(crate) voters: BTreeSet<u64>,
    /// Who only follows.
    pub(crate) learners: BTreeSet<u64>,
    /// Whether a change of voters is under way.
    pub(crate) joint: bool,
    /// How many entries each replica lacks; absent: not known.
    pub(crate) behind: BTreeMap<u64, u64>,
}

/// One safe step. Each may be taken late, twice or not at all: the next look finds what is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Tell META who must have the group open.
    Place {
        /// Which group.
        group: u16,
        /// Who, first who should lead.
        replicas: Vec<u64>,
        /// What META says now.
        was: Vec<u64>,
    },
    /// Begin to copy the group to a node.
    AddLearner {
        /// Which group.
        group: u16,
        /// Who is to do it.
        leader: u64,
        /// Who is to follow.
        node: u64,
    },
    /// Change the voters: one more, or one less, never both.
    SetVoters {
        /// Which group.
        group: u16,
        /// Who is to do it.
        leader: u64,
        /// All voters, from then on.
        voters: BTreeSet<u64>,
    },
    /// Forget a node that only follows.
    RemoveLearner {
        /// Which group.
        group: u16,
        /// Who is to do it.
        leader: u64,
        /// Who is to be forgotten.
        node: u64,
    },
    /// Hand leadership over.
    Lead {
        /// Which group.
        group: u16,
        /// Who leads now, and is to do it.
        from: u64,
        /// Who is to lead.
        to: u64,
    },
    /// A node has been out of reach for long: others stand in for it.
    SetAside {
        /// Which node.
        node: u64,
    },
    /// A node that was set aside has been back for a while: it gets its place again.
    TakeBack {
        /// Which node.
        node: u64,
    },
    /// A node that was leaving holds nothing any more: it is gone.
    Remove {
        /// Which node.
        node: u64,
    },
}

/// What everything is judged by.
pub(super) struct Sight<'p> {
    meta: &'p MetaRow,
    reachable: &'p BTreeSet<u64>,
}

impl Sight<'_> {
    pub(super) fn state(&self, node: u64) -> NodeState {
        self.meta.state_of(node).unwrap_or(NodeState::Gone)
    }

    pub(super) fn reaches(&self, node: u64) -> bool {
        self.reachable.contains(&node)
    }

    /// Whether the node may be given something: replicas, or leadership.
    pub(super) fn serves(&self, node: u64) -> bool {
        self.state(node) == NodeState::Up && self.reaches(node)
    }

    pub(super) fn lag_max(&self) -> u64 {
        self.meta.tunables.promote_lag_entries_max
    }
}

/// Who should hold each group, first who should lead, as the ring has it.
pub(crate) fn targets(meta: &MetaRow) -> BTreeMap<u16, Vec<u64>> {
    let counted = counted(meta);
    ring::targets(meta.shards, meta.replication, &ring_nodes(meta, |id, _| counted.contains(&id)))
}

/// The nodes that the ring counts on: those that stay, and of those that are away as many as it takes to hold
/// every replica, who went last first: what it takes out of a small ring would only be one vote less.
fn counted(meta: &MetaRow) -> BTreeSet<u64> {
    let of_states = |states: &[NodeState]| -> Vec<(u64, u64)> {
        let nodes = meta.alive().filter(|(_, row)| states.contains(&row.state));
        nodes.map(|(id, row)| (row.since_ms, id)).collect()
    };
    let stay = of_states(&[NodeState::Up, NodeState::Draining]);
    let mut away = of_states(&[NodeState::Away]);
    away.sort_unstable();
    let missing = usize::from(meta.replication).saturating_sub(stay.len());
    stay.into_iter().chain(away.into_iter().rev().take(missing)).map(|(_, id)| id).collect()
}

/// What to do next. `reachable`: the nodes that answer, this one included. `reports`: what the leaders that
/// are known say; a group without one is left alone, as is one that is changing its voters already. META
/// comes first, then what already moves, then the groups that lack replicas.
pub(crate) fn plan(
    meta: &MetaRow,
    reachable: &BTreeSet<u64>,
    reports: &BTreeMap<u16, GroupReport>,
) -> Vec<Step> {
    let sight = Sight { meta, reachable };
    let usable =
        |group: u16| reports.get(&group).filter(|report| reachable.contains(&report.leader) && !report.joint);
    let mut steps = Vec::new();
    if let Some(report) = usable(META) {
        steps.extend(Group::meta(&sight, report, meta_target(meta, &sight, report)).next(Slot::Granted));
    }
    let mut targets = targets(meta);
    let groups = meta.groups().filter_map(|number| {
        let target = targets.remove(&number).unwrap_or_default();
        usable(number).map(|report| Group::shard(&sight, report, target))
    });
    steps.extend(shards(groups.collect(), usize::from(meta.tunables.moves_at_once), reports));
    steps.extend(
        meta.alive().filter(|(id, _)| has_left(&sight, *id, reports)).map(|(node, _)| Step::Remove { node }),
    );
    steps
}

/// The next step of each shard's group, with no more than `moves_max` of them being copied at once.
fn shards(mut groups: Vec<Group<'_>>, moves_max: usize, reports: &BTreeMap<u16, GroupReport>) -> Vec<Step> {
    // A group that is changing its voters gets no step, but what it copies counts.
    let changing = reports.values().filter(|report| report.group != META && report.joint);
    let mut moving = changing.filter(|report| !report.learners.is_empty()).count();
    moving += groups.iter().filter(|group| group.is_copying()).count();
    groups.sort_by_key(Group::urgency);
    let (mut steps, mut denied, mut stalled) = (Vec::new(), false, Vec::new());
    for group in groups {
        let begins = !group.is_copying() && group.wants_to_copy();
        let slot = if begins && moving >= moves_max { Slot::Denied } else { Slot::Granted };
        moving += usize::from(begins && slot == Slot::Granted);
        denied |= slot == Slot::Denied;
        match group.next(slot) {
            Some(step) => steps.push(step),
            None => stalled.extend(group.give_up_copy()),
        }
    }
    // Copies to nodes that went away keep their place only as long as nobody else waits for it.
    if denied && moves_max > 0 {
        steps.append(&mut stalled);
    }
    steps
}

/// Who should vote in META: nodes that serve, and those that vote and are only away or draining.
fn meta_target(meta: &MetaRow, sight: &Sight<'_>, report: &GroupReport) -> Vec<u64> {
    let counted = counted(meta);
    let may_vote = |id, state| match state {
        NodeState::Up => sight.reaches(id) || report.voters.contains(&id),
        NodeState::Draining => report.voters.contains(&id),
        NodeState::Away => counted.contains(&id) && report.voters.contains(&id),
        NodeState::Joining | NodeState::Leaving | NodeState::Gone => false,
    };
    ring::meta_voters(&ring_nodes(meta, may_vote), &report.voters)
}

fn ring_nodes(meta: &MetaRow, which: impl Fn(u64, NodeState) -> bool) -> Vec<RingNode> {
    let nodes = meta.alive().filter(|(id, row)| which(*id, row.state));
    nodes.map(|(id, row)| RingNode { id, weight: row.weight, zone: row.zone.clone() }).collect()
}

/// Whether a node was leaving and holds nothing any more: no group is placed on it or counts it as a
/// member, and it does not vote in META.
fn has_left(sight: &Sight<'_>, node: u64, reports: &BTreeMap<u16, GroupReport>) -> bool {
    let counts = |report: &GroupReport| {
        report.voters.contains(&node) || (report.group != META && report.learners.contains(&node))
    };
    sight.state(node) == NodeState::Leaving
        && reports.contains_key(&META)
        && !reports.values().any(counts)
        && !sight.meta.replicas.values().any(|placed| placed.contains(&node))
}
