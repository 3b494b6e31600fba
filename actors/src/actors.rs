//! All actors of one node, started and stopped together.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use madang_cluster::Service;
use ractor::{Actor, ActorRef, SpawnErr};
use tokio::task::JoinHandle;

use crate::audience::Audiences;
use crate::devices::Devices;
use crate::encoder::FrameEncoder;
use crate::gate::Gate;
use crate::hot::{Board, Heats};
use crate::hub::Hubs;
use crate::metrics::{ActorMeter, Counters};
use crate::node::{Node, NodeArguments, NodeMessage};
use crate::options::{ActorOptions, Switch};
use crate::presence::{Announcer, Presence, Roster};
use crate::pump::Running;
use crate::room::Budget;
use crate::rooms::Rooms;
use crate::shard::RoomsForPeers;
use crate::shed;
use crate::truth::Truth;
use crate::typing::TypingRelay;

/// All actors of one node.
///
/// ```text
/// let truth: Arc<dyn Truth> = Arc::new(cluster.clone());
/// let audiences = Audiences::new(truth.clone());
/// let hubs = Hubs::new(hub_options, Some(Arc::new(audiences.clone())));
/// let parts = Parts { truth, hubs, audiences, encoder };
/// let actors = Actors::start(parts, options).await?;
/// ```
pub struct Actors {
    rooms: Rooms,
    presence: Presence,
    devices: Devices,
    heats: Heats,
    meter: ActorMeter,
    root: ActorRef<NodeMessage>,
    ended: JoinHandle<()>,
    _shedder: Option<Running>,
}

/// What the actors stand on and talk to.
pub struct Parts {
    /// The cluster.
    pub truth: Arc<dyn Truth>,
    /// The fan-out hubs; their interest must be the audiences below.
    pub hubs: Hubs,
    /// Who listens to what.
    pub audiences: Audiences,
    /// Makes frames.
    pub encoder: Arc<dyn FrameEncoder>,
}

/// Why the actors did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The root actor or one of its children.
    #[error("the node's actors cannot start: {0}")]
    Root(#[from] SpawnErr),
    /// The thread for presence.
    #[error("the presence thread cannot start: {0}")]
    Thread(#[from] io::Error),
}

impl Actors {
    /// Starts all actors on the current runtime (tokio, multi-threaded or not); presence gets a thread of
    /// its own.
    pub async fn start(parts: Parts, options: ActorOptions) -> Result<Self, StartError> {
        let Parts { truth, hubs, audiences, encoder } = parts;
        let options = Arc::new(options);
        hubs.write_with(encoder.clone());
        let roster = Roster::new(options.presence.idle_after_ms);
        let presence = match options.presence.switch {
            Switch::On => {
                let (audiences, hubs, encoder) = (audiences.clone(), hubs.clone(), encoder.clone());
                let announcer = Announcer { audiences, hubs, encoder };
                Presence::start(truth.clone(), roster.clone(), announcer, options.presence)?
            }
            Switch::Off => Presence::off(roster.clone()),
        };
        let devices = Devices::new(truth.clone(), roster.clone());
        let typing = TypingRelay::new(truth.clone(), audiences.clone(), hubs.clone(), encoder.clone());
        let shards: Vec<_> = truth.slots().all().map(|_| Arc::new(Gate::shut())).collect();
        let rooms = Rooms::new(&*truth, shards.iter().cloned(), &options);
        truth.serve(Service::ROOMS, Arc::new(RoomsForPeers(rooms.clone())));
        let (budget, board) = (Budget::new(options.tails_bytes_max), Board::default());
        let heats = Heats::new(truth.clone(), board.clone(), hubs.levels().clone());
        truth.serve(Service::HEAT, heats.for_peers());
        let meter = ActorMeter {
            counters: Arc::new(Counters::default()),
            budget: budget.clone(),
            board: board.clone(),
            roster: roster.clone(),
            hubs: hubs.clone(),
        };
        let shedder = match options.shedding {
            Switch::On => {
                let (truth, hubs, encoder) = (truth.clone(), hubs.clone(), encoder.clone());
                Some(shed::start(truth, hubs, encoder, meter.counters.clone()))
            }
            Switch::Off => None,
        };
        let arguments = NodeArguments {
            truth,
            shards,
            audiences,
            hubs,
            encoder,
            roster,
            presence: presence.clone(),
            typing,
            budget,
            board,
            counters: meter.counters.clone(),
            options,
        };
        let (root, ended) = Node::spawn(None, Node, arguments).await?;
        Ok(Self { rooms, presence, devices, heats, meter, root, ended, _shedder: shedder })
    }

    /// The rooms.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// Who is online.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Which rooms are hot.
    pub fn heats(&self) -> &Heats {
        &self.heats
    }

    /// Which devices are connected.
    pub fn devices(&self) -> &Devices {
        &self.devices
    }

    /// What they count.
    pub fn meter(&self) -> &ActorMeter {
        &self.meter
    }

    /// Stops all actors and waits for their end. Commands that the cluster has are still answered.
    pub async fn stop(self) {
        self.presence.stop();
        self.root.stop(None);
        // Children that hang must not keep the node from ending.
        let _ = tokio::time::timeout(Duration::from_secs(5), self.ended).await;
    }
}
