//! Reads of the rows that have been applied on this node, without asking anybody.

use std::ops::ControlFlow;
use std::sync::Arc;

use madang_storage::id::{RoomId, SessionId, UserId};
use madang_storage::row::{
    Effect, EventRow, GonesRow, MemberRow, OutboxRow, PairRow, PresenceRow, RoomRow, Row, SessionRow,
    UserRoomRow, UserRow, table,
};
use madang_storage::{Direction, KeyRange, PageLimit, RoomPage, ScanLimit, StorageError, prefix_end};

use crate::error::ClusterError;
use crate::event::RoomEvent;
use crate::machine::rows::{
    Base, event_key, member_key, room_key, session_key, user_key, user_prefix, user_room_key,
};
use crate::machine::shard::{COUNTERS_KEY, Counters};
use crate::raft::GroupState;
use crate::reader::{EventPage, Page, Tail, Tails};

/// Reads one group's rows on this node.
#[derive(Clone)]
pub(crate) struct LocalReader {
    state: Arc<GroupState>,
}

impl LocalReader {
    pub(crate) fn new(state: Arc<GroupState>) -> Self {
        Self { state }
    }

    /// A room's head.
    pub(crate) fn room(&self, room: &RoomId) -> Result<Option<RoomRow>, ClusterError> {
        self.load(table::ROOM, &room_key(room))
    }

    /// The newest seq of each room; 0 for one that does not exist.
    pub(crate) fn heads(&self, rooms: &[RoomId]) -> Result<Vec<(RoomId, u64)>, ClusterError> {
        let rows = self.rooms(rooms)?.into_iter();
        Ok(rooms.iter().zip(rows).map(|(room, row)| (*room, row.map_or(0, |row| row.last_seq))).collect())
    }

    /// The heads of rooms, in their order.
    pub(super) fn rooms(&self, rooms: &[RoomId]) -> Result<Vec<Option<RoomRow>>, ClusterError> {
        let keys: Vec<Vec<u8>> = rooms.iter().map(room_key).collect();
        self.load_all(table::ROOM, &keys)
    }

    /// How far the shard's feed has come, and where these rooms' logs end.
    pub(crate) fn tails(&self, rooms: &[RoomId]) -> Result<Tails, ClusterError> {
        // Read first: the rows below are at least as new.
        let pos = self.own::<Counters>(COUNTERS_KEY)?.map_or(0, |counters| counters.pos);
        if rooms.is_empty() {
            return Ok(Tails { pos, rooms: Vec::new() });
        }
        let heads = self.heads(rooms)?;
        let keys: Vec<Vec<u8>> = heads.iter().map(|(room, seq)| event_key(room, *seq)).collect();
        // A room without events has none under the seq 0 either.
        let newest = self.load_all::<EventRow>(table::ROOM_LOG, &keys)?.into_iter();
        let tail = |((room, seq), event): ((RoomId, u64), Option<EventRow>)| Tail {
            room,
            seq,
            pos: event.map_or(0, |event| event.pos),
        };
        Ok(Tails { pos, rooms: heads.into_iter().zip(newest).map(tail).collect() })
    }

    /// A user's place in a room.
    pub(crate) fn member(&self, room: &RoomId, user: &UserId) -> Result<Option<MemberRow>, ClusterError> {
        self.load(table::MEMBER, &member_key(room, user))
    }

    /// A page of a room's log, bounded by events and by bytes of stored rows (one event always fits).
    pub(crate) fn events(
        &self,
        room: &RoomId,
        page: Page,
        limit: usize,
        bytes_max: usize,
    ) -> Result<EventPage, ClusterError> {
        let (store, home, generation) = (self.state.store(), self.state.home(), self.state.generation());
        let limit = PageLimit { items: limit, bytes: bytes_max };
        let found: RoomPage = match page {
            Page::Newest => store.page_before(home, generation, *room, u64::MAX, limit),
            Page::Before(seq) => store.page_before(home, generation, *room, seq, limit),
            Page::After(seq) => store.page_after(home, generation, *room, seq, limit),
            Page::Around(seq) => store.page_around(home, generation, *room, seq, limit),
        }?;
        let events = found.events.iter().map(|(seq, bytes)| {
            let row = EventRow::decode(bytes)?;
            Ok(RoomEvent::new(*room, *seq, row))
        });
        let mut events = events.collect::<Result<Vec<_>, ClusterError>>()?;
        self.hang(room, &mut events)?;
        Ok(EventPage { events: events.into_iter().map(Arc::new).collect(), more: found.more })
    }

    /// An account.
    pub(crate) fn user(&self, user: &UserId) -> Result<Option<UserRow>, ClusterError> {
        self.load(table::USER, &user_key(user))
    }

    /// One of a user's sessions.
    pub(crate) fn session(
        &self,
        user: &UserId,
        session: &SessionId,
    ) -> Result<Option<SessionRow>, ClusterError> {
        self.load(table::SESSION, &session_key(user, session))
    }

