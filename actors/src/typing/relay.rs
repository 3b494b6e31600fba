//! From a room's owner to the listeners of all nodes. Of each pair of nodes one message is under way at a
//! time: what comes meanwhile goes together in the next, so that busy rooms cost no more messages.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use madang_cluster::{PeerService, Service};
use madang_storage::id::{RoomId, SessionId, UserId};
use parking_lot::Mutex;

use super::Typing;
use super::wire::Note;
use crate::audience::Audiences;
use crate::encoder::FrameEncoder;
use crate::hub::{Hubs, Passing};
use crate::shed::Class;
use crate::truth::Truth;
use crate::wire;

/// Notes that wait for one node; more are dropped.
const NOTES_MAX: usize = 1_024;

/// From the rooms' owners of this node to all listeners. Clones share it.
#[derive(Clone)]
pub(crate) struct TypingRelay(Arc<Inner>);

struct Inner {
    truth: Arc<dyn Truth>,
    listeners: Listeners,
    lanes: Mutex<HashMap<u64, Lane>>,
}

/// Who listens on this node.
struct Listeners {
    audiences: Audiences,
    hubs: Hubs,
    encoder: Arc<dyn FrameEncoder>,
}

/// What waits for one node.
#[derive(Default)]
struct Lane {
    notes: Vec<Note>,
    busy: bool,
}

impl TypingRelay {
    /// Also begins to hear other nodes.
    pub(crate) fn new(
        truth: Arc<dyn Truth>,
        audiences: Audiences,
        hubs: Hubs,
        encoder: Arc<dyn FrameEncoder>,
    ) -> Self {
        let listeners = Listeners { audiences, hubs, encoder };
        let inner = Arc::new(Inner { truth: truth.clone(), listeners, lanes: Mutex::default() });
        truth.serve(Service::TYPING, Arc::new(TypingForPeers(Arc::downgrade(&inner))));
        Self(inner)
    }

    /// Somebody types: whoever listens to the room is told, but the device itself.
    pub(crate) fn tell(&self, room: RoomId, user: UserId, session: SessionId, typing: Typing) {
        let note = Note { room, user, session, typing };
        self.0.listeners.tell(&note);
        for node in self.0.truth.linked().borrow().iter() {
            self.0.tell_node(*node, note.clone());
        }
    }
}

impl Inner {
    fn tell_node(self: &Arc<Self>, node: u64, note: Note) {
        let mut lanes = self.lanes.lock();
        let lane = lanes.entry(node).or_default();
        if lane.notes.len() < NOTES_MAX {
            lane.notes.push(note);
        }
        if !std::mem::replace(&mut lane.busy, true) {
            tokio::spawn(send(self.clone(), node));
        }
    }

    /// Takes what waits for a node; nothing: whoever comes next begins anew.
    fn take(&self, node: u64) -> Vec<Note> {
        let mut lanes = self.lanes.lock();
        let Some(lane) = lanes.get_mut(&node) else { return Vec::new() };
        lane.busy = !lane.notes.is_empty();
        std::mem::take(&mut lane.notes)
    }
}

/// Sends until nothing waits. What is lost on the way is lost.
async fn send(inner: Arc<Inner>, node: u64) {
    loop {
        let notes = inner.take(node);
        if notes.is_empty() {
            return;
        }
        match wire::write(&notes) {
            Ok(payload) => {
                if let Err(error) = inner.truth.request(node, Service::TYPING, payload).await {
                    tracing::debug!(node, %error, "a node was not told who is typing");
                }
            }
            Err(error) => tracing::error!(%error, "nobody was told who is typing"),
        }
    }
}

impl Listeners {
    fn tell(&self, note: &Note) {
        if self.audiences.is_heard(&note.room) && !self.hubs.levels().sheds(&note.room, Class::Typing) {
            let frame = self.encoder.typing(&note.room, &note.user, note.typing);
            self.hubs.pass(&Passing { room: note.room, except: note.session, frame });
        }
    }
}

/// Hears the other nodes. Must not keep the relay alive: the cluster holds this, and the relay the cluster.
struct TypingForPeers(Weak<Inner>);

impl PeerService for TypingForPeers {
    fn request(&self, from: u64, payload: Bytes) -> BoxFuture<'static, Result<Bytes, String>> {
        let heard = match (wire::read::<Vec<Note>>(&payload), self.0.upgrade()) {
            (Ok(notes), Some(inner)) => {
                notes.iter().for_each(|note| inner.listeners.tell(note));
                Ok(Bytes::new())
            }
            (Err(error), _) => {
                tracing::warn!(from, %error, "who is typing elsewhere is not known");
                Err(error.to_string())
            }
            (_, None) => Err("this node is stopping".to_owned()),
        };
        ready(heard).boxed()
    }
}
