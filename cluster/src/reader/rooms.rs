//! Reads about rooms beyond one head: what happened last in many of them, members and the directory by prefix, bans, links, and what is to be
//! swept away.

use bytes::Bytes;
use madang_storage::StorageError;
use madang_storage::id::{Cid, RoomId, UserId};
use madang_storage::row::{BanRow, Life, LinksRow, MemberRow, Row, SentRow, SweepRow, table};
use serde::{Deserialize, Serialize};

use super::local::{odd_key, text_id};
use super::{Found, LocalReader, Query, Reader};
use crate::error::ClusterError;
use crate::machine::rows::{directory_key, member_key, room_key, sent_key};

/// So many heads or members are read where the question comes in; more of them elsewhere, so that nobody waits.
const ROWS_AT_ONCE: usize = 16;

/// A title as the directory sorts it, and which room has it.
pub type Listed = (String, RoomId);

/// What can be read about rooms. Goes between nodes: numbers stay for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RoomsQuery {
    #[serde(rename = "1")]
    Members { room: RoomId, prefix: String, after: Option<UserId>, limit: usize },
    #[serde(rename = "2")]
    Directory { prefix: String, after: Option<Listed>, limit: usize },
    #[serde(rename = "3")]
    Ban(RoomId, UserId),
    #[serde(rename = "4")]
    Bans { room: RoomId, after: Option<UserId>, limit: usize },
    #[serde(rename = "5")]
    Links(RoomId),
    #[serde(rename = "6")]
    Sent(RoomId, UserId, Cid),
    #[serde(rename = "7")]
    Activity(Vec<RoomId>),
    #[serde(rename = "8")]
    MembersAmong(RoomId, Vec<UserId>),
}

/// What was read: the variant of the query's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RoomsFound {
    #[serde(rename = "1")]
    Members(Vec<(UserId, MemberRow)>),
    #[serde(rename = "2")]
    Directory(Vec<Listed>),
    #[serde(rename = "3")]
    Ban(Option<BanRow>),
    #[serde(rename = "4")]
    Bans(Vec<(UserId, BanRow)>),
    #[serde(rename = "5")]
    Links(LinksRow),
    #[serde(rename = "6")]
    Sent(Option<SentRow>),
    #[serde(rename = "7")]
    Activity(Vec<(RoomId, u64)>),
}

impl RoomsQuery {
    pub(super) fn reads_many_rows(&self) -> bool {
        match self {
            Self::Members { .. } | Self::Directory { .. } | Self::Bans { .. } => true,
            Self::Ban(..) | Self::Links(_) | Self::Sent(..) => false,
            Self::Activity(rooms) => rooms.len() > ROWS_AT_ONCE,
            Self::MembersAmong(_, users) => users.len() > ROWS_AT_ONCE,
        }
    }

    pub(super) fn read(&self, local: &LocalReader) -> Result<RoomsFound, ClusterError> {
        Ok(match self {
            Self::Members { room, prefix, after, limit } => {
                RoomsFound::Members(people(local, table::MEMBER, (room, prefix), after.as_ref(), *limit)?)
            }
            Self::Directory { prefix, after, limit } => {
                RoomsFound::Directory(directory(local, prefix, after.as_ref(), *limit)?)
            }
            Self::Ban(room, user) => RoomsFound::Ban(local.load(table::BAN, &member_key(room, user))?),
            Self::Bans { room, after, limit } => {
                RoomsFound::Bans(people(local, table::BAN, (room, ""), after.as_ref(), *limit)?)
            }
            Self::Sent(room, user, cid) => {
                RoomsFound::Sent(local.load(table::SENT, &sent_key(room, user, cid))?)
            }
            Self::Activity(rooms) => RoomsFound::Activity(activity(local, rooms)?),
            Self::MembersAmong(room, users) => RoomsFound::Members(local.members_among(room, users)?),
            Self::Links(room) => {
                RoomsFound::Links(local.load(table::LINKS, &room_key(room))?.unwrap_or_default())
            }
        })
    }
}

