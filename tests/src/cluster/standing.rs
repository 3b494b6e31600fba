//! What the nodes themselves say about how they stand.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;

/// What proves that a node, or who asks about the cluster, belongs to it.
pub(super) const SECRET: &str = "a secret that only these tests know";
/// How long one question may take.
const ASK_WITHIN: Duration = Duration::from_secs(2);

/// As much as tests look at of what a node tells of the cluster.
#[derive(Clone, Debug, Deserialize)]
pub struct ClusterReport {
    /// The cluster's id.
    pub cluster: String,
    /// All nodes that are not gone.
    pub nodes: Vec<NodeReport>,
    /// META, then the shards.
    pub groups: Vec<GroupReport>,
}

/// One node of a cluster.
#[derive(Clone, Debug, Deserialize)]
pub struct NodeReport {
    /// Its id.
    pub node: u64,
    /// Where clients reach it.
    pub http: String,
    /// Its failure zone.
    pub zone: String,
    /// Where it stands: "up", "away" and so on.
    pub state: String,
    /// Groups that it leads.
    pub leads: u64,
    /// Groups of which it has a vote.
    pub votes: u64,
}

/// One raft group.
#[derive(Clone, Debug, Deserialize)]
pub struct GroupReport {
    /// "meta", or the shard's number.
    pub group: String,
    /// Who leads.
    pub leader: Option<u64>,
    /// Whose majority decides.
    pub voters: BTreeSet<u64>,
    /// Whether who votes is what should be.
    pub settled: bool,
}

/// Whether the node at `url` says that it is ready for clients.
pub(super) async fn is_ready(url: &str) -> bool {
    let answer = http().get(format!("{url}/readyz")).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

/// Whether, as far as the node at `url` can tell, every raft group has a leader and all the replicas that it
/// should have, so many at least.
pub(super) async fn is_settled(url: &str, replicas: usize) -> bool {
    let Some(report) = report(url).await else { return false };
    report
        .groups
        .iter()
        .all(|group| group.leader.is_some() && group.settled && group.voters.len() >= replicas)
}

/// Where clients reach the node that leads most groups, as far as the node at `url` can tell.
pub(super) async fn leads_most(url: &str) -> Option<String> {
    let report = report(url).await?;
    let most = report.nodes.iter().max_by_key(|node| node.leads)?;
    Some(if most.http.contains("://") { most.http.clone() } else { format!("http://{}", most.http) })
}

/// All that the node at `url` tells.
pub(super) async fn report(url: &str) -> Option<ClusterReport> {
    let asked = http().get(format!("{url}/v1/cluster")).bearer_auth(SECRET).send();
    asked.await.ok()?.json().await.ok()
}

fn http() -> reqwest::Client {
    let builder = madang_loadtest::client::http_builder().expect("TLS");
    builder.timeout(ASK_WITHIN).build().expect("an HTTP client")
}
