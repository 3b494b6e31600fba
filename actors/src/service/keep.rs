//! Keeping a room: what holds in it, who is kept out or quiet, the archive and the end.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::command::{AdminOp, Refusal, RoomOp};
use madang_cluster::machine::room::rights::{self, Deed};
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{BanRow, RoomChange, Until};
use tokio::task::coop;

use super::readers::Readers;
use super::{Caller, Listed, RoomView, Service, ServiceError, cursor, directory, now_ms};

/// Profiles that are read at the same time.
const READS_AT_ONCE: usize = 32;

/// Bans that are read at once where places for them are looked for.
const BANS_READ_AT_ONCE: usize = 1_000;
/// Bans that are over, of which so many make room at once.
const LAPSED_MAX: usize = 100;

/// Somebody who may not enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanView {
    /// Who.
    pub user: UserId,
    /// What people see.
    pub display_name: String,
    /// Who decided it.
    pub by: UserId,
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
    /// Until when.
    pub until: Until,
    /// Why; may be empty.
    pub reason: String,
}

/// How long something is to hold, from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// Until somebody ends it.
    ForGood,
    /// So long.
    For(Duration),
}

impl Lasting {
    /// When that ends, by this node's clock.
    pub(super) fn until(self) -> Until {
        match self {
            Self::ForGood => Until::FOREVER,
            Self::For(time) => {
                let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                Until(now_ms().saturating_add(ms))
            }
        }
    }
}

impl Service {
    /// Changes what a room is called, or what holds in it.
    pub async fn set_room(
        &self,
        caller: &Caller,
        room: RoomId,
        change: RoomChange,
    ) -> Result<RoomView, ServiceError> {
        let ceiling = self.0.options.room_places_max;
        if change.places_max.is_some_and(|places| places > ceiling) {
            return Err(ServiceError::TooLarge { what: "field `places_max`", limit: ceiling });
        }
        let sort_title = change.title.as_deref().map(directory::sort_title).unwrap_or_default();
        self.keep(caller, room, AdminOp::Change { change: Box::new(change), sort_title }).await?;
        self.readers().room(&caller.user, &room).await
    }

    /// Keeps somebody out of a room.
    pub async fn ban(
        &self,
        caller: &Caller,
        room: RoomId,
        target: UserId,
        lasting: Lasting,
        reason: String,
    ) -> Result<(), ServiceError> {
        let readers = self.readers();
        readers.place(&caller.user, &room).await?;
        readers.profile(&target).await?;
        let ban = AdminOp::Ban { target, until: lasting.until(), reason };
        match self.keep(caller, room, ban.clone()).await {
            Err(ServiceError::Refused(Refusal::TooMany { .. })) => {
                self.forget_lapsed_bans(caller, room, &readers).await?;
                self.keep(caller, room, ban).await
            }
            other => other,
        }
    }

    /// Lets somebody in again.
    pub async fn unban(&self, caller: &Caller, room: RoomId, target: UserId) -> Result<(), ServiceError> {
        self.keep(caller, room, AdminOp::Unban(target)).await
    }

    /// Who may not enter, by user id, for those who keep order.
    pub async fn bans(
        &self,
        caller: &Caller,
        room: RoomId,
        limit: usize,
        next: Option<&str>,
    ) -> Result<Listed<BanView>, ServiceError> {
        let after = next.map(cursor::parse_member).transpose()?;
        let readers = self.readers();
        readers.allowed(&caller.user, &room, Deed::SeeBans).await?;
        let mut rows = readers.of_room(&room).await?.bans(&room, after.as_ref(), limit + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|(user, _)| cursor::member_text(user));
        let now_ms = now_ms();
        let holding = rows.into_iter().filter(|(_, row)| row.until.holds(now_ms));
        let views = holding.map(|(user, row)| {
            let readers = &readers;
            async move {
                coop::consume_budget().await;
                let display_name = readers.profile(&user).await?.display_name;
                let (by, at_ms, until, reason) = (row.by, row.at_ms, row.until, row.reason);
                Ok::<_, ServiceError>(BanView { user, display_name, by, at_ms, until, reason })
            }
        });
        let items = stream::iter(views).buffered(READS_AT_ONCE).try_collect().await?;
        Ok(Listed { items, next })
    }

