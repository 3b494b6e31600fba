//! One raft group of this node: its log, its state, its consensus, its feed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use madang_storage::{GroupId, LogStore, StateStore};
use openraft::errors::{ClientWriteError, InitializeError, RaftError};
use openraft::impls::ProgressResponder;
use openraft::{Raft, SnapshotPolicy};
use openraft_rt::WatchReceiver;
use tokio::sync::{broadcast, oneshot};

use super::entry::{decode, encode};
use super::export::Export;
use super::log::GroupLog;
use super::machine::GroupMachine;
use super::network::{Network, PeerTransport, RaftCall, SnapshotRequest};
use super::state::GroupState;
use super::types::{Outcomes, TypeConfig};
use crate::command::{Batch, Outcome};
use crate::error::ClusterError;
use crate::event::FeedBatch;
use crate::options::RaftOptions;

/// What a group is made of.
pub(crate) struct GroupParts {
    pub(crate) group: GroupId,
    pub(crate) node: u64,
    pub(crate) log: LogStore,
    pub(crate) state: StateStore,
    pub(crate) transport: Arc<dyn PeerTransport>,
    pub(crate) options: RaftOptions,
}

/// Where a group stands on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Whether this node leads it.
    pub(crate) leads: bool,
    /// Entries that its log has had so far.
    pub(crate) log_entries: u64,
    /// Those that are in its state.
    pub(crate) applied_entries: u64,
}

/// A running group. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Group {
    id: GroupId,
    raft: Raft<TypeConfig, GroupMachine>,
    state: Arc<GroupState>,
    feed: broadcast::Sender<FeedBatch>,
}

impl Group {
    /// Opens the group's log and state and starts its consensus.
    pub(crate) async fn open(parts: GroupParts) -> Result<Self, ClusterError> {
        let state = Arc::new(GroupState::open(parts.state, parts.group)?);
        let (feed, _) = broadcast::channel(parts.options.feed_batches_max);
        let machine = GroupMachine::open(Arc::clone(&state), feed.clone())?;
        let log = GroupLog::new(parts.log, parts.group);
        let network = Network { transport: parts.transport, group: parts.group };
        let config = Arc::new(raft_config(&parts.options)?);
        let raft = Raft::new(parts.node, config, network, log, machine).await.map_err(unavailable)?;
        Ok(Self { id: parts.group, raft, state, feed })
    }

    pub(crate) fn id(&self) -> GroupId {
        self.id
    }

    pub(crate) fn state(&self) -> &Arc<GroupState> {
        &self.state
    }

    pub(crate) fn feed(&self) -> broadcast::Receiver<FeedBatch> {
        self.feed.subscribe()
    }

