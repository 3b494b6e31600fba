//! Tells a user's rooms that the user came or went.

use std::sync::Arc;

use madang_storage::id::UserId;
use madang_storage::row::MemberState;

use crate::audience::Audiences;
use crate::encoder::{FrameEncoder, Online};
use crate::options::PresenceOptions;
use crate::truth::{Truth, read_off_thread};

/// Tells a user's rooms that the user came or went.
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
        let (truth, of, options) = (self.truth.clone(), user.clone(), self.options);
        let rooms = read_off_thread(move || {
            let mut rooms = truth.rooms_of(&of)?;
            rooms.retain(|(_, state)| *state == Some(MemberState::Joined));
            let mut told = Vec::new();
            for (room, _) in rooms.into_iter().rev().take(options.rooms_max) {
                if truth.head(&room)?.is_some_and(|head| head.joined <= options.room_members_max) {
                    told.push(room);
                }
            }
            Ok(told)
        });
        match rooms.await {
            Ok(rooms) => self.audiences.tell(rooms, &self.encoder.presence(user, online)),
            Err(error) => tracing::warn!(%error, "cannot tell who came or went"),
        }
    }
}
