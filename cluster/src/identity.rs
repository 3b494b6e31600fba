//! Who this node is, for good: written once when the node joins its cluster, kept beside the raft log. A
//! node whose disk was wiped has no identity and becomes a new node.

use bytes::Bytes;
use madang_storage::{LogStore, StorageError};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::error::ClusterError;

const NAME: &str = "identity";

/// A node's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// Given by the cluster, never given twice.
    pub(crate) node: u64,
    /// Which cluster.
    pub(crate) cluster_id: [u8; 16],
    /// Random: tells this data from any other that claims the same node id.
    pub(crate) incarnation: u64,
    /// How many shards the cluster was formed with.
    pub(crate) shards: u16,
}

/// How a node came to be part of its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// The data directory was empty: a cluster was formed.
    Formed,
    /// The data directory was empty: a cluster took the node in.
    Joined,
    /// There was data, and it was gone on with.
    Resumed,
}

impl Identity {
    /// Reads it, if the node has one.
    pub(crate) fn load(log: &LogStore) -> Result<Option<Self>, ClusterError> {
        let Some(bytes) = log.read_meta(NAME)? else { return Ok(None) };
        let identity = rmp_serde::from_slice(&bytes)
            .map_err(|error| StorageError::Corrupt { what: format!("the node's identity: {error}") })?;
        Ok(Some(identity))
    }

    /// Writes it and waits until it is durable.
    pub(crate) async fn save(&self, log: &LogStore) -> Result<(), ClusterError> {
        let bytes = rmp_serde::to_vec(self)
            .map_err(|error| StorageError::Corrupt { what: format!("the node's identity: {error}") })?;
        let (done, saved) = oneshot::channel();
        log.put_meta(NAME, Bytes::from(bytes), Box::new(move |result| drop(done.send(result))));
        Ok(saved.await.map_err(|_| StorageError::Closed)??)
    }
}