    /// Forbids somebody to speak.
    pub async fn mute(
        &self,
        caller: &Caller,
        room: RoomId,
        target: UserId,
        lasting: Lasting,
    ) -> Result<(), ServiceError> {
        self.keep(caller, room, AdminOp::Mute { target, until: lasting.until() }).await
    }

    /// Lets somebody speak again.
    pub async fn unmute(&self, caller: &Caller, room: RoomId, target: UserId) -> Result<(), ServiceError> {
        self.keep(caller, room, AdminOp::Mute { target, until: Until::OVER }).await
    }

    /// Makes a room read only.
    pub async fn archive(&self, caller: &Caller, room: RoomId) -> Result<RoomView, ServiceError> {
        self.keep(caller, room, AdminOp::Archive).await?;
        self.readers().room(&caller.user, &room).await
    }

    /// Takes a room out of the archive.
    pub async fn unarchive(&self, caller: &Caller, room: RoomId) -> Result<RoomView, ServiceError> {
        self.keep(caller, room, AdminOp::Unarchive).await?;
        self.readers().room(&caller.user, &room).await
    }

    /// Deletes a room: gone for everybody at once.
    pub async fn delete_room(&self, caller: &Caller, room: RoomId) -> Result<(), ServiceError> {
        self.keep(caller, room, AdminOp::Delete).await
    }

    /// Gives back places of bans that are over: they keep theirs until somebody needs one.
    async fn forget_lapsed_bans(
        &self,
        caller: &Caller,
        room: RoomId,
        readers: &Readers,
    ) -> Result<(), ServiceError> {
        let (reader, mut after) = (readers.of_room(&room).await?, None);
        loop {
            let rows = reader.bans(&room, after.as_ref(), BANS_READ_AT_ONCE).await?;
            let over = lapsed(&rows, now_ms());
            for user in &over {
                self.keep(caller, room, AdminOp::Unban(user.clone())).await?;
            }
            if !over.is_empty() || rows.len() < BANS_READ_AT_ONCE {
                return Ok(());
            }
            after = rows.into_iter().next_back().map(|(user, _)| user);
        }
    }

    pub(super) async fn keep(&self, caller: &Caller, room: RoomId, op: AdminOp) -> Result<(), ServiceError> {
        self.change_room(room, &caller.user, RoomOp::Admin(op)).await
    }
}

impl Readers {
    /// Refuses whose role does not allow it. The same table as the machine's.
    pub(super) async fn allowed(&self, user: &UserId, room: &RoomId, deed: Deed) -> Result<(), ServiceError> {
        let (head, place) = self.seen(user, room).await?;
        match place {
            Some(place) if rights::allows(&head, &place, deed) => Ok(()),
            Some(_) => Err(Refusal::Forbidden.into()),
            None => Err(Refusal::NotMember.into()),
        }
    }
}

/// Some of those whose ban is over: to lift it is to forget it, and nobody is told.
fn lapsed(bans: &[(UserId, BanRow)], now_ms: u64) -> Vec<UserId> {
    let over = bans.iter().filter(|(_, row)| !row.until.holds(now_ms));
    over.take(LAPSED_MAX).map(|(user, _)| user.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bans_that_are_over_make_room_and_not_all_at_once() {
        let ban = |number: u64, until| {
            let by = UserId::parse("minji").unwrap();
            let user = UserId::parse(&format!("user{number}")).unwrap();
            (user, BanRow { by, at_ms: 0, until: Until(until), reason: String::new() })
        };
        let bans = [ban(1, 10), ban(2, 11), ban(3, u64::MAX)];
        assert_eq!(lapsed(&bans, 10), [bans[0].0.clone()]);
        let many: Vec<_> = (0..500).map(|number| ban(number, 5)).collect();
        assert_eq!(lapsed(&many, 10).len(), LAPSED_MAX);
    }
}
