//! The parts of one node, from the disk up.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use madang_actors::actors::{Actors, Parts};
use madang_actors::audience::Audiences;
use madang_actors::auth::{PasswordError, Passwords};
use madang_actors::encoder::FrameEncoder;
use madang_actors::hub::Hubs;
use madang_actors::service::{Service, Views};
use madang_cluster::machine::meta::NodeState;
use madang_cluster::{Beginning, Cluster, ClusterError};
use madang_storage::{LogStore, StateStore, StorageError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::drain::{self, Farewell};
use super::{advertise, canary, certificate, options};
use crate::api::http::{AskedAround, ClusterDoor, HttpState, app};
use crate::api::throttle::Throttle;
use crate::config::{Config, Live};
use crate::edge::{EdgeConfig, EdgeHandle, EdgeServer, SessionFactory, Tls, TlsError};
use crate::nodes::Directory;
use crate::operations::Operations;
use crate::safety::pace::Paces;
use crate::safety::{Gate, WebhookError};
use crate::session::{JsonFrames, Session, SessionParts};
use crate::telemetry::{Measured, Metrics, Readiness, Ready};

/// How long it may take to write down when the devices were seen that were connected.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// How long handing over leadership may take.
const HANDED_OVER_WITHIN: Duration = Duration::from_secs(3);

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Consensus, or a data folder that does not fit.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The actors.
    #[error(transparent)]
    Actors(#[from] madang_actors::actors::StartError),
    /// The safety hook.
    #[error(transparent)]
    Safety(#[from] WebhookError),
    /// The password parameters.
    #[error("auth: {0}")]
    Passwords(#[from] PasswordError),
    /// The certificate that clients are shown.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// The data folder, or threads.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        error: io::Error,
    },
}

/// A running node.
pub struct Node {
    edge: Arc<EdgeHandle>,
    farewell: Farewell,
    service: Service,
    actors: Actors,
    cluster: Cluster,
    readiness: Readiness,
    /// What goes on beside: the canary, and what follows and tells the cluster.
    beside: Beside,
    fenced: mpsc::Receiver<StorageError>,
}

impl Node {
    /// Opens the data folder, replays what is needed, and serves. Needs a multi-threaded tokio runtime,
    /// which then runs consensus and rooms.
    pub async fn start(live: Live) -> Result<Self, StartError> {
        let config = live.get();
        // First what is wrong without any doubt, before anything is opened or anybody told.
        let tls = options::client_tls(&config)?;
        let (log, state) = open(&config).await?;
        let fenced = watch_fences(&log, &state);
        let cluster = Cluster::start(options::cluster(&config)?, log.clone(), state).await?;
        let readiness = Readiness::starting();

        let audiences = Audiences::new(Arc::new(cluster.clone()));
        let hubs = Hubs::new(options::hubs(&config), Some(Arc::new(audiences.clone())));
        let encoder: Arc<dyn FrameEncoder> = Arc::new(JsonFrames::new(Views::new(cluster.clone())));
        let parts = Parts { truth: Arc::new(cluster.clone()), hubs: hubs.clone(), audiences, encoder };
        let actors = Actors::start(parts, options::actors(&config)).await?;

        let directory = Directory::new(cluster.clone());
        let operations = operations(&config, &cluster, &actors, directory.clone()).await?;
        let this_edge = Arc::new(OnceLock::new());
        let measured = Measured {
            log,
            cluster: cluster.clone(),
            actors: actors.meter().clone(),
            edge: Arc::clone(&this_edge),
            tls: tls.clone(),
            service: operations.service().clone(),
        };
        let service = operations.service().clone();
        let served = Served { operations, metrics: Metrics::new(|registry| measured.register(registry)) };
        let edge =
            Arc::new(start_edge(&live, &cluster, &actors, &hubs, served, (tls.clone(), readiness.clone()))?);
        let bound = edge.addrs().first().copied().unwrap_or(config.http.listen);
        cluster.serves_clients_at(&advertise::for_clients(&config.http, &config.peer, bound));
        // Nobody else sets it.
        let _ = this_edge.set(Arc::downgrade(&edge));
        let farewell = Farewell::new(edge.clone(), directory, &config.drain);
        let mut beside = Beside::start(&cluster, &edge, &farewell, &readiness);
        if let Some(tls) = tls {
            beside.tasks.spawn(certificate::follow(live, tls, beside.stop.clone()));
        }
        Ok(Self { edge, farewell, service, actors, cluster, readiness, beside, fenced })
    }

    /// Where it listens, with the real port.
    pub fn addresses(&self) -> &[SocketAddr] {
        self.edge.addrs()
    }

    /// The cluster's id and this node's.
    pub fn identity(&self) -> (String, u64) {
        (self.cluster.cluster_id(), self.cluster.node_id())
    }

    /// Where other nodes reach it, with the real port.
    pub fn peer_address(&self) -> SocketAddr {
        self.cluster.peer_address()
    }

    /// How many nodes the cluster has, as far as this one has heard.
    pub fn nodes(&self) -> usize {
        self.cluster.meta().borrow().alive().count()
    }

    /// Whether its data is new.
    pub fn beginning(&self) -> Beginning {
        self.cluster.beginning()
    }

    /// Whether clients should be sent here.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Waits until the disk has failed. From then on nothing can be acknowledged: end the process.
    pub async fn fenced(&mut self) -> StorageError {
        match self.fenced.recv().await {
            Some(error) => error,
            // Both stores have gone without a failure: they will never have one.
            None => std::future::pending().await,
        }
    }

    /// Waits until the cluster has given this node up: it left, or an operator removed it. From then on it
    /// takes no part in anything: end the process.
    pub fn removed(&self) -> impl Future<Output = ()> + use<> {
        let (me, mut meta) = (self.cluster.node_id(), self.cluster.meta());
        async move {
            let gone = meta.wait_for(|row| row.state_of(me) == Some(NodeState::Gone)).await;
            if gone.is_err() {
                std::future::pending().await
            }
        }
    }

    /// Stops in order: leadership handed over, clients sent away, requests finished, actors and consensus
    /// ended, all on disk. Goodbyes and requests get `grace`. Errors: the last checkpoint failed; nothing is
    /// lost, the next start replays the log.
    pub async fn stop(self, grace: Duration) -> Result<(), ClusterError> {
        let deadline = Instant::now() + self.farewell.limit();
        self.readiness.set(Ready::Draining);
        self.beside.stop().await;
        self.cluster.drain(HANDED_OVER_WITHIN.min(self.farewell.limit())).await;
        self.farewell.say(deadline).await;
        if let Err(error) = self.edge.stop(grace).await {
            tracing::warn!(%error, "the edge did not stop cleanly");
        }
        self.service.stop(SEEN_WITHIN).await;
        self.actors.stop().await;
        self.cluster.shutdown().await
    }
}

/// Tasks that run beside everything else.
struct Beside {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Beside {
    fn start(cluster: &Cluster, edge: &Arc<EdgeHandle>, farewell: &Farewell, readiness: &Readiness) -> Self {
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        tasks.spawn(canary::run(cluster.clone(), readiness.clone(), stop.clone()));
        tasks.spawn(drain::tell_load(cluster.clone(), edge.clone(), stop.clone()));
        tasks.spawn(drain::follow(cluster.clone(), farewell.clone(), readiness.clone(), stop.clone()));
        Self { stop, tasks }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.tasks.join_all().await;
    }
}

/// Opens both stores. Their recovery reads the disk for as long as it takes.
async fn open(config: &Config) -> Result<(LogStore, StateStore), StartError> {
    let folder = config.node.data_dir.clone();
    let memory = options::memory(config);
    let (log, state) = (options::log(config, &memory), options::state(&memory));
    let opened = tokio::task::spawn_blocking(move || {
        let join = |name: &str| Path::new(&folder).join(name);
        std::fs::create_dir_all(&folder)
            .map_err(|error| StartError::System { what: format!("{}", folder.display()), error })?;
        Ok((LogStore::open(&join("log"), &log)?, StateStore::open(&join("state"), &state)?))
    });
    opened.await.map_err(|error| StartError::System {
        what: "opening the data folder".to_owned(),
        error: io::Error::other(error),
    })?
}

/// Hears of the first failure of either store.
fn watch_fences(log: &LogStore, state: &StateStore) -> mpsc::Receiver<StorageError> {
    let (sender, receiver) = mpsc::channel(2);
    let listener = |sender: mpsc::Sender<StorageError>| {
        Box::new(move |error: &StorageError| {
            // Two places for two stores, each of which fails once.
            let _ = sender.try_send(error.clone());
        })
    };
    log.on_fence(listener(sender.clone()));
    state.on_fence(listener(sender));
    receiver
}

async fn operations(
    config: &Config,
    cluster: &Cluster,
    actors: &Actors,
    directory: Directory,
) -> Result<Operations, StartError> {
    let options = options::passwords(config);
    let passwords = tokio::task::spawn_blocking(move || Passwords::new(options));
    let passwords = passwords.await.map_err(|error| StartError::System {
        what: "hashing a first password".to_owned(),
        error: io::Error::other(error),
    })??;
    let (rooms, presence) = (actors.rooms().clone(), actors.presence().clone());
    let service = Service::new(
        cluster.clone(),
        rooms,
        presence,
        actors.devices().clone(),
        passwords,
        options::service(config),
    );
    let gate = Gate::new(&config.safety)?;
    Ok(Operations::new(service, directory, gate, Paces::new(&config.limits)))
}

/// What clients and operators can ask.
struct Served {
    operations: Operations,
    metrics: Metrics,
}

fn start_edge(
    live: &Live,
    cluster: &Cluster,
    actors: &Actors,
    hubs: &Hubs,
    served: Served,
    (tls, readiness): (Option<Arc<Tls>>, Readiness),
) -> Result<EdgeHandle, StartError> {
    let config = live.get();
    let Served { operations, metrics } = served;
    let directory = operations.directory().clone();
    let dispatch = Arc::new(Throttle::new(operations.clone(), &config.limits));
    let sessions = Arc::new(SessionParts {
        operations,
        public: dispatch.clone(),
        hubs: hubs.clone(),
        presence: actors.presence().clone(),
        options: options::sessions(&config, cluster.node_id()),
    });
    let factory: SessionFactory = Arc::new(move || Box::new(Session::new(Arc::clone(&sessions))));
    let standing = AskedAround { cluster: cluster.clone(), heats: actors.heats().clone() };
    let door = ClusterDoor { standing: Arc::new(standing), secret: options::secret_text(&config)? };
    let nodes = directory.clone();
    let http = HttpState {
        dispatch,
        config: live.clone(),
        cluster: door,
        readiness,
        metrics: Arc::new(metrics),
        nodes: Arc::new(move || nodes.all()),
    };
    let edge = EdgeConfig { peer_origins: Some(Arc::new(directory)), tls, ..options::edge(&config) };
    EdgeServer::start(edge, move || app(http.clone()), factory)
        .map_err(|error| StartError::Listen { address: config.http.listen, error })
}
