//! The nodes of the cluster as clients reach them.

use std::collections::BTreeSet;
use std::fmt;

use madang_cluster::machine::meta::NodeState;
use madang_cluster::{Cluster, Leader};
use madang_storage::id::{ShardId, UserId};

use super::rank::{Candidate, rank};
use crate::edge::Origins;

/// Knows the nodes that serve clients. Clones share what they know.
#[derive(Clone)]
pub struct Directory {
    cluster: Cluster,
}

impl Directory {
    /// Over what this node knows of its cluster.
    pub fn new(cluster: Cluster) -> Self {
        Self { cluster }
    }

    /// The shard of which the leader is the user's home.
    pub fn home_shard(&self, user: &UserId) -> ShardId {
        self.cluster.slots().of_user(user)
    }

    /// Where a user's clients should connect, the best first. Empty if no other node than this one can be
    /// named: whoever is here knows the way, perhaps a better one (a proxy's) than this node does.
    pub fn best(&self, user: &UserId) -> Vec<String> {
        let (me, serving) = (self.cluster.node_id(), self.serving());
        if serving.iter().all(|candidate| candidate.node == me) {
            return Vec::new();
        }
        rank(serving, self.home(self.home_shard(user)))
    }

    /// Where clients should go that cannot stay here, the best first; `shard` is their home if they have one.
    pub fn elsewhere(&self, shard: Option<ShardId>) -> Vec<String> {
        let (me, mut serving) = (self.cluster.node_id(), self.serving());
        serving.retain(|candidate| candidate.node != me);
        rank(serving, shard.and_then(|shard| self.home(shard)))
    }

    /// Addresses of all nodes that are not gone.
    pub fn all(&self) -> Vec<String> {
        let meta = self.cluster.meta().borrow().clone();
        meta.alive().filter(|(_, node)| !node.http.is_empty()).map(|(_, node)| url(&node.http)).collect()
    }

    /// The nodes that are up, within reach, and have an address.
    fn serving(&self) -> Vec<Candidate> {
        let (meta, loads) = (self.cluster.meta().borrow().clone(), self.cluster.loads());
        let mut reached: BTreeSet<u64> = self.cluster.peers().borrow().clone();
        reached.insert(self.cluster.node_id());
        let up = meta.alive().filter(|(id, node)| {
            node.state == NodeState::Up && reached.contains(id) && !node.http.is_empty()
        });
        up.map(|(node, row)| Candidate { node, url: url(&row.http), load: loads.get(&node).copied() })
            .collect()
    }

    fn home(&self, shard: ShardId) -> Option<u64> {
        match *self.cluster.leader(shard).ok()?.borrow() {
            Leader::Here => Some(self.cluster.node_id()),
            Leader::Node(node) => Some(node),
            Leader::Unknown => None,
        }
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Directory").field(&self.all()).finish()
    }
}

/// A page goes on at another node when its own goes away.
impl Origins for Directory {
    fn has(&self, origin: &str) -> bool {
        self.all().iter().any(|url| url.eq_ignore_ascii_case(origin))
    }
}

/// What is advertised without a scheme is plain HTTP.
fn url(advertised: &str) -> String {
    if advertised.contains("://") { advertised.to_owned() } else { format!("http://{advertised}") }
}