impl LocalReader {
    /// Members by user id, whose row exists.
    pub(crate) fn members(&self, room: &RoomId, limit: usize) -> Result<Vec<UserId>, ClusterError> {
        let rows: Vec<(UserId, MemberRow)> = people(self, table::MEMBER, (room, ""), None, limit)?;
        Ok(rows.into_iter().map(|(user, _)| user).collect())
    }

    /// Who of these users is a member, in their order.
    fn members_among(
        &self,
        room: &RoomId,
        users: &[UserId],
    ) -> Result<Vec<(UserId, MemberRow)>, ClusterError> {
        let keys: Vec<Vec<u8>> = users.iter().map(|user| member_key(room, user)).collect();
        let rows = users.iter().zip(self.load_all(table::MEMBER, &keys)?);
        Ok(rows.filter_map(|(user, row)| Some((user.clone(), row?))).collect())
    }

    /// What is to be swept away, behind `after`: the prefix of its rows, and since when.
    pub(crate) fn sweeps(
        &self,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Bytes, SweepRow)>, ClusterError> {
        self.list(table::SWEEP, &[], after, limit, |key, bytes| {
            Ok((Bytes::copy_from_slice(key), SweepRow::decode(bytes)?))
        })
    }

    /// Keys of `table` under `prefix`, without it.
    pub(crate) fn keys(&self, table: u8, prefix: &[u8], limit: usize) -> Result<Vec<Bytes>, ClusterError> {
        self.list(table, prefix, None, limit, |key, _| Ok(Bytes::copy_from_slice(key)))
    }
}

/// Which of these rooms there are, and when something happened in each last.
fn activity(local: &LocalReader, rooms: &[RoomId]) -> Result<Vec<(RoomId, u64)>, ClusterError> {
    let heads = rooms.iter().zip(local.rooms(rooms)?);
    let alive =
        heads.filter_map(|(room, head)| Some((room, head.filter(|head| head.life != Life::Deleted)?)));
    Ok(alive.map(|(room, head)| (*room, head.last_event_ms)).collect())
}

