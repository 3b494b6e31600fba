//! Editing and deleting. The log holds a message as it is now; what it was before is kept apart, for those
//! who keep order, and goes with the message.

use madang_storage::StorageError;
use madang_storage::id::{Cid, RoomId, UserId};
use madang_storage::row::{
    Content, EditMark, EditedTo, EventBody, EventRow, Everybody, Extra, Mentions, OverlayRow, Right, RoomAct,
    SentRow, VersionRow, table,
};
use sha2::{Digest, Sha256};

use super::message::{self, Found, Message};
use super::rights::Deed;
use super::talk::hash_of;
use super::{Place, call, pin};
use crate::command::{Refusal, Repeat, Reply};
use crate::event::Change;
use crate::machine::audit;
use crate::machine::rows::{event_key, sent_key, version_key};
use crate::machine::shard::{Stop, Turn};

/// How often a message may be edited: so many older versions are kept.
pub const EDITS_MAX: u64 = 100;

/// Says a message differently. What it says already is fine.
pub(super) fn edit(
    turn: &mut Turn<'_, '_>,
    mut place: Place<'_>,
    target: u64,
    cid: Option<&Cid>,
    to: &EditedTo,
) -> Result<Reply, Stop> {
    place.joined()?;
    let hash = edit_hash(target, to);
    if let Some(cid) = cid
        && let Some(sent) = turn.rows.load::<SentRow>(table::SENT, &sent_key(place.room, place.user, cid))?
    {
        return if sent.hash.is_none_or(|known| known == hash) {
            Ok(Reply::Sent { seq: sent.seq, at_ms: sent.at_ms, dup: Repeat::Again })
        } else {
            Err(Refusal::CidConflict.into())
        };
    }
    place.not_blocked(turn)?;
    let message = message::find_alive(turn, place.room, target)?;
    let extra = edited(&place, &message, to)?;
    if message.text == to.text && message.extra == extra {
        return Ok(message::already(&place));
    }
    let mut overlay = message::overlay(turn, place.room, target)?;
    if overlay.edited.is_some_and(|edited| edited.count >= EDITS_MAX) {
        return Err(Refusal::TooMany { what: "edits of this message".to_owned(), max: EDITS_MAX }.into());
    }
    let mut changes = Vec::new();
    keep_version(turn, place.room, &message, overlay.edited, cid)?;
    changes.extend(forget_edit(turn, place.room, overlay.edited)?);
    call::change(turn, &mut place, target, (&message.extra.mentions, &to.mentions))?;
    let count = overlay.edited.map_or(1, |edited| edited.count + 1);
    overlay.edited = Some(EditMark { seq: place.head.last_seq + 1, at_ms: turn.time(&place.head), count });
    let body = EventBody::Message { cid: message.cid.clone(), text: to.text.clone(), extra: extra.boxed() };
    message.rewrite(turn, place.room, body.clone())?;
    changes.push(message::save_overlay(turn, place.room, target, overlay, Some(body))?);
    let body = EventBody::Edited { target, cid: cid.cloned(), now: Some(Box::new(to.clone())) };
    let seq = turn.log_changing(place.room, &mut place.head, place.user, body, changes)?;
    if let Some(cid) = cid {
        let sent = SentRow { seq, at_ms: place.head.last_event_ms, hash: Some(hash) };
        turn.rows.save(table::SENT, sent_key(place.room, place.user, cid), &sent)?;
    }
    Ok(message::logged(&place))
}

/// What the message carries after the edit; refused if it may not become that.
fn edited(place: &Place<'_>, message: &Message, to: &EditedTo) -> Result<Extra, Stop> {
    place.may_take_part()?;
    // What was forwarded are somebody else's words.
    if message.user != *place.user || message.extra.forward.is_some() {
        return Err(Refusal::Forbidden.into());
    }
    if message.extra.content == Content::System {
        place.may(Deed::KeepOrder)?;
    }
    call::check(place, &to.mentions)?;
    let content = match (&message.extra.content, &to.data) {
        (Content::Opaque { scheme, .. }, Some(data)) => {
            Content::Opaque { scheme: scheme.clone(), data: data.clone() }
        }
        (_, Some(_)) => return Err(Refusal::OtherContent.into()),
        (Content::Text | Content::System, None) if to.text.is_empty() => {
            return Err(Refusal::OtherContent.into());
        }
        (content, None) => content.clone(),
    };
    Ok(Extra { content, mentions: to.mentions.clone(), ..message.extra.clone() })
}

