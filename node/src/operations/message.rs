//! The operations about messages, and how messages are shown.

use madang_actors::service::{
    Caller, MentionPage, MessageAt, MyReactions, NewMessage, PinPage, ReactionPage, Service, ServiceError,
};
use madang_cluster::event::RoomEvent;
use madang_cluster::{Freshness, Page};
use madang_storage::id::{Cid, Emoji, UserId};
use madang_storage::row::{
    self, Content, EditedTo, Everybody, Extra, InThread, Media, MediaPlace, Mentions, OverlayRow, Switch,
    VersionRow,
};

use super::answer;
use super::run::size;
use crate::api::message::{EventKind, Send};
use crate::api::message_about::{self as json, ThreadPage};
use crate::api::message_parts as parts;
use crate::api::{Request, Response};

/// Items of a page whose client names no limit.
const REACTIONS_DEFAULT: u32 = 100;
const PINS_DEFAULT: u32 = 50;
const REPLIES_DEFAULT: u32 = 50;
const MENTIONS_DEFAULT: u32 = 50;

pub(super) async fn run(
    service: &Service,
    caller: &Caller,
    request: Request,
) -> Result<Response, ServiceError> {
    Ok(match request {
        Request::Edit(ask) => {
            let at = MessageAt { room: ask.room, seq: ask.seq };
            let mentions = ask.mentions.map_or_else(Mentions::default, mentions_asked);
            let to = EditedTo { text: ask.text, data: ask.data, mentions };
            Response::Edit(answer::sent(service.edit(caller, at, ask.cid, to).await?))
        }
        Request::Delete(ask) => Response::Delete(answer::sent(service.delete(caller, at(&ask)).await?)),
        Request::React(ask) => {
            let at = MessageAt { room: ask.room, seq: ask.seq };
            Response::React(answer::sent(service.react(caller, at, ask.emoji, switch(ask.on)).await?))
        }
        Request::Pin(ask) => {
            let at = MessageAt { room: ask.room, seq: ask.seq };
            Response::Pin(answer::sent(service.pin(caller, at, switch(ask.on)).await?))
        }
        other => return read(service, caller, other).await,
    })
}

async fn read(service: &Service, caller: &Caller, request: Request) -> Result<Response, ServiceError> {
    Ok(match request {
        Request::Edits(ask) => Response::Edits(edits(service.edits(caller, at(&ask)).await?)),
        Request::Reactions(ask) => {
            let at = MessageAt { room: ask.room, seq: ask.seq };
            let limit = size(ask.limit.map_or(REACTIONS_DEFAULT, |limit| limit.get()));
            let page = service.reactions(caller, at, ask.emoji, limit, ask.next.as_deref()).await?;
            Response::Reactions(reactions(page))
        }
        Request::Pins(ask) => {
            let limit = size(ask.limit.map_or(PINS_DEFAULT, |limit| limit.get()));
            Response::Pins(pins(service.pins(caller, ask.room, limit, ask.next.as_deref()).await?))
        }
        Request::Thread(ask) => {
            let at = MessageAt { room: ask.room, seq: ask.seq };
            let limit = size(ask.limit.map_or(REPLIES_DEFAULT, |limit| limit.get()));
            Response::Thread(answer::page(&service.thread(caller, at, position(&ask), limit).await?))
        }
        Request::Mentions(ask) => {
            let limit = size(ask.limit.map_or(MENTIONS_DEFAULT, |limit| limit.get()));
            Response::Mentions(mentioned(service.mentions(caller, limit, ask.next.as_deref()).await?))
        }
        other => {
            let what = format!("`{}` is not about messages", other.operation().name());
            return Err(ServiceError::Internal(what));
        }
    })
}

/// What a client wants to say.
pub(super) fn new_message(send: Send) -> NewMessage {
    let Send { room: _, cid, text, after, content, reply, thread, mentions } = send;
    let extra = Extra {
        content: content.map_or(Content::Text, content_asked),
        reply,
        thread: thread.map(|root| InThread { root, number: 0 }),
        mentions: mentions.map_or_else(Mentions::default, mentions_asked),
        forward: None,
    };
    NewMessage { cid, text, extra, after }
}

/// A message as its push and a page show it.
pub(super) fn said(
    (cid, text, extra): (Cid, String, Option<Box<Extra>>),
    overlay: Option<&OverlayRow>,
    mine: Option<&Vec<Emoji>>,
) -> EventKind {
    let mut message = message(cid, text, extra.map_or_else(Extra::default, |extra| *extra));
    hang(&mut message, overlay, mine);
    EventKind::Message(Box::new(message))
}

/// What is left of a message that was deleted.
pub(super) fn gone(
    (cid, thread): (Cid, Option<u64>),
    (user, at_ms): (UserId, u64),
    overlay: Option<&OverlayRow>,
) -> EventKind {
    let mut message = message(cid, String::new(), Extra::default());
    message.thread = thread;
    message.deleted = Some(parts::DeleteMark { user, at_ms });
    hang(&mut message, overlay, None);
    EventKind::Message(Box::new(message))
}

/// An edit; what it says, as long as it is the newest.
pub(super) fn edited(target: u64, cid: Option<Cid>, now: Option<Box<EditedTo>>) -> EventKind {
    let (text, data, mentions) = match now.map(|now| *now) {
        Some(EditedTo { text, data, mentions }) => (Some(text), data, mentions_shown(mentions)),
        None => (None, None, None),
    };
    EventKind::Edited { target, cid, text, data, mentions }
}

