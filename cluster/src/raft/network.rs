//! The way to other nodes, as raft sees it. Requests and answers are bytes here; whoever carries them
//! implements [`PeerTransport`].

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use madang_storage::GroupId;
use openraft::EmptyNode;
use openraft::alias::SnapshotOf;
use openraft::errors::{RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{RPCOption, RaftNetworkFactory, RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::copy::{Part, read_parts};
use super::entry::{decode, encode};
use super::export::Export;
use super::state::GroupState;
use super::types::{SnapshotMeta, TypeConfig, Vote};
use crate::replica::ReplicaId;

/// Which of raft's requests the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RaftCall {
    /// Append entries, or a heartbeat.
    Append,
    /// Ask for a vote.
    Vote,
    /// Ask whether a vote would be granted.
    PreVote,
    /// Install all rows.
    Snapshot,
    /// Take over leadership.
    Transfer,
}

impl RaftCall {
    /// Its number between nodes, for good.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Append => 1,
            Self::Vote => 2,
            Self::PreVote => 3,
            Self::Snapshot => 4,
            Self::Transfer => 5,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        let calls = [Self::Append, Self::Vote, Self::PreVote, Self::Snapshot, Self::Transfer];
        calls.into_iter().find(|call| call.number() == number)
    }
}

/// Why a request got no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("node {node}: {why}")]
pub(crate) struct TransportError {
    /// Which node was asked.
    pub node: u64,
    /// Why.
    pub why: String,
}

/// How long one part of a copy may take: the receiver writes it to disk; at the end it flushes all.
const PART_WITHIN: Duration = Duration::from_secs(60);

/// What a request comes to.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Bytes, TransportError>> + Send>>;

/// Carries raft's requests to replicas on other nodes. An answer that does not come within `timeout` is an error;
/// raft itself tries again.
pub(crate) trait PeerTransport: Send + Sync + 'static {
    /// Asks the replica `to` of `group`.
    fn call(
        &self,
        to: ReplicaId,
        group: GroupId,
        call: RaftCall,
        request: Bytes,
        timeout: Duration,
    ) -> Answer;

    /// Waits until so many bytes of a copy may go: copies must not crowd out everything else.
    fn pace(&self, bytes: usize) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// Makes one client per peer and group.
pub(super) struct Network {
    pub(super) transport: Arc<dyn PeerTransport>,
    pub(super) group: GroupId,
}

impl RaftNetworkFactory<TypeConfig> for Network {
    type Network = Peer;

    async fn new_client(&mut self, target: u64, _: &EmptyNode) -> Peer {
        Peer { transport: Arc::clone(&self.transport), group: self.group, to: ReplicaId::from_raw(target) }
    }
}

/// One peer, as one group sees it.
pub(super) struct Peer {
    transport: Arc<dyn PeerTransport>,
    group: GroupId,
    to: ReplicaId,
}

impl Peer {
    async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        call: RaftCall,
        request: &Q,
        timeout: Duration,
    ) -> Result<A, Unreachable<TypeConfig>> {
        let request = encode(request).map_err(|error| Unreachable::new(&error))?;
        let answer = self.transport.call(self.to, self.group, call, request, timeout).await;
        let answer = answer.map_err(|error| Unreachable::new(&error))?;
        decode("a peer's answer", &answer).map_err(|error: io::Error| Unreachable::new(&error))
    }
}

impl Peer {
    /// Sends all rows, part by part.
    async fn copy(
        &self,
        state: Arc<GroupState>,
        vote: Vote,
        meta: SnapshotMeta,
    ) -> Result<SnapshotResponse<TypeConfig>, Unreachable<TypeConfig>> {
        let mut parts = read_parts(state);
        let (id, mut number) = (rand::random(), 0);
        while let Some(rows) = parts.recv().await {
            let rows = rows.map_err(|error| Unreachable::new(&error))?;
            let bytes = rows.iter().map(|(key, value)| key.len() + value.len()).sum();
            self.transport.pace(bytes).await;
            let part = encode(&Part::Rows { id, number, rows }).map_err(|error| Unreachable::new(&error))?;
            let taken = self.transport.call(self.to, self.group, RaftCall::Snapshot, part, PART_WITHIN).await;
            taken.map_err(|error| Unreachable::new(&error))?;
            number += 1;
        }
        let end = Part::End { id, parts: number, vote, meta };
        self.call(RaftCall::Snapshot, &end, PART_WITHIN).await
    }
}

impl RaftNetworkV2<TypeConfig> for Peer {
    type SnapshotData = Export;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<TypeConfig>, RPCError<TypeConfig>> {
        Ok(self.call(RaftCall::Append, &rpc, option.hard_ttl()).await?)
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        Ok(self.call(RaftCall::Vote, &rpc, option.hard_ttl()).await?)
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        Ok(self.call(RaftCall::PreVote, &rpc, option.hard_ttl()).await?)
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: SnapshotOf<TypeConfig, Export>,
        cancel: impl Future<Output = ReplicationClosed> + Send + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let Export::Here(state) = snapshot.snapshot else {
            return Err(Unreachable::new(&io::Error::other("rows of another node are not sent on")).into());
        };
        tokio::select! {
            sent = self.copy(state, vote, snapshot.meta) => Ok(sent?),
            closed = cancel => Err(closed.into()),
        }
    }

    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, RPCError<TypeConfig>> {
        Ok(self.call(RaftCall::Transfer, &request, option.hard_ttl()).await?)
    }
}
