//! News about people of this shard: their rooms, their reading, their sessions. Passed on one after the
//! other by a task beside the audience, since a room must be read to be shown. How far the feed has come goes
//! the same way, so that no hub hears of it before the news that it covers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use madang_cluster::ClusterError;
use madang_cluster::event::SessionEnd;
use madang_storage::id::{RoomId, SessionId, ShardId, UserId};
use madang_storage::row::{MemberState, PresenceRow, UserRoomRow};
use tokio::sync::{Notify, mpsc};

use super::audiences::Seats;
use crate::encoder::{FrameEncoder, Unreadable};
use crate::hub::{Begun, Hubs, Place};
use crate::outbound::Close;
use crate::position::FeedPos;
use crate::presence::{Presence, Roster};
use crate::pump::Running;
use crate::service::ReadMark;
use crate::truth::Truth;

/// What the task works with.
#[derive(Clone)]
pub(crate) struct Parts {
    /// See the audience's arguments.
    pub(crate) shard: ShardId,
    /// See the audience's arguments.
    pub(crate) truth: Arc<dyn Truth>,
    /// See the audience's arguments.
    pub(crate) hubs: Hubs,
    /// See the audience's arguments.
    pub(crate) encoder: Arc<dyn FrameEncoder>,
    /// See the audience's arguments.
    pub(crate) roster: Roster,
    /// See the audience's arguments.
    pub(crate) presence: Presence,
}

/// What the task hears, in the order of the feed.
enum News {
    Moved(Moved),
    /// All rooms' events through this place were handed to the hubs.
    Reached(u64),
}

/// One change of one user's list of rooms.
struct Moved {
    user: UserId,
    room: RoomId,
    state: Option<MemberState>,
    pos: u64,
}

/// The way into the task, which ends with this.
pub(super) struct People {
    parts: Parts,
    seats: Arc<Seats>,
    news: mpsc::Sender<News>,
    catch_up: Arc<CatchUp>,
    _task: Running,
}

/// That news was lost: all people of the shard are looked up anew.
#[derive(Default)]
struct CatchUp {
    due: AtomicBool,
    wake: Notify,
}

impl People {
    /// Starts the task.
    pub(super) fn start(parts: Parts, seats: Arc<Seats>, news_max: usize) -> Self {
        let (news, heard) = mpsc::channel(news_max.max(1));
        let catch_up = Arc::new(CatchUp::default());
        let task = Task { parts: parts.clone(), seats: seats.clone(), catch_up: catch_up.clone() };
        Self { parts, seats, news, catch_up, _task: Running::start(task.run(heard)) }
    }

    /// A user's list of rooms changed. Order: changes of one user are passed on in the order of calls.
    pub(super) fn moved(&self, user: &UserId, room: RoomId, state: Option<MemberState>, pos: u64) {
        if self.parts.roster.is_here(user) {
            let moved = Moved { user: user.clone(), room, state, pos };
            if self.news.try_send(News::Moved(moved)).is_err() {
                self.catch_up();
            }
        }
    }

    /// All rooms' events through this place were handed to the hubs. Said again and again, until all news
    /// through there has been passed on too.
    pub(super) fn reached(&self, through: u64) {
        let behind = through > self.seats.reached.load(Ordering::Acquire);
        if behind || self.catch_up.due.load(Ordering::Acquire) {
            // If there is no room for it now, there will be the next time.
            let _ = self.news.try_send(News::Reached(through));
        }
    }

    /// A user read on.
    pub(super) fn read(&self, user: &UserId, room: &RoomId, mark: ReadMark) {
        if self.parts.roster.is_here(user) {
            let frame = self.parts.encoder.read(room, mark);
            self.parts.hubs.deliver_user(user, None, &frame);
        }
    }

    /// A user changed what others see, on some device: the others hear of it, and so does the user's home.
    pub(super) fn shows(&self, user: &UserId, row: &PresenceRow) {
        if self.parts.roster.is_here(user) {
            self.parts.hubs.deliver_user(user, None, &self.parts.encoder.my_presence(row));
        }
        self.parts.presence.row_changed(user);
    }

    /// A user blocks another, who is told of the user no more, or does so no longer.
    pub(super) fn blocked(&self, user: &UserId, other: &UserId) {
        if self.parts.roster.is_here(other) {
            self.parts.presence.parted(user, other);
        }
    }

    /// A session was ended.
    pub(super) fn session_ended(&self, user: &UserId, session: SessionId, why: SessionEnd) {
        if self.parts.roster.is_here(user) {
            let close = match why {
                SessionEnd::Revoked => Close::REVOKED,
                SessionEnd::DeviceLimit => Close::DEVICE_LIMIT,
                SessionEnd::Suspended => Close::SUSPENDED,
            };
            self.parts.hubs.close_session(session, close);
        }
    }

    /// Something changed that only the user's own devices hear of.
    pub(super) fn tell_of(&self, user: &UserId, frame: impl FnOnce(&dyn FrameEncoder) -> Bytes) {
        if self.parts.roster.is_here(user) {
            self.parts.hubs.deliver_user(user, None, &frame(&*self.parts.encoder));
        }
    }

    /// News was lost: looks all people up who are here.
    pub(super) fn catch_up(&self) {
        self.parts.presence.rows_may_have_changed(self.parts.shard);
        self.catch_up.due.store(true, Ordering::Release);
        self.catch_up.wake.notify_one();
    }
}

/// Passes news on.
struct Task {
    parts: Parts,
    seats: Arc<Seats>,
    catch_up: Arc<CatchUp>,
}

