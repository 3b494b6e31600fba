//! Raft's requests over the links: agreement on its own lane, copies of whole groups on the bulk lane,
//! paced.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use madang_storage::GroupId;
use parking_lot::RwLock;
use std::sync::Arc;

use super::number;
use crate::link::{Lane, Links};
use crate::raft::{PeerTransport, RaftCall, TransportAnswer, TransportError};

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
        node: u64,
        group: GroupId,
        call: RaftCall,
        request: Bytes,
        timeout: Duration,
    ) -> TransportAnswer {
        let lane = match call {
            RaftCall::Snapshot => Lane::Bulk,
            RaftCall::Append | RaftCall::Vote | RaftCall::PreVote | RaftCall::Transfer => Lane::Raft,
        };
        let answer = self.links.request(node, lane, number::RAFT, envelope(group, call, &request), timeout);
        Box::pin(async move {
            answer.await.map_err(|error| TransportError { node, why: error.to_string() })
        })
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

/// Group, call, request: `[group u16 BE][call u8][request]`.
fn envelope(group: GroupId, call: RaftCall, request: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(3 + request.len());
    bytes.put_u16(group.0);
    bytes.put_u8(call.number());
    bytes.put_slice(request);
    bytes.freeze()
}

/// Reads what `envelope` wrote.
pub(super) fn open_envelope(bytes: &Bytes) -> Option<(GroupId, RaftCall, Bytes)> {
    let ([high, low, call], _) = bytes.split_first_chunk::<3>()?;
    let group = GroupId(u16::from_be_bytes([*high, *low]));
    Some((group, RaftCall::from_number(*call)?, bytes.slice(3..)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn golden_bytes_of_an_envelope() {
        assert_eq!(envelope(GroupId(0x0102), RaftCall::PreVote, b"raft").as_ref(), b"\x01\x02\x03raft");
    }

    proptest! {
        #[test]
        fn an_envelope_comes_back_and_arbitrary_bytes_do_no_harm(group: u16, bytes: Vec<u8>) {
            let sent = envelope(GroupId(group), RaftCall::Append, &bytes);
            let (to, call, request) = open_envelope(&sent).unwrap();
            prop_assert_eq!((to, call, request.to_vec()), (GroupId(group), RaftCall::Append, bytes.clone()));
            let _ = open_envelope(&Bytes::from(bytes));
        }
    }
}
