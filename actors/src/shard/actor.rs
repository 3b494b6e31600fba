//! The router's shell: starts owners, sends them what is theirs, puts them to sleep.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use madang_cluster::event::ShardEvent;
use madang_storage::id::RoomId;
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, MessagingErr, SupervisionEvent};

use super::machine::{Machine, Routed};
use super::message::ShardMessage;
use crate::error::ActorError;
use crate::pump::{Fed, Running, pump};
use crate::room::{Owner, OwnerArguments, RoomMessage, Surroundings};

const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The router of one shard. Started and supervised by the node's root actor.
pub(crate) struct Shard;

/// What a router starts with.
pub(crate) struct ShardArguments {
    /// What its rooms share.
    pub(crate) around: Arc<Surroundings>,
    /// How many of its rooms may have an owner.
    pub(crate) awake_max: usize,
}

/// A router at work.
pub(crate) struct ShardState {
    around: Arc<Surroundings>,
    machine: Machine<ActorRef<RoomMessage>, RoomMessage>,
    rooms: HashMap<ActorId, RoomId>,
    _feed: Running,
}

impl Actor for Shard {
    type Msg = ShardMessage;
    type State = ShardState;
    type Arguments = ShardArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<ShardMessage>,
        arguments: ShardArguments,
    ) -> Result<ShardState, ActorProcessingErr> {
        let ShardArguments { around, awake_max } = arguments;
        let options = &around.options;
        let machine = Machine::new(awake_max, options.room_queue_max, options.room_idle_ms);
        let feed = around.truth.feed(around.shard)?;
        let to = myself.clone();
        let feed =
            pump(feed, options.feed_batches_ahead_max, move |fed| to.cast(ShardMessage::Fed(fed)).is_ok());
        myself.send_interval(SWEEP_INTERVAL, || ShardMessage::Sweep);
        Ok(ShardState { around, machine, rooms: HashMap::new(), _feed: feed })
    }

    async fn handle(
        &self,
        myself: ActorRef<ShardMessage>,
        message: ShardMessage,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ShardMessage::Route { room, message } => state.route(room, message, &myself).await,
            ShardMessage::Fed(Fed::Batch(batch, _permit)) => state.feed(&batch.events),
            ShardMessage::Fed(Fed::Skipped(_)) => {}
            ShardMessage::Sweep => {
                let now_ms = state.now_ms();
                put_to_sleep(state.machine.sweep(now_ms));
            }
            #[cfg(test)]
            ShardMessage::Fail => panic!("told to fail"),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<ShardMessage>,
        event: SupervisionEvent,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        let who = match &event {
            SupervisionEvent::ActorTerminated(who, ..) => who,
            SupervisionEvent::ActorFailed(who, error) => {
                tracing::error!(shard = %state.around.shard, %error, "a room's owner failed");
                state.around.counters.restarted();
                who
            }
            _ => return Ok(()),
        };
        if let Some(room) = state.rooms.remove(&who.get_id()) {
            for message in state.machine.ended(room) {
                state.route(room, message, &myself).await;
            }
        }
        Ok(())
    }
}

impl ShardState {
    async fn route(&mut self, room: RoomId, message: RoomMessage, myself: &ActorRef<ShardMessage>) {
        match self.machine.route(room, message, self.now_ms()) {
            Routed::To(owner, message) => self.send(room, &owner, message),
            Routed::Start(message) => self.start(room, message, myself).await,
            Routed::Waits => {}
            Routed::Full(message) => self.turn_away(message),
        }
    }

    fn send(&mut self, room: RoomId, owner: &ActorRef<RoomMessage>, message: RoomMessage) {
        // Any other error drops the message, and the answer in it says so.
        if let Err(MessagingErr::SendErr(message)) = owner.cast(message) {
            self.machine.rejected(room, message);
        }
    }

    async fn start(&mut self, room: RoomId, message: RoomMessage, myself: &ActorRef<ShardMessage>) {
        let arguments = OwnerArguments { room, around: self.around.clone() };
        match Owner::spawn_linked(None, Owner, arguments, myself.get_cell()).await {
            Ok((owner, _)) => {
                self.rooms.insert(owner.get_id(), room);
                put_to_sleep(self.machine.started(room, owner.clone(), self.now_ms()));
                self.send(room, &owner, message);
            }
            // The message is dropped, and the answer in it says so.
            Err(error) => tracing::error!(%error, "cannot start a room's owner"),
        }
    }

    fn feed(&mut self, events: &[ShardEvent]) {
        for event in events {
            if let ShardEvent::Room(event) = event
                && let Some(owner) = self.machine.owner(&event.room)
            {
                // An owner that is ending needs no news.
                let _ = owner.cast(RoomMessage::Logged(event.clone()));
            }
        }
    }

    fn turn_away(&self, message: RoomMessage) {
        let limit = self.around.options.room_queue_max;
        let error = ActorError::Overloaded { what: "what waits for the room to wake up", limit };
        match message {
            RoomMessage::Submit(submit) => submit.answer.send(Err(error)),
            RoomMessage::Read(read) => read.answer.send(Err(error)),
            _ => {}
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.around.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn put_to_sleep(owners: Vec<ActorRef<RoomMessage>>) {
    for owner in owners {
        // One that has ended already needs no order to.
        let _ = owner.drain();
    }
}
