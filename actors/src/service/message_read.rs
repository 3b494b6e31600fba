//! What hangs on messages, page by page: threads, reactions, pins, older versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use madang_cluster::Page;
use madang_cluster::command::Refusal;
use madang_cluster::event::RoomEvent;
use madang_cluster::machine::room::rights::{Deed, allows};
use madang_storage::id::{Emoji, RoomId, UserId};
use madang_storage::row::{EventBody, MemberRow, MemberState, Pin, VersionRow};

use super::cursor;
use super::message::{Log, MyReactions};
use super::message_change::MessageAt;
use super::readers::Readers;
use super::{Caller, Service, ServiceError};

/// Who reacted to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionPage {
    /// With what, who, when (milliseconds since the epoch).
    pub reactions: Vec<(Emoji, UserId, u64)>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

/// Pinned messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinPage {
    /// The newest pin first.
    pub pins: Vec<(Arc<RoomEvent>, Pin)>,
    /// The caller's own reactions to them.
    pub mine: MyReactions,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

impl Service {
    /// A page of the replies of the thread that hangs on a message.
    pub async fn thread(
        &self,
        caller: &Caller,
        at: MessageAt,
        page: Page,
        limit: usize,
    ) -> Result<Log, ServiceError> {
        let readers = self.readers();
        readers.joined(&caller.user, &at.room).await?;
        let bytes_max = self.0.options.history_bytes_max;
        let page = readers.of_room(&at.room).await?.thread(&at.room, at.seq, page, limit, bytes_max).await?;
        let mine = readers.my_reactions(&caller.user, &at.room, &page.events).await?;
        Ok(Log { page, mine, freshness: readers.freshness() })
    }

    /// Who reacted to a message, by emoji, then user; with one emoji alone, if it is named.
    pub async fn reactions(
        &self,
        caller: &Caller,
        at: MessageAt,
        emoji: Option<Emoji>,
        limit: usize,
        next: Option<&str>,
    ) -> Result<ReactionPage, ServiceError> {
        let after = next.map(cursor::parse_reaction).transpose()?;
        let readers = self.readers();
        readers.joined(&caller.user, &at.room).await?;
        let reader = readers.of_room(&at.room).await?;
        match reader.event(&at.room, at.seq).await?.map(|event| event.row.body.clone()) {
            Some(EventBody::Message { .. }) => {}
            Some(EventBody::Tombstone { .. }) => return Err(Refusal::MessageGone.into()),
            _ => return Err(Refusal::NoMessage.into()),
        }
        let mut reactions = reader.reactions(&at.room, at.seq, emoji, after, limit + 1).await?;
        let more = reactions.len() > limit;
        reactions.truncate(limit);
        let last = reactions.last().filter(|_| more);
        let next = last.map(|(emoji, user, _)| cursor::reaction_text(emoji, user));
        Ok(ReactionPage { reactions, next })
    }

    /// The pinned messages of a room, the newest pin first.
    pub async fn pins(
        &self,
        caller: &Caller,
        room: RoomId,
        limit: usize,
        next: Option<&str>,
    ) -> Result<PinPage, ServiceError> {
        let after = next.map(cursor::parse_pin).transpose()?;
        let readers = self.readers();
        readers.joined(&caller.user, &room).await?;
        let reader = readers.of_room(&room).await?;
        let pins: Vec<Pin> = reader.pins(&room).await?.pins.into_iter().rev().collect();
        let start = after.map_or(0, |after| behind(&pins, after));
        let page: Vec<Pin> = pins.iter().skip(start).take(limit).cloned().collect();
        let seqs = page.iter().map(|pin| pin.seq).collect();
        let events = reader.events_at(&room, seqs, self.0.options.history_bytes_max).await?;
        let shown: Vec<(Arc<RoomEvent>, Pin)> = events
            .into_iter()
            .filter_map(|event| page.iter().find(|pin| pin.seq == event.seq).map(|pin| (event, pin.clone())))
            .collect();
        let more = start + shown.len() < pins.len();
        let next = shown.last().filter(|_| more).map(|(_, pin)| cursor::pin_text(pin));
        let events: Vec<_> = shown.iter().map(|(event, _)| Arc::clone(event)).collect();
        let mine = readers.my_reactions(&caller.user, &room, &events).await?;
        Ok(PinPage { pins: shown, mine, next })
    }

    /// A message as it was before each of its edits, oldest first: for those who keep order in the room.
    pub async fn edits(&self, caller: &Caller, at: MessageAt) -> Result<Vec<VersionRow>, ServiceError> {
        let readers = self.readers();
        let me = readers.joined(&caller.user, &at.room).await?;
        let reader = readers.of_room(&at.room).await?;
        let head = reader.room(&at.room).await?.ok_or(ServiceError::NoRoom(at.room))?;
        if !allows(&head, &me, Deed::KeepOrder) {
            return Err(Refusal::Forbidden.into());
        }
        Ok(reader.versions(&at.room, at.seq).await?)
    }
}

/// Where the pins behind `(at_ms, seq)` begin; also when that one was taken off meanwhile.
fn behind(pins: &[Pin], (at_ms, seq): (u64, u64)) -> usize {
    let itself = pins.iter().position(|pin| (pin.at_ms, pin.seq) == (at_ms, seq));
    let older = || pins.iter().position(|pin| pin.at_ms < at_ms);
    itself.map(|at| at + 1).or_else(older).unwrap_or(pins.len())
}

impl Readers {
    /// The user's row in a room that the user has joined. Errors: as for a room that may not be seen, or a
    /// refusal.
    pub(super) async fn joined(&self, user: &UserId, room: &RoomId) -> Result<MemberRow, ServiceError> {
        let place = self.place(user, room).await?;
        if place.state == MemberState::Joined { Ok(place) } else { Err(Refusal::NotMember.into()) }
    }

    /// The user's own reactions to those of these messages of a room that have any.
    pub(super) async fn my_reactions(
        &self,
        user: &UserId,
        room: &RoomId,
        events: &[Arc<RoomEvent>],
    ) -> Result<MyReactions, ServiceError> {
        let reacted = |event: &&Arc<RoomEvent>| {
            event.overlay.as_ref().is_some_and(|overlay| !overlay.reactions.is_empty())
        };
        let seqs: Vec<u64> = events.iter().filter(reacted).map(|event| event.seq).collect();
        if seqs.is_empty() {
            return Ok(BTreeMap::new());
        }
        Ok(self.of_room(room).await?.my_reactions(room, user, seqs).await?.into_iter().collect())
    }
}
