//! One raft group of this node: its log, its state, its consensus, its feed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use madang_storage::{GroupId, LogStore, StateStore};
use openraft::errors::{ClientWriteError, InitializeError, RaftError};
use openraft::impls::ProgressResponder;
use openraft::{Raft, SnapshotPolicy};
use tokio::sync::{broadcast, oneshot};

use super::applied::Applying;
use super::copy::Receiving;
use super::entry::{decode, encode};
use super::log::GroupLog;
use super::machine::GroupMachine;
use super::network::{Network, PeerTransport, RaftCall};
use super::state::GroupState;
use super::types::{Outcomes, TypeConfig};
use crate::breach::Breach;
use crate::command::{Batch, Outcome};
use crate::error::ClusterError;
use crate::event::FeedBatch;
use crate::options::RaftOptions;
use crate::replica::ReplicaId;

/// What a group is made of.
pub(crate) struct GroupParts {
    pub(crate) group: GroupId,
    pub(crate) replica: ReplicaId,
    pub(crate) log: LogStore,
    pub(crate) state: StateStore,
    pub(crate) transport: Arc<dyn PeerTransport>,
    pub(crate) feed: broadcast::Sender<FeedBatch>,
    pub(crate) options: RaftOptions,
    pub(crate) breach: Breach,
}

/// A running group. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Group {
    pub(super) me: u64,
    pub(super) raft: Raft<TypeConfig, GroupMachine>,
    state: Arc<GroupState>,
    pub(super) applied: Applying,
    pub(super) receiving: Arc<Receiving>,
    /// In which term this node began to hand leadership over; 0: in none. From then on another may be elected
    /// at once, whatever leases say.
    pub(super) handing_over: Arc<AtomicU64>,
    /// How long a leader that heard a majority need not fear another: what a follower waits at least.
    pub(super) lease: Duration,
}

impl Group {
    /// Opens the group's log and state and starts its consensus.
    pub(crate) async fn open(parts: GroupParts) -> Result<Self, ClusterError> {
        let GroupParts { group: id, replica, log, state, transport, feed, options, breach } = parts;
        let state = Arc::new(GroupState::open(state, id)?);
        let applied = Applying::default();
        let machine = GroupMachine::open(Arc::clone(&state), feed, applied.clone(), breach)?;
        let log = GroupLog::new(log, id);
        let network = Network { transport, group: id };
        let lease = Duration::from_millis(options.election_min_ms);
        let config = Arc::new(raft_config(&options)?);
        let raft = Raft::new(replica.raw(), config, network, log, machine).await.map_err(unavailable)?;
        Ok(Self {
            me: replica.raw(),
            raft,
            state,
            applied,
            receiving: Arc::default(),
            handing_over: Arc::default(),
            lease,
        })
    }

    pub(crate) fn state(&self) -> &Arc<GroupState> {
        &self.state
    }

    /// Forms the group with this node as its only voter, unless it has been formed already.
    pub(crate) async fn form(&self) -> Result<(), ClusterError> {
        match self.raft.initialize(BTreeSet::from([self.me])).await {
            Ok(()) | Err(RaftError::APIError(InitializeError::NotAllowed(_))) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Asks to lead now instead of after an election timeout, if there is nobody else to ask.
    pub(crate) async fn lead_if_alone(&self) -> Result<(), ClusterError> {
        if self.members().voters != BTreeSet::from([self.replica()]) {
            return Ok(());
        }
        self.raft.trigger().elect(false).await.map_err(unavailable)
    }

    /// Proposes a batch; order of calls is order in the log. The answer comes when it is applied.
    pub(crate) async fn write(&self, batch: Batch) -> Result<WriteAnswer, ClusterError> {
        let (responder, answer) = ProgressResponder::complete_only();
        self.raft.client_write_ff(batch, Some(responder)).await.map_err(unavailable)?;
        Ok(WriteAnswer { answer })
    }

    /// How far the log has been applied here.
    pub(crate) fn applied(&self) -> &Applying {
        &self.applied
    }

    /// Labels what is durable in the state and lets the log behind it go.
    pub(crate) async fn compact(&self) -> Result<(), ClusterError> {
        if self.state.durable_applied()?.is_none() {
            return Ok(());
        }
        self.raft.trigger().snapshot().await.map_err(unavailable)
    }

    /// What this replica is called.
    pub(crate) fn replica(&self) -> ReplicaId {
        ReplicaId::from_raw(self.me)
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
            RaftCall::Snapshot => return self.take(request).await,
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
    /// Waits. Errors: `NotLeader` (nothing was done), `Interrupted` (it may have been).
    pub(crate) async fn outcomes(self) -> Result<Vec<Outcome>, ClusterError> {
        let stopped = || ClusterError::Interrupted { why: "the shard is stopping".to_owned() };
        match self.answer.await.map_err(|_| stopped())? {
            Ok(response) => {
                let Outcomes(outcomes) = response.data;
                Ok(outcomes)
            }
            Err(ClientWriteError::ForwardToLeader(forward)) => {
                Err(ClusterError::NotLeader { leader: node_of(forward.leader_id) })
            }
            // Another leader may have it: a former majority may have kept the entry.
            Err(error) => Err(ClusterError::Interrupted { why: error.to_string() }),
        }
    }
}

/// How long before its beat a heartbeat is due, milliseconds.
const HASTE_MS: u64 = 20;

fn raft_config(options: &RaftOptions) -> Result<openraft::Config, ClusterError> {
    let config = openraft::Config {
        cluster_name: "madang".to_owned(),
        // Due a little before the beat that sends it: else one that is late by a hair waits for the next.
        heartbeat_interval: options.heartbeat_ms.saturating_sub(HASTE_MS),
        election_timeout_min: options.election_min_ms,
        election_timeout_max: options.election_max_ms,
        install_snapshot_timeout: options.snapshot_timeout_ms,
        // The node's one checkpointer says when: it flushes the state of all groups at once.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: options.log_entries_kept,
        purge_batch_size: options.purge_entries_min,
        enable_pre_vote: Some(true),
        // A leader that restarts must be elected anew: a new term is how this node knows that it has applied
        // all that was acknowledged before.
        enable_leader_restore: Some(false),
        // Bounded by bytes where entries are read.
        max_payload_entries: 64,
        ..openraft::Config::default()
    };
    config.validate().map_err(|error| ClusterError::Misfit(format!("raft settings: {error}")))
}

/// On which node a replica is.
pub(super) fn node_of(replica: Option<u64>) -> Option<u64> {
    replica.map(|raw| ReplicaId::from_raw(raw).node())
}

pub(super) fn unavailable(error: impl std::fmt::Display) -> ClusterError {
    ClusterError::Unavailable { why: error.to_string() }
}
