//! From the service's values to the JSON types of the protocol.

use madang_actors::service::{
    Log, LoggedIn, MemberPage, Profile, ReadMark, RoomPage, RoomView, Sent, SessionView,
};
use madang_cluster::Freshness;
use madang_cluster::command::Repeat;
use madang_cluster::event::RoomEvent;
use madang_storage::id::SessionId;
use madang_storage::row::{EventBody, MemberState, Role, RoomKind};

use crate::api::{account, message, room as json};

pub(super) fn logged_in(login: LoggedIn) -> account::LoggedIn {
    let LoggedIn { user, session, token } = login;
    account::LoggedIn { user, session, token }
}

pub(super) fn profile(profile: Profile) -> account::Profile {
    let Profile { user, display_name, created_ms } = profile;
    account::Profile { user, display_name, created_ms }
}

pub(super) fn sessions(sessions: Vec<SessionView>, current: SessionId) -> account::Sessions {
    let info = |SessionView { session, device, created_ms }| account::SessionInfo {
        session,
        device,
        created_ms,
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
        created_ms: head.created_ms,
        members: head.joined,
        last_seq: head.last_seq,
        last: last.as_deref().map(event),
        my: my.map(|mine| json::My {
            state: member_state(mine.state),
            role: role(mine.role),
            read_seq: mine.read_seq,
            unread: mine.unread,
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
        online: member.online,
    };
    let stale = page.freshness == Freshness::Stale;
    json::Members { members: page.members.into_iter().map(member).collect(), next: page.next, stale }
}

/// An event as its push and a page of history show it.
pub fn event(event: &RoomEvent) -> message::Event {
    let kind = match event.row.body.clone() {
        EventBody::Message { cid, text } => message::EventKind::Message { cid, text },
        EventBody::Created { kind, title } => {
            message::EventKind::Created { room_kind: room_kind(kind), title }
        }
        EventBody::Joined => message::EventKind::Joined {},
        EventBody::Left => message::EventKind::Left {},
        EventBody::Invited { target } => message::EventKind::Invited { target },
        EventBody::Kicked { target } => message::EventKind::Kicked { target },
        EventBody::Role { target, role: given } => message::EventKind::Role { target, role: role(given) },
        EventBody::Changed { title, topic } => message::EventKind::Changed { title, topic },
    };
    message::Event {
        room: event.room,
        seq: event.seq,
        at_ms: event.row.at_ms,
        user: event.row.user.clone(),
        kind,
    }
}

pub(super) fn page(log: &Log) -> message::Page {
    let Log { page, freshness } = log;
    let events = page.events.iter().map(|item| event(item)).collect();
    message::Page { events, more: page.more, stale: *freshness == Freshness::Stale }
}

pub(super) fn sent(sent: Sent) -> message::Sent {
    message::Sent { seq: sent.seq, at_ms: sent.at_ms, dup: sent.dup == Repeat::Again }
}

pub(super) fn read_mark(mark: ReadMark) -> message::ReadMark {
    message::ReadMark { read_seq: mark.read_seq, unread: mark.unread }
}

/// The role a client names.
pub(super) fn role_asked(role: json::Role) -> Role {
    match role {
        json::Role::Owner => Role::Owner,
        json::Role::Admin => Role::Admin,
        json::Role::Member => Role::Member,
    }
}

fn role(role: Role) -> json::Role {
    match role {
        Role::Owner => json::Role::Owner,
        Role::Admin => json::Role::Admin,
        Role::Member => json::Role::Member,
    }
}

fn room_kind(kind: RoomKind) -> json::RoomKind {
    match kind {
        RoomKind::Direct => json::RoomKind::Direct,
        RoomKind::Group => json::RoomKind::Group,
        RoomKind::Open => json::RoomKind::Open,
    }
}

fn member_state(state: MemberState) -> json::MemberState {
    match state {
        MemberState::Joined => json::MemberState::Joined,
        MemberState::Invited => json::MemberState::Invited,
    }
}
