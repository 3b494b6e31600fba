//! All hubs of one node, and the two ways to one: [`LocalHub`] on its own thread, [`HubRef`] from others.

use std::cell::RefCell;
use std::fmt;
use std::future::ready;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix::{Actor, Addr};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use madang_storage::id::{RoomId, SessionId, UserId};
use parking_lot::Mutex;

use super::actor::Hub;
use super::backlog::Backlog;
use super::machine::Machine;
use super::message::{
    CloseSession, Deliver, DeliverUser, Handled, JoinUser, LeaveUser, Notice, Passing, Place, Reached,
    SetPlaces,
};
use super::options::HubOptions;
use super::sessions::SessionKey;
use crate::encoder::FrameEncoder;
use crate::outbound::{Close, Outbound};
use crate::position::{FeedPos, Positions};
use crate::shed::Levels;

/// Names one hub of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HubId(pub u32);

/// Hears which hub has listeners for which room. Called on the hubs' threads: must return at once.
pub trait Interest: Send + Sync {
    /// The hub's first session entered these rooms.
    fn gained(&self, hub: HubId, rooms: &[RoomId]);
    /// The hub's last session left the room.
    fn lost(&self, hub: HubId, room: RoomId);
    /// Waits until the logs of these rooms show all that is not pushed to those who hear them now.
    fn begun(&self, _rooms: Vec<RoomId>) -> BoxFuture<'static, ()> {
        ready(()).boxed()
    }
    /// Through which place of every feed everything was handed to the hubs.
    fn reached(&self) -> Positions {
        Positions::start(0)
    }
}

/// Whether it is known where the listening to rooms began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// Whoever reads their logs from now on gets all that is not pushed.
    Yes,
    /// Not in time: nobody could be asked.
    Unknown,
}

/// How long it may take until that is known.
const BEGUN_WITHIN: Duration = Duration::from_secs(3);

/// The hub has its fill of frames that are on their way; this one was not taken.
#[derive(Debug, thiserror::Error)]
#[error("the hub's backlog is full")]
pub struct Backlogged(pub Deliver);

/// All hubs of one node. Clones share them.
#[derive(Clone)]
pub struct Hubs(Arc<Shared>);

struct Shared {
    options: HubOptions,
    interest: Option<Arc<dyn Interest>>,
    encoder: OnceLock<Arc<dyn FrameEncoder>>,
    levels: Levels,
    hubs: Mutex<State>,
}

struct State {
    next: u32,
    hubs: Arc<[HubRef]>,
}

thread_local! {
    /// This thread's hubs: one for each node that has workers here.
    static LOCAL: RefCell<Vec<(Hubs, LocalHub)>> = const { RefCell::new(Vec::new()) };
}

impl Hubs {
    /// No hubs yet: each worker thread's first call of [`local`](Self::local) starts one.
    pub fn new(options: HubOptions, interest: Option<Arc<dyn Interest>>) -> Self {
        let state = State { next: 0, hubs: Arc::new([]) };
        let (encoder, levels) = (OnceLock::new(), Levels::default());
        Self(Arc::new(Shared { options, interest, encoder, levels, hubs: Mutex::new(state) }))
    }

    /// What is taken from which room on this node.
    pub(crate) fn levels(&self) -> &Levels {
        &self.0.levels
    }

    /// Writes cursors with this encoder from now on; before, none are pushed. The first one stays.
    pub(crate) fn write_with(&self, encoder: Arc<dyn FrameEncoder>) {
        let _ = self.0.encoder.set(encoder);
    }

    pub(super) fn encoder(&self) -> Option<&dyn FrameEncoder> {
        self.0.encoder.get().map(|encoder| &**encoder)
    }

    /// Waits until the logs of these rooms show all that is not pushed to those who hear them now.
    pub async fn begun(&self, rooms: Vec<RoomId>) -> Begun {
        let Some(interest) = &self.0.interest else { return Begun::Yes };
        match tokio::time::timeout(BEGUN_WITHIN, interest.begun(rooms)).await {
            Ok(()) => Begun::Yes,
            Err(_) => Begun::Unknown,
        }
    }

    /// Everything through this place of a feed was sent to all hubs.
    pub(crate) fn reached(&self, at: FeedPos) {
        for hub in self.all().iter() {
            hub.addr.do_send(Reached(at));
        }
    }