    /// Who of the two people of a direct room blocks the other.
    pub(crate) fn pair(&self, room: &RoomId) -> Result<Option<PairRow>, ClusterError> {
        self.load(table::PAIR, &room_key(room))
    }

    /// What a user shows of being there.
    pub(crate) fn presence(&self, user: &UserId) -> Result<Option<PresenceRow>, ClusterError> {
        self.load(table::PRESENCE, &user_key(user))
    }

    /// All rooms of a user, also those left (tombstones).
    pub(crate) fn user_rooms(&self, user: &UserId) -> Result<Vec<(RoomId, UserRoomRow)>, ClusterError> {
        self.first_user_rooms(user, usize::MAX)
    }

    /// The first so many rooms of a user.
    pub(super) fn first_user_rooms(
        &self,
        user: &UserId,
        limit: usize,
    ) -> Result<Vec<(RoomId, UserRoomRow)>, ClusterError> {
        self.list(table::USER_ROOM, &user_prefix(user), None, limit, |key, bytes| {
            Ok((room_id(key)?, UserRoomRow::decode(bytes)?))
        })
    }

    /// How far back the user's tombstones reach: all those behind this position of the shard's feed are there.
    pub(crate) fn gone_before(&self, user: &UserId) -> Result<u64, ClusterError> {
        let gones: Option<GonesRow> = self.load(table::GONES, &user_key(user))?;
        Ok(gones.map_or(0, |gones| gones.forgotten_pos))
    }

    /// One room in a user's list.
    pub(crate) fn user_room(
        &self,
        user: &UserId,
        room: &RoomId,
    ) -> Result<Option<UserRoomRow>, ClusterError> {
        self.load(table::USER_ROOM, &user_room_key(user, room))
    }

    /// The oldest effects that wait behind an id.
    pub(crate) fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Effect)>, ClusterError> {
        self.list(table::OUTBOX, &[], Some(&after.to_be_bytes()), limit, |key, bytes| {
            let id = key.try_into().map(u64::from_be_bytes).map_err(|_| odd_key(key))?;
            Ok((id, OutboxRow::decode(bytes)?.effect))
        })
    }

    /// A row of the group itself.
    pub(crate) fn own<R: Row>(&self, key: &[u8]) -> Result<Option<R>, ClusterError> {
        self.load(table::SHARD, key)
    }

    /// The group's rows.
    pub(super) fn state(&self) -> &GroupState {
        &self.state
    }

    pub(super) fn load<R: Row>(&self, table: u8, key: &[u8]) -> Result<Option<R>, ClusterError> {
        Ok(self.state.get(table, key)?.map(|bytes| R::decode(&bytes)).transpose()?)
    }

    pub(super) fn load_all<R: Row>(
        &self,
        table: u8,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<R>>, ClusterError> {
        let rows = self.state.multi_get(table, keys)?.into_iter();
        rows.map(|bytes| Ok(bytes.map(|bytes| R::decode(&bytes)).transpose()?)).collect()
    }

    /// Rows of `table` under `prefix`, in the order of the rest of their keys, those behind `after`.
    pub(super) fn list<T>(
        &self,
        table: u8,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
        read: impl Fn(&[u8], &[u8]) -> Result<T, StorageError>,
    ) -> Result<Vec<T>, ClusterError> {
        let whole = self.state.key(table, prefix);
        let from = match after {
            // The smallest key behind one is that key and a zero.
            Some(after) => [whole.as_slice(), after, &[0]].concat(),
            None => whole.clone(),
        };
        let range = KeyRange { from, to: prefix_end(&whole) };
        self.walk(&range, Direction::Ascending, limit, |key, value| {
            read(key.get(whole.len()..).unwrap_or_default(), value)
        })
    }

    /// Rows of a range of whole keys.
    pub(super) fn walk<T>(
        &self,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
        read: impl Fn(&[u8], &[u8]) -> Result<T, StorageError>,
    ) -> Result<Vec<T>, ClusterError> {
        // An end before the beginning is an empty range, which RocksDB would not take.
        if !range.to.is_empty() && range.from >= range.to {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        let mut broken = None;
        let limit = ScanLimit { items: limit, bytes: usize::MAX };
        self.state.store().scan(range, direction, limit, &mut |key, value| match read(key, value) {
            Ok(row) => {
                rows.push(row);
                ControlFlow::Continue(())
            }
            Err(error) => {
                broken = Some(error);
                ControlFlow::Break(())
            }
        })?;
        broken.map_or(Ok(rows), |error| Err(error.into()))
    }
}

fn room_id(key: &[u8]) -> Result<RoomId, StorageError> {
    key.try_into().map(RoomId).map_err(|_| odd_key(key))
}

pub(super) fn text_id<T, E>(key: &[u8], parse: impl Fn(&str) -> Result<T, E>) -> Result<T, StorageError> {
    let text = std::str::from_utf8(key).map_err(|_| odd_key(key))?;
    parse(text).map_err(|_| odd_key(key))
}

pub(super) fn odd_key(key: &[u8]) -> StorageError {
    StorageError::Corrupt { what: format!("a key that no row has: {key:02x?}") }
}
