//! Tells listeners on this node what homes say: the user's contacts, and who hears the user's smaller rooms.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use madang_cluster::ClusterError;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Feature, MemberState};

use super::circle::Circle;
use super::core::Core;
use super::shown::{Shown, State};
use crate::audience::Audiences;
use crate::encoder::FrameEncoder;
use crate::hub::{Hubs, Notice};
use crate::shed::Class;
use crate::truth::{Head, History};

/// Users whose rooms are looked up at the same time. Those of replicas on this node are ready at once.
const LOOKS_AT_ONCE: usize = 16;

/// After a look that failed, as while a shard has no leader: nobody posts again what is on the board.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// What could not be told yet.
struct Untold {
    user: UserId,
    shown: Shown,
}

/// Tells listeners on this node.
pub(crate) struct Announcer {
    /// Know which rooms are heard here.
    pub(crate) audiences: Audiences,
    /// Reach the listeners.
    pub(crate) hubs: Hubs,
    /// Makes the lines.
    pub(crate) encoder: Arc<dyn FrameEncoder>,
}

impl Announcer {
    /// Tells what is new, one user after the other, for ever. Who changes again meanwhile is told of once.
    pub(super) async fn run(self, core: Arc<Core>) {
        loop {
            let news: Vec<(UserId, Shown)> = core.news.lock().drain().collect();
            let partings = std::mem::take(&mut *core.partings.lock());
            if news.is_empty() && partings.is_empty() {
                core.wake.notified().await;
                continue;
            }
            let mut failed = false;
            for (user, other) in partings {
                // Whoever has just come or gone is in the news, which leave out those who are blocked.
                let is_news = news.iter().any(|(who, _)| *who == user);
                // Where nothing was to be seen, a word would say no more than that somebody blocks.
                let was_seen = is_news || core.announced(&user).state != State::Offline;
                if was_seen && self.part(&core, &user, &other).await.is_err() {
                    failed = true;
                    core.parted(&user, &other);
                }
            }
            let notices = news.into_iter().map(|(user, shown)| self.notice(&core, user, shown));
            let mut notices = stream::iter(notices).buffered(LOOKS_AT_ONCE);
            while let Some(notice) = notices.next().await {
                match notice {
                    Ok(Some(notice)) => self.hubs.notice(&notice),
                    Ok(None) => {}
                    Err(Untold { user, shown }) => {
                        failed = true;
                        // What is newer stays.
                        core.news.lock().entry(user).or_insert(shown);
                    }
                }
            }
            if failed {
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
            }
        }
    }

    /// What is told, and to whom; `None`: nobody here.
    async fn notice(&self, core: &Core, user: UserId, shown: Shown) -> Result<Option<Notice>, Untold> {
        // A look at local rows does not wait: leave the thread to others now and then.
        tokio::task::coop::consume_budget().await;
        let (rooms, circle) = match self.whom_to_tell(core, &user).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "cannot tell yet who came or went");
                return Err(Untold { user, shown });
            }
        };
        let Circle { contacts, blocked } = circle;
        let users: Vec<UserId> =
            contacts.into_iter().filter(|contact| core.roster.is_here(contact)).collect();
        if rooms.is_empty() && users.is_empty() {
            return Ok(None);
        }
        let line = self.encoder.presence(&user, &shown);
        Ok(Some(Notice { about: user, rooms, users, except: blocked, line }))
    }

    /// Tells `other`, whom `user` blocks now, a last time of `user`: that they are not there; or, if that is
    /// over, how it is. But only where the other one is told as a rule, or it would say no more than that
    /// somebody blocks.
    async fn part(&self, core: &Core, user: &UserId, other: &UserId) -> Result<(), ClusterError> {
        let shared = async {
            let mine = core.truth.reader_now(core.shard_of(user))?;
            let told = self.rooms_to_tell(core, &*mine, user).await?;
            let theirs = core.truth.reader_now(core.shard_of(other))?.rooms_of(other).await?;
            let joined = theirs.into_iter().filter(|(_, row)| row.state == Some(MemberState::Joined));
            let joined: HashSet<RoomId> = joined.map(|(room, _)| room).collect();
            let is_shared = told.iter().any(|room| joined.contains(room));
            let is_blocked = mine.circle(user).await?.blocked.contains(other);
            Ok::<_, ClusterError>(is_shared.then_some(is_blocked))
        };
        let is_blocked = shared.await.inspect_err(|error| {
            tracing::warn!(%error, "cannot tell yet somebody who is blocked, or no longer");
        })?;
        if let Some(is_blocked) = is_blocked {
            let shown = if is_blocked { Shown::hidden() } else { core.announced(user) };
            let line = self.encoder.presence(user, &shown);
            let (rooms, users, except) = (Vec::new(), vec![other.clone()], Vec::new());
            self.hubs.notice(&Notice { about: user.clone(), rooms, users, except, line });
        }
        Ok(())
    }

    async fn whom_to_tell(&self, core: &Core, user: &UserId) -> Result<(Vec<RoomId>, Circle), ClusterError> {
        let of_user = core.truth.reader_now(core.shard_of(user))?;
        Ok((self.rooms_to_tell(core, &*of_user, user).await?, of_user.circle(user).await?))
    }

    /// Those of the user's rooms that are heard here, not too large and not without presence, the newest ones
    /// first if there are too many.
    async fn rooms_to_tell(
        &self,
        core: &Core,
        of_user: &dyn History,
        user: &UserId,
    ) -> Result<Vec<RoomId>, ClusterError> {
        let slots = core.truth.slots();
        let mut rooms = of_user.rooms_of(user).await?;
        rooms.retain(|(_, row)| row.state == Some(MemberState::Joined));
        let mut told = Vec::new();
        // Most rooms of most users are heard on other nodes only.
        let told_of =
            |room: &RoomId| self.audiences.is_heard(room) && !self.hubs.levels().sheds(room, Class::Presence);
        let heard = rooms.into_iter().rev().filter(|(room, _)| told_of(room));
        for (room, _) in heard.take(core.options.rooms_max) {
            let head = core.truth.reader_now(slots.of_room(&room))?.head(&room).await?;
            let is_told = |head: Head| {
                head.joined <= core.options.room_members_max && head.features.has(Feature::Presence)
            };
            if head.is_some_and(is_told) {
                told.push(room);
            }
            tokio::task::coop::consume_budget().await;
        }
        Ok(told)
    }
}
