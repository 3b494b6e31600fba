//! A cluster of real nodes: formed by a seed list, each node killed, frozen, wiped and started again at its
//! address. On loopback, or on hosts of a [`Network`] whose links can be cut; on the machine's disk, or each
//! on a [`Disk`] of its own.

mod member;
mod place;
mod standing;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tempfile::TempDir;

pub use member::Member;
pub use standing::{ClusterReport, GroupReport, NodeReport};

use crate::disk::Disk;
use crate::network::Network;
use crate::wait_until;

/// How long a cluster may take to form, or to be whole again after everything is healed.
pub const WHOLE_WITHIN: Duration = Duration::from_secs(120);

/// How many replicas a group has where there are nodes enough.
const REPLICAS: usize = 3;

/// What all nodes are started with, beside their places: no limits by person or address, cheap passwords,
/// and two shards for each of three nodes: each one costs time while the ring forms.
const SETTINGS: [(&str, &str); 7] = [
    ("MADANG_RAFT__SHARDS", "6"),
    ("MADANG_LIMITS__SENDS_PER_SECOND", "1000000"),
    ("MADANG_LIMITS__SENDS_BURST", "1000000"),
    ("MADANG_LIMITS__SIGN_UPS_PER_MINUTE", "0"),
    ("MADANG_LIMITS__LOGINS_PER_MINUTE", "0"),
    ("MADANG_AUTH__ARGON2_MEMORY_KIB", "64"),
    ("MADANG_NODE__SHUTDOWN_GRACE_MS", "2000"),
];

/// What a cluster stands on.
#[derive(Default)]
pub struct Ground {
    /// Hosts, one for each node; without them all live on loopback.
    pub network: Option<Network>,
    /// Disks, one for each node; without them all share the machine's.
    pub disks: Vec<Disk>,
    /// More environment variables for every node.
    pub settings: Vec<(String, String)>,
}

/// Running nodes. Dropping it kills them all and removes what they wrote; after a failure their logs stay.
pub struct TestCluster {
    members: Vec<Member>,
    network: Option<Network>,
    logs: Option<TempDir>,
    _home: TempDir,
}

impl TestCluster {
    /// So many nodes on loopback, formed.
    pub async fn on_loopback(nodes: usize) -> Self {
        Self::form(nodes, Ground::default()).await
    }

    /// So many nodes on that ground, formed: all started at once, and all ready.
    pub async fn form(nodes: usize, ground: Ground) -> Self {
        let mut cluster = Self::prepare(nodes, ground);
        cluster.start_all();
        cluster.wait_whole(WHOLE_WITHIN).await;
        cluster
    }

    /// So many nodes, none of them started.
    pub fn prepare(nodes: usize, ground: Ground) -> Self {
        let places = match &ground.network {
            Some(network) => place::on_hosts(network),
            None => place::on_loopback(nodes),
        };
        assert!(places.len() >= nodes, "{} hosts are too few for {nodes} nodes", places.len());
        let places: Vec<_> = places.into_iter().take(nodes).collect();
        let seeds: Vec<String> = places.iter().map(|place| place.peer.to_string()).collect();
        let settings: Vec<(String, String)> = SETTINGS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .chain(ground.settings)
            .collect();
        let home = tempfile::Builder::new().prefix("madang-ring-").tempdir().expect("a temporary directory");
        let logs = tempfile::Builder::new().prefix("madang-ring-logs-").tempdir();
        let logs = logs.expect("a temporary directory");
        let mut disks = ground.disks.into_iter();
        let members = places.into_iter().enumerate().map(|(index, place)| {
            member::Birth {
                index,
                place,
                seeds: &seeds,
                settings: &settings,
                home: home.path(),
                logs: logs.path(),
                disk: disks.next(),
            }
            .member()
        });
        Self { members: members.collect(), network: ground.network, logs: Some(logs), _home: home }
    }

    /// How many nodes there are, running or not.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Where clients find each node, running or not.
    pub fn urls(&self) -> Vec<String> {
        self.members.iter().map(Member::url).collect()
    }

