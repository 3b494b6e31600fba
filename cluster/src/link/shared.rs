//! What the parts of one node's links share.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use hmac::Mac;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::carrier::CarrierOptions;
use super::dial::Diallers;
use super::door::Door;
use super::envelope::BATCH_BYTES_MAX;
use super::handshake::{HandshakeError, LinkRequest, Refusal, Terms, admit};
use super::identity::{Lane, Myself, PeerAddress, PerLane};
use super::lane_end::LaneEnd;
use super::meters::Counters;
use super::options::{LinkOptions, LinkRuntimes};
use super::quiet::Quiet;
use super::secret::Secret;
use super::table::Table;
use super::tls::TlsEnds;

/// What a frame may hold beside its batch: heads of envelopes, ractor_cluster's own.
const FRAME_HEAD_BYTES: usize = 64 * 1024;

pub(super) struct Shared {
    pub(super) options: LinkOptions,
    pub(super) secret: Secret,
    pub(super) tls: Option<TlsEnds>,
    pub(super) runtimes: LinkRuntimes,
    pub(super) door: Arc<dyn Door>,
    pub(super) counters: Counters,
    pub(super) ends: PerLane<Arc<LaneEnd>>,
    pub(super) standing: Mutex<Standing>,
    pub(super) table: Table,
    pub(super) quiet: Quiet,
    pub(super) tasks: TaskTracker,
    /// Ends everything.
    pub(super) stop: CancellationToken,
    last_number: AtomicU64,
}

/// Who this node is, and who its peers are.
#[derive(Default)]
pub(super) struct Standing {
    pub(super) myself: Option<Myself>,
    pub(super) peers: BTreeMap<u64, PeerAddress>,
    pub(super) diallers: Diallers,
}

impl Shared {
    pub(super) fn new(
        options: LinkOptions,
        tls: Option<TlsEnds>,
        runtimes: LinkRuntimes,
        door: Arc<dyn Door>,
    ) -> Arc<Self> {
        let counters = Counters::default();
        let end = |lane: Lane| {
            let counters = Arc::clone(counters.lanes.get(lane));
            Arc::new(LaneEnd::new(lane, Arc::clone(&door), counters))
        };
        let ends = PerLane { raft: end(Lane::Raft), bulk: end(Lane::Bulk) };
        Arc::new(Self {
            secret: options.secret(),
            tls,
            runtimes,
            door,
            ends,
            counters,
            standing: Mutex::default(),
            table: Table::new(options.queue_bytes_max),
            quiet: Quiet::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            last_number: AtomicU64::new(0),
            options,
        })
    }

    /// A number that no other link of this process has.
    pub(super) fn next_number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The runtime of a lane.
    pub(super) fn runtime(&self, lane: Lane) -> &tokio::runtime::Handle {
        match lane {
            Lane::Raft => &self.runtimes.raft,
            Lane::Bulk => &self.runtimes.bulk,
        }
    }

    /// Whether a caller may be linked, as things stand now.
    pub(super) fn admit(&self, request: &LinkRequest) -> Result<(), Refusal> {
        let standing = self.standing.lock();
        admit(request, standing.myself.as_ref(), &standing.peers)
    }

    /// What this node grants to a peer for one link.
    pub(super) fn terms(&self, gateway: u64) -> Terms {
        Terms {
            gateway,
            token: rand::random(),
            credit_bytes: self.options.credit_bytes as u64,
            payload_bytes_max: self.options.request_bytes_max as u64,
        }
    }

    /// How the node server of a lane is made, once this node has joined.
    pub(super) fn carrier_options(&self, myself: &Myself, lane: Lane) -> CarrierOptions {
        let parts: [&[u8]; 3] = [b"madang carrier v1", &myself.cluster_id, lane.name().as_bytes()];
        let cookie = self.secret.keyed(&parts).finalize().into_bytes();
        let frame_bytes_max = self.options.request_bytes_max + BATCH_BYTES_MAX + FRAME_HEAD_BYTES;
        CarrierOptions {
            name: format!("node-{}-{}-{:032x}", myself.node, lane.name(), rand::random::<u128>()),
            cookie: cookie.iter().map(|byte| format!("{byte:02x}")).collect(),
            frame_bytes_max: frame_bytes_max as u64,
        }
    }

    /// A connection from `from` came to nothing: counted, and said once in a while.
    pub(super) fn handshake_failed(&self, from: IpAddr, error: &HandshakeError) {
        match error {
            HandshakeError::Refuse(refusal) => {
                self.counters.refused_handshakes.add(1);
                if self.quiet.worth_saying(format!("{from} {refusal}"), Instant::now()) {
                    tracing::warn!(%from, "refused a node or program: {refusal}");
                }
            }
            _ => {
                self.counters.broken_handshakes.add(1);
                tracing::debug!(%from, "a connection to the port for nodes came to nothing: {error}");
            }
        }
    }
}