fn message(cid: Cid, text: String, extra: Extra) -> parts::Message {
    let Extra { content, reply, thread, mentions, forward } = extra;
    parts::Message {
        cid,
        text,
        content: content_shown(content),
        reply,
        thread: thread.map(|thread| thread.root),
        thread_number: thread.map(|thread| thread.number),
        mentions: mentions_shown(mentions),
        forward: forward.map(|first| parts::Forwarded {
            room: first.room,
            seq: first.seq,
            user: first.user,
            at_ms: first.at_ms,
        }),
        edited: None,
        deleted: None,
        reactions: Vec::new(),
        replies: None,
        pinned_ms: None,
    }
}

/// What became of the message since.
fn hang(message: &mut parts::Message, overlay: Option<&OverlayRow>, mine: Option<&Vec<Emoji>>) {
    let Some(overlay) = overlay else { return };
    message.edited = overlay.edited.map(|edit| parts::EditMark { at_ms: edit.at_ms, count: edit.count });
    message.reactions = overlay
        .reactions
        .iter()
        .map(|row::ReactionCount { emoji, count }| parts::ReactionCount {
            emoji: emoji.clone(),
            count: *count,
            mine: mine.is_some_and(|mine| mine.contains(emoji)),
        })
        .collect();
    message.replies =
        overlay.thread.map(|thread| parts::ThreadMark { count: thread.replies, last_seq: thread.last_seq });
    message.pinned_ms = overlay.pinned_ms;
}

fn at(ask: &json::AtMessage) -> MessageAt {
    MessageAt { room: ask.room, seq: ask.seq }
}

/// Absent means on.
fn switch(on: Option<bool>) -> Switch {
    if on == Some(false) { Switch::Off } else { Switch::On }
}

fn position(ask: &ThreadPage) -> Page {
    match (ask.before, ask.after) {
        (Some(seq), _) => Page::Before(seq),
        (None, Some(seq)) => Page::After(seq),
        (None, None) => Page::Newest,
    }
}

fn edits(versions: Vec<VersionRow>) -> json::Edits {
    let version = |row: VersionRow| json::Version {
        at_ms: row.at_ms,
        text: row.text,
        content: content_shown(row.content),
    };
    json::Edits { versions: versions.into_iter().map(version).collect() }
}

fn reactions(page: ReactionPage) -> json::Reactions {
    let reaction = |(emoji, user, at_ms)| json::Reaction { emoji, user, at_ms };
    json::Reactions { reactions: page.reactions.into_iter().map(reaction).collect(), next: page.next }
}

fn pins(page: PinPage) -> json::Pins {
    let PinPage { pins, mine, next } = page;
    let pin = |(event, pin): (std::sync::Arc<RoomEvent>, row::Pin)| json::PinnedMessage {
        event: answer::event_for(&event, &mine),
        user: pin.user,
        at_ms: pin.at_ms,
    };
    json::Pins { pins: pins.into_iter().map(pin).collect(), next }
}

fn mentioned(page: MentionPage) -> json::MentionList {
    let nobody = MyReactions::new();
    let mentions = page.events.iter().map(|event| answer::event_for(event, &nobody)).collect();
    json::MentionList { mentions, next: page.next, stale: page.freshness == Freshness::Stale }
}

fn mentions_asked(ask: parts::Mentions) -> Mentions {
    let everybody = if ask.room { Everybody::Yes } else { Everybody::No };
    Mentions { users: ask.users.into_iter().collect(), everybody }
}

fn mentions_shown(mentions: Mentions) -> Option<parts::Mentions> {
    let room = mentions.everybody == Everybody::Yes;
    (!mentions.is_empty()).then(|| parts::Mentions { users: mentions.users.into_iter().collect(), room })
}

fn content_asked(ask: parts::Content) -> Content {
    match ask {
        parts::Content::Image(media) => Content::Image(media_asked(media)),
        parts::Content::Voice(media) => Content::Voice(media_asked(media)),
        parts::Content::File(media) => Content::File(media_asked(media)),
        parts::Content::System {} => Content::System,
        parts::Content::Opaque { scheme, data } => Content::Opaque { scheme, data },
    }
}

fn content_shown(content: Content) -> Option<parts::Content> {
    Some(match content {
        Content::Text => return None,
        Content::Image(media) => parts::Content::Image(media_shown(media)),
        Content::Voice(media) => parts::Content::Voice(media_shown(media)),
        Content::File(media) => parts::Content::File(media_shown(media)),
        Content::System => parts::Content::System {},
        Content::Opaque { scheme, data } => parts::Content::Opaque { scheme, data },
    })
}

fn media_asked(ask: parts::Media) -> Media {
    let parts::Media { url, media, name, mime, bytes, width, height, duration_ms } = ask;
    // Exactly one of them is there: the request was checked.
    let place = url.map_or_else(|| MediaPlace::Id(media.unwrap_or_default()), MediaPlace::Url);
    Media { place, name, mime, bytes, width, height, duration_ms }
}

fn media_shown(media: Media) -> parts::Media {
    let Media { place, name, mime, bytes, width, height, duration_ms } = media;
    let (url, media) = match place {
        MediaPlace::Url(url) => (Some(url), None),
        MediaPlace::Id(id) => (None, Some(id)),
    };
    parts::Media { url, media, name, mime, bytes, width, height, duration_ms }
}
