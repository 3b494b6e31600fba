//! From the service's values to the JSON types of the protocol.

use std::sync::Arc;

use madang_actors::devices::Connected;
use madang_actors::presence::State;
use madang_actors::service::{
    Log, LoggedIn, MemberPage, MyReactions, Profile, ReadMark, RoomPage, RoomView, Sent, SessionView,
};
use madang_cluster::Freshness;
use madang_cluster::command::Repeat;
use madang_cluster::event::RoomEvent;
use madang_storage::id::SessionId;
use madang_storage::row::{EventBody, Life, MemberState, Role, RoomKind, Switch, Until};

use super::{keep, message as talk};
use crate::api::{account, message, room as json};

pub(super) fn logged_in(login: LoggedIn, nodes: Vec<String>) -> account::LoggedIn {
    let LoggedIn { user, session, token } = login;
    account::LoggedIn { user, session, token, nodes }
}

pub(super) fn profile(profile: Profile) -> account::Profile {
    let Profile { user, display_name, created_ms } = profile;
    account::Profile { user, display_name, created_ms }
}

pub(super) fn sessions(sessions: Vec<SessionView>, current: SessionId) -> account::Sessions {
    let info = |SessionView { session, device, created_ms, seen_ms, connected }| account::SessionInfo {
        session,
        device,
        created_ms,
        seen_ms,
        online: connected == Connected::Yes,
        current: session == current,
    };
    account::Sessions { sessions: sessions.into_iter().map(info).collect() }
}

/// A room as its push and its answer show it.
pub fn room(view: RoomView) -> json::Room {
    let RoomView { room, head, last, my, peer, freshness } = view;
    json::Room {
        room,
        kind: room_kind(head.kind),
        title: head.title,
        topic: head.topic,
        picture: head.picture,
        archived: head.life == Life::Archived,
        features: keep::features(head.features),
        rights: keep::rights(&head.rights),
        slow_mode_s: head.slow_mode_s,
        places_max: head.places_max,
        created_ms: head.created_ms,
        members: head.joined,
        last_seq: head.last_seq,
        last: last.as_deref().map(event),
        my: my.map(|mine| json::My {
            state: member_state(mine.state),
            role: role(mine.role),
            read_seq: mine.read_seq,
            unread: mine.unread,
            muted_until_ms: keep::holds_until_ms(mine.muted),
            quiet_until_ms: keep::until_ms(mine.quiet),
            pinned: mine.pinned_ms > 0,
            mentions: mine.mentions,
        }),
        peer: peer.map(profile),
        stale: freshness == Freshness::Stale,
    }
}

pub(super) fn rooms(page: RoomPage) -> json::Rooms {
    let stale = page.freshness == Freshness::Stale;
    json::Rooms { rooms: page.rooms.into_iter().map(room).collect(), next: page.next, stale }
}

pub(super) fn members(page: MemberPage) -> json::Members {
    let member = |member: madang_actors::service::MemberView| json::Member {
        user: member.user,
        display_name: member.display_name,
        role: role(member.role),
        state: member_state(member.state),
        muted_until_ms: keep::holds_until_ms(member.muted),
        online: member.shown.state != State::Offline,
        presence: super::presence::state(member.shown.state),
    };
    let stale = page.freshness == Freshness::Stale;
    json::Members { members: page.members.into_iter().map(member).collect(), next: page.next, stale }
}

/// An event as its push and a page of history show it.
pub fn event(event: &RoomEvent) -> message::Event {
    event_for(event, &MyReactions::new())
}

