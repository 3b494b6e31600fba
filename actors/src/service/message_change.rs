//! Messages that were said: editing, deleting, reacting, pinning, saying again elsewhere.

use madang_cluster::command::{Refusal, Repeat, RoomOp, TalkOp};
use madang_storage::id::{Cid, Emoji, RoomId};
use madang_storage::row::{Content, EditedTo, EventBody, Extra, Forward, MemberState, Switch};

use super::message::{NewMessage, Sending, Sent};
use super::{Caller, Service, ServiceError};

/// A message of some room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageAt {
    /// Which room.
    pub room: RoomId,
    /// Where in its log.
    pub seq: u64,
}

/// What somebody said, on its way to another room. Only [`Service::quote`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    text: String,
    content: Content,
    first: Forward,
}

impl Quote {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What goes with it.
    pub fn content(&self) -> &Content {
        &self.content
    }
}

impl Service {
    /// Says a message of the caller differently. `cid` names the edit: a retry of it never overwrites a newer
    /// one.
    pub async fn edit(
        &self,
        caller: &Caller,
        at: MessageAt,
        cid: Option<Cid>,
        to: EditedTo,
    ) -> Result<Sent, ServiceError> {
        self.check_text("field `text`", to.text.len())?;
        self.check_text("field `data`", to.data.as_ref().map_or(0, String::len))?;
        self.talk(caller, at.room, TalkOp::Edit { target: at.seq, cid, to: Box::new(to) }).await
    }

    /// Deletes a message for everybody.
    pub async fn delete(&self, caller: &Caller, at: MessageAt) -> Result<Sent, ServiceError> {
        self.talk(caller, at.room, TalkOp::Delete { target: at.seq }).await
    }

    /// Reacts to a message, or takes that back.
    pub async fn react(
        &self,
        caller: &Caller,
        at: MessageAt,
        emoji: Emoji,
        to: Switch,
    ) -> Result<Sent, ServiceError> {
        self.talk(caller, at.room, TalkOp::React { target: at.seq, emoji, to }).await
    }

    /// Pins a message, or takes it off.
    pub async fn pin(&self, caller: &Caller, at: MessageAt, to: Switch) -> Result<Sent, ServiceError> {
        self.talk(caller, at.room, TalkOp::Pin { target: at.seq, to }).await
    }

    /// What the caller may say again elsewhere. The words come from the log, which the caller must be able to
    /// read: nobody can put words into somebody's mouth.
    pub async fn quote(&self, caller: &Caller, from: MessageAt) -> Result<Quote, ServiceError> {
        let readers = self.readers();
        if readers.place(&caller.user, &from.room).await?.state != MemberState::Joined {
            return Err(Refusal::NotMember.into());
        }
        let event = readers.of_room(&from.room).await?.event(&from.room, from.seq).await?;
        let row = event.ok_or(Refusal::NoMessage)?.row.clone();
        let (text, said) = match row.body {
            EventBody::Message { text, extra, .. } => {
                (text, extra.map_or_else(Extra::default, |extra| *extra))
            }
            EventBody::Tombstone { .. } => return Err(Refusal::MessageGone.into()),
            _ => return Err(Refusal::NoMessage.into()),
        };
        if matches!(said.content, Content::System | Content::Opaque { .. }) {
            let what = "field `from_seq`: only text and media can be forwarded".to_owned();
            return Err(ServiceError::BadRequest { what });
        }
        let first = Forward { room: from.room, seq: from.seq, user: row.user, at_ms: row.at_ms };
        // What was forwarded before keeps the name of who said it first.
        Ok(Quote { text, content: said.content, first: said.forward.unwrap_or(first) })
    }

    /// Says in `room` what was said elsewhere, with the name of who said it first. Order: as for `send`.
    pub fn forward(
        &self,
        caller: &Caller,
        room: RoomId,
        cid: Cid,
        quote: Quote,
        after: Option<Cid>,
    ) -> Sending {
        let Quote { text, content, first } = quote;
        let extra = Extra { content, forward: Some(first), ..Extra::default() };
        self.submit_message(caller, room, NewMessage { cid, text, extra, after })
    }

    /// Whether the caller has used this name for a send to the room.
    pub async fn was_sent(&self, caller: &Caller, room: RoomId, cid: &Cid) -> Result<bool, ServiceError> {
        let readers = self.readers();
        readers.joined(&caller.user, &room).await?;
        Ok(readers.of_room(&room).await?.sent(&room, &caller.user, cid).await?.is_some())
    }

    /// What the caller's forward was answered, if it happened: for a retry whose source is gone, or not allowed by
    /// now. Errors: the name was used for something else.
    pub async fn forwarded(
        &self,
        caller: &Caller,
        room: RoomId,
        cid: &Cid,
    ) -> Result<Option<Sent>, ServiceError> {
        let readers = self.readers();
        readers.joined(&caller.user, &room).await?;
        let reader = readers.of_room(&room).await?;
        let Some(row) = reader.sent(&room, &caller.user, cid).await? else { return Ok(None) };
        let event = reader.event(&room, row.seq).await?;
        let is_forward = event.is_some_and(|event| match &event.row.body {
            EventBody::Message { extra, .. } => extra.as_ref().is_some_and(|extra| extra.forward.is_some()),
            // Nothing tells any more what it was.
            EventBody::Tombstone { .. } => true,
            _ => false,
        });
        if !is_forward {
            return Err(Refusal::CidConflict.into());
        }
        Ok(Some(Sent { seq: row.seq, at_ms: row.at_ms, dup: Repeat::Again }))
    }

    /// Has a room decide about a message.
    async fn talk(&self, caller: &Caller, room: RoomId, op: TalkOp) -> Result<Sent, ServiceError> {
        Sending::new(self.0.rooms.submit(room, caller.user.clone(), RoomOp::Talk(op))).sent().await
    }
}
