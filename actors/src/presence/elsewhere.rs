//! What other nodes say about who is there, and how long their word holds when they cannot be reached.
//!
//! The word of a node is one lease: while it can be reached it holds; after that for the grace period, so
//! that users who move from a node that was killed to another one are not missed; then all are gone.

use std::collections::{HashMap, HashSet};

use madang_storage::id::UserId;

use super::wire::News;

/// To be carried out by the exchange.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Exactly these have a connection to the node.
    Set(u64, HashSet<UserId>),
    /// These came and went there.
    Change {
        /// Where.
        node: u64,
        /// Who came.
        came: Vec<UserId>,
        /// Who went.
        went: Vec<UserId>,
    },
    /// Say [`Elsewhere::lease_over`] with these after the grace period.
    Wait {
        /// Which node.
        node: u64,
        /// Which lease.
        lease: u64,
    },
    /// Nobody has a connection to the node, and has not had one for the grace period.
    Drop(u64),
}

/// The other nodes.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    nodes: HashMap<u64, Node>,
    leases: u64,
}

#[derive(Debug, Default)]
struct Node {
    /// A list that has begun and not ended.
    list: Option<HashSet<UserId>>,
    /// The lease that runs out, while the node cannot be reached.
    ends: Option<u64>,
}

impl Elsewhere {
    /// These can be reached now, and no others.
    pub(super) fn linked<'a>(&mut self, nodes: impl Iterator<Item = &'a u64>) -> Vec<Effect> {
        let linked: HashSet<u64> = nodes.copied().collect();
        for node in &linked {
            self.nodes.entry(*node).or_default().ends = None;
        }
        let mut gone: Vec<u64> = self
            .nodes
            .iter()
            .filter(|(id, node)| !linked.contains(id) && node.ends.is_none())
            .map(|(id, _)| *id)
            .collect();
        gone.sort_unstable();
        gone.into_iter().map(|node| self.begin_lease(node)).collect()
    }

    /// A node says something. One that is not linked any more, or not yet, is heard as well.
    pub(super) fn told(&mut self, id: u64, news: News) -> Vec<Effect> {
        let mut effects = Vec::new();
        if !self.nodes.contains_key(&id) {
            effects.push(self.begin_lease(id));
        }
        let node = self.nodes.entry(id).or_default();
        match news {
            News::Begin => node.list = Some(HashSet::new()),
            News::Here(users) => {
                // Without a beginning it is the rest of a list that broke off.
                if let Some(list) = &mut node.list {
                    list.extend(users);
                }
            }
            News::End => effects.extend(node.list.take().map(|list| Effect::Set(id, list))),
            News::Changed { came, went } => effects.push(Effect::Change { node: id, came, went }),
        }
        effects
    }

    /// The grace period of a lease is over.
    pub(super) fn lease_over(&mut self, node: u64, lease: u64) -> Option<Effect> {
        if self.nodes.get(&node)?.ends != Some(lease) {
            return None;
        }
        self.nodes.remove(&node);
        Some(Effect::Drop(node))
    }

    fn begin_lease(&mut self, id: u64) -> Effect {
        self.leases += 1;
        let lease = self.leases;
        let node = self.nodes.entry(id).or_default();
        node.ends = Some(lease);
        // What is left of a list comes no more.
        node.list = None;
        Effect::Wait { node: id, lease }
    }
}
