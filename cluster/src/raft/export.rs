//! Snapshots. Their label (applied position, membership) is what is durable in the state store; their
//! rows are read only when a follower needs them (`copy.rs`).

use std::io;
use std::sync::Arc;

use openraft::RaftSnapshotBuilder;
use openraft::storage::Snapshot;

use super::state::{Applied, GroupState};
use super::types::{SnapshotMeta, TypeConfig};

/// The rows of a group.
pub(crate) enum Export {
    /// To be read from this state.
    Here(Arc<GroupState>),
    /// From another node, complete under this generation.
    Staged(u32),
}

/// Makes labels.
pub(crate) struct ExportBuilder {
    state: Arc<GroupState>,
}

impl ExportBuilder {
    pub(super) fn new(state: Arc<GroupState>) -> Self {
        Self { state }
    }

    /// The label of what would survive a power cut now.
    pub(super) fn durable(&self) -> io::Result<Option<openraft::alias::SnapshotOf<TypeConfig, Export>>> {
        let Some(applied) = self.state.durable_applied().map_err(io::Error::other)? else { return Ok(None) };
        let (last_log_id, last_membership) = Applied::into_parts(applied);
        if last_log_id.is_none() {
            return Ok(None);
        }
        let meta = SnapshotMeta { last_log_id, last_membership };
        Ok(Some(Snapshot { meta, snapshot: Export::Here(Arc::clone(&self.state)) }))
    }
}

impl RaftSnapshotBuilder<TypeConfig> for ExportBuilder {
    type SnapshotData = Export;

    async fn build_snapshot(&mut self) -> Result<openraft::alias::SnapshotOf<TypeConfig, Export>, io::Error> {
        if let Some(label) = self.durable()? {
            return Ok(label);
        }
        // An error here would end the group on this node for good.
        let store = self.state.store().clone();
        let flushed = tokio::task::spawn_blocking(move || store.flush()).await;
        flushed.map_err(io::Error::other)?.map_err(io::Error::other)?;
        let nothing =
            || Snapshot { meta: SnapshotMeta::default(), snapshot: Export::Here(Arc::clone(&self.state)) };
        Ok(self.durable()?.unwrap_or_else(nothing))
    }
}
