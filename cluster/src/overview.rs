//! How the cluster stands, gathered from all nodes that can be reached: for operators.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::cluster::Inner;
use crate::machine::meta::{NodeState, Tunables};
use crate::peer::{GroupStatus, PeerAnswer, PeerRequest};
use crate::replica::ReplicaId;

/// How long a node may take to tell its part.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

/// The whole cluster, as one node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The cluster's id, as hexadecimal text.
    pub cluster: String,
    /// Who gathered this.
    pub node: u64,
    /// The version of what META says.
    pub version: u64,
    /// How many nodes should hold each shard.
    pub replication: u8,
    /// All nodes that are not gone, by id.
    pub nodes: Vec<NodeView>,
    /// META, then the shards.
    pub groups: Vec<GroupView>,
    /// What can be tuned while the cluster runs, as it is now.
    #[serde(default)]
    pub tunables: Tunables,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    /// Its id.
    pub node: u64,
    /// Where it stands.
    pub state: String,
    /// Whether the node that gathered this can reach it.
    pub reachable: bool,
    /// Where the other nodes reach it.
    pub peer: String,
    /// Where clients reach it.
    pub http: String,
    /// Its failure zone.
    pub zone: String,
    /// Its weight, 100 is normal.
    pub weight: u16,
    /// Groups that it leads.
    pub leads: usize,
    /// Groups of which it has a vote.
    pub votes: usize,
}

/// One raft group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    /// "meta", or the shard's number.
    pub group: String,
    /// Who leads; `None`: nobody that can be reached.
    pub leader: Option<u64>,
    /// Where META wants replicas, first who should lead.
    pub placed: Vec<u64>,
    /// Whose majority decides.
    pub voters: BTreeSet<u64>,
    /// Who only listens: on the way in or out.
    pub learners: BTreeSet<u64>,
    /// What each replica lacks, in raft entries, as its leader knows.
    pub behind: BTreeMap<u64, u64>,
    /// Whether who votes is what META wants.
    pub settled: bool,
}

impl Overview {
    /// Whether all nodes are up and reachable, every group has a leader and all its replicas. Else what is
    /// missing, in words.
    pub fn ailments(&self) -> Vec<String> {
        let mut found = Vec::new();
        for node in &self.nodes {
            if !node.reachable {
                found.push(format!("node {} cannot be reached at {}", node.node, node.peer));
            } else if node.state != NodeState::Up.to_string() {
                found.push(format!("node {} is {}", node.node, node.state));
            }
        }
        let nodes = self.nodes.len();
        // One node alone is what its operator wants; two are on the way to three.
        if nodes > 1 && nodes < usize::from(self.replication) {
            found.push(format!(
                "{nodes} of {} replicas: add nodes, so that a dead one costs nothing",
                self.replication
            ));
        }
        for group in &self.groups {
            let number = group.group.parse::<u16>();
            let name = number.map_or_else(|_| group.group.clone(), |shard| format!("shard {shard}"));
            if group.leader.is_none() {
                found.push(format!("{name} has no leader"));
            } else if !group.settled {
                found.push(format!("{name} is moving: voters {:?}, wanted {:?}", group.voters, group.placed));
            }
        }
        found
    }
}

impl Inner {
    /// Gathers from all nodes that can be reached.
    pub(crate) async fn overview(self: &Arc<Self>) -> Overview {
        let told = self.all_statuses().await;
        let row = self.meta_now();
        let reachable: BTreeSet<u64> = told.keys().copied().collect();
        let wanted = crate::controller::targets(&row);
        let groups: Vec<GroupView> = self
            .groups
            .iter()
            .map(|hosted| group_view(hosted.id().0, &told, row.placed(hosted.id().0), &wanted))
            .collect();
        let nodes = row.alive().map(|(id, node)| NodeView {
            node: id,
            state: node.state.to_string(),
            reachable: reachable.contains(&id),
            peer: node.peer.clone(),
            http: node.http.clone(),
            zone: node.zone.clone(),
            weight: node.weight,
            leads: groups.iter().filter(|group| group.leader == Some(id)).count(),
            votes: groups.iter().filter(|group| group.voters.contains(&id)).count(),
        });
        Overview {
            cluster: self.identity.cluster_id.iter().map(|byte| format!("{byte:02x}")).collect(),
            node: self.identity.node,
            version: row.version,
            replication: row.replication,
            nodes: nodes.collect(),
            groups,
            tunables: row.tunables.clone(),
        }
    }

    /// How the groups stand on each node that can be reached, this one included.
    pub(crate) async fn all_statuses(self: &Arc<Self>) -> BTreeMap<u64, Vec<GroupStatus>> {
        let linked = self.linked();
        let ask = |node: u64| async move {
            let told = tokio::time::timeout(TOLD_WITHIN, self.ask(node, PeerRequest::Status)).await;
            match told {
                Ok(Ok(PeerAnswer::Status(statuses))) => Some((node, statuses)),
                _ => None,
            }
        };
        let told = join_all(linked.into_iter().map(ask)).await;
        let mut all: BTreeMap<_, _> = told.into_iter().flatten().collect();
        all.insert(self.identity.node, self.statuses());
        all
    }
}

fn group_view(
    group: u16,
    told: &BTreeMap<u64, Vec<GroupStatus>>,
    placed: &[u64],
    wanted: &BTreeMap<u16, Vec<u64>>,
) -> GroupView {
    let mut leading = told.iter().flat_map(|(node, all)| all.iter().map(move |status| (*node, status)));
    let leading = leading.find(|(_, status)| status.group == group && status.leads);
    let name = group.checked_sub(1).map_or_else(|| "meta".to_owned(), |shard| shard.to_string());
    let Some((leader, status)) = leading else {
        return GroupView {
            group: name,
            leader: None,
            placed: placed.to_vec(),
            voters: BTreeSet::new(),
            learners: BTreeSet::new(),
            behind: BTreeMap::new(),
            settled: false,
        };
    };
    let wanted: BTreeSet<u64> = wanted.get(&group).into_iter().flatten().copied().collect();
    let nodes = |replicas: &BTreeSet<ReplicaId>| replicas.iter().map(|replica| replica.node()).collect();
    let voters: BTreeSet<u64> = nodes(&status.voters);
    GroupView {
        group: name,
        leader: Some(leader),
        placed: placed.to_vec(),
        learners: nodes(&status.learners),
        behind: status.behind.iter().map(|(replica, entries)| (replica.node(), *entries)).collect(),
        settled: !status.joint && (group == 0 || voters == wanted),
        voters,
    }
}
