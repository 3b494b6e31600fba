//! Shards choose nodes within bounds: the nearest pairs first; then, where a shard is short, others give way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::points::Wish;

/// What an assignment must keep to.
pub(super) struct Bounds<'b> {
    /// How many nodes each shard needs.
    pub(super) replicas: usize,
    /// How many shards each node takes.
    pub(super) at_most: BTreeMap<u64, usize>,
    /// Each node's zone.
    pub(super) zones: &'b BTreeMap<u64, &'b str>,
    /// How many nodes of a zone one shard may have.
    pub(super) zone_max: usize,
}

/// Group → its nodes.
pub(super) type Held = BTreeMap<u16, BTreeSet<u64>>;

/// Assigns nodes to all groups that wish for any.
pub(super) fn assign(mut wishes: Vec<Wish>, bounds: &Bounds<'_>) -> Held {
    wishes.sort_unstable();
    let mut choice = Choice { bounds, wishes: BTreeMap::new(), held: Held::new(), load: BTreeMap::new() };
    for &(_, group, node) in &wishes {
        choice.wishes.entry(group).or_default().push(node);
        choice.held.entry(group).or_default();
    }
    for &(_, group, node) in &wishes {
        choice.take(group, node);
    }
    let short: Vec<u16> = choice.held.keys().copied().collect();
    for group in short {
        while choice.is_short(group) && choice.make_room(group) {}
    }
    choice.held
}

struct Choice<'b> {
    bounds: &'b Bounds<'b>,
    /// Each group's nodes, nearest first.
    wishes: BTreeMap<u16, Vec<u64>>,
    held: Held,
    load: BTreeMap<u64, usize>,
}

/// How the search for room came to a node: which group would move there, and from where (`None`: the group
/// that is short gets its first step).
type Steps = BTreeMap<u64, (u16, Option<u64>)>;

impl Choice<'_> {
    fn is_short(&self, group: u16) -> bool {
        self.held.get(&group).is_some_and(|held| held.len() < self.bounds.replicas)
    }

    fn has_room(&self, node: u64) -> bool {
        self.load.get(&node).copied().unwrap_or(0) < self.bounds.at_most.get(&node).copied().unwrap_or(0)
    }

    /// Takes a node if the group needs one and every bound allows it.
    fn take(&mut self, group: u16, node: u64) {
        if self.is_short(group) && self.has_room(node) && self.fits(group, node, None) {
            self.held.entry(group).or_default().insert(node);
            *self.load.entry(node).or_default() += 1;
        }
    }

    /// Whether a group may hold a node too, after it has given up another.
    fn fits(&self, group: u16, node: u64, given_up: Option<u64>) -> bool {
        let Some(held) = self.held.get(&group) else { return false };
        let zone = self.bounds.zones.get(&node);
        let in_zone = |other: &&u64| Some(**other) != given_up && self.bounds.zones.get(other) == zone;
        !held.contains(&node) && held.iter().filter(in_zone).count() < self.bounds.zone_max
    }

    /// Gives a group one node more by the shortest chain of others that give way: a breadth-first search for
    /// an augmenting path. Answers whether there was one.
    fn make_room(&mut self, group: u16) -> bool {
        let mut steps = Steps::new();
        let mut queue = VecDeque::new();
        self.reach(group, None, &mut steps, &mut queue);
        while let Some(node) = queue.pop_front() {
            if self.has_room(node) {
                self.shift(node, &steps);
                return true;
            }
            let holders = self.held.iter().filter(|(_, held)| held.contains(&node));
            for group in holders.map(|(group, _)| *group) {
                self.reach(group, Some(node), &mut steps, &mut queue);
            }
        }
        false
    }

    /// Notes all nodes that a group could take, in place of one it has.
    fn reach(&self, group: u16, given_up: Option<u64>, steps: &mut Steps, queue: &mut VecDeque<u64>) {
        for &node in self.wishes.get(&group).into_iter().flatten() {
            if !steps.contains_key(&node) && self.fits(group, node, given_up) {
                steps.insert(node, (group, given_up));
                queue.push_back(node);
            }
        }
    }

    /// Carries out a chain from its end, a node with room, back to the group that was short.
    fn shift(&mut self, end: u64, steps: &Steps) {
        *self.load.entry(end).or_default() += 1;
        let mut node = Some(end);
        while let Some(taken) = node {
            let Some(&(group, given_up)) = steps.get(&taken) else { return };
            let held = self.held.entry(group).or_default();
            held.insert(taken);
            if let Some(given_up) = given_up {
                held.remove(&given_up);
            }
            node = given_up;
        }
    }
}
