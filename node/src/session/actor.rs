//! The session on its worker thread: hears its client's objects, carries out what the machine decides,
//! answers as the answers come.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use madang_actors::hub::{Begun, Hubs, LocalHub, SessionKey};
use madang_actors::outbound::{Close, Stamp};
use madang_actors::position::Positions;
use madang_actors::presence::Presence;
use madang_actors::service::{Caller, ResumeLimits, Resumed, RoomList, ServiceError};
use madang_cluster::Freshness;
use madang_storage::id::RoomId;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::encoder::encode;
use super::goodbye;
use super::machine::{Effect, Machine, Then};
use super::replay;
use crate::api::account::{ClientLimits, Connected, Resume};
use crate::api::response::Reply;
use crate::api::{self, ApiError, Dispatch, ErrorKind, Incoming, Response};
use crate::edge::{Closed, SessionHandler, SessionLink};
use crate::operations::Operations;

/// How often the list of a user's rooms is read until it stands still. Each time means that the user came
/// or went somewhere in the milliseconds before.
const ROOM_LIST_READS_MAX: usize = 8;

/// Rooms that a session begins to hear before others on its thread get a turn.
const ROOMS_AT_ONCE: usize = 256;

/// How often presence hears that a session is used.
const SAID_TO_BE_USED_EVERY_MS: u32 = 20_000;

/// How often a page that waits for room in the queue looks again.
const PAGE_LOOKS_EVERY: Duration = Duration::from_millis(10);

thread_local! {
    /// Held by the page that is written on this thread. Thousands may ask in one moment, as when a hot room says where
    /// its log ends: the thread's other work gets its turn between two pages, not behind all of them. They are read
    /// without it, so that a shard that does not answer holds up nobody else.
    static PAGE: Rc<Semaphore> = Rc::new(Semaphore::new(1));
}

/// What all sessions of a node share.
pub struct SessionParts {
    /// Carries out what sessions ask.
    pub operations: Operations,
    /// Carries out what needs no session, within the limits by address.
    pub public: Arc<dyn Dispatch>,
    /// Brings pushes.
    pub hubs: Hubs,
    /// Hears who is here.
    pub presence: Presence,
    /// Limits, and what clients are told.
    pub options: SessionOptions,
}

/// Limits of a session, and what clients are told when they connect.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// How long a connection may stay without `connect`.
    pub auth_deadline: Duration,
    /// This node's name.
    pub node: String,
    /// How often a quiet connection is pinged, milliseconds.
    pub ping_ms: u64,
    /// What a client may do at most.
    pub limits: ClientLimits,
    /// While more than this waits to be sent to the client, its requests for pages wait too: what a client
    /// asks for itself must not make it a slow reader.
    pub page_backlog_bytes_max: usize,
}

/// One WebSocket session.
pub struct Session {
    parts: Arc<SessionParts>,
    live: Option<Rc<Live>>,
}

impl Session {
    /// The handler of a connection about to open.
    pub fn new(parts: Arc<SessionParts>) -> Self {
        Self { parts, live: None }
    }
}

impl SessionHandler for Session {
    fn on_open(&mut self, link: SessionLink) {
        let machine = RefCell::new(Machine::new(self.parts.options.limits.commands_in_flight_max));
        let (parts, place, pages) = (Arc::clone(&self.parts), RefCell::new(None), Semaphore::new(1));
        let live = Rc::new(Live { parts, link, machine, place, pages, used: Cell::default() });
        let (waiting, deadline) = (Rc::downgrade(&live), self.parts.options.auth_deadline);
        live.link.spawn(async move {
            tokio::time::sleep(deadline).await;
            if let Some(live) = waiting.upgrade()
                && let Some(close) = live.machine.borrow_mut().on_auth_deadline()
            {
                live.link.close(close);
            }
        });
        self.live = Some(live);
    }

    fn on_text(&mut self, text: &str) {
        if let Some(live) = &self.live {
            let effect = live.machine.borrow_mut().on_object(Incoming::parse(text));
            if let Some(effect) = effect {
                live.carry_out(effect);
            }
        }
    }

