//! What a hub decides: who gets which frame, in which order, and who has been silent for too long.
//!
//! It works in turns of a bounded number of sessions and goes round all that is to do, so that a room of
//! thousands and a room of three each get their share. A turn is bounded in bytes too: what it gives to one
//! session fits into its queue, and the session's driver can write before the next. No clock and no waiting: the actor brings both.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use madang_storage::id::{RoomId, SessionId, UserId};

use super::backlog::Backlog;
use super::demand::Demands;
use super::feed::{Next, RUN_BYTES_MAX};
use super::giving::Frame;
use super::message::{Logged, Notice, Pace, Passing, Place};
use super::notices::Notices;
use super::options::HubOptions;
use super::rhythm::Rhythm;
use super::rooms::{Fed, HOLE, Rooms};
use super::sessions::{SessionKey, Sessions};
use super::signs::look_after;
use super::told::Told;
use crate::outbound::{Close, Outbound, Stamp};
use crate::position::{FeedPos, Positions};
use crate::shed::{Demand, Levels};

/// A look at a session costs this share of a write to one.
const LOOKS_PER_WRITE: u32 = 16;
/// A write of so many bytes counts as two, and so on.
const LONG_WRITE_BYTES: usize = 4 * 1024;
/// A turn ends once its runs have this many bytes (the last one may overshoot): a session in all these
/// rooms gets all of them.
const TURN_BYTES_MAX: usize = RUN_BYTES_MAX;

/// Whether a turn finished all work.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    More,
    Idle,
}

enum Work {
    /// A room with frames on their way.
    Room(u32),
    /// Frames that each have one session.
    Notices(std::vec::IntoIter<(SessionKey, Bytes)>),
    /// Something for everybody, from this index on.
    Everybody { next: u32, what: Round },
}

#[derive(Clone)]
enum Round {
    Sweep(Stamp),
    Cursor { told: Rc<Positions>, frame: Bytes },
}

/// What putting a user where they belong changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Placed {
    /// Rooms that one of the sessions entered or left.
    pub(super) changed: Vec<RoomId>,
    /// Rooms that somebody of this thread is in for the first time.
    pub(super) gained: Vec<RoomId>,
    /// Rooms that nobody of this thread is in any more.
    pub(super) lost: Vec<RoomId>,
}

pub(super) struct Machine {
    options: HubOptions,
    sessions: Sessions,
    rooms: Rooms,
    work: VecDeque<Work>,
    /// Sessions whose queues are to be written at the end of the turn.
    unwritten: Vec<u32>,
    /// Rooms whose frames wait for a tick.
    held: Vec<u32>,
    ticks: u64,
    demands: Demands,
    levels: Levels,
    sweeping: bool,
    told: Told,
    notices: Notices,
    backlog: Arc<Backlog>,
}

impl Machine {
    /// `reached` is what audiences have said before its time.
    pub(super) fn new(
        options: HubOptions,
        backlog: Arc<Backlog>,
        reached: Positions,
        levels: Levels,
    ) -> Self {
        Self {
            options,
            sessions: Sessions::default(),
            rooms: Rooms::new(Rhythm::new(options.room_writes_per_s)),
            work: VecDeque::new(),
            unwritten: Vec::new(),
            held: Vec::new(),
            ticks: 0,
            demands: Demands::default(),
            levels,
            sweeping: false,
            told: Told::new(reached),
            notices: Notices::default(),
            backlog,
        }
    }

    pub(super) fn register(
        &mut self,
        outbound: Outbound,
        user: UserId,
        session: SessionId,
    ) -> Option<SessionKey> {
        self.sessions.insert(outbound, user, session)
    }

    /// Forgets a session; the rooms nobody of this thread is in any more.
    pub(super) fn unregister(&mut self, key: SessionKey) -> Vec<RoomId> {
        let Some(session) = self.sessions.remove(key) else { return Vec::new() };
        session.rooms.into_iter().filter_map(|room| self.rooms.leave(room, key.index)).collect()
    }

    /// True if this is the thread's first session in the room.
    pub(super) fn join(&mut self, key: SessionKey, room: RoomId) -> bool {
        match self.sessions.by_key(key) {
            Some(_) => self.join_index(key.index, room),
            None => false,
        }
    }

