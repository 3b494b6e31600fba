//! What a machine sees of the state: rows by table and key, with the writes of this batch on top.

use std::collections::BTreeMap;

use madang_storage::StorageError;
use madang_storage::id::{Cid, RoomId, SessionId, UserId};
use madang_storage::row::Row;

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