/// Keeps a message as it is, before an edit that its sender calls `cid`.
fn keep_version(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    message: &Message,
    edited: Option<EditMark>,
    cid: Option<&Cid>,
) -> Result<(), StorageError> {
    let (at_ms, number) = edited.map_or((message.at_ms, 1), |edited| (edited.at_ms, edited.count + 1));
    let (text, content) = (message.text.clone(), message.extra.content.clone());
    let version = VersionRow { at_ms, text, content, edited_by: cid.cloned() };
    turn.rows.save(table::VERSION, version_key(room, message.seq, number), &version)
}

/// Takes the text out of the newest edit's own entry in the log.
fn forget_edit(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    edited: Option<EditMark>,
) -> Result<Option<Change>, StorageError> {
    let Some(EditMark { seq, .. }) = edited else { return Ok(None) };
    let key = event_key(room, seq);
    let Some(row) = turn.rows.load::<EventRow>(table::ROOM_LOG, &key)? else { return Ok(None) };
    let EventBody::Edited { target, cid, .. } = row.body else { return Ok(None) };
    let body = EventBody::Edited { target, cid, now: None };
    turn.rows.save(table::ROOM_LOG, key, &EventRow { body: body.clone(), ..row })?;
    Ok(Some(Change { seq, body: Some(body), overlay: None }))
}

/// Deletes a message: all that it said goes, in all its versions. What is deleted already is fine.
pub(super) fn delete(turn: &mut Turn<'_, '_>, mut place: Place<'_>, target: u64) -> Result<Reply, Stop> {
    place.joined()?;
    let message = match message::find(turn, place.room, target)? {
        Found::Message(message) => message,
        Found::Tombstone { .. } => return Ok(message::already(&place)),
    };
    if message.user != *place.user {
        place.may(Deed::Use(Right::DeleteOthers))?;
        let act = RoomAct::MessageDeleted { seq: target };
        turn.audit(place.user, audit::in_room(place.room, Some(&message.user), act))?;
    }
    let overlay = message::overlay(turn, place.room, target)?;
    let mut changes = Vec::new();
    changes.extend(forget_edit(turn, place.room, overlay.edited)?);
    forget_versions(turn, place.room, &message, overlay.edited)?;
    if overlay.pinned_ms.is_some() {
        pin::take_off(turn, place.room, target)?;
    }
    // Nobody is called by what is gone.
    let called = message.extra.mentions.clone();
    call::change(turn, &mut place, target, (&called, &Mentions::default()))?;
    let body = EventBody::Tombstone {
        cid: message.cid.clone(),
        thread: message.extra.thread.map(|thread| thread.root),
        by: place.user.clone(),
        deleted_ms: turn.time(&place.head),
    };
    message.rewrite(turn, place.room, body.clone())?;
    let overlay = OverlayRow { thread: overlay.thread, ..OverlayRow::default() };
    changes.push(message::save_overlay(turn, place.room, target, overlay, Some(body))?);
    turn.log_changing(place.room, &mut place.head, place.user, EventBody::Deleted { target }, changes)?;
    Ok(message::logged(&place))
}

/// Removes the older versions, and what would tell of any version whether a guess at it is right.
fn forget_versions(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    message: &Message,
    edited: Option<EditMark>,
) -> Result<(), StorageError> {
    forget_hash(turn, room, &message.user, &message.cid)?;
    for number in 1..=edited.map_or(0, |edited| edited.count) {
        let key = version_key(room, message.seq, number);
        if let Some(version) = turn.rows.load::<VersionRow>(table::VERSION, &key)? {
            if let Some(cid) = &version.edited_by {
                forget_hash(turn, room, &message.user, cid)?;
            }
            turn.rows.remove(table::VERSION, key);
        }
    }
    Ok(())
}

/// The memory of a send stays, for retries, but no longer tells what was sent.
fn forget_hash(turn: &mut Turn<'_, '_>, room: &RoomId, user: &UserId, cid: &Cid) -> Result<(), StorageError> {
    let key = sent_key(room, user, cid);
    match turn.rows.load::<SentRow>(table::SENT, &key)? {
        Some(sent) => turn.rows.save(table::SENT, key, &SentRow { hash: None, ..sent }),
        None => Ok(()),
    }
}

fn edit_hash(target: u64, to: &EditedTo) -> u64 {
    let mut hash = Sha256::new();
    hash.update(b"edit");
    hash.update(target.to_be_bytes());
    hash.update(to.text.as_bytes());
    if let Some(data) = &to.data {
        hash.update([0]);
        hash.update(data.as_bytes());
    }
    for user in &to.mentions.users {
        hash.update([1]);
        hash.update(user.as_str().as_bytes());
    }
    hash.update([2, u8::from(to.mentions.everybody == Everybody::Yes)]);
    hash_of(hash)
}