/// An event as a page shows it to somebody who has reacted to these messages.
pub(super) fn event_for(event: &RoomEvent, mine: &MyReactions) -> message::Event {
    let (overlay, mine) = (event.overlay.as_deref(), mine.get(&event.seq));
    let kind = match event.row.body.clone() {
        EventBody::Message { cid, text, extra } => talk::said((cid, text, extra), overlay, mine),
        EventBody::Tombstone { cid, thread, by, deleted_ms } => {
            talk::gone((cid, thread), (by, deleted_ms), overlay)
        }
        EventBody::Edited { target, cid, now } => talk::edited(target, cid, now),
        EventBody::Deleted { target } => message::EventKind::Deleted { target },
        EventBody::Reacted { target, emoji, to, count } => {
            message::EventKind::Reacted { target, emoji, on: to == Switch::On, count }
        }
        EventBody::Pinned { target, to } => message::EventKind::Pinned { target, on: to == Switch::On },
        EventBody::Created { kind, title } => {
            message::EventKind::Created { room_kind: room_kind(kind), title }
        }
        EventBody::Joined => message::EventKind::Joined {},
        EventBody::Left => message::EventKind::Left {},
        EventBody::Invited { target } => message::EventKind::Invited { target },
        EventBody::Kicked { target } => message::EventKind::Kicked { target },
        EventBody::Role { target, role: given } => message::EventKind::Role { target, role: role(given) },
        EventBody::Changed(change) => message::EventKind::Changed(keep::changed(*change)),
        EventBody::Banned { target, until, reason } => {
            message::EventKind::Banned { target, until_ms: keep::until_ms(until), reason }
        }
        EventBody::Unbanned { target } => message::EventKind::Unbanned { target },
        EventBody::Muted { target, until: Until::OVER } => message::EventKind::Unmuted { target },
        EventBody::Muted { target, until } => {
            message::EventKind::Muted { target, until_ms: keep::until_ms(until) }
        }
        EventBody::Archived => message::EventKind::Archived {},
        EventBody::Unarchived => message::EventKind::Unarchived {},
        EventBody::RoomDeleted => message::EventKind::RoomDeleted {},
    };
    message::Event {
        room: event.room,
        seq: event.seq,
        at_ms: event.row.at_ms,
        user: event.row.user.clone(),
        kind,
    }
}

/// An event on a page. Unless the reader's own doing shows on it, it looks the same to all: then it is written once,
/// and stays with the event while that is in memory.
fn entry(event: &RoomEvent, mine: &MyReactions) -> message::Entry {
    if mine.contains_key(&event.seq) {
        return message::Entry::Own(Box::new(event_for(event, mine)));
    }
    let write = || serde_json::value::to_raw_value(&self::event(event)).map(Arc::from).ok();
    match event.shown.get_or(write) {
        Some(Some(text)) => message::Entry::Shared(Arc::clone(text)),
        _ => message::Entry::Own(Box::new(self::event(event))),
    }
}

pub(super) fn page(log: &Log) -> message::Page {
    let Log { page, mine, freshness } = log;
    let events = page.events.iter().map(|event| entry(event, mine)).collect();
    message::Page { events, more: page.more, stale: *freshness == Freshness::Stale }
}

pub(super) fn sent(sent: Sent) -> message::Sent {
    message::Sent { seq: sent.seq, at_ms: sent.at_ms, dup: sent.dup == Repeat::Again }
}

pub(super) fn read_mark(mark: ReadMark) -> message::ReadMark {
    message::ReadMark { read_seq: mark.read_seq, unread: mark.unread, mentions: mark.mentions }
}

/// The role a client names.
pub(super) fn role_asked(role: json::Role) -> Role {
    match role {
        json::Role::Owner => Role::Owner,
        json::Role::Admin => Role::Admin,
        json::Role::Moderator => Role::Moderator,
        json::Role::Member => Role::Member,
    }
}

pub(super) fn role(role: Role) -> json::Role {
    match role {
        Role::Owner => json::Role::Owner,
        Role::Admin => json::Role::Admin,
        Role::Moderator => json::Role::Moderator,
        Role::Member => json::Role::Member,
    }
}

pub(super) fn room_kind(kind: RoomKind) -> json::RoomKind {
    kind.into()
}

fn member_state(state: MemberState) -> json::MemberState {
    match state {
        MemberState::Joined => json::MemberState::Joined,
        MemberState::Invited => json::MemberState::Invited,
    }
}
