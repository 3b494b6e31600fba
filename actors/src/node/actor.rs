//! The root's shell: starts children, opens and shuts their gates.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use madang_storage::id::ShardId;
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};

use super::machine::Machine;
use super::message::{Child, NodeMessage};
use crate::audience::{Audience, AudienceArguments, AudienceParts, Audiences};
use crate::encoder::FrameEncoder;
use crate::gate::Gate;
use crate::hot::Board;
use crate::hub::Hubs;
use crate::metrics::Counters;
use crate::options::ActorOptions;
use crate::presence::{Presence, Roster};
use crate::room::{Budget, Relay, Surroundings};
use crate::shard::{Shard, ShardArguments, ShardMessage};
use crate::truth::Truth;
use crate::typing::TypingRelay;

/// The root of a node's actors.
pub(crate) struct Node;

/// What the root starts with.
pub(crate) struct NodeArguments {
    /// The cluster.
    pub(crate) truth: Arc<dyn Truth>,
    /// The doors of the shards' routers, by shard.
    pub(crate) shards: Vec<Arc<Gate<ShardMessage>>>,
    /// The doors of the audiences.
    pub(crate) audiences: Audiences,
    /// Where frames go.
    pub(crate) hubs: Hubs,
    /// Makes frames.
    pub(crate) encoder: Arc<dyn FrameEncoder>,
    /// Who is here.
    pub(crate) roster: Roster,
    /// Who is online.
    pub(crate) presence: Presence,
    /// The way to those who hear who types.
    pub(crate) typing: TypingRelay,
    /// What all tails of the node may take.
    pub(crate) budget: Budget,
    /// The warmest rooms of the node.
    pub(crate) board: Board,
    /// What is counted.
    pub(crate) counters: Arc<Counters>,
    /// Limits.
    pub(crate) options: Arc<ActorOptions>,
}

/// The root at work.
pub(crate) struct NodeState {
    parts: NodeArguments,
    machine: Machine,
    children: HashMap<ActorId, Child>,
    epoch: Instant,
}

impl Actor for Node {
    type Msg = NodeMessage;
    type State = NodeState;
    type Arguments = NodeArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<NodeMessage>,
        parts: NodeArguments,
    ) -> Result<NodeState, ActorProcessingErr> {
        let machine = Machine::new(parts.options.restart_wait_ms_min, parts.options.restart_wait_ms_max);
        let mut state = NodeState { parts, machine, children: HashMap::new(), epoch: Instant::now() };
        for shard in state.parts.truth.slots().all() {
            state.start(Child::Shard(shard), &myself).await?;
            state.start(Child::Audience(shard), &myself).await?;
        }
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<NodeMessage>,
        message: NodeMessage,
        state: &mut NodeState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            NodeMessage::Start(child) => {
                if let Err(error) = state.start(child, &myself).await {
                    tracing::error!(?child, %error, "an actor cannot be started");
                    state.start_later(child, &myself);
                }
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<NodeMessage>,
        event: SupervisionEvent,
        state: &mut NodeState,
    ) -> Result<(), ActorProcessingErr> {
        let (who, why) = match &event {
            SupervisionEvent::ActorTerminated(who, _, why) => (who, why.clone().unwrap_or_default()),
            SupervisionEvent::ActorFailed(who, error) => (who, error.to_string()),
            _ => return Ok(()),
        };
        if let Some(child) = state.children.remove(&who.get_id()) {
            tracing::error!(?child, why, "an actor ended and is started again");
            state.parts.counters.restarted();
            state.shut(child);
            state.start_later(child, &myself);
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        myself: ActorRef<NodeMessage>,
        state: &mut NodeState,
    ) -> Result<(), ActorProcessingErr> {
        state.children.values().for_each(|child| state.shut(*child));
        myself.stop_children_and_wait(None, None).await;
        Ok(())
    }
}

impl NodeState {
    async fn start(&mut self, child: Child, myself: &ActorRef<NodeMessage>) -> Result<(), SpawnErr> {
        let id = match child {
            Child::Shard(shard) => {
                let arguments = self.shard(shard);
                let (actor, _) = Shard::spawn_linked(None, Shard, arguments, myself.get_cell()).await?;
                let id = actor.get_id();
                if let Some(gate) = self.parts.shards.get(usize::from(shard.0)) {
                    gate.open(actor);
                }
                id
            }
            Child::Audience(shard) => {
                let Some(seats) = self.parts.audiences.seats(shard).cloned() else { return Ok(()) };
                let arguments = self.audience(shard, seats.clone());
                let (actor, _) = Audience::spawn_linked(None, Audience, arguments, myself.get_cell()).await?;
                let id = actor.get_id();
                seats.gate.open(actor);
                id
            }
        };
        self.children.insert(id, child);
        Ok(())
    }

    fn start_later(&mut self, child: Child, myself: &ActorRef<NodeMessage>) {
        let now_ms = u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX);
        let wait = Duration::from_millis(self.machine.failed(child, now_ms));
        myself.send_after(wait, move || NodeMessage::Start(child));
    }

    fn shut(&self, child: Child) {
        match child {
            Child::Shard(shard) => {
                if let Some(gate) = self.parts.shards.get(usize::from(shard.0)) {
                    gate.close();
                }
            }
            Child::Audience(shard) => {
                if let Some(seats) = self.parts.audiences.seats(shard) {
                    seats.gate.close();
                }
            }
        }
    }

    fn shard(&self, shard: ShardId) -> ShardArguments {
        let options = &self.parts.options;
        let around = Surroundings {
            shard,
            truth: self.parts.truth.clone(),
            options: options.clone(),
            budget: self.parts.budget.clone(),
            board: self.parts.board.clone(),
            counters: self.parts.counters.clone(),
            typing: self.parts.typing.clone(),
            relay: Relay::start(Duration::from_millis(options.answer_timeout_ms)),
            epoch: self.epoch,
        };
        let shards = self.parts.shards.len().max(1);
        ShardArguments { around: Arc::new(around), awake_max: options.rooms_active_max.div_ceil(shards) }
    }

    fn audience(&self, shard: ShardId, seats: Arc<crate::audience::Seats>) -> AudienceArguments {
        let parts = AudienceParts {
            shard,
            truth: self.parts.truth.clone(),
            hubs: self.parts.hubs.clone(),
            encoder: self.parts.encoder.clone(),
            roster: self.parts.roster.clone(),
            presence: self.parts.presence.clone(),
        };
        AudienceArguments {
            seats,
            parts,
            counters: self.parts.counters.clone(),
            options: self.parts.options.clone(),
        }
    }
}