impl Task {
    async fn run(self, mut news: mpsc::Receiver<News>) {
        loop {
            tokio::select! {
                news = news.recv() => match news {
                    Some(News::Moved(moved)) => self.parts.pass_on(moved).await,
                    Some(News::Reached(through)) => self.reached(through).await,
                    None => return,
                },
                () = self.catch_up.wake.notified() => self.set_right().await,
            }
        }
    }

    /// What was lost is told before anybody hears that all was told.
    async fn reached(&self, through: u64) {
        self.set_right().await;
        if !self.catch_up.due.load(Ordering::Acquire) {
            // Written down before the hubs are counted: one that starts meanwhile sees it, or hears it.
            self.seats.reached.fetch_max(through, Ordering::AcqRel);
            self.parts.hubs.reached(FeedPos { shard: self.parts.shard, pos: through });
        }
    }

    /// Looks everybody up if news was lost; what fails stays due.
    async fn set_right(&self) {
        if self.catch_up.due.swap(false, Ordering::AcqRel) {
            let told = self.seats.reached.load(Ordering::Acquire);
            if let Err(error) = self.parts.catch_up(told).await {
                tracing::warn!(shard = %self.parts.shard, %error, "cannot look people's rooms up; trying again");
                self.catch_up.due.store(true, Ordering::Release);
            }
        }
    }
}

impl Parts {
    /// Acts on what is true now: news may have waited behind a look at everybody that went past it.
    async fn pass_on(&self, moved: Moved) {
        let Moved { user, room, state, pos } = moved;
        let now = match self.truth.reader_now(self.shard) {
            Ok(now) => now.place(&user, &room).await,
            Err(error) => Err(error),
        };
        match now {
            Ok(now) if now == state => {}
            // What is true now is news of its own, which follows, or was lost and is looked up.
            Ok(_) => return,
            Err(error) => tracing::warn!(%error, "cannot look up whether a change of rooms still holds"),
        }
        if state == Some(MemberState::Joined) {
            self.hubs.join_user(&user, room);
        } else if state.is_none() {
            self.hubs.leave_user(&user, room);
        }
        self.tell(&user, room, state, pos).await;
    }

    /// Tells a user's sessions that the list of rooms changed.
    async fn tell(&self, user: &UserId, room: RoomId, state: Option<MemberState>, pos: u64) {
        let at = Some(FeedPos { shard: self.shard, pos });
        let frame = match state {
            None => Ok(Some(self.encoder.room_removed(&room))),
            Some(MemberState::Joined) => match self.hubs_hear(room).await {
                // Read after all hubs listen: what is newer than the room shown here will be pushed.
                Begun::Yes => self.encoder.room_added(user, &room).await,
                Begun::Unknown => Err(Unreadable("nobody knows yet where its log ends".to_owned())),
            },
            Some(MemberState::Invited) => self.encoder.room_added(user, &room).await,
        };
        match frame {
            Ok(Some(frame)) => self.hubs.deliver_user(user, at, &frame),
            // Something newer became true, which will be told.
            Ok(None) => {}
            Err(error) => self.turn_away(user, &error),
        }
    }

    /// Closes the connections of somebody who cannot be told something. They come back with their cursors,
    /// which do not cover it.
    fn turn_away(&self, user: &UserId, why: &Unreadable) {
        tracing::warn!(%why, "a change of rooms cannot be told: closing its user's connections");
        for (_, sessions) in self.roster.people(|other| other == user) {
            sessions.into_iter().for_each(|session| self.hubs.close_session(session, Close::INTERNAL));
        }
    }

    /// Waits until all hubs have handled what was sent before, and it is known where the listening began.
    async fn hubs_hear(&self, room: RoomId) -> Begun {
        self.hubs.handled().await;
        self.hubs.begun(vec![room]).await
    }

    /// Tells everybody who is here what was not told: changes behind `told`, and whatever is not as it
    /// should be.
    async fn catch_up(&self, told: u64) -> Result<(), ClusterError> {
        let mut failed = None;
        for (user, sessions) in self.roster.people(|user| self.truth.slots().of_user(user) == self.shard) {
            match self.look_up(&user, sessions).await {
                Ok((rooms, ended)) => self.set_right(&user, rooms, &ended, told).await,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// A user's rooms, and which of these sessions were ended.
    async fn look_up(
        &self,
        user: &UserId,
        sessions: Vec<SessionId>,
    ) -> Result<(Vec<(RoomId, UserRoomRow)>, Vec<SessionId>), ClusterError> {
        let now = self.truth.reader_now(self.shard)?;
        let rooms = now.rooms_of(user).await?;
        let mut ended = Vec::new();
        for session in sessions {
            if !now.session_lives(user, &session).await? {
                ended.push(session);
            }
        }
        Ok((rooms, ended))
    }

    async fn set_right(
        &self,
        user: &UserId,
        rooms: Vec<(RoomId, UserRoomRow)>,
        ended: &[SessionId],
        told: u64,
    ) {
        ended.iter().for_each(|session| self.hubs.close_session(*session, Close::REVOKED));
        let place = |state| if state == Some(MemberState::Joined) { Place::In } else { Place::Out };
        let places: Vec<_> = rooms.iter().map(|(room, row)| (*room, place(row.state))).collect();
        let changed = self.hubs.set_places(user, &places).await;
        for (room, row) in rooms {
            // At first nothing is known to be told, and sessions have only begun: they have read their list.
            let is_news = told > 0 && row.pos > told;
            if is_news || changed.binary_search(&room).is_ok() {
                self.tell(user, room, row.state, row.pos).await;
            }
        }
    }
}