    /// True if nobody of this thread is in the room any more.
    pub(super) fn leave(&mut self, key: SessionKey, room: RoomId) -> bool {
        match self.sessions.by_key(key) {
            Some(_) => self.leave_index(key.index, room),
            None => false,
        }
    }

    /// True if one of them is the thread's first session in the room.
    pub(super) fn join_user(&mut self, user: &UserId, room: RoomId) -> bool {
        let mut first = false;
        for index in self.sessions.of_user(user).collect::<Vec<_>>() {
            first |= self.join_index(index, room);
        }
        first
    }

    /// True if nobody of this thread is in the room any more.
    pub(super) fn leave_user(&mut self, user: &UserId, room: RoomId) -> bool {
        let mut last = false;
        for index in self.sessions.of_user(user).collect::<Vec<_>>() {
            last |= self.leave_index(index, room);
        }
        last
    }

    /// Puts all of a user's sessions where they belong.
    pub(super) fn set_places(&mut self, user: &UserId, places: &[(RoomId, Place)]) -> Placed {
        let mut placed = Placed::default();
        for (room, place) in places {
            let before = self.hearing(user, *room);
            match place {
                Place::In if self.join_user(user, *room) => placed.gained.push(*room),
                Place::Out if self.leave_user(user, *room) => placed.lost.push(*room),
                Place::In | Place::Out => {}
            }
            if self.hearing(user, *room) != before {
                placed.changed.push(*room);
            }
        }
        placed
    }

    /// Lets everything wait that is for this session, until it is released.
    pub(super) fn hold(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.by_key(key) {
            session.hold();
        }
    }

    /// The session was told everything through `told`, if anything: the rest of what waits is next.
    pub(super) fn release(&mut self, key: SessionKey, told: Option<Positions>) {
        if let Some(session) = self.sessions.by_key(key) {
            session.release(told);
        }
    }

    /// Everything through here is in the queues of all sessions that it is for.
    pub(super) fn told(&self) -> &Positions {
        self.told.through()
    }

    /// Everything through this place was handed to this hub.
    pub(super) fn reached(&mut self, at: FeedPos) {
        self.told.handed(at);
    }

    pub(super) fn deliver(&mut self, room: RoomId, logged: Option<Logged>, frame: Bytes, pace: Pace) {
        let bytes = frame.len();
        let frame = Frame::one(logged.map(|logged| logged.at), frame);
        let paced = (pace, self.ticks);
        let (fed, superfluous) = self.rooms.feed(room, logged.map(|logged| logged.seq), frame, paced);
        self.backlog.remove(superfluous);
        match fed {
            Fed::Started(index) => {
                self.held.retain(|held| *held != index);
                self.work.push_back(Work::Room(index));
            }
            Fed::Held(index) => self.held.push(index),
            Fed::Queued => {}
            Fed::Dropped => return self.backlog.remove(bytes),
        }
        if logged.is_some() {
            // Whatever its pace: what is taken from a room must not make it look cool.
            self.demands.count(room, self.rooms.listeners(room));
        }
    }

    /// Whether frames wait for a tick.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Lets those rooms' frames go that waited for it.
    pub(super) fn tick(&mut self) {
        self.ticks += 1;
        let (rooms, work, tick) = (&mut self.rooms, &mut self.work, self.ticks);
        self.held.retain(|index| {
            let next = rooms.tick(*index, tick);
            if next == Next::Run {
                work.push_back(Work::Room(*index));
            }
            next == Next::Held
        });
    }

    /// Whether something was delivered since it was last told.
    pub(super) fn counts(&self) -> bool {
        !self.demands.is_empty()
    }

    /// What rooms were delivered since it was last told, or would have been.
    pub(super) fn take_demands(&mut self) -> impl Iterator<Item = (RoomId, Demand)> + use<> {
        self.demands.take()
    }

    pub(super) fn deliver_user(&mut self, user: &UserId, frame: &Frame) {
        for index in self.sessions.of_user(user).collect::<Vec<_>>() {
            if let Some(session) = self.sessions.by_index(index) {
                session.give(frame);
            }
        }
    }

