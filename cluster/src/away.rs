//! Reads of shards that this node holds no replica of.

use std::sync::Weak;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::cluster::Inner;
use crate::error::ClusterError;
use crate::peer::{PeerAnswer, PeerRequest};
use crate::reader::{Elsewhere, Found, Query};
use crate::service::Leader;

/// Asks the leader of a group, or another holder while no leader is known.
pub(crate) struct Away {
    cluster: Weak<Inner>,
    group: u16,
}

impl Away {
    pub(crate) fn new(cluster: Weak<Inner>, group: u16) -> Self {
        Self { cluster, group }
    }
}

impl Elsewhere for Away {
    fn ask(&self, query: Query) -> BoxFuture<'static, Result<Found, ClusterError>> {
        let (cluster, group) = (self.cluster.clone(), self.group);
        async move {
            let stopping = || ClusterError::Unavailable { why: "the node is stopping".to_owned() };
            let inner = cluster.upgrade().ok_or_else(stopping)?;
            let mut failure =
                ClusterError::Unavailable { why: "no node that holds the shard is linked".to_owned() };
            for node in who_to_ask(&inner, group)? {
                // Reading twice harms nobody.
                match inner.ask(node, PeerRequest::Read { group, query: query.clone() }).await {
                    Ok(PeerAnswer::Found(found)) => return Ok(found),
                    Ok(other) => failure = other.misfit(),
                    Err(error) => failure = error,
                }
            }
            Err(failure)
        }
        .boxed()
    }
}

/// The leader first, then whoever holds a replica and is linked.
pub(crate) fn who_to_ask(inner: &Inner, group: u16) -> Result<Vec<u64>, ClusterError> {
    let mut holders = inner.meta_now().holders(madang_storage::GroupId(group));
    let linked = inner.linked();
    holders.retain(|node| linked.contains(node));
    if let Leader::Node(leader) = inner.hosted(group)?.leader_now() {
        holders.sort_by_key(|node| *node != leader);
    }
    Ok(holders)
}
