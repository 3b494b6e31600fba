//! Messages: sending, reading back.

use std::collections::BTreeMap;
use std::sync::Arc;

use madang_cluster::command::{Outcome, Repeat, Reply, RoomOp};
use madang_cluster::{EventPage, Freshness, Page};
use madang_storage::id::{Cid, Emoji, RoomId};
use madang_storage::row::{Content, Extra};
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

/// What somebody wants to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The client's name for this send.
    pub cid: Cid,
    /// The text; empty only beside media or opaque content.
    pub text: String,
    /// What it carries beside its text.
    pub extra: Extra,
    /// The send that must be in the log before this one.
    pub after: Option<Cid>,
}

/// A user's own reactions, by seq of the message.
pub type MyReactions = BTreeMap<u64, Vec<Emoji>>;

/// A page of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The events, oldest first.
    pub page: EventPage,
    /// The caller's own reactions to them.
    pub mine: MyReactions,
    /// Whether newer ones may be missing.
    pub freshness: Freshness,
}

/// A send that is under way: its place behind the sends before it is fixed, its answer comes later.
#[must_use = "only the answer tells whether the message was stored"]
pub struct Sending(oneshot::Receiver<Result<Outcome, ActorError>>);

impl Sending {
    pub(super) fn new(answer: oneshot::Receiver<Result<Outcome, ActorError>>) -> Self {
        Self(answer)
    }

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
    pub fn send(&self, caller: &Caller, room: RoomId, message: NewMessage) -> Result<Sending, ServiceError> {
        self.check_text("field `text`", message.text.len())?;
        match &message.extra.content {
            Content::Opaque { data, .. } => self.check_text("field `content.data`", data.len())?,
            Content::Text | Content::System if message.text.is_empty() => {
                let what = "field `text`: a message has at least one byte".to_owned();
                return Err(ServiceError::BadRequest { what });
            }
            _ => {}
        }
        Ok(self.submit_message(caller, room, message))
    }

    pub(super) fn submit_message(&self, caller: &Caller, room: RoomId, message: NewMessage) -> Sending {
        let NewMessage { cid, text, extra, after } = message;
        let op = RoomOp::Send { cid, text, after, extra: extra.boxed() };
        Sending(self.0.rooms.submit(room, caller.user.clone(), op))
    }

    /// Refuses what is longer than a text may be.
    pub(super) fn check_text(&self, what: &'static str, bytes: usize) -> Result<(), ServiceError> {
        let limit = self.0.options.text_bytes_max;
        if bytes > limit { Err(ServiceError::TooLarge { what, limit: limit as u64 }) } else { Ok(()) }
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
        readers.joined(&caller.user, &room).await?;
        let from = Arc::new(readers.of_room(&room).await?.clone());
        let page = self.0.rooms.history(from, room, page, limit, self.0.options.history_bytes_max).await?;
        let mine = readers.my_reactions(&caller.user, &room, &page.events).await?;
        Ok(Log { page, mine, freshness: readers.freshness() })
    }
}

/// The room answered something else than was asked.
pub(super) fn unexpected(asked: &str, reply: &Reply) -> ServiceError {
    ServiceError::Internal(format!("`{asked}` was answered by {reply:?}"))
}