/// Rows of a room about people whose ids begin with `prefix`, in order, those behind `after`.
fn people<R: Row>(
    local: &LocalReader,
    table: u8,
    (room, prefix): (&RoomId, &str),
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<(UserId, R)>, ClusterError> {
    let after = after.and_then(|after| after.as_str().strip_prefix(prefix)).map(str::as_bytes);
    let under = [room.0.as_slice(), prefix.as_bytes()].concat();
    local.list(table, &under, after, limit, |key, bytes| {
        let user = [prefix.as_bytes(), key].concat();
        Ok((text_id(&user, UserId::parse)?, R::decode(bytes)?))
    })
}

/// Open rooms whose titles begin with `prefix`, in order, those behind `after`.
fn directory(
    local: &LocalReader,
    prefix: &str,
    after: Option<&Listed>,
    limit: usize,
) -> Result<Vec<Listed>, ClusterError> {
    let after = after.map(|(title, room)| directory_key(title, room));
    let after = after.as_deref().and_then(|after| after.strip_prefix(prefix.as_bytes()));
    local.list(table::DIRECTORY, prefix.as_bytes(), after, limit, |rest, _| {
        listed(&[prefix.as_bytes(), rest].concat())
    })
}

/// Takes a key of the directory apart: title, a zero, room.
fn listed(key: &[u8]) -> Result<Listed, StorageError> {
    let (title, room) = key.split_last_chunk::<16>().ok_or_else(|| odd_key(key))?;
    let title = title.strip_suffix(&[0]).ok_or_else(|| odd_key(key))?;
    let title = std::str::from_utf8(title).map_err(|_| odd_key(key))?;
    Ok((title.to_owned(), RoomId(*room)))
}

impl Reader {
    /// Members whose user ids begin with `prefix`, in order, those behind `after`.
    pub async fn members(
        &self,
        room: &RoomId,
        prefix: &str,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<(UserId, MemberRow)>, ClusterError> {
        let (room, prefix, after) = (*room, prefix.to_owned(), after.cloned());
        match self.ask_rooms(RoomsQuery::Members { room, prefix, after, limit }).await? {
            RoomsFound::Members(rows) => Ok(rows),
            other => Err(misfit(other)),
        }
    }

    /// Who of these users is a member, in their order. One question, and a row for each of them.
    pub async fn members_among(
        &self,
        room: &RoomId,
        users: Vec<UserId>,
    ) -> Result<Vec<(UserId, MemberRow)>, ClusterError> {
        match self.ask_rooms(RoomsQuery::MembersAmong(*room, users)).await? {
            RoomsFound::Members(rows) => Ok(rows),
            other => Err(misfit(other)),
        }
    }

    /// Open rooms whose sorted titles begin with `prefix`, in order, those behind `after`.
    pub async fn directory(
        &self,
        prefix: &str,
        after: Option<&Listed>,
        limit: usize,
    ) -> Result<Vec<Listed>, ClusterError> {
        let (prefix, after) = (prefix.to_owned(), after.cloned());
        match self.ask_rooms(RoomsQuery::Directory { prefix, after, limit }).await? {
            RoomsFound::Directory(rooms) => Ok(rooms),
            other => Err(misfit(other)),
        }
    }

    /// A ban as it is written down, whether it still holds or not.
    pub async fn ban(&self, room: &RoomId, user: &UserId) -> Result<Option<BanRow>, ClusterError> {
        match self.ask_rooms(RoomsQuery::Ban(*room, user.clone())).await? {
            RoomsFound::Ban(row) => Ok(row),
            other => Err(misfit(other)),
        }
    }

    /// Bans by user id, those behind `after`.
    pub async fn bans(
        &self,
        room: &RoomId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<(UserId, BanRow)>, ClusterError> {
        match self.ask_rooms(RoomsQuery::Bans { room: *room, after: after.cloned(), limit }).await? {
            RoomsFound::Bans(rows) => Ok(rows),
            other => Err(misfit(other)),
        }
    }

    /// A room's links.
    pub async fn links(&self, room: &RoomId) -> Result<LinksRow, ClusterError> {
        match self.ask_rooms(RoomsQuery::Links(*room)).await? {
            RoomsFound::Links(row) => Ok(row),
            other => Err(misfit(other)),
        }
    }

    /// Which of these rooms there are, in their order, and when something happened in each last, in milliseconds
    /// since the epoch. One question, however many they are.
    pub async fn activity(&self, rooms: Vec<RoomId>) -> Result<Vec<(RoomId, u64)>, ClusterError> {
        match self.ask_rooms(RoomsQuery::Activity(rooms)).await? {
            RoomsFound::Activity(rooms) => Ok(rooms),
            other => Err(misfit(other)),
        }
    }

    /// Where a user's send went, if it happened.
    pub async fn sent(
        &self,
        room: &RoomId,
        user: &UserId,
        cid: &Cid,
    ) -> Result<Option<SentRow>, ClusterError> {
        match self.ask_rooms(RoomsQuery::Sent(*room, user.clone(), cid.clone())).await? {
            RoomsFound::Sent(row) => Ok(row),
            other => Err(misfit(other)),
        }
    }

    async fn ask_rooms(&self, query: RoomsQuery) -> Result<RoomsFound, ClusterError> {
        match self.ask(Query::Rooms(query)).await? {
            Found::Rooms(found) => Ok(found),
            other => Err(other.misfit()),
        }
    }
}

fn misfit(found: RoomsFound) -> ClusterError {
    Found::Rooms(found).misfit()
}
