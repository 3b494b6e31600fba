//! The router's shell: starts owners, sends them what is theirs, puts them to sleep.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use madang_cluster::event::ShardEvent;
use madang_cluster::{ClusterError, Leader, Service};
use madang_storage::id::RoomId;
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, MessagingErr, SupervisionEvent};

use super::course::{Course, Step, Why};
use super::forward::{Forwarded, Forwarding};
use super::machine::{Machine, Routed};
use super::message::ShardMessage;
use super::wire::{self, Response};
use crate::error::ActorError;
use crate::pump::{Fed, Running, pump};
use crate::room::{Owner, OwnerArguments, RoomMessage, Submit, Surroundings, TypingNote};

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
    course: Course<Submit>,
    forwarding: Forwarding,
    machine: Machine<ActorRef<RoomMessage>, RoomMessage>,
    /// When the router will look at the commands that wait.
    wakes_at_ms: Option<u64>,
    rooms: HashMap<ActorId, RoomId>,
    _feed: Running,
    _leader: Running,
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
        let mut leader = around.truth.leader(around.shard)?;
        let course =
            Course::new(*leader.borrow_and_update(), options.leader_queue_max, options.leader_wait_ms);
        let to = myself.clone();
        let leader = Running::start(async move {
            while leader.changed().await.is_ok() {
                let leads = *leader.borrow_and_update();
                if to.cast(ShardMessage::Leads(leads)).is_err() {
                    return;
                }
            }
        });
        let forwarding = Forwarding::start(myself, Duration::from_millis(options.answer_timeout_ms));
        Ok(ShardState {
            around,
            course,
            forwarding,
            machine,
            wakes_at_ms: None,
            rooms: HashMap::new(),
            _feed: feed,
            _leader: leader,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<ShardMessage>,
        message: ShardMessage,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ShardMessage::Submit { room, submit } => {
                let step = state.course.submit(room, submit, state.now_ms());
                state.take(step, &myself).await;
                state.wake_in_time(&myself);
            }
            ShardMessage::Decide { room, submit } => state.decide(room, submit, &myself).await,
            ShardMessage::Typing { room, note } => state.typing(room, note, &myself).await,
            ShardMessage::TypingThere { room, note } => state.typing_there(room, note, &myself).await,
            ShardMessage::Answered(pass) => state.course.answered(pass),
            ShardMessage::Refused { pass, node, submit } => {
                let steps = state.course.refused(pass, node, submit, state.now_ms());
                state.take_all(steps, &myself).await;
            }
            ShardMessage::Leads(leader) => {
                let steps = state.course.lead_changed(leader);
                state.take_all(steps, &myself).await;
            }
            ShardMessage::Wake => {
                state.wakes_at_ms = None;
                let steps = state.course.wake(state.now_ms());
                state.take_all(steps, &myself).await;
            }
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
    async fn take_all(&mut self, steps: Vec<Step<Submit>>, myself: &ActorRef<ShardMessage>) {
        for step in steps {
            self.take(step, myself).await;
        }
        self.wake_in_time(myself);
    }

    async fn take(&mut self, step: Step<Submit>, myself: &ActorRef<ShardMessage>) {
        match step {
            Step::Here(room, submit) => self.route(room, RoomMessage::Submit(submit), myself).await,
            Step::There(node, pass, submit) => match wire::decide(&pass.room, &submit.user, &submit.op) {
                Ok(payload) => {
                    let answer = self.around.truth.request(node, Service::ROOMS, payload);
                    self.forwarding.carry(Forwarded { node, answer, pass, submit });
                }
                Err(error) => {
                    self.course.answered(pass);
                    submit.answer.send(Err(ClusterError::Misfit(error.to_string()).into()));
                }
            },
            Step::Waits => {}
            Step::TurnAway(submit, why) => submit.answer.send(Err(self.refusal(why))),
        }
    }

    fn refusal(&self, why: Why) -> ActorError {
        let leader = self.leader();
        match why {
            Why::Full(limit) => {
                ActorError::Overloaded { what: "the commands that wait for the shard's leader", limit }
            }
            Why::Leaderless => {
                ClusterError::Unavailable { why: "nobody leads the room's shard now".to_owned() }.into()
            }
            Why::Overtaken => ClusterError::NotLeader { leader }.into(),
        }
    }

    /// A command of another node's caller.
    async fn decide(&mut self, room: RoomId, submit: Submit, myself: &ActorRef<ShardMessage>) {
        match self.course.leads() {
            Leader::Here => self.route(room, RoomMessage::Submit(submit), myself).await,
            _ => submit.answer.send(Err(ClusterError::NotLeader { leader: self.leader() }.into())),
        }
    }

    async fn typing(&mut self, room: RoomId, note: TypingNote, myself: &ActorRef<ShardMessage>) {
        let Leader::Node(node) = self.course.leads() else {
            return self.typing_there(room, note, myself).await;
        };
        let TypingNote { user, session, typing, answer, permit } = note;
        let payload = match wire::typing(&room, &user, &session, typing) {
            Ok(payload) => payload,
            Err(error) => return answer.send(Err(ClusterError::Misfit(error.to_string()).into())),
        };
        let answered = self.around.truth.request(node, Service::ROOMS, payload);
        tokio::spawn(async move {
            let answered = match answered.await.map(|bytes| Response::read(&bytes)) {
                Ok(Ok(response)) => response.into(),
                Ok(Err(error)) => Err(ClusterError::Interrupted { why: error.to_string() }.into()),
                Err(error) => Err(error.into()),
            };
            answer.send(answered);
            drop(permit);
        });
    }

    /// Nobody waits for a leader with this: the next keystroke says it again.
    async fn typing_there(&mut self, room: RoomId, note: TypingNote, myself: &ActorRef<ShardMessage>) {
        match self.course.leads() {
            Leader::Here => self.route(room, RoomMessage::Typing(note), myself).await,
            _ => note.answer.send(Err(ClusterError::NotLeader { leader: self.leader() }.into())),
        }
    }

    fn leader(&self) -> Option<u64> {
        match self.course.leads() {
            Leader::Node(node) => Some(node),
            Leader::Here | Leader::Unknown => None,
        }
    }

    /// Sees to it that somebody looks when the first of those that wait has waited long enough.
    fn wake_in_time(&mut self, myself: &ActorRef<ShardMessage>) {
        let Some(at_ms) = self.course.wake_at_ms() else { return };
        if self.wakes_at_ms.is_some_and(|wakes_at_ms| wakes_at_ms <= at_ms) {
            return;
        }
        self.wakes_at_ms = Some(at_ms);
        let wait = Duration::from_millis(at_ms.saturating_sub(self.now_ms()));
        myself.send_after(wait, || ShardMessage::Wake);
    }

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
            RoomMessage::Typing(note) => note.answer.send(Err(error)),
            RoomMessage::Read(read) => read.reader.answer.send(Err(error)),
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
