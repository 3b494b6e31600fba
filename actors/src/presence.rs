//! Who is online, on whichever node. Each user who comes or goes has one light actor, which lets a short
//! absence pass unnoticed and tells the listeners of the user's smaller rooms on this node. A registry actor
//! starts entries on demand; all of them live on one thread of their own.
//!
//! Nodes tell each other who is connected to them (`exchange`), so that each knows the union of all, and
//! each tells its own listeners what changes in it: nobody has to agree with anybody on who announces what,
//! and nothing that one node misses makes another tell an untruth. A node that cannot be reached counts as
//! before for the grace period, its users' lease, and then all of them are gone at once.
//!
//! Sessions are written down at once in the [`Roster`]; actors are only told to look there, so that a
//! message lost or repeated does no harm and a registry that failed is replaced by one that looks at all.
//!
//! Reading order: `roster`, `machine` (what one entry decides), `message`, `announcer`, `actor`; between
//! nodes `wire`, `elsewhere` (what others say), `telling` (what they are told), `exchange`.

mod roster;
pub(crate) use roster::Roster;

mod machine;
mod message;

mod announcer;
pub(crate) use announcer::Announcer;

mod actor;

mod wire;

mod elsewhere;
mod telling;

mod exchange;

#[cfg(test)]
mod elsewhere_tests;
#[cfg(test)]
mod machine_tests;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use actix::{Actor, Addr, System};
use madang_cluster::Service;
use madang_storage::id::{SessionId, UserId};
use parking_lot::Mutex;

use actor::Registry;
use exchange::{Exchange, PresenceForPeers};
use machine::Absence;
use message::Look;

use crate::pump::Running;

/// Who is online. Clones share it.
#[derive(Clone)]
pub struct Presence(Arc<Inner>);

struct Inner {
    roster: Roster,
    announcer: Arc<Announcer>,
    thread: System,
    registry: Mutex<Addr<Registry>>,
    exchange: Exchange,
    following: Mutex<Option<Running>>,
}

impl Presence {
    /// Starts the thread, and the exchange with other nodes on the current runtime. Errors: the system has
    /// no threads left.
    pub(crate) fn start(roster: Roster, announcer: Announcer) -> io::Result<Self> {
        let (truth, announcer) = (announcer.truth.clone(), Arc::new(announcer));
        let thread = start_thread()?;
        let registry = Mutex::new(start_registry(&thread, &roster, &announcer));
        let (exchange, following) = (Exchange::default(), Mutex::default());
        let inner = Arc::new(Inner { roster, announcer, thread, registry, exchange, following });
        truth.serve(Service::PRESENCE, Arc::new(PresenceForPeers(Arc::downgrade(&inner))));
        *inner.following.lock() = Some(exchange::follow(truth, Arc::downgrade(&inner)));
        Ok(Self(inner))
    }

    /// Ends the exchange with other nodes.
    pub(crate) fn stop(&self) {
        self.0.following.lock().take();
        self.0.exchange.stop();
    }

    /// A user's session got a connection. Call it before the user's rooms are read, so that no news about
    /// them falls in between.
    pub fn opened(&self, user: &UserId, session: SessionId) {
        if self.0.roster.enter(user, session) {
            self.0.exchange.changed(user);
        }
        self.0.look(user.clone(), Absence::Fresh);
    }

    /// One connection of a user's session has gone: exactly one call for each [`opened`](Self::opened).
    pub fn closed(&self, user: &UserId, session: SessionId) {
        if self.0.roster.leave(user, session) {
            self.0.exchange.changed(user);
        }
        self.0.look(user.clone(), Absence::Fresh);
    }

    /// Which of these users are online, in their order.
    pub fn online(&self, users: &[UserId]) -> Vec<bool> {
        users.iter().map(|user| self.0.roster.is_online(user)).collect()
    }

    /// Whether the user has a connection to another node, as far as is known.
    #[cfg(test)]
    pub(crate) fn is_elsewhere(&self, user: &UserId) -> bool {
        self.0.roster.is_elsewhere(user)
    }
}

impl Inner {
    fn look(&self, user: UserId, absence: Absence) {
        let mut registry = self.registry.lock();
        if !registry.connected() {
            tracing::error!("presence failed and is started again");
            *registry = start_registry(&self.thread, &self.roster, &self.announcer);
        }
        registry.do_send(Look { user, absence });
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.thread.stop();
    }
}

fn start_registry(thread: &System, roster: &Roster, announcer: &Arc<Announcer>) -> Addr<Registry> {
    let (roster, announcer) = (roster.clone(), announcer.clone());
    Registry::start_in_arbiter(thread.arbiter(), |_| Registry::new(roster, announcer))
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
