//! Raft's requests over the links: agreement on its own lane, copies of whole groups on the bulk lane,
//! paced.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use madang_storage::GroupId;
use parking_lot::RwLock;
use std::sync::Arc;

use super::number;
use crate::link::{Lane, Links};
use crate::raft::{PeerTransport, RaftCall, TransportAnswer, TransportError};
use crate::replica::ReplicaId;

/// Bytes before the request.
const HEAD_BYTES: usize = 11;
/// The unit in which copies are paced.
const PACE_UNIT_BYTES: usize = 1024;

/// Carries raft over the links.
pub(crate) struct LinkTransport {
    links: Links,
    pace: RwLock<Arc<DefaultDirectRateLimiter>>,
}

impl LinkTransport {
    pub(crate) fn new(links: Links, bytes_per_second: u64) -> Self {
        Self { links, pace: RwLock::new(limiter(bytes_per_second)) }
    }

    /// From now on copies may take this much.
    pub(crate) fn set_pace(&self, bytes_per_second: u64) {
        *self.pace.write() = limiter(bytes_per_second);
    }
}

impl PeerTransport for LinkTransport {
    fn call(
        &self,
        to: ReplicaId,
        group: GroupId,
        call: RaftCall,
        request: Bytes,
        timeout: Duration,
    ) -> TransportAnswer {
        let node = to.node();
        let lane = match call {
            RaftCall::Snapshot => Lane::Bulk,
            RaftCall::Append | RaftCall::Vote | RaftCall::PreVote | RaftCall::Transfer => Lane::Raft,
        };
        let answer =
            self.links.request(node, lane, number::RAFT, envelope(group, call, to, &request), timeout);
        Box::pin(async move { answer.await.map_err(|error| TransportError { node, why: error.to_string() }) })
    }

    fn pace(&self, bytes: usize) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let limiter = Arc::clone(&self.pace.read());
        let units = u32::try_from(bytes.div_ceil(PACE_UNIT_BYTES)).unwrap_or(u32::MAX);
        Box::pin(async move {
            // A part that is larger than a second's worth goes alone.
            if let Some(units) = NonZeroU32::new(units) {
                let _ = limiter.until_n_ready(units).await;
            }
        })
    }
}

fn limiter(bytes_per_second: u64) -> Arc<DefaultDirectRateLimiter> {
    let units = bytes_per_second / PACE_UNIT_BYTES as u64;
    let units = NonZeroU32::new(u32::try_from(units).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN);
    Arc::new(RateLimiter::direct(Quota::per_second(units)))
}

/// Who is meant, and what: `[group u16 BE][call u8][replica u64 BE][request]`.
fn envelope(group: GroupId, call: RaftCall, to: ReplicaId, request: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEAD_BYTES + request.len());
    bytes.put_u16(group.0);
    bytes.put_u8(call.number());
    bytes.put_u64(to.raw());
    bytes.put_slice(request);
    bytes.freeze()
}

/// A request as it arrives.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) group: GroupId,
    pub(super) call: RaftCall,
    /// Whom the sender believes to reach.
    pub(super) to: ReplicaId,
    pub(super) request: Bytes,
}

/// Reads what `envelope` wrote.
pub(super) fn open_envelope(bytes: &Bytes) -> Option<Envelope> {
    let mut head = bytes.get(..HEAD_BYTES)?;
    let (group, call, to) = (GroupId(head.get_u16()), head.get_u8(), ReplicaId::from_raw(head.get_u64()));
    Some(Envelope { group, call: RaftCall::from_number(call)?, to, request: bytes.slice(HEAD_BYTES..) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn golden_bytes_of_an_envelope() {
        let to = ReplicaId::new(3, 7);
        let bytes = envelope(GroupId(0x0102), RaftCall::PreVote, to, b"raft");
        assert_eq!(bytes.as_ref(), b"\x01\x02\x03\0\0\0\0\0\x07\0\x03raft");
    }

    proptest! {
        #[test]
        fn an_envelope_comes_back_and_arbitrary_bytes_do_no_harm(group: u16, to: u64, bytes: Vec<u8>) {
            let (group, to, call) = (GroupId(group), ReplicaId::from_raw(to), RaftCall::Append);
            let opened = open_envelope(&envelope(group, call, to, &bytes));
            prop_assert_eq!(opened, Some(Envelope { group, call, to, request: bytes.clone().into() }));
            let _ = open_envelope(&Bytes::from(bytes));
        }
    }
}
