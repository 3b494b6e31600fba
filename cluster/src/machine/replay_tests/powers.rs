//! That nobody does what their role does not allow: every event that is logged, and every change of links, staff
//! and reports, is held against the rows as they were before.

use std::collections::BTreeMap;

use madang_storage::id::{LinkSecret, RoomId, UserId};
use madang_storage::row::{
    BanRow, Content, EventBody, EventRow, Everybody, Life, Link, LinksRow, MemberRow, MemberState, Right,
    Role, RoomChange, RoomKind, RoomRow, StaffRole, StaffRow, Switch, table,
};

use crate::command::{AdminOp, Op, RoomOp, Standing};
use crate::event::RoomEvent;
use crate::machine::room::link::link_id;
use crate::machine::rows::{MemoryBase, Rows, event_key, link_use_key, member_key, room_key, user_key};

/// A room as it was before a command.
pub(super) struct Before<'a> {
    base: &'a MemoryBase,
    room: RoomId,
    head: Option<RoomRow>,
}

impl<'a> Before<'a> {
    pub(super) fn new(base: &'a MemoryBase, room: RoomId) -> Self {
        let head = Rows::new(base).load(table::ROOM, &room_key(&room)).unwrap();
        Self { base, room, head }
    }

    fn member(&self, user: &UserId) -> Option<MemberRow> {
        Rows::new(self.base).load(table::MEMBER, &member_key(&self.room, user)).unwrap()
    }

    fn sender(&self, seq: u64) -> UserId {
        let row: Option<EventRow> =
            Rows::new(self.base).load(table::ROOM_LOG, &event_key(&self.room, seq)).unwrap();
        row.unwrap().user
    }

    fn links(&self, base: &MemoryBase) -> Vec<Link> {
        let row: Option<LinksRow> = Rows::new(base).load(table::LINKS, &room_key(&self.room)).unwrap();
        row.unwrap_or_default().links
    }

    /// Panics if the event is more than its user might do. `op` is the command behind it.
    pub(super) fn check(&self, event: &RoomEvent, op: &Op) {
        let user = &event.row.user;
        let Some(head) = &self.head else {
            return; // The room begins.
        };
        let me = self.member(user);
        let inside = me.as_ref().filter(|row| row.state == MemberState::Joined);
        let role = inside.map(|row| row.role);
        let has = |right: Right| role.is_some_and(|role| role >= head.rights.least(right));
        let keeps_order = role.is_some_and(|role| role >= Role::Moderator);
        let speaks = has(Right::Send) && inside.is_some_and(|row| !row.muted.holds(event.row.at_ms));
        let allowed = match &event.row.body {
            EventBody::Joined => self.may_enter(user, op, event.row.at_ms),
            EventBody::Left => me.is_some(),
            // Only a room that begins.
            EventBody::Created { .. } | EventBody::Tombstone { .. } => false,
            EventBody::Message { extra, .. } => {
                let extra = extra.clone().unwrap_or_default();
                let next_ms = inside.map_or(0, |row| row.last_send_ms + u64::from(head.slow_mode_s) * 1000);
                speaks
                    && (keeps_order || next_ms <= event.row.at_ms)
                    && (extra.content != Content::System || keeps_order)
                    && (extra.mentions.everybody == Everybody::No || has(Right::MentionRoom))
            }
            EventBody::Edited { target, now, .. } => {
                let calls = now.as_ref().is_some_and(|now| now.mentions.everybody == Everybody::Yes);
                speaks && self.sender(*target) == *user && (!calls || has(Right::MentionRoom))
            }
            EventBody::Deleted { target } => {
                role.is_some() && (self.sender(*target) == *user || has(Right::DeleteOthers))
            }
            EventBody::Pinned { .. } => has(Right::Pin),
            EventBody::Reacted { to, .. } => {
                if *to == Switch::On {
                    speaks
                } else {
                    role.is_some()
                }
            }
            EventBody::Invited { target } => has(Right::Invite) && !self.is_banned(target, event.row.at_ms),
            EventBody::Kicked { target }
            | EventBody::Banned { target, .. }
            | EventBody::Muted { target, .. } => {
                keeps_order && self.member(target).is_none_or(|other| role > Some(other.role))
            }
            EventBody::Unbanned { .. } => keeps_order,
            EventBody::Role { role: given, .. } => {
                role.is_some_and(|role| role >= Role::Admin && (role == Role::Owner || *given < role))
            }
            EventBody::Changed(change) => {
                let described = change.title.is_some() || change.topic.is_some() || change.picture.is_some();
                let configured = **change
                    != RoomChange {
                        title: change.title.clone(),
                        topic: change.topic.clone(),
                        picture: change.picture.clone(),
                        ..RoomChange::default()
                    };
                let within =
                    |(right, least): &(Right, Role)| role >= Some(head.rights.least(*right).max(*least));
                (!described || has(Right::Describe))
                    && (!configured || role >= Some(Role::Admin))
                    && change.rights.iter().all(within)
            }
            EventBody::Archived | EventBody::Unarchived => role >= Some(Role::Admin),
            EventBody::RoomDeleted => role == Some(Role::Owner),
        };
        assert!(allowed, "{user} with {role:?} did {event:?} in {head:?}");
        assert!(
            head.life == Life::Live || self.goes_on_in(head.life, &event.row.body),
            "{event:?} in {head:?}"
        );
    }

