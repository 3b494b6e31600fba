//! Who has a connection to this node, written down by the connections themselves, and whether somebody looks
//! at what comes over it.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use madang_storage::id::{SessionId, UserId};
use parking_lot::Mutex;

use super::shown::Attention;

/// Parts with a lock of their own, so that threads rarely meet.
const PARTS: usize = 16;

/// Who has a connection. Bounded by the number of connections. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Roster(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    hasher: RandomState,
    parts: [Mutex<HashMap<UserId, Seat>>; PARTS],
    connections: AtomicUsize,
    idle_after_ms: u64,
}

/// One user's sessions, and what is made of them.
#[derive(Debug)]
struct Seat {
    sessions: Vec<Sitting>,
    attention: Attention,
}

#[derive(Debug)]
struct Sitting {
    session: SessionId,
    connections: usize,
    /// What the client says.
    says: Attention,
    /// When it did something last.
    active_ms: u64,
}

/// Whether there is news about a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    Yes,
    No,
    /// The session is not here.
    Unknown,
}

impl Roster {
    /// Nobody is here. A session that does nothing for so long is taken for one that nobody looks at.
    pub(crate) fn new(idle_after_ms: u64) -> Self {
        Self(Arc::new(Inner {
            hasher: RandomState::new(),
            parts: std::array::from_fn(|_| Mutex::default()),
            connections: AtomicUsize::new(0),
            idle_after_ms,
        }))
    }

    /// A session has one more connection.
    pub(crate) fn enter(&self, user: &UserId, session: SessionId, now_ms: u64) -> Changed {
        self.0.connections.fetch_add(1, Ordering::Relaxed);
        let mut part = self.part(user).lock();
        let first = !part.contains_key(user);
        let seat = part.entry(user.clone()).or_insert_with(Seat::empty);
        match seat.sessions.iter_mut().find(|sitting| sitting.session == session) {
            Some(sitting) => {
                sitting.connections += 1;
                (sitting.says, sitting.active_ms) = (Attention::Active, now_ms);
            }
            None => {
                let says = Attention::Active;
                seat.sessions.push(Sitting { session, connections: 1, says, active_ms: now_ms });
            }
        }
        let changed = seat.settle(now_ms, self.0.idle_after_ms);
        if first { Changed::Yes } else { changed }
    }

    /// A session has one connection less.
    pub(crate) fn leave(&self, user: &UserId, session: SessionId, now_ms: u64) -> Changed {
        let mut part = self.part(user).lock();
        let Some(seat) = part.get_mut(user) else { return Changed::Unknown };
        if let Some(sitting) = seat.sessions.iter_mut().find(|sitting| sitting.session == session) {
            sitting.connections -= 1;
            self.0.connections.fetch_sub(1, Ordering::Relaxed);
        }
        seat.sessions.retain(|sitting| sitting.connections > 0);
        if seat.sessions.is_empty() {
            part.remove(user);
            return Changed::Yes;
        }
        seat.settle(now_ms, self.0.idle_after_ms)
    }

    /// A session says whether somebody looks.
    pub(crate) fn attend(&self, user: &UserId, session: SessionId, says: Attention, now_ms: u64) -> Changed {
        self.with_sitting(user, session, now_ms, |sitting| {
            (sitting.says, sitting.active_ms) = (says, now_ms);
        })
    }

    /// A session does something.
    pub(crate) fn active(&self, user: &UserId, session: SessionId, now_ms: u64) -> Changed {
        self.with_sitting(user, session, now_ms, |sitting| sitting.active_ms = now_ms)
    }

    /// Time has passed: those of whom nothing was heard for too long. Returns for whom that is news.
    pub(crate) fn sweep(&self, now_ms: u64) -> Vec<UserId> {
        let mut changed = Vec::new();
        for part in &self.0.parts {
            for (user, seat) in part.lock().iter_mut() {
                if seat.settle(now_ms, self.0.idle_after_ms) == Changed::Yes {
                    changed.push(user.clone());
                }
            }
        }
        changed
    }

    /// Whether somebody looks, on any of the user's sessions here; `None`: there are none.
    pub(crate) fn attention(&self, user: &UserId) -> Option<Attention> {
        self.part(user).lock().get(user).map(|seat| seat.attention)
    }

    /// Whether the user has a connection to this node.
    pub(crate) fn is_here(&self, user: &UserId) -> bool {
        self.part(user).lock().contains_key(user)
    }

    /// The user's sessions that have a connection to this node.
    pub(crate) fn sessions_of(&self, user: &UserId) -> Vec<SessionId> {
        let part = self.part(user).lock();
        part.get(user)
            .map_or_else(Vec::new, |seat| seat.sessions.iter().map(|sitting| sitting.session).collect())
    }