    /// This thread's hub, started if need be. The thread must run a local task set, as actix workers do.
    pub fn local(&self) -> LocalHub {
        LOCAL.with_borrow_mut(|local| {
            let known = local.iter().find(|(hubs, _)| Arc::ptr_eq(&hubs.0, &self.0));
            if let Some((_, hub)) = known {
                return hub.clone();
            }
            let hub = self.start();
            local.push((self.clone(), hub.clone()));
            hub
        })
    }

    /// All hubs that run.
    pub fn all(&self) -> Arc<[HubRef]> {
        self.0.hubs.lock().hubs.clone()
    }

    /// One hub.
    pub fn get(&self, id: HubId) -> Option<HubRef> {
        self.all().iter().find(|hub| hub.id == id).cloned()
    }

    /// Sends a frame to all of a user's sessions on this node. `at` is the place in a feed of what it tells.
    pub fn deliver_user(&self, user: &UserId, at: Option<FeedPos>, frame: &Bytes) {
        for hub in self.all().iter() {
            hub.addr.do_send(DeliverUser { user: user.clone(), at, frame: frame.clone() });
        }
    }

    /// Tells whoever should know on this node about a user, a moment later.
    pub(crate) fn notice(&self, notice: &Notice) {
        for hub in self.all().iter() {
            hub.addr.do_send(notice.clone());
        }
    }

    /// Sends a frame that nobody misses to whoever on this node is in a room now.
    pub(crate) fn pass(&self, passing: &Passing) {
        for hub in self.all().iter() {
            hub.addr.do_send(passing.clone());
        }
    }

    /// How long after the first of it is told who came and went.
    pub(super) fn notice_after(&self) -> Duration {
        Duration::from_millis(u64::from(self.0.options.notice_after_ms))
    }

    /// Lets all of a user's sessions on this node enter a room.
    pub fn join_user(&self, user: &UserId, room: RoomId) {
        for hub in self.all().iter() {
            hub.addr.do_send(JoinUser { user: user.clone(), room });
        }
    }

    /// Lets all of a user's sessions on this node leave a room.
    pub fn leave_user(&self, user: &UserId, room: RoomId) {
        for hub in self.all().iter() {
            hub.addr.do_send(LeaveUser { user: user.clone(), room });
        }
    }

    /// Puts all of a user's sessions on this node where they belong; the rooms in which that changed
    /// anything, sorted.
    pub async fn set_places(&self, user: &UserId, places: &[(RoomId, Place)]) -> Vec<RoomId> {
        let mut changed = Vec::new();
        for hub in self.all().iter() {
            let message = SetPlaces { user: user.clone(), places: places.to_vec() };
            // A hub that has just stopped has nobody to put anywhere.
            changed.extend(hub.addr.send(message).await.unwrap_or_default());
        }
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Ends the connections of one session on this node.
    pub fn close_session(&self, session: SessionId, close: Close) {
        for hub in self.all().iter() {
            hub.addr.do_send(CloseSession { session, close });
        }
    }

    /// Waits until all hubs have handled what was sent to them before.
    pub(crate) async fn handled(&self) {
        for hub in self.all().iter() {
            // A hub that has just stopped has nothing left to handle.
            let _ = hub.addr.send(Handled).await;
        }
    }

    fn start(&self) -> LocalHub {
        let backlog = Arc::new(Backlog::new(self.0.options.backlog_bytes_max));
        let interest = self.0.interest.clone();
        // Whoever goes on from here counts this hub in: until the lock is given back nobody sees the list.
        let mut state = self.0.hubs.lock();
        let reached = interest.as_ref().map_or_else(|| Positions::start(0), |interest| interest.reached());
        let machine = Rc::new(RefCell::new(Machine::new(
            self.0.options,
            backlog.clone(),
            reached,
            self.0.levels.clone(),
        )));
        let id = HubId(state.next);
        state.next += 1;
        let hub = Hub {
            id,
            machine: machine.clone(),
            backlog: backlog.clone(),
            interest: interest.clone(),
            hubs: self.clone(),
            pumping: false,
            noticing: false,
            ticking: false,
            counting: false,
            sweeps: 0,
        };
        let started = HubRef { id, addr: hub.start(), backlog };
        // A worker that died and was started again leaves its old hub behind.
        let alive = state.hubs.iter().filter(|hub| hub.addr.connected()).cloned();
        state.hubs = alive.chain([started.clone()]).collect();
        LocalHub { machine, interest, hub: started }
    }
}

impl fmt::Debug for Hubs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hubs").field(&self.all()).finish()
    }
}

