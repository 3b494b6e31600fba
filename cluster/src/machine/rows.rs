//! What a machine sees of the state: rows by table and key, with the writes of this batch on top.

mod message;

use std::collections::BTreeMap;

use madang_storage::StorageError;
use madang_storage::id::{Cid, LinkId, ReportId, RoomId, SessionId, UserId};
use madang_storage::row::{ReportState, Row};

pub use message::{
    mention_at_key, mention_key, my_reactions_key, overlay_key, reaction_key, reactions_prefix, thread_key,
    thread_prefix, version_key, versions_prefix,
};

use crate::breach::Breach;

/// Where a machine's reads end up when the batch has not written the row itself.
pub trait Base: Sync {
    /// The stored value, if any. `key` is the part after table.
    fn get(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;
}

/// Table and key of a row within its group.
pub type RowKey = (u8, Vec<u8>);

/// The rows a batch of commands reads and writes. A `None` value is a deletion. Ordered, so that the
/// written batch has the same bytes on every replica.
pub struct Rows<'a> {
    base: &'a dyn Base,
    writes: BTreeMap<RowKey, Option<Vec<u8>>>,
    bytes: usize,
    breach: Breach,
}

impl<'a> Rows<'a> {
    /// An empty batch on top of `base`.
    pub fn new(base: &'a dyn Base) -> Self {
        Self { base, writes: BTreeMap::new(), bytes: 0, breach: Breach::None }
    }

    /// For machines that break a promise.
    #[must_use]
    pub fn with(self, breach: Breach) -> Self {
        Self { breach, ..self }
    }

    /// Which promise the machine is to break.
    pub(super) fn breach(&self) -> Breach {
        self.breach
    }

    /// Reads a row. Errors: the disk, or a row that cannot be read.
    pub fn load<R: Row>(&self, table: u8, key: &[u8]) -> Result<Option<R>, StorageError> {
        // A BTreeMap keyed by owned tuples wants an owned key to look up; keys are short.
        match self.writes.get(&(table, key.to_vec())) {
            Some(Some(bytes)) => R::decode(bytes).map(Some),
            Some(None) => Ok(None),
            None => self.base.get(table, key)?.map(|bytes| R::decode(&bytes)).transpose(),
        }
    }

    /// Whether there is a row.
    pub fn has(&self, table: u8, key: &[u8]) -> Result<bool, StorageError> {
        match self.writes.get(&(table, key.to_vec())) {
            Some(value) => Ok(value.is_some()),
            None => Ok(self.base.get(table, key)?.is_some()),
        }
    }

    /// Writes a row.
    pub fn save<R: Row>(&mut self, table: u8, key: Vec<u8>, row: &R) -> Result<(), StorageError> {
        let bytes = row.encode()?;
        self.bytes += key.len() + bytes.len();
        self.writes.insert((table, key), Some(bytes));
        Ok(())
    }

    /// Writes a row whose existence is all it says.
    pub fn mark(&mut self, table: u8, key: Vec<u8>) {
        self.bytes += key.len();
        self.writes.insert((table, key), Some(Vec::new()));
    }

    /// Removes a row.
    pub fn remove(&mut self, table: u8, key: Vec<u8>) {
        self.bytes += key.len();
        self.writes.insert((table, key), None);
    }

    /// How many bytes wait to be written.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The writes of the batch, by table and key.
    pub fn into_writes(self) -> BTreeMap<RowKey, Option<Vec<u8>>> {
        self.writes
    }
}

/// Key of a room's rows that exist once.
pub fn room_key(room: &RoomId) -> Vec<u8> {
    room.0.to_vec()
}

/// Key of one user's row in a room.
pub fn member_key(room: &RoomId, user: &UserId) -> Vec<u8> {
    [&room.0, user.as_str().as_bytes()].concat()
}

/// Key of one event of a room.
pub fn event_key(room: &RoomId, seq: u64) -> Vec<u8> {
    [room.0.as_slice(), &seq.to_be_bytes()].concat()
}

/// Key of one send of a user in a room. User ids have no byte 0, so the ids cannot run into each other.
pub fn sent_key(room: &RoomId, user: &UserId, cid: &Cid) -> Vec<u8> {
    [&room.0, user.as_str().as_bytes(), &[0], cid.as_str().as_bytes()].concat()
}

/// What the keys of all who came into a room by one link begin with.
pub fn link_prefix(room: &RoomId, link: &LinkId) -> Vec<u8> {
    [room.0, link.0].concat()
}

/// Key of one user who came in by a link.
pub fn link_use_key(room: &RoomId, link: &LinkId, user: &UserId) -> Vec<u8> {
    [&room.0, &link.0, user.as_str().as_bytes()].concat()
}

/// Key of an open room in the directory. Such titles have no byte 0.
pub fn directory_key(sort_title: &str, room: &RoomId) -> Vec<u8> {
    [sort_title.as_bytes(), &[0], &room.0].concat()
}

/// Key of a user's row that exists once.
pub fn user_key(user: &UserId) -> Vec<u8> {
    user.as_str().as_bytes().to_vec()
}

/// Key of one session of a user.
pub fn session_key(user: &UserId, session: &SessionId) -> Vec<u8> {
    [user.as_str().as_bytes(), &[0], &session.0].concat()
}

/// Key of one room in a user's list.
pub fn user_room_key(user: &UserId, room: &RoomId) -> Vec<u8> {
    [user.as_str().as_bytes(), &[0], &room.0].concat()
}

/// Key of one of the rooms that a user has gone from, by number.
pub fn gone_key(user: &UserId, number: u64) -> Vec<u8> {
    [user.as_str().as_bytes(), &[0], &number.to_be_bytes()].concat()
}

/// Key of one user in another's list of people.
pub fn other_key(user: &UserId, other: &UserId) -> Vec<u8> {
    [user.as_str().as_bytes(), &[0], other.as_str().as_bytes()].concat()
}

/// Key of one text under which a user is found. Such texts have no byte 0.
pub fn name_key(name: &str, user: &UserId) -> Vec<u8> {
    [name.as_bytes(), &[0], user.as_str().as_bytes()].concat()
}

/// Key of a report.
pub fn report_key(report: &ReportId) -> Vec<u8> {
    report.0.to_vec()
}

/// Key of a report's place in the queue: by state, then oldest first.
pub fn queue_key(state: ReportState, at_ms: u64, report: &ReportId) -> Vec<u8> {
    [&[state.number()], at_ms.to_be_bytes().as_slice(), &report.0].concat()
}

/// Key of an entry of the audit log.
pub fn audit_key(at_ms: u64, number: u64) -> Vec<u8> {
    [at_ms.to_be_bytes(), number.to_be_bytes()].concat()
}

/// What all keys of a user's sessions, or rooms, begin with.
pub fn user_prefix(user: &UserId) -> Vec<u8> {
    [user.as_str().as_bytes(), &[0]].concat()
}

/// A base in memory: for tests of the machines without a disk.
#[cfg(test)]
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct MemoryBase(pub(crate) BTreeMap<RowKey, Vec<u8>>);

#[cfg(test)]
impl Base for MemoryBase {
    fn get(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.0.get(&(table, key.to_vec())).cloned())
    }
}

#[cfg(test)]
impl MemoryBase {
    pub(crate) fn write(&mut self, writes: BTreeMap<RowKey, Option<Vec<u8>>>) {
        for (key, value) in writes {
            match value {
                Some(value) => self.0.insert(key, value),
                None => self.0.remove(&key),
            };
        }
    }
}
