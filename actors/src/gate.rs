//! The door to an actor that is sometimes replaced: callers keep the gate, the supervisor changes who
//! stands behind it.

use parking_lot::RwLock;
use ractor::{ActorRef, Message};

/// The door to one actor.
pub(crate) struct Gate<M: Message>(RwLock<Option<ActorRef<M>>>);

impl<M: Message> Gate<M> {
    /// Nobody is behind it yet.
    pub(crate) fn shut() -> Self {
        Self(RwLock::new(None))
    }

    /// From now on `actor` stands behind it.
    pub(crate) fn open(&self, actor: ActorRef<M>) {
        *self.0.write() = Some(actor);
    }

    /// Nobody stands behind it any more.
    pub(crate) fn close(&self) {
        *self.0.write() = None;
    }

    /// Hands a message over in the order of calls. One that cannot be handed over is dropped, and an
    /// answer in it says so.
    pub(crate) fn cast(&self, message: M) -> Handed {
        match &*self.0.read() {
            Some(actor) if actor.cast(message).is_ok() => Handed::Over,
            _ => Handed::ToNobody,
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handed {
    /// It is in the actor's mailbox.
    Over,
    /// The actor is being restarted; the message is gone.
    ToNobody,
}