    /// Leads a group whose only voter is `node`: forms it, if nobody has, else asks to lead now instead of
    /// after an election timeout. Forming is itself a call for election.
    pub(crate) async fn lead_alone(&self, node: u64) -> Result<(), ClusterError> {
        match self.raft.initialize(BTreeSet::from([node])).await {
            Ok(()) => Ok(()),
            Err(RaftError::APIError(InitializeError::NotAllowed(_))) => {
                self.raft.trigger().elect(false).await.map_err(unavailable)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Whether this node leads.
    pub(crate) fn leads(&self) -> bool {
        self.raft.is_leader()
    }

    /// Where it stands. Told by consensus itself, a moment late.
    pub(crate) fn progress(&self) -> Progress {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        // Indices count from 0.
        let entries = |index: Option<u64>| index.map_or(0, |index| index + 1);
        Progress {
            leads: metrics.state.is_leader(),
            log_entries: entries(metrics.last_log_index),
            applied_entries: entries(metrics.last_applied.as_ref().map(|log_id| log_id.index)),
        }
    }

    /// Waits until this node leads and has applied all that was committed before.
    pub(crate) async fn wait_ready(&self, limit: Duration) -> Result<(), ClusterError> {
        let wait = self.raft.wait(Some(limit));
        let ready = wait.metrics(
            |metrics| {
                let applied = metrics.last_applied.as_ref().map(|log_id| log_id.index);
                metrics.current_leader.is_some() && applied >= metrics.last_log_index
            },
            "a leader, and everything applied",
        );
        ready.await.map(|_| ()).map_err(unavailable)
    }

    /// Proposes a batch; order of calls is order in the log. The answer comes when it is applied.
    pub(crate) async fn write(&self, batch: Batch) -> Result<WriteAnswer, ClusterError> {
        let (responder, answer) = ProgressResponder::complete_only();
        self.raft.client_write_ff(batch, Some(responder)).await.map_err(unavailable)?;
        Ok(WriteAnswer { answer })
    }

    /// Labels what is durable in the state and lets the log behind it go.
    pub(crate) async fn compact(&self) -> Result<(), ClusterError> {
        self.raft.trigger().snapshot().await.map_err(unavailable)
    }

    /// Answers a request from another node.
    pub(crate) async fn answer(&self, call: RaftCall, request: &[u8]) -> Result<Bytes, ClusterError> {
        let what = "a peer's request";
        let answer = match call {
            RaftCall::Append => {
                let request = decode(what, request).map_err(unavailable)?;
                encode(&self.raft.append_entries(request).await.map_err(unavailable)?)
            }
            RaftCall::Vote => {
                let request = decode(what, request).map_err(unavailable)?;
                encode(&self.raft.vote(request).await.map_err(unavailable)?)
            }
            RaftCall::PreVote => {
                let request = decode(what, request).map_err(unavailable)?;
                encode(&self.raft.pre_vote(request).await.map_err(unavailable)?)
            }
            RaftCall::Snapshot => {
                let SnapshotRequest { vote, meta, rows } = decode(what, request).map_err(unavailable)?;
                let rows = rows.into_iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
                let snapshot = openraft::storage::Snapshot { meta, snapshot: Export::Rows(rows) };
                encode(&self.raft.install_full_snapshot(vote, snapshot).await.map_err(unavailable)?)
            }
            RaftCall::Transfer => {
                let request = decode(what, request).map_err(unavailable)?;
                encode(&self.raft.handle_transfer_leader(request).await.map_err(unavailable)?)
            }
        };
        answer.map_err(unavailable)
    }

    /// Stops consensus. Nothing is lost: what was acknowledged is durable.
    pub(crate) async fn shutdown(&self) -> Result<(), ClusterError> {
        self.raft.shutdown().await.map_err(unavailable)
    }
}

/// The answer to a proposed batch, when it comes.
pub(crate) struct WriteAnswer {
    answer: oneshot::Receiver<openraft::raft::ClientWriteResult<TypeConfig>>,
}

impl WriteAnswer {
    /// Waits. Errors: `NotLeader` (nothing was done), `Unavailable` (it may have been).
    pub(crate) async fn outcomes(self) -> Result<Vec<Outcome>, ClusterError> {
        let stopped = || ClusterError::Unavailable { why: "the shard is stopping".to_owned() };
        match self.answer.await.map_err(|_| stopped())? {
            Ok(response) => {
                let Outcomes(outcomes) = response.data;
                Ok(outcomes)
            }
            Err(ClientWriteError::ForwardToLeader(forward)) => {
                Err(ClusterError::NotLeader { leader: forward.leader_id })
            }
            Err(error) => Err(unavailable(error)),
        }
    }
}

fn raft_config(options: &RaftOptions) -> Result<openraft::Config, ClusterError> {
    let config = openraft::Config {
        cluster_name: "madang".to_owned(),
        heartbeat_interval: options.heartbeat_ms,
        election_timeout_min: options.election_min_ms,
        election_timeout_max: options.election_max_ms,
        install_snapshot_timeout: options.snapshot_timeout_ms,
        // The node's one checkpointer says when: it flushes the state of all groups at once.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: options.log_entries_kept,
        purge_batch_size: options.purge_entries_min,
        enable_pre_vote: Some(true),
        ..openraft::Config::default()
    };
    config.validate().map_err(|error| ClusterError::Misfit(format!("raft settings: {error}")))
}

fn unavailable(error: impl std::fmt::Display) -> ClusterError {
    ClusterError::Unavailable { why: error.to_string() }
}