    /// One node, counted from 0.
    pub fn node(&self, index: usize) -> &Member {
        &self.members[index]
    }

    /// One node, to do something to it.
    pub fn node_mut(&mut self, index: usize) -> &mut Member {
        &mut self.members[index]
    }

    /// The node that leads most groups.
    pub async fn leads_most(&self) -> usize {
        let most = standing::leads_most(&self.members[0].url()).await.expect("somebody leads");
        self.urls().iter().position(|url| *url == most).expect("one of these nodes")
    }

    /// The network, when the nodes have one of their own.
    pub fn network(&self) -> Option<&Network> {
        self.network.as_ref()
    }

    /// Stops all in good order and starts them again with one more environment variable.
    pub async fn restart_with(&mut self, name: &str, value: &str) {
        self.stop_all().await;
        for member in &mut self.members {
            member.set(name, value);
        }
        self.start_all();
        self.wait_whole(WHOLE_WITHIN).await;
    }

    /// Stops all in good order and starts them again, each at other addresses on loopback.
    pub async fn restart_elsewhere(&mut self) {
        assert!(self.network.is_none(), "hosts keep their addresses");
        self.stop_all().await;
        let places = place::on_loopback(self.len());
        let seeds: Vec<String> = places.iter().map(|place| place.peer.to_string()).collect();
        for (member, place) in self.members.iter_mut().zip(places) {
            member.move_to(place, &seeds);
        }
        self.start_all();
        self.wait_whole(WHOLE_WITHIN).await;
    }

    /// Who holds what, as the first node tells it.
    pub async fn report(&self) -> ClusterReport {
        standing::report(&self.members[0].url()).await.expect("a node that answers")
    }

    /// Starts all that are not running, without waiting.
    pub fn start_all(&mut self) {
        for member in self.members.iter_mut().filter(|member| !member.is_started()) {
            member.start();
        }
    }

    /// `kill -9` for all that are running, as near to one moment as it can be.
    pub fn kill_all(&mut self) {
        for member in self.members.iter_mut().filter(|member| member.is_started()) {
            member.kill();
        }
    }

    /// SIGTERM for all that are running, and waits for their ends.
    pub async fn stop_all(&mut self) {
        let started = self.members.iter_mut().filter(|member| member.is_started());
        let stops = started.map(|member| async {
            let status = member.stop().await;
            assert!(status.success(), "{} ended with {status}", member.url());
        });
        join_all(stops).await;
    }

    /// Lets all that stand still go on, heals the network, makes room on disks, starts all that are not
    /// running.
    pub fn heal_all(&mut self) {
        if let Some(network) = &self.network {
            network.heal();
        }
        for member in &mut self.members {
            member.heal();
        }
        self.start_all();
    }

    /// Waits until every node is ready and every raft group has all its replicas again: from then on the
    /// loss of one is the loss of nothing. Panics at the limit, or when a node has ended by itself.
    pub async fn wait_whole(&mut self, limit: Duration) {
        let end = Instant::now() + limit;
        for member in &mut self.members {
            member.wait_ready(end.saturating_duration_since(Instant::now())).await;
        }
        let urls = &self.urls();
        let replicas = urls.len().min(REPLICAS);
        let left = end.saturating_duration_since(Instant::now());
        wait_until("every node says that the ring is whole", left, || async move {
            for url in urls {
                let is_settled = urls.len() == 1 || standing::is_settled(url, replicas).await;
                if !(is_settled && standing::is_ready(url).await) {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    /// Nodes that ended although nobody ended them, since the last call: a sentence each. They are started
    /// again, as a supervisor would.
    pub fn restart_ended(&mut self) -> Vec<String> {
        let mut sentences = Vec::new();
        for member in &mut self.members {
            if let Some(sentence) = member.ended_by_itself() {
                sentences.push(sentence);
                member.start();
            }
        }
        sentences
    }
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(logs) = self.logs.take()
        {
            eprintln!("the nodes' logs are in {}", logs.keep().display());
        }
    }
}
