//! Who is online. Each user has a *home*: the node that leads the user's shard, which the ring places. There
//! one light actor for each user who is there decides between online, idle and offline over all devices on
//! all nodes, and lets a short absence pass unnoticed. All of a node's entries live on one thread of their own.
//!
//! Nodes report to homes who is connected to them, and homes post on every node's *board* what others may
//! see: one stream of bounded portions a pair of nodes, for all shards (`exchange`). From the board is
//! read, and listeners on the node are told what changes on it (`announcer`).
//!
//! Nobody goes offline because a home moves: boards keep what the old home said until the new one is
//! *settled*, which is when every node that can be reached has reported and the grace period has passed. A node
//! that cannot be reached counts as before for the grace period, its users' lease.
//!
//! Connections are written down at once in the [`Roster`], reports in the home; actors are only told to look
//! there, so that a message lost or repeated does no harm and a registry that failed is replaced by one
//! that looks at all.
//!
//! Switched off, there is a roster and nothing else: no thread, no task, no message.
//!
//! Reading order: `shown` (what others see), `roster` (who is here), `home` (what a home hears), `machine`
//! (what one entry decides), `board` (what homes say); between nodes `wire`, `telling`, `exchange`; together
//! `core`, `homes`; the actors `message`, `actor`; to the listeners `circle`, `announcer`.

mod shown;
pub use shown::{Attention, Shown, State};

mod roster;
pub(crate) use roster::Roster;

mod board;
mod home;
mod machine;

mod telling;
mod wire;

mod core;
mod exchange;
mod homes;

mod actor;
mod message;

mod circle;
pub use circle::Circle;
pub(crate) use circle::circle;

mod announcer;
pub(crate) use announcer::Announcer;

#[cfg(test)]
mod board_tests;
#[cfg(test)]
mod home_tests;
#[cfg(test)]
mod machine_tests;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, System};
use madang_cluster::Service;
use madang_storage::id::{SessionId, ShardId, UserId};
use parking_lot::Mutex;

use actor::Registry;
use core::Core;
use exchange::PresenceForPeers;
use machine::Absence;
use message::{Look, Why};
use roster::Changed;
use wire::News;

use crate::options::PresenceOptions;
use crate::pump::Running;
use crate::truth::Truth;

/// How often it is looked for devices that are not used any more.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// Who is online. Clones share it.
#[derive(Clone)]
pub struct Presence {
    roster: Roster,
    /// `None`: it is switched off.
    inner: Option<Arc<Inner>>,
}

struct Inner {
    core: Arc<Core>,
    thread: System,
    registry: Mutex<Addr<Registry>>,
    tasks: Mutex<Vec<Running>>,
}

impl Presence {
    /// Who is connected here is known, and nothing is made of it.
    pub(crate) fn off(roster: Roster) -> Self {
        Self { roster, inner: None }
    }

    /// Starts the thread, and the exchange with other nodes on the current runtime. Errors: the system has
    /// no threads left.
    pub(crate) fn start(
        truth: Arc<dyn Truth>,
        roster: Roster,
        announcer: Announcer,
        options: PresenceOptions,
    ) -> io::Result<Self> {
        let core = Arc::new(Core::new(truth.clone(), roster.clone(), options));
        let thread = start_thread()?;
        let registry = Mutex::new(start_registry(&thread, &core));
        let inner = Arc::new(Inner { core: core.clone(), thread, registry, tasks: Mutex::default() });
        truth.serve(Service::PRESENCE, Arc::new(PresenceForPeers(Arc::downgrade(&inner))));
        let mut tasks = vec![
            homes::follow_links(&inner),
            Running::start(announcer.run(core)),
            Running::start(sweep(Arc::downgrade(&inner))),
        ];
        tasks.extend(truth.slots().all().filter_map(|shard| homes::follow_leader(&inner, shard)));
        *inner.tasks.lock() = tasks;
        Ok(Self { roster, inner: Some(inner) })
    }

    /// Ends the exchange with other nodes.
    pub(crate) fn stop(&self) {
        if let Some(inner) = &self.inner {
            inner.tasks.lock().clear();
            inner.core.exchange.stop();
        }
    }

    /// A user's session got a connection. Call it before the user's rooms are read, so that no news about
    /// them falls in between.
    pub fn opened(&self, user: &UserId, session: SessionId) {
        self.report_if(self.roster.enter(user, session, self.now_ms()), user);
    }

    /// One connection of a user's session has gone: exactly one call for each [`opened`](Self::opened).
    pub fn closed(&self, user: &UserId, session: SessionId) {
        self.report_if(self.roster.leave(user, session, self.now_ms()), user);
    }

