//! One shard's home: which nodes say that they have connections of the shard's users, and how long their
//! word holds when they cannot be reached.
//!
//! The word of a node is one lease: while it can be reached it holds; after that for the grace period, so
//! that users who move from a node that was killed to another one are not missed; then all of it is void.
//!
//! A home that has just begun takes the word of the one before it, as this node has heard it, for one
//! more such node that cannot be reached: nobody goes offline because a home moves. What other nodes have
//! heard of it counts as well, since this one may have been started a moment ago. Its lease lasts the grace
//! period, and until every node that can be reached has told all that it has.

use std::collections::{BTreeMap, BTreeSet};

use madang_storage::id::UserId;

use super::machine::Seen;
use super::shown::Attention;

/// Who says that a user is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Source {
    /// The home before this one.
    Before,
    /// This node.
    Here,
    /// Another.
    Node(u64),
}

/// A node's word on one user; `None`: no connection.
pub(super) type Word = (UserId, Option<Attention>);

/// Say [`Home::lease_over`] with this after the grace period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    /// Whose word.
    pub(super) source: Source,
    /// Which home's.
    pub(super) epoch: u64,
    /// Tells this lease from earlier ones.
    pub(super) number: u64,
}

/// What becomes of a lease whose time is up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was cancelled.
    Not,
    /// Not yet: ask again in a moment.
    NotYet,
    /// These may have nobody left who says that they are there.
    Void(Vec<UserId>),
}

/// One shard's home.
#[derive(Debug)]
pub(super) struct Home {
    epoch: u64,
    nodes: BTreeMap<Source, Node>,
    seats: BTreeMap<UserId, Vec<Sighting>>,
    leases: u64,
}

#[derive(Debug, Default)]
struct Node {
    /// Tells the sightings of its newest list from older ones.
    mark: u32,
    listed: Listed,
    /// The lease that runs out, while it cannot be reached.
    ends: Option<u64>,
}

/// Whether a node has told all it has, once at least.
#[derive(Debug, Default, PartialEq, Eq)]
enum Listed {
    #[default]
    No,
    Yes,
}

#[derive(Debug)]
struct Sighting {
    source: Source,
    attention: Attention,
    mark: u32,
}

impl Home {
    /// A home that begins, with what the one before it said, and the lease of that.
    pub(super) fn begin(epoch: u64, before: Vec<(UserId, Attention)>) -> (Self, Lease) {
        let mut home = Self { epoch, nodes: BTreeMap::new(), seats: BTreeMap::new(), leases: 0 };
        home.nodes.insert(Source::Here, Node::default());
        let lease = home.begin_lease(Source::Before);
        for (user, attention) in before {
            home.see(Source::Before, &user, Some(attention));
        }
        (home, lease)
    }

    /// Another node says who was there by the home before: this one may have begun before it heard of it,
    /// as right after a start. Returns those for whom it is new.
    pub(super) fn remembers(&mut self, users: Vec<(UserId, Attention)>) -> Vec<UserId> {
        if self.is_settled() {
            return Vec::new();
        }
        let unseen = |(user, _): &(UserId, Attention)| !self.seats.contains_key(user);
        let unseen: Vec<Word> =
            users.into_iter().filter(unseen).map(|(user, attention)| (user, Some(attention))).collect();
        self.told(Source::Before, unseen)
    }

    /// Tells this home from all others of the shard.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// These other nodes can be reached now, and no others.
    pub(super) fn linked(&mut self, linked: &BTreeSet<u64>) -> Vec<Lease> {
        for node in linked {
            self.nodes.entry(Source::Node(*node)).or_default().ends = None;
        }
        let cut_off = |(source, node): (&Source, &Node)| match source {
            Source::Node(id) if !linked.contains(id) && node.ends.is_none() => Some(*source),
            _ => None,
        };
        let gone: Vec<Source> = self.nodes.iter().filter_map(cut_off).collect();
        gone.into_iter().map(|source| self.begin_lease(source)).collect()
    }

