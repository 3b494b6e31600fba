//! Tells the listeners of a user's rooms on this node that the user came or went.

use std::sync::Arc;

use madang_cluster::ClusterError;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::MemberState;

use crate::audience::Audiences;
use crate::encoder::{FrameEncoder, Online};
use crate::options::PresenceOptions;
use crate::truth::Truth;

/// Tells the listeners of a user's rooms on this node that the user came or went.
pub(crate) struct Announcer {
    /// Knows the rooms.
    pub(crate) truth: Arc<dyn Truth>,
    /// Reach the listeners.
    pub(crate) audiences: Audiences,
    /// Makes the frame.
    pub(crate) encoder: Arc<dyn FrameEncoder>,
    /// Limits.
    pub(crate) options: PresenceOptions,
}

impl Announcer {
    /// Tells those of the user's rooms that are not too large, the newest ones first if there are too
    /// many.
    pub(super) async fn announce(&self, user: &UserId, online: Online) {
        match self.rooms_to_tell(user).await {
            Ok(rooms) => self.audiences.tell(rooms, &self.encoder.presence(user, online)),
            Err(error) => tracing::warn!(%error, "cannot tell who came or went"),
        }
    }

    async fn rooms_to_tell(&self, user: &UserId) -> Result<Vec<RoomId>, ClusterError> {
        let slots = self.truth.slots();
        let mut rooms = self.truth.reader_now(slots.of_user(user))?.rooms_of(user).await?;
        rooms.retain(|(_, row)| row.state == Some(MemberState::Joined));
        let mut told = Vec::new();
        // Most rooms of most users are heard on other nodes only.
        let heard = rooms.into_iter().rev().filter(|(room, _)| self.audiences.is_heard(room));
        for (room, _) in heard.take(self.options.rooms_max) {
            let head = self.truth.reader_now(slots.of_room(&room))?.head(&room).await?;
            if head.is_some_and(|head| head.joined <= self.options.room_members_max) {
                told.push(room);
            }
            // A look at a local row does not wait: leave the thread to others now and then.
            tokio::task::coop::consume_budget().await;
        }
        Ok(told)
    }
}
