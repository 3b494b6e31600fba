//! Tells listeners on this node what homes say: the user's contacts, and who hears the user's smaller rooms.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use madang_cluster::ClusterError;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::MemberState;

use super::core::Core;
use super::shown::Shown;
use crate::audience::Audiences;
use crate::encoder::FrameEncoder;
use crate::hub::{Hubs, Notice};

/// Users whose rooms are looked up at the same time. Those of replicas on this node are ready at once.
const LOOKS_AT_ONCE: usize = 16;

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
            if news.is_empty() {
                core.wake.notified().await;
                continue;
            }
            let notices = news.into_iter().map(|(user, shown)| self.notice(&core, user, shown));
            let mut notices = stream::iter(notices).buffered(LOOKS_AT_ONCE);
            while let Some(notice) = notices.next().await {
                if let Some(notice) = notice {
                    self.hubs.notice(&notice);
                }
            }
        }
    }

    async fn notice(&self, core: &Core, user: UserId, shown: Shown) -> Option<Notice> {
        // A look at local rows does not wait: leave the thread to others now and then.
        tokio::task::coop::consume_budget().await;
        let rooms = match self.rooms_to_tell(core, &user).await {
            Ok(rooms) => rooms,
            Err(error) => {
                tracing::warn!(%error, "cannot tell who came or went");
                Vec::new()
            }
        };
        let line = self.encoder.presence(&user, &shown);
        let (users, except) = (Vec::new(), Vec::new());
        (!rooms.is_empty()).then_some(Notice { about: user, rooms, users, except, line })
    }

    /// Those of the user's rooms that are heard here and not too large, the newest ones first if there are
    /// too many.
    async fn rooms_to_tell(&self, core: &Core, user: &UserId) -> Result<Vec<RoomId>, ClusterError> {
        let slots = core.truth.slots();
        let mut rooms = core.truth.reader_now(slots.of_user(user))?.rooms_of(user).await?;
        rooms.retain(|(_, row)| row.state == Some(MemberState::Joined));
        let mut told = Vec::new();
        // Most rooms of most users are heard on other nodes only.
        let heard = rooms.into_iter().rev().filter(|(room, _)| self.audiences.is_heard(room));
        for (room, _) in heard.take(core.options.rooms_max) {
            let head = core.truth.reader_now(slots.of_room(&room))?.head(&room).await?;
            if head.is_some_and(|head| head.joined <= core.options.room_members_max) {
                told.push(room);
            }
            tokio::task::coop::consume_budget().await;
        }
        Ok(told)
    }
}
