//! Who has a connection to this node, written down by the connections themselves.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use madang_storage::id::{SessionId, UserId};
use parking_lot::Mutex;

use crate::encoder::Online;

/// Parts with a lock of their own, so that threads rarely meet.
const PARTS: usize = 16;

/// Who has a connection to this node. Bounded by the number of connections. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Roster(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    hasher: RandomState,
    parts: [Mutex<HashMap<UserId, Seat>>; PARTS],
    connections: AtomicUsize,
}

#[derive(Debug)]
struct Seat {
    /// How many connections each session has.
    sessions: Vec<(SessionId, usize)>,
    /// What was announced last.
    announced: Online,
}

impl Roster {
    /// Nobody is here.
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// A session has one more connection.
    pub(crate) fn enter(&self, user: &UserId, session: SessionId) {
        let mut part = self.part(user).lock();
        let seat =
            part.entry(user.clone()).or_insert_with(|| Seat { sessions: Vec::new(), announced: Online::No });
        match seat.sessions.iter_mut().find(|(id, _)| *id == session) {
            Some((_, connections)) => *connections += 1,
            None => seat.sessions.push((session, 1)),
        }
        self.0.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// A session has one connection less.
    pub(crate) fn leave(&self, user: &UserId, session: SessionId) {
        let mut part = self.part(user).lock();
        let Some(seat) = part.get_mut(user) else { return };
        if let Some((_, connections)) = seat.sessions.iter_mut().find(|(id, _)| *id == session) {
            *connections -= 1;
            self.0.connections.fetch_sub(1, Ordering::Relaxed);
        }
        seat.sessions.retain(|(_, connections)| *connections > 0);
        if seat.is_empty() {
            part.remove(user);
        }
    }

    /// Writes down what the user's rooms are being told.
    pub(crate) fn announced(&self, user: &UserId, online: Online) {
        let mut part = self.part(user).lock();
        let seat =
            part.entry(user.clone()).or_insert_with(|| Seat { sessions: Vec::new(), announced: Online::No });
        seat.announced = online;
        if seat.is_empty() {
            part.remove(user);
        }
    }

    /// What the user's rooms were told last.
    pub(crate) fn last_announced(&self, user: &UserId) -> Online {
        self.part(user).lock().get(user).map_or(Online::No, |seat| seat.announced)
    }

    /// Whether the user has a connection.
    pub(crate) fn is_here(&self, user: &UserId) -> bool {
        self.part(user).lock().get(user).is_some_and(|seat| !seat.sessions.is_empty())
    }

    /// Whether the user has a connection, or had one a moment ago.
    pub(crate) fn is_online(&self, user: &UserId) -> bool {
        self.part(user).lock().contains_key(user)
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// How many users are online.
    pub(crate) fn users(&self) -> usize {
        self.0.parts.iter().map(|part| part.lock().len()).sum()
    }

    /// Users with their sessions; those that `which` picks, also those just gone.
    pub(crate) fn people(&self, which: impl Fn(&UserId) -> bool) -> Vec<(UserId, Vec<SessionId>)> {
        let mut people = Vec::new();
        for part in &self.0.parts {
            for (user, seat) in part.lock().iter().filter(|(user, _)| which(user)) {
                people.push((user.clone(), seat.sessions.iter().map(|(session, _)| *session).collect()));
            }
        }
        people
    }

    fn part(&self, user: &UserId) -> &Mutex<HashMap<UserId, Seat>> {
        let [first, ..] = &self.0.parts;
        let hash = usize::try_from(self.0.hasher.hash_one(user) % PARTS as u64).unwrap_or_default();
        self.0.parts.get(hash).unwrap_or(first)
    }
}

impl Seat {
    fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.announced == Online::No
    }
}
