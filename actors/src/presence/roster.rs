//! Who has a connection to this node, written down by the connections themselves, and who has one to which
//! other node, as those say.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use madang_storage::id::{SessionId, UserId};
use parking_lot::Mutex;

use crate::encoder::Online;

/// Parts with a lock of their own, so that threads rarely meet.
const PARTS: usize = 16;

/// Who has a connection. Bounded by the number of connections of all nodes. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Roster(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    hasher: RandomState,
    parts: [Mutex<HashMap<UserId, Seat>>; PARTS],
    connections: AtomicUsize,
}

#[derive(Debug, Default)]
struct Seat {
    /// How many connections each session has.
    sessions: Vec<(SessionId, usize)>,
    /// Other nodes to which the user has connections.
    nodes: Vec<u64>,
    /// What was announced last.
    announced: Online,
}

impl Roster {
    /// Nobody is here.
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// A session has one more connection. Returns whether it is the user's first on this node.
    pub(crate) fn enter(&self, user: &UserId, session: SessionId) -> bool {
        let mut part = self.part(user).lock();
        let seat = part.entry(user.clone()).or_default();
        let first = seat.sessions.is_empty();
        match seat.sessions.iter_mut().find(|(id, _)| *id == session) {
            Some((_, connections)) => *connections += 1,
            None => seat.sessions.push((session, 1)),
        }
        self.0.connections.fetch_add(1, Ordering::Relaxed);
        first
    }

    /// A session has one connection less. Returns whether it was the user's last on this node.
    pub(crate) fn leave(&self, user: &UserId, session: SessionId) -> bool {
        let mut part = self.part(user).lock();
        let Some(seat) = part.get_mut(user) else { return false };
        if let Some((_, connections)) = seat.sessions.iter_mut().find(|(id, _)| *id == session) {
            *connections -= 1;
            self.0.connections.fetch_sub(1, Ordering::Relaxed);
        }
        seat.sessions.retain(|(_, connections)| *connections > 0);
        let last = seat.sessions.is_empty();
        if seat.is_empty() {
            part.remove(user);
        }
        last
    }

    /// The user has connections to another node. Repeats do nothing.
    pub(crate) fn enter_elsewhere(&self, user: &UserId, node: u64) {
        let mut part = self.part(user).lock();
        let seat = part.entry(user.clone()).or_default();
        if !seat.nodes.contains(&node) {
            seat.nodes.push(node);
        }
    }

    /// The user has no connections to another node any more. Repeats do nothing.
    pub(crate) fn leave_elsewhere(&self, user: &UserId, node: u64) {
        let mut part = self.part(user).lock();
        let Some(seat) = part.get_mut(user) else { return };
        seat.nodes.retain(|id| *id != node);
        if seat.is_empty() {
            part.remove(user);
        }
    }

    /// Exactly these users have connections to another node. Returns those for whom that is new.
    pub(crate) fn set_elsewhere(&self, node: u64, mut users: HashSet<UserId>) -> Vec<UserId> {
        let mut changed = Vec::new();
        for part in &self.0.parts {
            for (user, _) in part.lock().iter().filter(|(_, seat)| seat.nodes.contains(&node)) {
                // Those that stay are no news.
                if !users.remove(user) {
                    changed.push(user.clone());
                }
            }
        }
        changed.iter().for_each(|user| self.leave_elsewhere(user, node));
        users.iter().for_each(|user| self.enter_elsewhere(user, node));
        changed.extend(users);
        changed
    }

    /// Writes down what the user's rooms are being told.
    pub(crate) fn announced(&self, user: &UserId, online: Online) {
        let mut part = self.part(user).lock();
        let seat = part.entry(user.clone()).or_default();
        seat.announced = online;
        if seat.is_empty() {
            part.remove(user);
        }
    }

    /// What the user's rooms were told last.
    pub(crate) fn last_announced(&self, user: &UserId) -> Online {
        self.part(user).lock().get(user).map_or(Online::No, |seat| seat.announced)
    }

    /// Whether the user has a connection to any node.
    pub(crate) fn is_anywhere(&self, user: &UserId) -> bool {
        let part = self.part(user).lock();
        part.get(user).is_some_and(|seat| !seat.sessions.is_empty() || !seat.nodes.is_empty())
    }

    /// Whether the user has a connection to another node.
    #[cfg(test)]
    pub(crate) fn is_elsewhere(&self, user: &UserId) -> bool {
        self.part(user).lock().get(user).is_some_and(|seat| !seat.nodes.is_empty())
    }

    /// Whether the user has a connection to this node.
    pub(crate) fn is_here(&self, user: &UserId) -> bool {
        self.part(user).lock().get(user).is_some_and(|seat| !seat.sessions.is_empty())
    }

    /// Whether the user has a connection to any node, or had one a moment ago.
    pub(crate) fn is_online(&self, user: &UserId) -> bool {
        self.part(user).lock().contains_key(user)
    }

    /// How many connections to this node there are.
    pub(crate) fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// How many users have one.
    pub(crate) fn users(&self) -> usize {
        self.0
            .parts
            .iter()
            .map(|part| part.lock().values().filter(|seat| !seat.sessions.is_empty()).count())
            .sum()
    }

    /// Whether anybody with a connection to this node is one that `which` picks.
    pub(crate) fn has(&self, which: impl Fn(&UserId) -> bool) -> bool {
        let picks = |part: &Mutex<HashMap<UserId, Seat>>| {
            part.lock().iter().any(|(user, seat)| !seat.sessions.is_empty() && which(user))
        };
        self.0.parts.iter().any(picks)
    }

    /// Users with connections to this node and their sessions; those that `which` picks.
    pub(crate) fn people(&self, which: impl Fn(&UserId) -> bool) -> Vec<(UserId, Vec<SessionId>)> {
        let mut people = Vec::new();
        for part in &self.0.parts {
            let part = part.lock();
            let here = part.iter().filter(|(user, seat)| !seat.sessions.is_empty() && which(user));
            for (user, seat) in here {
                people.push((user.clone(), seat.sessions.iter().map(|(session, _)| *session).collect()));
            }
        }
        people
    }

    /// Everybody who is known, also those just gone.
    pub(crate) fn everybody(&self) -> Vec<UserId> {
        self.0.parts.iter().flat_map(|part| part.lock().keys().cloned().collect::<Vec<_>>()).collect()
    }

    fn part(&self, user: &UserId) -> &Mutex<HashMap<UserId, Seat>> {
        let [first, ..] = &self.0.parts;
        let hash = usize::try_from(self.0.hasher.hash_one(user) % PARTS as u64).unwrap_or_default();
        self.0.parts.get(hash).unwrap_or(first)
    }
}

impl Seat {
    fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.nodes.is_empty() && self.announced == Online::No
    }
}