    /// In an archived room people go and are kept in order; in a deleted one nothing happens any more.
    fn goes_on_in(&self, life: Life, body: &EventBody) -> bool {
        life == Life::Archived
            && matches!(
                body,
                EventBody::Left
                    | EventBody::Deleted { .. }
                    | EventBody::Kicked { .. }
                    | EventBody::Banned { .. }
                    | EventBody::Unbanned { .. }
                    | EventBody::Muted { .. }
                    | EventBody::Role { .. }
                    | EventBody::Unarchived
                    | EventBody::RoomDeleted
            )
    }

    fn is_banned(&self, user: &UserId, now_ms: u64) -> bool {
        let key = member_key(&self.room, user);
        let ban: Option<BanRow> = Rows::new(self.base).load(table::BAN, &key).unwrap();
        ban.is_some_and(|ban| ban.until.holds(now_ms))
    }

    fn may_enter(&self, user: &UserId, op: &Op, now_ms: u64) -> bool {
        let is_invited = self.member(user).is_some();
        let is_open = self.head.as_ref().is_some_and(|head| head.kind == RoomKind::Open);
        let by_link = |secret: &LinkSecret| {
            let link = self.links(self.base).into_iter().find(|link| link.id == link_id(secret));
            link.is_some_and(|link| {
                let used = link_use_key(&self.room, &link.id, user);
                let counted = self.base.0.contains_key(&(table::LINK_USE, used));
                let maker = self.member(&link.by).filter(|maker| maker.state == MemberState::Joined);
                let invites = self.head.as_ref().map(|head| head.rights.least(Right::Invite));
                link.until.holds(now_ms)
                    && (counted || link.uses_max.is_none_or(|max| link.uses < max))
                    && maker.map(|maker| maker.role) >= invites
            })
        };
        let way = match op {
            Op::Room { op: RoomOp::JoinByLink(secret), .. } => by_link(secret),
            _ => is_invited || is_open,
        };
        way && !self.is_banned(user, now_ms)
    }

    /// Panics if links came or went otherwise than by who may make them, or take them away.
    pub(super) fn check_links(&self, after: &MemoryBase, op: &Op, at_ms: u64) {
        let (before, after) = (self.links(self.base), self.links(after));
        let Op::Room { user, op, .. } = op else { return };
        let Some(head) = &self.head else { return };
        let inside = self.member(user).filter(|row| row.state == MemberState::Joined);
        let role = inside.map(|row| row.role);
        let has = |link: &Link, links: &[Link]| links.iter().any(|other| other.id == link.id);
        for link in after.iter().filter(|link| !has(link, &before)) {
            assert!(
                role >= Some(head.rights.least(Right::Invite)) && link.by == *user,
                "{user} made {link:?}"
            );
            assert_eq!(head.life, Life::Live);
        }
        for link in before.iter().filter(|link| !has(link, &after)) {
            let takes = matches!(op, RoomOp::Admin(AdminOp::RevokeLink(_)))
                && (role >= Some(Role::Admin) || role.is_some() && link.by == *user);
            let spent = !link.is_open(at_ms.max(head.last_event_ms));
            assert!(takes || spent, "{user} with {role:?} took {link:?} away");
        }
    }
}

/// Panics if somebody without the power appointed staff or moved a report on.
pub(super) fn check_desk(before: &MemoryBase, after: &MemoryBase, op: &Op) {
    let of = |base: &MemoryBase, wanted: u8| -> BTreeMap<Vec<u8>, Vec<u8>> {
        let rows = base.0.iter().filter(|((table, _), _)| *table == wanted);
        rows.map(|((_, key), row)| (key.clone(), row.clone())).collect()
    };
    let Op::Safety { by, standing, .. } = op else { return };
    let listed: Option<StaffRow> = Rows::new(before).load(table::STAFF, &user_key(by)).unwrap();
    let rank = match standing {
        Standing::Named => Some(StaffRole::Admin),
        Standing::Listed => listed.map(|row| row.role),
    };
    if of(before, table::STAFF) != of(after, table::STAFF) {
        assert_eq!(rank, Some(StaffRole::Admin), "{op:?}");
    }
    if of(before, table::SUSPENSION) != of(after, table::SUSPENSION) {
        assert!(rank.is_some(), "{op:?}");
    }
    let known = of(before, table::REPORT);
    if of(after, table::REPORT).iter().any(|(key, row)| known.get(key).is_some_and(|old| old != row)) {
        assert!(rank.is_some(), "{op:?}");
    }
}