/// A hub, seen from any thread.
#[derive(Clone)]
pub struct HubRef {
    id: HubId,
    addr: Addr<Hub>,
    backlog: Arc<Backlog>,
}

impl HubRef {
    /// Its name.
    pub fn id(&self) -> HubId {
        self.id
    }

    /// Hands over a room's frame. Order: frames of one sender keep theirs.
    ///
    /// # Errors
    /// [`Backlogged`] gives the message back: try again later, or heal the gap from the log.
    pub fn try_deliver(&self, message: Deliver) -> Result<(), Backlogged> {
        if !self.backlog.try_add(message.frame.len()) {
            return Err(Backlogged(message));
        }
        self.addr.do_send(message);
        Ok(())
    }

    /// Hands over a room's frame as soon as the hub can take it.
    pub async fn deliver(&self, message: Deliver) {
        self.backlog.add(message.frame.len()).await;
        self.addr.do_send(message);
    }

    /// Hands over a small frame that must not be missed, however much the hub has to do.
    pub(crate) fn insist(&self, message: Deliver) {
        self.backlog.insist(message.frame.len());
        self.addr.do_send(message);
    }

    /// Bytes on their way to the hub's sessions.
    pub fn backlog_bytes(&self) -> usize {
        self.backlog.bytes()
    }
}

impl fmt::Debug for HubRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HubRef").field(&self.id).finish()
    }
}

/// A hub, seen from its own thread: sessions come and go by plain calls, at once.
#[derive(Clone)]
pub struct LocalHub {
    machine: Rc<RefCell<Machine>>,
    interest: Option<Arc<dyn Interest>>,
    hub: HubRef,
}

impl LocalHub {
    /// The same hub for other threads.
    pub fn hub(&self) -> &HubRef {
        &self.hub
    }

    /// Makes a signed-in session known: from now on it is pinged, and closed when idle. None only when
    /// the thread has no number left for it.
    pub fn register(&self, outbound: Outbound, user: UserId, session: SessionId) -> Option<SessionKey> {
        self.machine.borrow_mut().register(outbound, user, session)
    }

    /// Forgets a session. Repeats do nothing.
    pub fn unregister(&self, key: SessionKey) {
        let emptied = self.machine.borrow_mut().unregister(key);
        if let Some(interest) = &self.interest {
            emptied.into_iter().for_each(|room| interest.lost(self.hub.id, room));
        }
    }

    /// Lets a session hear a room: all that is delivered from now on, and at most a few frames that are
    /// just on their way. Repeats do nothing.
    pub fn join(&self, key: SessionKey, room: RoomId) {
        self.join_all(key, &[room]);
    }

    /// The same for many rooms at once, which costs less than one after the other.
    pub fn join_all(&self, key: SessionKey, rooms: &[RoomId]) {
        let mut machine = self.machine.borrow_mut();
        let first: Vec<RoomId> = rooms.iter().copied().filter(|room| machine.join(key, *room)).collect();
        drop(machine);
        if !first.is_empty()
            && let Some(interest) = &self.interest
        {
            interest.gained(self.hub.id, &first);
        }
    }

    /// Lets a session hear a room no more, after what was delivered before. Repeats do nothing.
    pub fn leave(&self, key: SessionKey, room: RoomId) {
        let last = self.machine.borrow_mut().leave(key, room);
        if last && let Some(interest) = &self.interest {
            interest.lost(self.hub.id, room);
        }
    }

    /// Lets everything that is pushed to a session wait, up to the limit of its queue, until it is released.
    pub fn hold(&self, key: SessionKey) {
        self.machine.borrow_mut().hold(key);
    }

    /// Gives a session what waits for it. `told` says through where it was told everything meanwhile: that
    /// is not pushed again.
    pub fn release(&self, key: SessionKey, told: Option<Positions>) {
        self.machine.borrow_mut().release(key, told);
    }

    /// Everything through here was pushed to all sessions of this thread that it is for.
    pub fn told(&self) -> Positions {
        self.machine.borrow().told().clone()
    }

    /// How many sessions are registered.
    pub fn sessions(&self) -> usize {
        self.machine.borrow().sessions()
    }
}

impl fmt::Debug for LocalHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalHub").field("hub", &self.hub).field("sessions", &self.sessions()).finish()
    }
}
