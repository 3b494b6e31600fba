//! A group's rows on their way to a node that lacks too much of the log: in parts of bounded size, paced,
//! written by the receiver under a fresh generation as they come. Only when all are there does it switch.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use openraft::storage::Snapshot;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, mpsc};

use super::entry::{decode, encode};
use super::export::Export;
use super::group::{Group, unavailable};
use super::state::{GroupState, StoredRow};
use super::types::{SnapshotMeta, Vote};
use crate::error::ClusterError;

/// Bytes of rows in one part; one row always fits.
const PART_BYTES_MAX: usize = 256 * 1024;
/// Parts read ahead of what was sent.
const PARTS_AHEAD_MAX: usize = 2;

/// What the sender says.
#[derive(Serialize, Deserialize)]
pub(super) enum Part {
    /// The next rows of copy `id`. Number 0 begins the copy.
    #[serde(rename = "1")]
    Rows { id: u64, number: u64, rows: Vec<(Bytes, Bytes)> },
    /// All `parts` were sent.
    #[serde(rename = "2")]
    End { id: u64, parts: u64, vote: Vote, meta: SnapshotMeta },
}

/// The copy that is being received.
#[derive(Default)]
pub(super) struct Receiving(Mutex<Option<Incoming>>);

struct Incoming {
    id: u64,
    generation: u32,
    /// The number of the part that comes next.
    next: u64,
}

/// Reads all rows of a group as of one moment, in parts.
pub(super) fn read_parts(state: Arc<GroupState>) -> mpsc::Receiver<io::Result<Vec<(Bytes, Bytes)>>> {
    let (parts, receiver) = mpsc::channel(PARTS_AHEAD_MAX);
    tokio::task::spawn_blocking(move || {
        let (mut part, mut bytes) = (Vec::new(), 0);
        let read = state.export(&mut |(key, value): StoredRow| {
            bytes += key.len() + value.len();
            part.push((Bytes::from(key), Bytes::from(value)));
            if bytes < PART_BYTES_MAX {
                return true;
            }
            bytes = 0;
            // The sender has given up when nobody takes the part.
            parts.blocking_send(Ok(std::mem::take(&mut part))).is_ok()
        });
        let last = read.map(|()| part).map_err(io::Error::other);
        let _ = parts.blocking_send(last);
    });
    receiver
}

impl Group {
    /// Takes a part. Parts come in order; whatever does not fit is refused and the sender begins anew.
    pub(super) async fn take(&self, request: &[u8]) -> Result<Bytes, ClusterError> {
        let part = decode("a part of a copy", request).map_err(unavailable)?;
        let mut receiving = self.receiving.0.lock().await;
        match part {
            Part::Rows { id, number, rows } => {
                if number == 0 {
                    let generation = self.begin().await?;
                    *receiving = Some(Incoming { id, generation, next: 0 });
                }
                let incoming = receiving.as_mut().filter(|incoming| incoming.id == id);
                let incoming =
                    incoming.filter(|incoming| incoming.next == number).ok_or_else(out_of_order)?;
                let (state, generation) = (Arc::clone(self.state()), incoming.generation);
                off_thread(move || state.stage(generation, rows)).await?;
                incoming.next += 1;
                Ok(Bytes::new())
            }
            Part::End { id, parts, vote, meta } => {
                let incoming = receiving.take().filter(|incoming| incoming.id == id);
                let incoming = incoming.filter(|incoming| incoming.next == parts).ok_or_else(out_of_order)?;
                let snapshot = Snapshot { meta, snapshot: Export::Staged(incoming.generation) };
                let installed = self.raft.install_full_snapshot(vote, snapshot).await;
                encode(&installed.map_err(unavailable)?).map_err(unavailable)
            }
        }
    }

    async fn begin(&self) -> Result<u32, ClusterError> {
        let state = Arc::clone(self.state());
        off_thread(move || state.begin_stage()).await
    }
}

async fn off_thread<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, madang_storage::StorageError> + Send + 'static,
) -> Result<T, ClusterError> {
    Ok(tokio::task::spawn_blocking(job).await.map_err(unavailable)??)
}

fn out_of_order() -> ClusterError {
    ClusterError::Unavailable { why: "this part of a copy does not follow the last one".to_owned() }
}
