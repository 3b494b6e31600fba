//! Who is online. Each online user has one light actor, which lets a short absence pass unnoticed and
//! tells the user's smaller rooms who comes and goes. A registry actor starts entries on demand; all of
//! them live on one thread of their own.
//!
//! Sessions are written down at once in the [`Roster`]; actors are only told to look there, so that a
//! message lost or repeated does no harm and a registry that failed is replaced by one that looks at all.
//!
//! Reading order: `roster`, `machine` (what one entry decides), `message`, `announcer`, `actor`.

mod roster;
pub(crate) use roster::Roster;

mod machine;
mod message;

mod announcer;
pub(crate) use announcer::Announcer;

mod actor;

#[cfg(test)]
mod machine_tests;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use actix::{Actor, Addr, System};
use madang_storage::id::{SessionId, UserId};
use parking_lot::Mutex;

use actor::Registry;
use message::Look;

/// Who is online. Clones share it.
#[derive(Clone)]
pub struct Presence(Arc<Inner>);

struct Inner {
    roster: Roster,
    announcer: Arc<Announcer>,
    thread: System,
    registry: Mutex<Addr<Registry>>,
}

impl Presence {
    /// Starts the thread. Errors: the system has no threads left.
    pub(crate) fn start(roster: Roster, announcer: Announcer) -> io::Result<Self> {
        let announcer = Arc::new(announcer);
        let thread = start_thread()?;
        let registry = Mutex::new(start_registry(&thread, &roster, &announcer));
        Ok(Self(Arc::new(Inner { roster, announcer, thread, registry })))
    }

    /// A user's session got a connection. Call it before the user's rooms are read, so that no news about
    /// them falls in between.
    pub fn opened(&self, user: &UserId, session: SessionId) {
        self.0.roster.enter(user, session);
        self.look(user);
    }

    /// One connection of a user's session has gone: exactly one call for each [`opened`](Self::opened).
    pub fn closed(&self, user: &UserId, session: SessionId) {
        self.0.roster.leave(user, session);
        self.look(user);
    }

    /// Which of these users are online, in their order.
    pub fn online(&self, users: &[UserId]) -> Vec<bool> {
        users.iter().map(|user| self.0.roster.is_online(user)).collect()
    }

    fn look(&self, user: &UserId) {
        let mut registry = self.0.registry.lock();
        if !registry.connected() {
            tracing::error!("presence failed and is started again");
            *registry = start_registry(&self.0.thread, &self.0.roster, &self.0.announcer);
        }
        registry.do_send(Look(user.clone()));
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