    /// A node says something. One that is not linked any more, or not yet, is heard as well, on a lease.
    pub(super) fn hears(&mut self, source: Source) -> Option<Lease> {
        (!self.nodes.contains_key(&source)).then(|| self.begin_lease(source))
    }

    /// What follows is a list of all that the node has.
    pub(super) fn list_begins(&mut self, source: Source) {
        let node = self.nodes.entry(source).or_default();
        node.mark = node.mark.wrapping_add(1);
    }

    /// A part of a list, or changes since. Returns those for whom it is new.
    pub(super) fn told(&mut self, source: Source, words: Vec<Word>) -> Vec<UserId> {
        let mut changed = Vec::new();
        for (user, attention) in words {
            let before = self.seen(&user);
            self.see(source, &user, attention);
            if self.seen(&user) != before {
                changed.push(user);
            }
        }
        changed
    }

    /// That was all: whom the node has not named since the beginning it has not. Returns those for whom
    /// that is new.
    pub(super) fn list_ends(&mut self, source: Source) -> Vec<UserId> {
        let node = self.nodes.entry(source).or_default();
        node.listed = Listed::Yes;
        let mark = node.mark;
        self.forget(|sighting| sighting.source == source && sighting.mark != mark)
    }

    /// A lease has had its time.
    pub(super) fn lease_over(&mut self, lease: Lease) -> Ended {
        let runs = self.nodes.get(&lease.source).and_then(|node| node.ends) == Some(lease.number);
        if lease.epoch != self.epoch || !runs {
            return Ended::Not;
        }
        if lease.source == Source::Before && !self.has_all_lists() {
            return Ended::NotYet;
        }
        self.nodes.remove(&lease.source);
        Ended::Void(self.forget(|sighting| sighting.source == lease.source))
    }

    /// What is seen of a user.
    pub(super) fn seen(&self, user: &UserId) -> Seen {
        let attention = self.seats.get(user).into_iter().flatten().map(|sighting| sighting.attention).max();
        attention.map_or(Seen::Nowhere, Seen::Here)
    }

    /// Whether every node that can be reached has told all it has, once at least.
    pub(super) fn has_all_lists(&self) -> bool {
        self.nodes.values().all(|node| node.ends.is_some() || node.listed == Listed::Yes)
    }

    /// Whether it knows who is here and who is not: no word of the home before counts any more.
    pub(super) fn is_settled(&self) -> bool {
        !self.nodes.contains_key(&Source::Before)
    }

    /// Everybody of whom anybody says anything.
    pub(super) fn users(&self) -> impl Iterator<Item = &UserId> {
        self.seats.keys()
    }

    fn see(&mut self, source: Source, user: &UserId, attention: Option<Attention>) {
        let mark = self.nodes.get(&source).map_or(0, |node| node.mark);
        let Some(attention) = attention else {
            if let Some(seat) = self.seats.get_mut(user) {
                seat.retain(|sighting| sighting.source != source);
                if seat.is_empty() {
                    self.seats.remove(user);
                }
            }
            return;
        };
        // As a rule one node sees a user; a vector that grows by itself begins with four.
        let seat = self.seats.entry(user.clone()).or_insert_with(|| Vec::with_capacity(1));
        match seat.iter_mut().find(|sighting| sighting.source == source) {
            Some(sighting) => (sighting.attention, sighting.mark) = (attention, mark),
            None => seat.push(Sighting { source, attention, mark }),
        }
    }

    /// Takes sightings back. Returns those whose users may be seen otherwise now.
    fn forget(&mut self, which: impl Fn(&Sighting) -> bool) -> Vec<UserId> {
        let mut changed = Vec::new();
        self.seats.retain(|user, seat| {
            let before = seat.len();
            seat.retain(|sighting| !which(sighting));
            if seat.len() != before {
                changed.push(user.clone());
            }
            !seat.is_empty()
        });
        changed
    }

    fn begin_lease(&mut self, source: Source) -> Lease {
        self.leases += 1;
        let number = self.leases;
        self.nodes.entry(source).or_default().ends = Some(number);
        Lease { source, epoch: self.epoch, number }
    }
}
