//! What a user sets up about a room for themself: quiet hours and the pin in the list.

use madang_cluster::command::UserOp;
use madang_storage::id::RoomId;
use madang_storage::row::{Switch, Until};

use super::{Caller, RoomView, Service, ServiceError};

impl Service {
    /// Sets a room up for the caller alone; what is `None` stays as it is.
    pub async fn set_my_room(
        &self,
        caller: &Caller,
        room: RoomId,
        quiet: Option<Until>,
        pinned: Option<Switch>,
    ) -> Result<RoomView, ServiceError> {
        self.change_user(&caller.user, UserOp::SetRoom { room, quiet, pinned }).await?;
        self.readers().room(&caller.user, &room).await
    }
}
