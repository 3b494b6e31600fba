//! A node sends its clients away: when it stops, and when META says that it drains or leaves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use madang_cluster::machine::meta::NodeState;
use madang_cluster::{Cluster, Leader, Load};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::config;
use crate::edge::{EdgeHandle, Pace};
use crate::nodes::Directory;
use crate::session::DrainPush;
use crate::telemetry::{Readiness, Ready};

/// How often the other nodes hear how many clients are here.
const TELL_LOAD_EVERY: Duration = Duration::from_secs(2);

/// Sends clients away. Clones do the same.
#[derive(Clone)]
pub(super) struct Farewell {
    edge: Arc<EdgeHandle>,
    goodbye: Arc<DrainPush>,
    per_second: u32,
    limit: Duration,
}

impl Farewell {
    pub(super) fn new(edge: Arc<EdgeHandle>, directory: Directory, config: &config::Drain) -> Self {
        Self {
            edge,
            goodbye: Arc::new(DrainPush::new(directory)),
            per_second: config.connections_per_second,
            limit: Duration::from_millis(config.limit_ms),
        }
    }

    /// How long a whole drain may take.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Admits nobody any more, and tells all who are here to go, evenly until `deadline`.
    pub(super) async fn say(&self, deadline: Instant) {
        let within = deadline.saturating_duration_since(Instant::now());
        let (clients, elsewhere) = (self.edge.connections(), self.goodbye.elsewhere());
        tracing::info!(clients, ?elsewhere, "sending the clients away");
        let pace = Pace { per_second: self.per_second, within };
        self.edge.send_away(pace, elsewhere, Arc::clone(&self.goodbye) as _).await;
    }
}

/// Whether META wants a node to serve clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drains {
    Yes,
    No,
}

impl Drains {
    fn of(state: Option<NodeState>) -> Self {
        match state {
            Some(NodeState::Draining | NodeState::Leaving) => Self::Yes,
            _ => Self::No,
        }
    }
}

/// Follows an operator who drains this node, or has it leave, and who calls that off.
pub(super) async fn follow(
    cluster: Cluster,
    farewell: Farewell,
    readiness: Readiness,
    stop: CancellationToken,
) {
    let me = cluster.node_id();
    let drains = |wanted: Drains| {
        let mut meta = cluster.meta();
        async move { meta.wait_for(|row| Drains::of(row.state_of(me)) == wanted).await.is_ok() }
    };
    let turns = async {
        while drains(Drains::Yes).await {
            tracing::info!("an operator drains this node");
            readiness.set(Ready::Draining);
            let drained = async {
                let deadline = Instant::now() + farewell.limit();
                let _ = timeout(farewell.limit(), leads_nothing(&cluster)).await;
                farewell.say(deadline).await;
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = drained => {}
                called_off = drains(Drains::No) => if !called_off { return },
            }
            tracing::info!("the drain was called off: this node serves again");
            farewell.edge.admit_connections();
            readiness.serve_again();
        }
    };
    let _ = stop.run_until_cancelled(turns).await;
}

/// Tells the other nodes again and again how many clients are here.
pub(super) async fn tell_load(cluster: Cluster, edge: Arc<EdgeHandle>, stop: CancellationToken) {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let clients_max = count(edge.connections_max());
    let turns = async {
        loop {
            cluster.tell_load(Load { clients: count(edge.connections()), clients_max });
            tokio::time::sleep(TELL_LOAD_EVERY).await;
        }
    };
    let _: Option<()> = stop.run_until_cancelled(turns).await;
}

/// Waits until the controller has moved all leadership elsewhere.
async fn leads_nothing(cluster: &Cluster) {
    let leaders = cluster.slots().all().filter_map(|shard| cluster.leader(shard).ok());
    join_all(leaders.map(|mut leader| async move {
        // A shard that is gone is not led.
        let _ = leader.wait_for(|leader| *leader != Leader::Here).await;
    }))
    .await;
}
