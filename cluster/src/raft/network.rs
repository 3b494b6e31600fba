//! The way to other nodes, as raft sees it. Requests and answers are bytes here; whoever carries them
//! implements [`PeerTransport`]: nothing on a single node ([`Alone`]), links between nodes otherwise.

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

use super::entry::{decode, encode};
use super::export::Export;
use super::types::{SnapshotMeta, TypeConfig, Vote};

/// Which of raft's requests the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum RaftCall {
    /// Append entries, or a heartbeat.
    #[serde(rename = "1")]
    Append,
    /// Ask for a vote.
    #[serde(rename = "2")]
    Vote,
    /// Ask whether a vote would be granted.
    #[serde(rename = "3")]
    PreVote,
    /// Install all rows.
    #[serde(rename = "4")]
    Snapshot,
    /// Take over leadership.
    #[serde(rename = "5")]
    Transfer,
}

/// Why a request got no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("node {node}: {why}")]
pub struct TransportError {
    /// Which node was asked.
    pub node: u64,
    /// Why.
    pub why: String,
}

/// What a request comes to.
pub type Answer = Pin<Box<dyn Future<Output = Result<Bytes, TransportError>> + Send>>;

/// Carries raft's requests to other nodes. An answer that does not come within `timeout` is an error;
/// raft itself tries again.
pub trait PeerTransport: Send + Sync + 'static {
    /// Asks `node` on behalf of `group`.
    fn call(&self, node: u64, group: GroupId, call: RaftCall, request: Bytes, timeout: Duration) -> Answer;
}

/// The transport of a single node: there is nobody else.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl PeerTransport for Alone {
    fn call(&self, node: u64, _: GroupId, _: RaftCall, _: Bytes, _: Duration) -> Answer {
        Box::pin(async move { Err(TransportError { node, why: "this node is alone".to_owned() }) })
    }
}

/// A snapshot as it travels: its label and all rows.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct SnapshotRequest {
    pub(super) vote: Vote,
    pub(super) meta: SnapshotMeta,
    pub(super) rows: Vec<(Bytes, Bytes)>,
}

/// Makes one client per peer and group.
pub(super) struct Network {
    pub(super) transport: Arc<dyn PeerTransport>,
    pub(super) group: GroupId,
}

impl RaftNetworkFactory<TypeConfig> for Network {
    type Network = Peer;

    async fn new_client(&mut self, target: u64, _: &EmptyNode) -> Peer {
        Peer { transport: Arc::clone(&self.transport), group: self.group, node: target }
    }
}

/// One peer, as one group sees it.
pub(super) struct Peer {
    transport: Arc<dyn PeerTransport>,
    group: GroupId,
    node: u64,
}

impl Peer {
    async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        call: RaftCall,
        request: &Q,
        timeout: Duration,
    ) -> Result<A, Unreachable<TypeConfig>> {
        let request = encode(request).map_err(|error| Unreachable::new(&error))?;
        let answer = self.transport.call(self.node, self.group, call, request, timeout).await;
        let answer = answer.map_err(|error| Unreachable::new(&error))?;
        decode("a peer's answer", &answer).map_err(|error: io::Error| Unreachable::new(&error))
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
        _cancel: impl Future<Output = ReplicationClosed> + Send + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let rows = snapshot.snapshot.into_rows().map_err(|error| Unreachable::new(&error))?;
        let rows = rows.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        let request = SnapshotRequest { vote, meta: snapshot.meta, rows };
        Ok(self.call(RaftCall::Snapshot, &request, option.hard_ttl()).await?)
    }

    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, RPCError<TypeConfig>> {
        Ok(self.call(RaftCall::Transfer, &request, option.hard_ttl()).await?)
    }
}
