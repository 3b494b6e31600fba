//! This thread's sessions, by key, by user and by session id.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use madang_storage::id::{SessionId, UserId};
use slab::Slab;

use super::giving::{Owed, Resuming};
use crate::outbound::{Outbound, Stamp};

/// Names one registered connection on one thread. Never names another one later, so a late message with
/// an old key does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey {
    pub(super) index: u32,
    serial: u32,
}

pub(super) struct Session {
    pub(super) outbound: Outbound,
    pub(super) user: UserId,
    pub(super) session: SessionId,
    /// Indices of the rooms it is in.
    pub(super) rooms: Vec<u32>,
    /// What was last heard from it when it was last pinged.
    pub(super) pinged_since: Option<Stamp>,
    /// What it was given that its cursor does not cover.
    pub(super) owed: Option<Owed>,
    /// While it resumes, and a little longer.
    pub(super) resuming: Option<Box<Resuming>>,
    serial: u32,
}

#[derive(Default)]
pub(super) struct Sessions {
    slots: Slab<Session>,
    /// Indices of the sessions by their users. Nothing but the index, so that it costs little when the table
    /// doubles.
    by_user: HashTable<u32>,
    hasher: RandomState,
    serial: u32,
}

impl Sessions {
    /// None when 2^32 sessions are here already.
    pub(super) fn insert(
        &mut self,
        outbound: Outbound,
        user: UserId,
        session: SessionId,
    ) -> Option<SessionKey> {
        let index = u32::try_from(self.slots.vacant_key()).ok()?;
        self.serial = self.serial.wrapping_add(1);
        let key = SessionKey { index, serial: self.serial };
        let hash = self.hasher.hash_one(&user);
        self.slots.insert(Session {
            outbound,
            user,
            session,
            rooms: Vec::new(),
            pinged_since: None,
            owed: None,
            resuming: None,
            serial: key.serial,
        });
        let (slots, hasher) = (&self.slots, &self.hasher);
        let hash_at = |index: &u32| slots.get(*index as usize).map_or(0, |held| hasher.hash_one(&held.user));
        self.by_user.insert_unique(hash, index, hash_at);
        Some(key)
    }

    pub(super) fn remove(&mut self, key: SessionKey) -> Option<Session> {
        self.by_key(key)?;
        let session = self.slots.try_remove(key.index as usize)?;
        let hash = self.hasher.hash_one(&session.user);
        if let Ok(entry) = self.by_user.find_entry(hash, |index| *index == key.index) {
            entry.remove();
        }
        Some(session)
    }

    pub(super) fn by_key(&mut self, key: SessionKey) -> Option<&mut Session> {
        self.slots.get_mut(key.index as usize).filter(|session| session.serial == key.serial)
    }

    pub(super) fn by_index(&mut self, index: u32) -> Option<&mut Session> {
        self.slots.get_mut(index as usize)
    }

    /// The key of the session that has this index now.
    pub(super) fn key_of(&self, index: u32) -> Option<SessionKey> {
        self.slots.get(index as usize).map(|session| SessionKey { index, serial: session.serial })
    }

    /// Whose session has this index now.
    pub(super) fn user_of(&self, index: u32) -> Option<&UserId> {
        self.slots.get(index as usize).map(|session| &session.user)
    }

    /// Indices of a user's sessions.
    pub(super) fn of_user(&self, user: &UserId) -> impl Iterator<Item = u32> {
        let hash = self.hasher.hash_one(user);
        self.by_user.iter_hash(hash).copied().filter(|index| self.user_of(*index) == Some(user))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.slots.iter().map(|(_, session)| session)
    }

    /// One past the highest index in use, or more.
    pub(super) fn end(&self) -> u32 {
        u32::try_from(self.slots.capacity()).unwrap_or(u32::MAX)
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }
}