    /// How many connections to this node there are.
    pub(crate) fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// How many users have one.
    pub(crate) fn users(&self) -> usize {
        self.0.parts.iter().map(|part| part.lock().len()).sum()
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
            for (user, seat) in part.iter().filter(|(user, _)| which(user)) {
                people.push((user.clone(), seat.sessions.iter().map(|sitting| sitting.session).collect()));
            }
        }
        people
    }

    fn with_sitting(
        &self,
        user: &UserId,
        session: SessionId,
        now_ms: u64,
        act: impl FnOnce(&mut Sitting),
    ) -> Changed {
        let mut part = self.part(user).lock();
        let Some(seat) = part.get_mut(user) else { return Changed::Unknown };
        let Some(sitting) = seat.sessions.iter_mut().find(|sitting| sitting.session == session) else {
            return Changed::Unknown;
        };
        act(sitting);
        seat.settle(now_ms, self.0.idle_after_ms)
    }

    fn part(&self, user: &UserId) -> &Mutex<HashMap<UserId, Seat>> {
        let [first, ..] = &self.0.parts;
        let hash = usize::try_from(self.0.hasher.hash_one(user) % PARTS as u64).unwrap_or_default();
        self.0.parts.get(hash).unwrap_or(first)
    }
}

impl Seat {
    fn empty() -> Self {
        // As a rule a user has one; a vector that grows by itself begins with four.
        Self { sessions: Vec::with_capacity(1), attention: Attention::Away }
    }

    /// Makes one of all sessions.
    fn settle(&mut self, now_ms: u64, idle_after_ms: u64) -> Changed {
        let attention = |sitting: &Sitting| match sitting.says {
            Attention::Active if now_ms.saturating_sub(sitting.active_ms) < idle_after_ms => {
                Attention::Active
            }
            _ => Attention::Away,
        };
        let now = self.sessions.iter().map(attention).max().unwrap_or(Attention::Away);
        if std::mem::replace(&mut self.attention, now) == now { Changed::No } else { Changed::Yes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::user;

    const PHONE: SessionId = SessionId([1; 16]);
    const LAPTOP: SessionId = SessionId([2; 16]);

    #[test]
    fn a_user_is_as_active_as_the_most_active_device() {
        let (roster, jun) = (Roster::new(100), user("jun"));
        assert_eq!(roster.attention(&jun), None);
        assert_eq!(roster.enter(&jun, PHONE, 0), Changed::Yes);
        assert_eq!(roster.enter(&jun, LAPTOP, 0), Changed::No);
        assert_eq!(roster.attend(&jun, PHONE, Attention::Away, 1), Changed::No);
        assert_eq!(roster.leave(&jun, LAPTOP, 2), Changed::Yes, "the phone is in a pocket");
        assert_eq!(roster.attention(&jun), Some(Attention::Away));
        assert_eq!(roster.attend(&jun, PHONE, Attention::Active, 3), Changed::Yes);
        assert_eq!(roster.leave(&jun, PHONE, 4), Changed::Yes);
        assert_eq!(roster.attention(&jun), None);
        assert_eq!(roster.attend(&jun, PHONE, Attention::Active, 5), Changed::Unknown);
    }

    #[test]
    fn who_does_nothing_is_away_after_a_while_and_back_with_the_first_thing_done() {
        let (roster, jun) = (Roster::new(100), user("jun"));
        roster.enter(&jun, PHONE, 0);
        assert_eq!(roster.sweep(99), []);
        assert_eq!(roster.active(&jun, PHONE, 99), Changed::No);
        assert_eq!(roster.sweep(198), []);
        assert_eq!(roster.sweep(199), std::slice::from_ref(&jun));
        assert_eq!(roster.sweep(300), []);
        assert_eq!(roster.active(&jun, PHONE, 300), Changed::Yes);
        assert_eq!(roster.attention(&jun), Some(Attention::Active));
    }

    #[test]
    fn connections_of_one_session_count_until_the_last_is_gone() {
        let (roster, jun) = (Roster::new(100), user("jun"));
        roster.enter(&jun, PHONE, 0);
        roster.enter(&jun, PHONE, 0);
        assert_eq!((roster.connections(), roster.users()), (2, 1));
        assert_eq!(roster.leave(&jun, PHONE, 0), Changed::No);
        assert!(roster.is_here(&jun));
        assert_eq!(roster.leave(&jun, PHONE, 0), Changed::Yes);
        assert_eq!((roster.connections(), roster.users()), (0, 0));
    }
}
