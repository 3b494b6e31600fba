//! Follows META: opens and removes replicas as it says, keeps links to the nodes it names, and remembers
//! it, so that a node that starts alone knows where it belongs before it has heard anybody.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use madang_storage::{LogStore, StorageError};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::cluster::Inner;
use crate::error::ClusterError;
use crate::hosted::Hosted;
use crate::link::PeerAddress;
use crate::machine::meta::{META_KEY, MetaRow, NodeState};
use crate::reader::LocalReader;
use crate::replica::ReplicaId;

/// Under which name the row is remembered beside the log.
const REMEMBERED: &str = "cluster";
/// How long to wait before a replica that could not be opened or removed is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Follows until the cluster stops.
pub(crate) async fn run(cluster: Weak<Inner>, stop: CancellationToken) {
    let mut seen = 0;
    loop {
        let Some(applied) = applied(&cluster) else { return };
        tokio::select! {
            () = stop.cancelled() => return,
            () = applied.reached(seen + 1) => {}
        }
        seen = applied.now().entries;
        let Some(inner) = cluster.upgrade() else { return };
        if let Err(error) = look(&inner).await {
            tracing::error!(%error, "cannot follow what META says; trying again");
            seen = 0;
            drop(inner);
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
}

fn applied(cluster: &Weak<Inner>) -> Option<crate::raft::Applying> {
    Some(cluster.upgrade()?.groups.first()?.replica()?.group.applied().clone())
}

async fn look(inner: &Arc<Inner>) -> Result<(), ClusterError> {
    let meta = inner.hosted(0)?.here()?;
    let row: Option<MetaRow> = LocalReader::new(Arc::clone(meta.group.state())).own(META_KEY)?;
    match row {
        Some(row) if row.version > inner.meta_now().version => {
            remember(inner.log(), &row).await?;
            inner.take_meta(row).await
        }
        _ => Ok(()),
    }
}

impl Inner {
    /// Acts on what META says.
    pub(crate) async fn take_meta(self: &Arc<Self>, row: MetaRow) -> Result<(), ClusterError> {
        let (me, row) = (self.identity.node, Arc::new(row));
        if row.state_of(me) == Some(NodeState::Gone) {
            tracing::warn!(node = me, "this node was removed from the cluster: it takes no part any more");
        }
        self.transport.set_pace(row.tunables.move_bytes_per_second);
        self.meta.send_replace(Arc::clone(&row));
        self.set_peers();
        for hosted in self.groups.iter().skip(1) {
            match row.replica(hosted.id(), me) {
                Some(replica) => self.open(hosted, replica, row.placed(hosted.id().0) == [me]).await?,
                None => hosted.remove(&self.ground).await?,
            }
        }
        Ok(())
    }

    /// Starts the replica here. Where it is the only one it may have to be formed first.
    async fn open(&self, hosted: &Hosted, id: ReplicaId, alone: bool) -> Result<(), ClusterError> {
        let replica = hosted.open(&self.ground, id).await?;
        if alone {
            replica.group.form().await?;
        }
        Ok(())
    }

    /// Keeps links to the nodes that META names, and to those that somebody names who has heard more of it.
    pub(crate) fn set_peers(&self) {
        let (me, row) = (self.identity.node, self.meta_now());
        let named = row.peers_of(me).map(|(id, node)| {
            (id, PeerAddress { incarnation: node.incarnation, address: node.peer.clone() })
        });
        let acquaintances = self.acquaintances.lock();
        self.links.set_peers(acquaintances.peers(me, row.version, named.collect()));
    }
}

/// What META said when this node last heard it.
pub(crate) fn recall(log: &LogStore) -> Result<Option<MetaRow>, ClusterError> {
    let Some(bytes) = log.read_meta(REMEMBERED)? else { return Ok(None) };
    let row = rmp_serde::from_slice(&bytes)
        .map_err(|error| StorageError::Corrupt { what: format!("what META said last: {error}") })?;
    Ok(Some(row))
}

async fn remember(log: &LogStore, row: &MetaRow) -> Result<(), ClusterError> {
    let bytes = rmp_serde::to_vec(row)
        .map_err(|error| StorageError::Corrupt { what: format!("what META said last: {error}") })?;
    let (done, saved) = oneshot::channel();
    log.put_meta(REMEMBERED, Bytes::from(bytes), Box::new(move |result| drop(done.send(result))));
    Ok(saved.await.map_err(|_| StorageError::Closed)??)
}