    fn on_closed(&mut self, _why: Closed) {
        if let Some(live) = self.live.take() {
            live.machine.borrow_mut().on_closed();
            live.leave();
        }
    }
}

/// An open connection. Shared by the handler and the work it has under way. There is one for every connection of
/// the node: what can be had from elsewhere is not in it.
struct Live {
    parts: Arc<SessionParts>,
    link: SessionLink,
    machine: RefCell<Machine>,
    place: RefCell<Option<Place>>,
    /// Held by the page that is being read: one at a time.
    pages: Semaphore,
    /// When presence heard last that the session is used.
    used: Cell<Option<Stamp>>,
}

/// Where a connected session is known, in the hub of this thread; left again exactly once.
struct Place {
    key: SessionKey,
    caller: Caller,
}

/// Whether a session hears all rooms of its user from now on, for certain.
enum Listening {
    ToAll(RoomList),
    /// The list may be old, or it is not known where the listening to a room began.
    PerhapsNotToAll,
}

/// How a session begins.
enum Opened {
    Anew,
    Resumed(Resumed),
}

impl Live {
    fn carry_out(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::CheckToken { id, token } => {
                let live = Rc::clone(self);
                self.link.spawn(async move {
                    let checked = live.parts.operations.authenticate(token.expose()).await;
                    let effects = live.machine.borrow_mut().on_token(id, checked);
                    effects.into_iter().for_each(|effect| live.carry_out(effect));
                });
            }
            Effect::Welcome { id, caller, cursor } => self.welcome(id, caller, cursor),
            Effect::RunPublic { id, request } => {
                let caller = api::Caller { token: None, remote: self.link.remote().ip() };
                let answer = self.parts.public.dispatch(caller, request);
                self.answer(id, answer, Then::GoOn);
            }
            Effect::Run { id, caller, request, then } => {
                self.used(&caller);
                if then == Then::Close {
                    // The news that the session ended must not close it before its own answer.
                    self.leave();
                }
                if request.operation().is_page() {
                    let live = Rc::clone(self);
                    let answer = async move {
                        let _turn = live.page_turn().await;
                        let page = live.parts.operations.run(caller, request).await;
                        let writes = PAGE.with(Rc::clone);
                        let _place = writes.acquire().await;
                        tokio::task::yield_now().await;
                        page
                    };
                    return self.answer(id, answer, then);
                }
                let enters = request.operation().enters_a_room();
                // Called here and not in the spawned work: sends take their places in order of arrival.
                let answer = self.parts.operations.run(caller.clone(), request);
                if enters {
                    let live = Rc::clone(self);
                    let answer = async move { Ok(live.hear(&caller, answer.await?).await) };
                    return self.answer(id, answer, then);
                }
                self.answer(id, answer, then);
            }
            Effect::Refuse { id, error } => self.reply(id, Err(&error)),
            Effect::RefuseAndClose { id, error, close } => {
                self.reply(id, Err(&error));
                self.link.close(close);
            }
        }
    }

    /// Replies when the answer is there.
    fn answer(
        self: &Rc<Self>,
        id: u64,
        answer: impl Future<Output = Result<Response, ApiError>> + 'static,
        then: Then,
    ) {
        let live = Rc::clone(self);
        self.link.spawn(async move {
            let outcome = answer.await;
            live.machine.borrow_mut().on_answered();
            live.reply(Some(id), outcome.as_ref());
            match (then, outcome) {
                (Then::GoOn, _) => {}
                (Then::Close, Ok(_)) => live.link.close(Close::REVOKED),
                // Whether the session still lives is not known: the client finds out by coming back.
                (Then::Close, Err(_)) => live.link.close(Close::INTERNAL),
            }
        });
    }

    /// Waits until no other page is being read and the client has taken most of what it was sent.
    async fn page_turn(&self) -> Option<SemaphorePermit<'_>> {
        let turn = self.pages.acquire().await.ok();
        let backlog_max = self.parts.options.page_backlog_bytes_max;
        while self.link.is_open() && self.link.outbound().waiting_bytes() > backlog_max {
            tokio::time::sleep(PAGE_LOOKS_EVERY).await;
        }
        turn
    }

    /// Lets the session hear the room it has just entered, without waiting for the news that its user did.
    /// The room is read once more after that: what came before the answer's `last_seq` is in the history,
    /// what comes after it is pushed.
    async fn hear(&self, caller: &Caller, answer: Response) -> Response {
        let entered = match &answer {
            Response::Join(room) | Response::JoinLink(room) | Response::CreateRoom(room) => room.room,
            _ => return answer,
        };
        if self.with_place(|hub, key| hub.join(key, entered)).is_none() {
            return answer;
        }
        match (self.parts.operations.joined_room(caller, &entered).await, &answer) {
            (Some(room), Response::Join(_)) => Response::Join(room),
            (Some(room), Response::JoinLink(_)) => Response::JoinLink(room),
            (Some(room), _) => Response::CreateRoom(room),
            (None, _) => {
                // Put out again meanwhile.
                self.with_place(|hub, key| hub.leave(key, entered));
                answer
            }
        }
    }

    /// Does something where the session is known; `None`: it is not known (any more).
    fn with_place<T>(&self, act: impl FnOnce(&LocalHub, SessionKey) -> T) -> Option<T> {
        let key = self.place.borrow().as_ref().map(|place| place.key)?;
        Some(act(&self.parts.hubs.local(), key))
    }

    /// Makes the session known, lets it hear its rooms, tells it what it missed, then answers `connect`.
    fn welcome(self: &Rc<Self>, id: u64, caller: Caller, cursor: Option<String>) {
        let hub = self.parts.hubs.local();
        let (user, session) = (caller.user.clone(), caller.session);
        let Some(key) = hub.register(self.link.outbound().clone(), user, session) else {
            let error = ApiError::new(ErrorKind::Overloaded, "too many sessions on this node");
            self.reply(Some(id), Err(&error));
            self.link.close(Close::INTERNAL);
            return;
        };
        if cursor.is_some() {
            // What it missed comes first.
            hub.hold(key);
        }
        self.parts.presence.opened(&caller.user, caller.session);
        self.parts.operations.service().came(&caller);
        self.link.label(goodbye::label(self.parts.operations.directory().home_shard(&caller.user)));
        *self.place.borrow_mut() = Some(Place { key, caller: caller.clone() });
        let live = Rc::clone(self);
        self.link.spawn(async move {
            let opened = async {
                let listening = live.listen(&caller).await?;
                live.resume(&caller, cursor.as_deref(), listening).await
            };
            match opened.await {
                Ok(opened) => live.begin(id, &caller, opened),
                Err(error) => {
                    tracing::warn!(user = %caller.user, %error, "a session could not be opened");
                    let close = match error {
                        ServiceError::Unauthenticated(_) => Close::REVOKED,
                        _ => Close::INTERNAL,
                    };
                    live.link.close(close);
                }
            }
        });
    }

    /// Joins all rooms of the user. The session is registered, so what changes from now on arrives by
    /// itself; what changed while the list was read shows when it is looked at again.
    async fn listen(&self, caller: &Caller) -> Result<Listening, ServiceError> {
        let home = self.parts.operations.service().home(caller).await?;
        let (mut list, mut heard) = (home.rooms().await?, Vec::new());
        for _ in 0..ROOM_LIST_READS_MAX {
            let joined = list.joined();
            self.hear_only(&joined, &heard).await;
            if !home.is_unchanged(&list).await? {
                list = home.rooms().await?;
                if list.joined() != joined {
                    heard = joined;
                    continue;
                }
            }
            // Read last: whoever ended the session before did so before it was registered.
            home.check_session().await?;
            let begun = self.parts.hubs.begun(joined).await;
            let whole = begun == Begun::Yes && home.freshness() == Freshness::Current;
            return Ok(if whole { Listening::ToAll(list) } else { Listening::PerhapsNotToAll });
        }
        Err(ServiceError::Overloaded)
    }

    /// Hears these rooms, and those no more that were heard `before`; both sorted.
    async fn hear_only(&self, rooms: &[RoomId], before: &[RoomId]) {
        for room in before.iter().filter(|room| rooms.binary_search(room).is_err()) {
            self.with_place(|hub, key| hub.leave(key, *room));
        }
        for (number, some) in rooms.chunks(ROOMS_AT_ONCE).enumerate() {
            if number > 0 {
                tokio::task::yield_now().await;
            }
            self.with_place(|hub, key| hub.join_all(key, some));
        }
    }

    /// What became of the client's cursor.
    async fn resume(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
        listening: Listening,
    ) -> Result<Opened, ServiceError> {
        let Some(cursor) = cursor else { return Ok(Opened::Anew) };
        let service = self.parts.operations.service();
        let Some(since) = service.cursors().read(cursor) else { return Ok(Opened::Resumed(Resumed::Reset)) };
        let Listening::ToAll(list) = listening else { return Ok(Opened::Resumed(Resumed::Limited)) };
        let limits = ResumeLimits::default();
        let bytes_max = limits.bytes_max.min(self.parts.options.page_backlog_bytes_max);
        let limits = ResumeLimits { bytes_max, ..limits };
        Ok(Opened::Resumed(service.missed(caller, &since, list, limits).await))
    }

    /// Pushes what was missed, answers `connect`, and lets go of what waited. In one go: nothing comes in
    /// between.
    fn begin(&self, id: u64, caller: &Caller, opened: Opened) {
        let (resume, told) = match opened {
            Opened::Anew => (None, None),
            Opened::Resumed(Resumed::Reset) => (Some(Resume::Reset), None),
            Opened::Resumed(Resumed::Limited) => (Some(Resume::Limited), None),
            Opened::Resumed(Resumed::Missed(missed)) => {
                let told = missed.told.clone();
                for push in replay::pushes(missed) {
                    // A peer that is behind or gone is the link's business.
                    let _ = self.link.push(encode(&push));
                }
                (Some(Resume::Ok), Some(told))
            }
        };
        if told.is_none() {
            // The cursor below says that this was pushed.
            self.with_place(|hub, key| hub.release(key, None));
        }
        let cursor = told.clone().or_else(|| self.with_place(|hub, _| hub.told()));
        let connected = self.connected(caller, resume, cursor);
        self.reply(Some(id), Ok(&connected));
        if told.is_some() {
            self.with_place(|hub, key| hub.release(key, told));
        }
    }

    fn connected(&self, caller: &Caller, resume: Option<Resume>, cursor: Option<Positions>) -> Response {
        let options = &self.parts.options;
        let cursors = self.parts.operations.service().cursors();
        Response::Connect(Connected {
            user: caller.user.clone(),
            session: caller.session,
            node: options.node.clone(),
            ping_ms: options.ping_ms,
            limits: options.limits.clone(),
            resume,
            cursor: cursors.text(&cursor.unwrap_or_else(|| cursors.start())),
            nodes: self.parts.operations.directory().best(&caller.user),
        })
    }

    fn reply(&self, id: Option<u64>, outcome: Result<&Response, &ApiError>) {
        match (Reply { id, outcome }).to_json() {
            Ok(json) => {
                // A peer that is behind or gone is the link's business.
                let _ = self.link.text(&json);
            }
            Err(error) => {
                tracing::error!(%error, "a reply cannot be written");
                self.link.close(Close::INTERNAL);
            }
        }
    }

    /// The client does something.
    fn used(&self, caller: &Caller) {
        let now = Stamp::now();
        let due = self.used.get().is_none_or(|used| used.age_ms(now) >= SAID_TO_BE_USED_EVERY_MS);
        if due {
            self.used.set(Some(now));
            self.parts.presence.active(&caller.user, caller.session);
        }
    }

    /// Undoes what [`Self::welcome`] did. Repeats do nothing.
    fn leave(&self) {
        if let Some(Place { key, caller }) = self.place.borrow_mut().take() {
            self.parts.hubs.local().unregister(key);
            self.parts.presence.closed(&caller.user, caller.session);
            self.parts.operations.service().went(&caller);
        }
    }
}
