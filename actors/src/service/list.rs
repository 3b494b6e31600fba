//! Lists: a user's rooms, the directory of open rooms, a room's members. All are pages; all read many
//! rows, so they run on blocking threads.

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::MemberState;

use super::cursor::{self, ActivityCursor, DirectoryCursor};
use super::{Caller, MemberPage, MemberView, RoomPage, RoomView, Service, ServiceError};

impl Service {
    /// The caller's rooms, newest activity first.
    pub async fn rooms(
        &self,
        caller: &Caller,
        limit: usize,
        next: Option<&str>,
    ) -> Result<RoomPage, ServiceError> {
        let after = next.map(ActivityCursor::parse).transpose()?;
        let user = caller.user.clone();
        self.read(move |service| service.list_rooms(&user, limit, after)).await
    }

    /// Open rooms that anybody may join, in the order of the directory.
    pub async fn open_rooms(
        &self,
        caller: &Caller,
        limit: usize,
        next: Option<&str>,
    ) -> Result<RoomPage, ServiceError> {
        let after = next.map(DirectoryCursor::parse).transpose()?;
        let user = caller.user.clone();
        self.read(move |service| service.list_open_rooms(&user, limit, after)).await
    }

    /// A room's members by user id, invited ones included, for anybody who is one of them.
    pub async fn members(
        &self,
        caller: &Caller,
        room: RoomId,
        limit: usize,
        next: Option<&str>,
    ) -> Result<MemberPage, ServiceError> {
        let after = next.map(cursor::parse_member).transpose()?;
        let user = caller.user.clone();
        let mut page = self.read(move |service| service.list_members(&user, &room, limit, after)).await?;
        let users: Vec<UserId> = page.members.iter().map(|member| member.user.clone()).collect();
        for (member, online) in page.members.iter_mut().zip(self.0.presence.online(&users)) {
            member.online = online;
        }
        Ok(page)
    }

    /// All rooms the user has joined: what a session listens to.
    pub async fn joined_rooms(&self, user: &UserId) -> Result<Vec<RoomId>, ServiceError> {
        let user = user.clone();
        self.read(move |service| {
            let rooms = service.user_reader(&user)?.user_rooms(&user)?;
            let joined = rooms.into_iter().filter(|(_, row)| row.state == Some(MemberState::Joined));
            Ok(joined.map(|(room, _)| room).collect())
        })
        .await
    }

    fn list_rooms(
        &self,
        user: &UserId,
        limit: usize,
        after: Option<ActivityCursor>,
    ) -> Result<RoomPage, ServiceError> {
        let mut keys = Vec::new();
        for (room, row) in self.user_reader(user)?.user_rooms(user)? {
            if row.state.is_some()
                && let Some(head) = self.room_reader(&room)?.room(&room)?
            {
                keys.push((head.last_event_ms, room));
            }
        }
        // The id decides between rooms of the same millisecond, so that the order is total.
        keys.sort_unstable_by(|a, b| b.cmp(a));
        let start =
            after.map_or(0, |after| keys.partition_point(|key| *key >= (after.last_event_ms, after.room)));
        let page = keys.iter().skip(start).take(limit);
        let (rooms, taken) = self.views_of(user, page.map(|(_, room)| room))?;
        let end = start + taken;
        let last = end.checked_sub(1).and_then(|last| keys.get(last)).filter(|_| keys.len() > end);
        let next = last.map(|&(last_event_ms, room)| ActivityCursor { last_event_ms, room }.text());
        Ok(RoomPage { rooms, next })
    }

    fn list_open_rooms(
        &self,
        user: &UserId,
        limit: usize,
        after: Option<DirectoryCursor>,
    ) -> Result<RoomPage, ServiceError> {
        let mut found: Vec<DirectoryCursor> = Vec::new();
        for shard in
            self.0.cluster.slots().all().filter(|shard| after.is_none_or(|after| shard.0 >= after.shard))
        {
            let behind = after.filter(|after| after.shard == shard.0).map(|after| after.room);
            // One more than asked for tells whether there is a next page.
            let missing = limit + 1 - found.len();
            let rooms = self.0.cluster.reader(shard)?.open_rooms(behind, missing)?;
            found.extend(rooms.into_iter().map(|room| DirectoryCursor { shard: shard.0, room }));
            if found.len() > limit {
                break;
            }
        }
        let (rooms, taken) = self.views_of(user, found.iter().take(limit).map(|at| &at.room))?;
        let more = found.len() > taken;
        found.truncate(taken);
        let next = found.last().filter(|_| more).map(|last| last.text());
        Ok(RoomPage { rooms, next })
    }

    /// The rooms as the user sees them, until the page is large enough, and how many ids that took.
    fn views_of<'a>(
        &self,
        user: &UserId,
        ids: impl Iterator<Item = &'a RoomId>,
    ) -> Result<(Vec<RoomView>, usize), ServiceError> {
        let (mut rooms, mut bytes, mut taken) = (Vec::new(), 0, 0);
        for room in ids {
            if bytes >= self.0.options.history_bytes_max {
                break;
            }
            taken += 1;
            if let Some(view) = gone_meanwhile(self.0.views.room(user, room)) {
                let view = view?;
                bytes += view.weight();
                rooms.push(view);
            }
        }
        Ok((rooms, taken))
    }

    fn list_members(
        &self,
        user: &UserId,
        room: &RoomId,
        limit: usize,
        after: Option<UserId>,
    ) -> Result<MemberPage, ServiceError> {
        self.0.views.place(user, room)?;
        let mut rows = self.room_reader(room)?.members(room, after.as_ref(), limit + 1)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|(user, _)| cursor::member_text(user));
        let mut members = Vec::with_capacity(rows.len());
        for (user, row) in rows {
            let display_name = self.0.views.profile(&user)?.display_name;
            let (role, state) = (row.role, row.state);
            members.push(MemberView { user, display_name, role, state, online: false });
        }
        Ok(MemberPage { members, next })
    }
}

/// A room that was left between two reads is no error of the list.
fn gone_meanwhile<T>(view: Result<T, ServiceError>) -> Option<Result<T, ServiceError>> {
    match view {
        Err(ServiceError::NoRoom(_)) => None,
        other => Some(other),
    }
}
