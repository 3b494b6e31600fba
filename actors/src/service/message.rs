//! Messages: sending, reading back, read markers.

use std::sync::Arc;

use madang_cluster::command::{Outcome, Refusal, Repeat, Reply, RoomOp};
use madang_cluster::{EventPage, Freshness, Page};
use madang_storage::id::{Cid, RoomId};
use madang_storage::row::MemberState;
use tokio::sync::oneshot;

use super::{Caller, Service, ServiceError};
use crate::error::ActorError;

/// A message in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Where.
    pub seq: u64,
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
    /// Whether it was there before.
    pub dup: Repeat,
}

/// How far a user has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadMark {
    /// Everything up to this seq is read.
    pub read_seq: u64,
    /// How many messages are not.
    pub unread: u64,
}

/// A page of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The events, oldest first.
    pub page: EventPage,
    /// Whether newer ones may be missing.
    pub freshness: Freshness,
}

/// A send that is under way: its place behind the sends before it is fixed, its answer comes later.
#[must_use = "only the answer tells whether the message was stored"]
pub struct Sending(oneshot::Receiver<Result<Outcome, ActorError>>);

impl Sending {
    /// The answer: the message is on stable storage, or why not.
    pub async fn sent(self) -> Result<Sent, ServiceError> {
        match self.0.await.map_err(|_| ServiceError::lost())??? {
            Reply::Sent { seq, at_ms, dup } => Ok(Sent { seq, at_ms, dup }),
            other => Err(unexpected("send", &other)),
        }
    }
}

impl Service {
    /// Hands a message to its room at once, without waiting. Order: sends that one caller begins one
    /// after the other are carried out in that order.
    pub fn send(
        &self,
        caller: &Caller,
        room: RoomId,
        cid: Cid,
        text: String,
        after: Option<Cid>,
    ) -> Result<Sending, ServiceError> {
        let limit = self.0.options.text_bytes_max;
        if text.len() > limit {
            return Err(ServiceError::TooLarge { what: "field `text`", limit: limit as u64 });
        }
        if text.is_empty() {
            let what = "field `text`: a message has at least one byte".to_owned();
            return Err(ServiceError::BadRequest { what });
        }
        let op = RoomOp::Send { cid, text, after };
        Ok(Sending(self.0.rooms.submit(room, caller.user.clone(), op)))
    }

    /// A page of a room's log, oldest first. Errors: as for a room that may not be seen, or a refusal for
    /// somebody who has not joined.
    pub async fn history(
        &self,
        caller: &Caller,
        room: RoomId,
        page: Page,
        limit: usize,
    ) -> Result<Log, ServiceError> {
        let max = self.0.options.history_page_max;
        if limit > max {
            return Err(ServiceError::TooLarge { what: "field `limit`", limit: max as u64 });
        }
        let readers = self.readers();
        if readers.place(&caller.user, &room).await?.state != MemberState::Joined {
            return Err(Refusal::NotMember.into());
        }
        let from = Arc::new(readers.of_room(&room).await?.clone());
        let page = self.0.rooms.history(from, room, page, limit, self.0.options.history_bytes_max).await?;
        Ok(Log { page, freshness: readers.freshness() })
    }

    /// Moves the caller's read marker, never backwards.
    pub async fn mark_read(&self, caller: &Caller, room: RoomId, seq: u64) -> Result<ReadMark, ServiceError> {
        let answer = self.0.rooms.submit(room, caller.user.clone(), RoomOp::MarkRead(seq)).await;
        match answer.map_err(|_| ServiceError::lost())??? {
            Reply::Read { read_seq, unread } => Ok(ReadMark { read_seq, unread }),
            other => Err(unexpected("mark_read", &other)),
        }
    }
}

fn unexpected(asked: &str, reply: &Reply) -> ServiceError {
    ServiceError::Internal(format!("`{asked}` was answered by {reply:?}"))
}