    /// A connected session does something. Costs a lock: call it now and then, not each time.
    pub fn active(&self, user: &UserId, session: SessionId) {
        if self.inner.is_some() {
            self.report_if(self.roster.active(user, session, self.now_ms()), user);
        }
    }

    /// A session says whether somebody looks at it; it may be connected to another node.
    pub fn attend(&self, user: &UserId, session: SessionId, attention: Attention) {
        let Some(inner) = &self.inner else { return };
        match inner.core.attend(user, session, attention) {
            Changed::Yes => inner.report(user),
            Changed::No => {}
            Changed::Unknown => {
                for node in inner.core.truth.linked().borrow().iter().copied() {
                    let (core, news) = (inner.core.clone(), News::Attend(user.clone(), session, attention));
                    tokio::spawn(async move {
                        // A session that says so once more if it was not heard.
                        let _ = exchange::say(&core, node, vec![news]).await;
                    });
                }
            }
        }
    }

    /// What others see of these users, in their order; `None`: they are offline. All are while it is switched
    /// off.
    pub async fn shown(&self, users: &[UserId]) -> Vec<Option<Shown>> {
        match &self.inner {
            Some(inner) => inner.core.read(users).await,
            None => vec![None; users.len()],
        }
    }

    /// Whether there is presence at all.
    pub fn is_on(&self) -> bool {
        self.inner.is_some()
    }

    /// The user has changed what others see; heard from the feed of the user's shard.
    pub(crate) fn row_changed(&self, user: &UserId) {
        if let Some(inner) = &self.inner
            && inner.core.seen(user).is_some()
        {
            inner.look(user.clone(), Why::Row);
        }
    }

    /// A user blocks another one who is connected here, or does so no longer.
    pub(crate) fn parted(&self, user: &UserId, other: &UserId) {
        if let Some(inner) = &self.inner {
            inner.core.parted(user, other);
        }
    }

    /// News of what the shard's users show was lost.
    pub(crate) fn rows_may_have_changed(&self, shard: ShardId) {
        let Some(inner) = &self.inner else { return };
        let Some(shard) = inner.core.shard(shard) else { return };
        let users: Vec<UserId> = match &*shard.home.lock() {
            Some(home) => home.users().cloned().collect(),
            None => Vec::new(),
        };
        users.into_iter().for_each(|user| inner.look(user, Why::Row));
    }

    fn report_if(&self, changed: Changed, user: &UserId) {
        if let (Changed::Yes, Some(inner)) = (changed, &self.inner) {
            inner.report(user);
        }
    }

    fn now_ms(&self) -> u64 {
        self.inner.as_ref().map_or(0, |inner| inner.core.now_ms())
    }
}

impl Inner {
    /// Something changed for a user with connections here.
    fn report(&self, user: &UserId) {
        if self.core.report(user) {
            self.look(user.clone(), Why::Connections(Absence::Fresh));
        }
    }

    fn look_at(&self, users: Vec<UserId>, absence: Absence) {
        users.into_iter().for_each(|user| self.look(user, Why::Connections(absence)));
    }

    fn look(&self, user: UserId, why: Why) {
        let mut registry = self.registry.lock();
        if !registry.connected() {
            tracing::error!("presence failed and is started again");
            *registry = start_registry(&self.thread, &self.core);
        }
        registry.do_send(Look { user, why });
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.thread.stop();
    }
}

/// Looks for devices that are not used any more, for as long as there is a presence.
async fn sweep(inner: std::sync::Weak<Inner>) {
    loop {
        let Some(every) = inner.upgrade().map(|inner| inner.core.options.idle_after_ms / 4) else { return };
        tokio::time::sleep(Duration::from_millis(every.max(1)).min(SWEEP_EVERY)).await;
        let Some(inner) = inner.upgrade() else { return };
        let now_ms = inner.core.now_ms();
        inner.core.roster.sweep(now_ms).iter().for_each(|user| inner.report(user));
    }
}

fn start_registry(thread: &System, core: &Arc<Core>) -> Addr<Registry> {
    let core = core.clone();
    Registry::start_in_arbiter(thread.arbiter(), |_| Registry::new(core))
}

/// An actix system of its own: whoever starts the node needs none.
fn start_thread() -> io::Result<System> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::Builder::new().name("madang-presence".to_owned()).spawn(move || {
        let system = System::new();
        let _ = sender.send(System::current());
        if let Err(error) = system.run() {
            tracing::error!(%error, "the presence thread failed");
        }
    })?;
    receiver.recv().map_err(io::Error::other)
}
