//! News about people of this shard: their rooms, their reading, their sessions. Passed on one after the
//! other by a task beside the audience, since a room must be read to be shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use madang_cluster::ClusterError;
use madang_storage::id::{RoomId, SessionId, ShardId, UserId};
use madang_storage::row::MemberState;
use tokio::sync::{Notify, mpsc};

use crate::encoder::FrameEncoder;
use crate::hub::{Hubs, Place};
use crate::outbound::Close;
use crate::presence::Roster;
use crate::pump::Running;
use crate::truth::Truth;

/// A room that never is: nobody is in it.
const NO_ROOM: RoomId = RoomId([0; 16]);

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
}

/// One change of one user's list of rooms.
struct Moved {
    user: UserId,
    room: RoomId,
    state: Option<MemberState>,
}

/// The way into the task, which ends with this.
pub(super) struct People {
    parts: Parts,
    moves: mpsc::Sender<Moved>,
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
    pub(super) fn start(parts: Parts, news_max: usize) -> Self {
        let (moves, news) = mpsc::channel(news_max.max(1));
        let catch_up = Arc::new(CatchUp::default());
        let task = Running::start(pass_on(parts.clone(), news, catch_up.clone()));
        Self { parts, moves, catch_up, _task: task }
    }

    /// A user's list of rooms changed. Order: changes of one user are passed on in the order of calls.
    pub(super) fn moved(&self, user: &UserId, room: RoomId, state: Option<MemberState>) {
        if self.parts.roster.is_here(user)
            && self.moves.try_send(Moved { user: user.clone(), room, state }).is_err()
        {
            self.catch_up();
        }
    }

    /// A user read on.
    pub(super) fn read(&self, user: &UserId, room: &RoomId, read_seq: u64, unread: u64) {
        if self.parts.roster.is_here(user) {
            let frame = self.parts.encoder.read(room, read_seq, unread);
            self.parts.hubs.deliver_user(user, &frame);
        }
    }

    /// A session was ended.
    pub(super) fn session_ended(&self, user: &UserId, session: SessionId) {
        if self.parts.roster.is_here(user) {
            self.parts.hubs.close_session(session, Close::REVOKED);
        }
    }

    /// News was lost: looks all people up who are here.
    pub(super) fn catch_up(&self) {
        self.catch_up.due.store(true, Ordering::Release);
        self.catch_up.wake.notify_one();
    }
}

async fn pass_on(parts: Parts, mut news: mpsc::Receiver<Moved>, catch_up: Arc<CatchUp>) {
    loop {
        tokio::select! {
            moved = news.recv() => match moved {
                Some(moved) => parts.pass_on(moved).await,
                None => return,
            },
            () = catch_up.wake.notified() => {}
        }
        if catch_up.due.swap(false, Ordering::AcqRel) {
            parts.catch_up().await;
        }
    }
}

impl Parts {
    /// Acts on what is true now: news may have waited behind a look at everybody that went past it.
    async fn pass_on(&self, moved: Moved) {
        let Moved { user, room, state } = moved;
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
        self.tell(&user, room, state).await;
    }

    /// Tells a user's sessions that the list of rooms changed.
    async fn tell(&self, user: &UserId, room: RoomId, state: Option<MemberState>) {
        match state {
            None => return self.hubs.deliver_user(user, &self.encoder.room_removed(&room)),
            Some(MemberState::Joined) => self.hubs_have_heard().await,
            Some(MemberState::Invited) => {}
        }
        // Read after all hubs listen: what is newer than the room shown here will be pushed.
        if let Some(frame) = self.encoder.room_added(user, &room).await {
            self.hubs.deliver_user(user, &frame);
        }
    }

    /// Waits until all hubs have handled what was sent before.
    async fn hubs_have_heard(&self) {
        // Mailboxes keep their order: an answer means that everything before the question was handled.
        self.hubs.online_in(NO_ROOM).await;
    }

    async fn catch_up(&self) {
        for (user, sessions) in self.roster.people(|user| self.truth.slots().of_user(user) == self.shard) {
            match self.look_up(&user, sessions).await {
                Ok((rooms, ended)) => self.set_right(&user, rooms, &ended).await,
                Err(error) => tracing::warn!(%error, "cannot look a user's rooms up"),
            }
        }
    }

    /// A user's rooms, and which of these sessions were ended.
    async fn look_up(
        &self,
        user: &UserId,
        sessions: Vec<SessionId>,
    ) -> Result<(Vec<(RoomId, Option<MemberState>)>, Vec<SessionId>), ClusterError> {
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

    async fn set_right(&self, user: &UserId, rooms: Vec<(RoomId, Option<MemberState>)>, ended: &[SessionId]) {
        ended.iter().for_each(|session| self.hubs.close_session(*session, Close::REVOKED));
        let place = |state| if state == Some(MemberState::Joined) { Place::In } else { Place::Out };
        let places: Vec<_> = rooms.iter().map(|(room, state)| (*room, place(*state))).collect();
        let changed = self.hubs.set_places(user, &places).await;
        for (room, state) in rooms {
            if changed.binary_search(&room).is_ok() {
                self.tell(user, room, state).await;
            }
        }
    }
}
