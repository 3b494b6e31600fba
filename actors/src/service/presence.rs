//! Being there: what others see of a user, and who is typing.

use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::Reader;
use madang_cluster::command::{PresenceOp, Refusal, StatusChange, UserOp};
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Blocked, Status, Visibility};
use tokio::task::coop;

use super::readers::Readers;
use super::{Caller, Service, ServiceError};
use crate::presence::{Attention, Shown};
use crate::typing::Typing;

/// Rows of one question that are read at the same time.
const READS_AT_ONCE: usize = 32;

/// What a user wants others to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetPresence {
    /// This device is in use, and others may know.
    Online,
    /// Nobody looks at this device.
    Idle,
    /// Others are to see the user as offline, on whatever device.
    Invisible,
}

/// What a user shows of being there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyPresence {
    /// Who may know.
    pub visibility: Visibility,
    /// What the user says, if that still holds.
    pub status: Option<Status>,
}

impl Service {
    /// What the caller may see of these users, in their order. Somebody who does not exist, or blocks the
    /// caller, is offline.
    pub async fn presence(
        &self,
        caller: &Caller,
        users: Vec<UserId>,
    ) -> Result<Vec<(UserId, Shown)>, ServiceError> {
        let there = self.0.presence.shown(&users).await;
        let (readers, now_ms) = (self.readers(), now_ms());
        let shown = users.into_iter().zip(there).map(|(user, there)| {
            let readers = &readers;
            async move {
                coop::consume_budget().await;
                let reader = readers.of_user(&user).await?;
                let shown = match there {
                    _ if blocks(reader, &user, caller).await? => Shown::hidden(),
                    Some(shown) => shown.at(now_ms),
                    None => Shown::gone(&reader.presence(&user).await?.unwrap_or_default(), now_ms),
                };
                Ok::<_, ServiceError>((user, shown))
            }
        });
        stream::iter(shown).buffered(READS_AT_ONCE).try_collect().await
    }

    /// Changes what others see of the caller.
    pub async fn set_presence(
        &self,
        caller: &Caller,
        set: Option<SetPresence>,
        status: Option<StatusChange>,
    ) -> Result<MyPresence, ServiceError> {
        if !self.0.presence.is_on() {
            return Err(Refusal::SwitchedOff.into());
        }
        let (attention, visibility) = match set {
            Some(SetPresence::Online) => (Some(Attention::Active), Some(Visibility::Visible)),
            Some(SetPresence::Idle) => (Some(Attention::Away), None),
            Some(SetPresence::Invisible) => (None, Some(Visibility::Invisible)),
            None => (None, None),
        };
        let known = self.readers().of_user(&caller.user).await?.presence(&caller.user).await?;
        let known = known.unwrap_or_default();
        // Devices say again and again that they are in use: what is so already costs no command.
        let visibility = visibility.filter(|visibility| *visibility != known.visibility);
        let (mut visibility_now, mut status_now) = (known.visibility, known.status);
        if visibility.is_some() || status.is_some() {
            visibility_now = visibility.unwrap_or(visibility_now);
            match &status {
                Some(StatusChange::Set(status)) => status_now = Some(status.clone()),
                Some(StatusChange::Clear) => status_now = None,
                None => {}
            }
            let op = UserOp::Presence(PresenceOp::Show { visibility, status });
            self.change_user(&caller.user, op).await?;
        }
        if let Some(attention) = attention {
            self.0.presence.attend(&caller.user, caller.session, attention);
        }
        let now_ms = now_ms();
        Ok(MyPresence {
            visibility: visibility_now,
            status: status_now.filter(|status| status.holds(now_ms)),
        })
    }

    /// Has those who listen to a room told that the caller types, or has stopped to.
    pub async fn typing(&self, caller: &Caller, room: RoomId, typing: Typing) -> Result<(), ServiceError> {
        let answer = self.0.rooms.typing(room, caller.user.clone(), caller.session, typing).await;
        answer.map_err(|_| ServiceError::lost())???;
        Ok(())
    }

    /// What the caller may see of these users, in their order, without what is stored of those who are
    /// offline.
    pub(super) async fn shown(
        &self,
        caller: &Caller,
        readers: &Readers,
        users: &[UserId],
    ) -> Result<Vec<Shown>, ServiceError> {
        let now_ms = now_ms();
        let there = self.0.presence.shown(users).await;
        let shown = users.iter().cloned().zip(there).map(|(user, there)| async move {
            let Some(shown) = there else { return Ok(Shown::hidden()) };
            coop::consume_budget().await;
            let hidden = blocks(readers.of_user(&user).await?, &user, caller).await?;
            Ok::<_, ServiceError>(if hidden { Shown::hidden() } else { shown.at(now_ms) })
        });
        stream::iter(shown).buffered(READS_AT_ONCE).try_collect().await
    }
}

/// Whether `user` does not want to be seen by the caller.
async fn blocks(reader: &Reader, user: &UserId, caller: &Caller) -> Result<bool, ServiceError> {
    let row = reader.block(user, &caller.user).await?;
    Ok(row.is_some_and(|row| row.blocked == Blocked::Yes))
}

/// Milliseconds since the epoch.
fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
