//! Invitations that wait for their answers.

use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::command::RoomOp;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::MemberState;
use tokio::task::coop;

use super::{Caller, RoomView, Service, ServiceError};

/// Rows of one list that are read at the same time.
const READS_AT_ONCE: usize = 32;

/// An invitation that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationView {
    /// Into which room.
    pub room: RoomView,
    /// Whose it is.
    pub by: Option<UserId>,
    /// When it was sent, milliseconds since the epoch.
    pub at_ms: u64,
}

impl Service {
    /// The caller's invitations, newest first.
    pub async fn invitations(&self, caller: &Caller) -> Result<Vec<InvitationView>, ServiceError> {
        let readers = self.readers();
        let mut rooms = readers.of_user(&caller.user).await?.user_rooms(&caller.user).await?;
        rooms.retain(|(_, row)| row.state == Some(MemberState::Invited));
        rooms.sort_unstable_by_key(|(room, row)| std::cmp::Reverse((row.at_ms, *room)));
        let views = rooms.into_iter().map(|(room, row)| {
            let readers = &readers;
            async move {
                coop::consume_budget().await;
                match readers.room(&caller.user, &room).await {
                    Ok(room) => Ok(Some(InvitationView { room, by: row.by, at_ms: row.at_ms })),
                    // Taken back between the two reads.
                    Err(ServiceError::NoRoom(_)) => Ok(None),
                    Err(error) => Err(error),
                }
            }
        });
        let views = stream::iter(views).buffered(READS_AT_ONCE);
        views.try_filter_map(|view| std::future::ready(Ok(view))).try_collect().await
    }

    /// Says no to an invitation.
    pub async fn decline(&self, caller: &Caller, room: RoomId) -> Result<(), ServiceError> {
        self.change_room(room, &caller.user, RoomOp::Decline).await
    }
}
