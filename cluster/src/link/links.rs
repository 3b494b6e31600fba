//! The links of one node, as the layer above holds them.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::accept::accept;
use super::ask;
use super::dial::adjust;
use super::door::Door;
use super::error::LinkError;
use super::identity::{Lane, Myself, PeerAddress};
use super::meters::LinkMeters;
use super::news;
use super::options::{LinkOptions, LinkRuntimes};
use super::shared::Shared;
use super::tls::TlsEnds;

/// How long shutting down waits for tasks that do not end.
const SHUTDOWN_WITHIN: Duration = Duration::from_secs(5);

/// This node's links to all others. Clones are the same links.
#[derive(Clone)]
pub struct Links {
    shared: Arc<Shared>,
    local_addr: SocketAddr,
}

impl Links {
    /// Listens at once; until [`activate`](Self::activate) only questions are answered.
    ///
    /// # Errors
    /// `Misconfigured`, `Tls`, `Listen`.
    pub async fn listen(
        options: LinkOptions,
        runtimes: LinkRuntimes,
        door: Arc<dyn Door>,
    ) -> Result<Self, LinkError> {
        options.check()?;
        let tls = options.tls.as_ref().map(TlsEnds::load).transpose()?;
        let address = options.listen;
        let failed = |why: String| LinkError::Listen { address: address.to_string(), why };
        let shared = Shared::new(options, tls, runtimes, door);
        // Bound on raft's runtime: what is accepted stays registered there.
        let bound = shared.runtimes.raft.spawn(TcpListener::bind(address)).await;
        let listener =
            bound.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?;
        let local_addr = listener.local_addr().map_err(|error| failed(error.to_string()))?;
        shared.tasks.spawn_on(accept(Arc::clone(&shared), listener), &shared.runtimes.raft);
        shared.tasks.spawn_on(news::tell(Arc::clone(&shared)), &shared.runtimes.bulk);
        Ok(Self { shared, local_addr })
    }

    /// Where this node listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// `host:port` that other nodes use: as configured, else where this node listens.
    pub fn advertised(&self) -> String {
        let configured = &self.shared.options.advertise;
        if configured.is_empty() { self.local_addr.to_string() } else { configured.clone() }
    }

    /// From now on this is node `myself.node`: it dials its peers and lets them in. The same again does
    /// nothing.
    ///
    /// # Errors
    /// `AlreadyActive` as another node; `Stopped` if the actors of a lane cannot be started.
    pub async fn activate(&self, myself: Myself) -> Result<(), LinkError> {
        {
            let mut standing = self.shared.standing.lock();
            match standing.myself {
                Some(already) if already == myself => return Ok(()),
                Some(already) => return Err(LinkError::AlreadyActive { node: already.node }),
                None => standing.myself = Some(myself),
            }
        }
        for lane in Lane::ALL {
            if let Err(why) = self.start(lane, &myself).await {
                self.shared.standing.lock().myself = None;
                return Err(LinkError::Stopped { why });
            }
        }
        adjust(&self.shared, &mut self.shared.standing.lock());
        Ok(())
    }

    async fn start(&self, lane: Lane, myself: &Myself) -> Result<(), String> {
        let (runtime, end) = (self.shared.runtime(lane), Arc::clone(self.shared.ends.get(lane)));
        if end.carrier().is_some() {
            return Ok(());
        }
        let options = self.shared.carrier_options(myself, lane);
        let started = {
            let (end, options) = (Arc::clone(&end), options.clone());
            runtime.spawn(async move { end.start(&options).await })
        };
        started.await.map_err(|error| error.to_string())??;
        self.shared.tasks.spawn_on(end.keep(options, self.shared.stop.clone()), runtime);
        Ok(())
    }

    /// Who the peers are; called again on every change. This node's own number may be among them.
    ///
    /// Those with a greater number than this node's are dialled, the others let in; links to those that are
    /// not named any more, or with another data folder, are cut.
    pub fn set_peers(&self, peers: BTreeMap<u64, PeerAddress>) {
        let mut standing = self.shared.standing.lock();
        let before = std::mem::replace(&mut standing.peers, peers);
        for (node, was) in before {
            if standing.peers.get(&node).is_none_or(|is| is.incarnation != was.incarnation) {
                self.shared.table.drop_peer(node);
            }
        }
        adjust(&self.shared, &mut standing);
    }

    /// Asks a peer. Enqueued in the call itself: the order of calls is the order of sending. Whether a
    /// request whose future is dropped, or whose time is over, was sent or not is not known.
    ///
    /// # Errors
    /// See [`LinkError::nothing_was_sent`].
    pub fn request(
        &self,
        node: u64,
        lane: Lane,
        service: u8,
        payload: Bytes,
        within: Duration,
    ) -> impl Future<Output = Result<Bytes, LinkError>> + Send + 'static + use<> {
        let sent =
            self.shared.table.session(node, lane).and_then(|session| session.request(service, payload));
        async move {
            let after_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
            timeout(within, sent?.outcome()).await.unwrap_or(Err(LinkError::Timeout { after_ms }))
        }
    }

    /// Tells a peer something that is not answered, at most once.
    ///
    /// # Errors
    /// Nothing was sent.
    pub fn tell(&self, node: u64, lane: Lane, service: u8, payload: Bytes) -> Result<(), LinkError> {
        self.shared.table.session(node, lane)?.tell(service, payload)
    }

    /// Asks whoever listens at `address` (`host:port`), with mutual proof of the secret.
    ///
    /// # Errors
    /// As [`ask`](super::ask()).
    pub async fn ask(&self, address: &str, question: Bytes, within: Duration) -> Result<Bytes, LinkError> {
        ask::put(&self.shared.secret, self.shared.tls.as_ref(), address, question, within).await
    }

    /// Peers to which both lanes are usable now.
    pub fn linked(&self) -> BTreeSet<u64> {
        self.shared.table.linked()
    }

    /// What was counted since this node listens.
    pub fn meters(&self) -> LinkMeters {
        self.shared.counters.snapshot()
    }

    /// Cuts all links and closes the port. What is under way fails.
    pub async fn shutdown(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        if timeout(SHUTDOWN_WITHIN, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!("some links did not end in time");
        }
    }
}