    /// Notes who is to be told of a user.
    pub(super) fn notice(&mut self, notice: &Notice) {
        let Notice { about, rooms, users, except, line } = notice;
        for room in rooms {
            let Some(room) = self.rooms.find(*room).and_then(|index| self.rooms.get(index)) else { continue };
            let sessions = &self.sessions;
            let to = room.members.iter().filter_map(|index| {
                let listener = sessions.user_of(*index)?;
                (listener != about && !except.contains(listener)).then(|| sessions.key_of(*index)).flatten()
            });
            self.notices.add(about, line, to);
        }
        for user in users {
            let sessions = &self.sessions;
            let to = sessions.of_user(user).filter_map(|index| sessions.key_of(index));
            self.notices.add(about, line, to);
        }
    }

    /// Begins to tell what was noted; `frame` makes one of several lines.
    pub(super) fn tell_notices(&mut self, frame: impl Fn(&[Bytes]) -> Bytes) {
        self.work.push_back(Work::Notices(self.notices.take(frame).into_iter()));
    }

    /// Gives a frame to whoever is in the room now, but one session.
    pub(super) fn pass(&mut self, passing: &Passing) {
        let Some(room) = self.rooms.find(passing.room).and_then(|index| self.rooms.get(index)) else {
            return;
        };
        for member in &room.members {
            if let Some(session) = self.sessions.by_index(*member)
                && session.session != passing.except
            {
                session.give_if_it_fits(&passing.frame);
            }
        }
    }

    pub(super) fn close_session(&mut self, session: SessionId, close: Close) {
        self.sessions
            .iter()
            .filter(|other| other.session == session)
            .for_each(|other| other.outbound.close_after_queue(close));
    }

    /// The cursor that is to be pushed now, if it says more than the last.
    pub(super) fn next_cursor(&mut self) -> Option<Positions> {
        self.told.next_cursor()
    }

    /// Pushes a cursor to everybody who is owed one.
    pub(super) fn push_cursor(&mut self, told: Positions, frame: Bytes) {
        let what = Round::Cursor { told: Rc::new(told), frame };
        self.work.push_back(Work::Everybody { next: 0, what });
    }

    /// Notes how far the busy rooms must come until all that was handed over has reached everybody.
    fn mark(&mut self) {
        if self.told.mark() {
            for work in &self.work {
                if let Work::Room(index) = work {
                    self.rooms.mark(*index);
                }
            }
            self.held.iter().for_each(|index| self.rooms.mark(*index));
            self.look_at_mark();
        }
    }

    fn look_at_mark(&mut self) {
        if self.rooms.marked() == 0 {
            self.told.passed();
        }
    }

    /// Starts to look after everybody's signs of life, unless the last look is still on its way.
    pub(super) fn sweep(&mut self, now: Stamp) {
        self.mark();
        if !std::mem::replace(&mut self.sweeping, true) {
            self.work.push_back(Work::Everybody { next: 0, what: Round::Sweep(now) });
        }
    }

    pub(super) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Writes to up to `writes` sessions, and not more to each than its queue can take. A session gets all that the
    /// turn has for it in one write, from whatever rooms.
    pub(super) fn turn(&mut self, writes: u32) -> Turn {
        let turn = self.take_turn(writes);
        for index in self.unwritten.drain(..) {
            if let Some(session) = self.sessions.by_index(index) {
                session.outbound.write_now();
            }
        }
        turn
    }

    fn take_turn(&mut self, writes: u32) -> Turn {
        let mut looks = writes.saturating_mul(LOOKS_PER_WRITE);
        let mut bytes = 0;
        while looks > 0 && bytes < TURN_BYTES_MAX {
            let Some(work) = self.work.pop_front() else { return Turn::Idle };
            match work {
                Work::Room(index) => bytes += self.turn_room(index, &mut looks),
                Work::Notices(notices) => self.turn_notices(notices, &mut looks),
                Work::Everybody { next, what } => self.turn_everybody(next, what, &mut looks),
            }
        }
        if self.work.is_empty() { Turn::Idle } else { Turn::More }
    }

    /// Goes on with a room's run; how many bytes the run has.
    fn turn_room(&mut self, index: u32, looks: &mut u32) -> usize {
        let Some(room) = self.rooms.get(index) else { return 0 };
        let Some(feed) = &mut room.feed else { return 0 };
        feed.begin();
        let bytes = feed.run_bytes();
        // Long writes take their time too.
        let looks_each = LOOKS_PER_WRITE * u32::try_from(bytes / LONG_WRITE_BYTES + 1).unwrap_or(u32::MAX);
        let rest = room.members.get(feed.next..).unwrap_or_default();
        for member in rest {
            if *looks == 0 {
                self.work.push_back(Work::Room(index));
                return bytes;
            }
            if !feed.may_write() {
                self.rooms.hold(index);
                self.held.push(index);
                return bytes;
            }
            feed.next += 1;
            if *member == HOLE {
                continue;
            }
            let Some(session) = self.sessions.by_index(*member) else { continue };
            feed.run.iter().for_each(|frame| session.put(frame));
            self.unwritten.push(*member);
            *looks = looks.saturating_sub(looks_each);
        }
        self.backlog.remove(bytes);
        match self.rooms.next_run(index) {
            Next::Run => self.work.push_back(Work::Room(index)),
            Next::Held => self.held.push(index),
            Next::Nothing => {}
        }
        self.look_at_mark();
        bytes
    }

    fn turn_notices(&mut self, mut notices: std::vec::IntoIter<(SessionKey, Bytes)>, looks: &mut u32) {
        while *looks > 0 {
            let Some((key, frame)) = notices.next() else { return };
            if let Some(session) = self.sessions.by_key(key) {
                session.give_if_it_fits(&frame);
            }
            *looks = looks.saturating_sub(LOOKS_PER_WRITE);
        }
        self.work.push_back(Work::Notices(notices));
    }

    fn turn_everybody(&mut self, first: u32, what: Round, looks: &mut u32) {
        for index in first..self.sessions.end() {
            if *looks == 0 {
                self.work.push_back(Work::Everybody { next: index, what });
                return;
            }
            let Some(session) = self.sessions.by_index(index) else { continue };
            let wrote = match &what {
                Round::Sweep(now) => {
                    session.settle(self.told.through());
                    look_after(session, *now, &self.options)
                }
                Round::Cursor { told, frame } => session.give_cursor(told, frame),
            };
            *looks = looks.saturating_sub(if wrote { LOOKS_PER_WRITE } else { 1 });
        }
        if matches!(what, Round::Sweep(_)) {
            self.sweeping = false;
        }
    }

    /// How many of a user's sessions are in a room.
    fn hearing(&mut self, user: &UserId, room: RoomId) -> usize {
        let Some(room) = self.rooms.find(room) else { return 0 };
        let indices: Vec<_> = self.sessions.of_user(user).collect();
        let sessions = indices
            .into_iter()
            .filter_map(|index| Some(self.sessions.by_index(index)?.rooms.contains(&room)));
        sessions.filter(|is_in| *is_in).count()
    }

    fn join_index(&mut self, index: u32, room: RoomId) -> bool {
        let shed = self.levels.frame(&room);
        let Some(room) = self.rooms.open(room) else { return false };
        let Some(session) = self.sessions.by_index(index) else { return false };
        if session.rooms.contains(&room) {
            return false;
        }
        session.rooms.push(room);
        if let Some(shed) = shed {
            session.give(&Frame::one(None, shed));
        }
        let Some(room) = self.rooms.get(room) else { return false };
        let first = room.is_empty();
        room.members.push(index);
        first
    }

    fn leave_index(&mut self, index: u32, room: RoomId) -> bool {
        let Some(room) = self.rooms.find(room) else { return false };
        let Some(session) = self.sessions.by_index(index) else { return false };
        let Some(at) = session.rooms.iter().position(|other| *other == room) else { return false };
        session.rooms.swap_remove(at);
        self.rooms.due(room, index).iter().for_each(|frame| session.give(frame));
        self.rooms.leave(room, index).is_some()
    }
}
