//! The feeds of shards that this node holds no replica of: pulled from a node that does, and only while
//! somebody here listens. Whatever may have been missed is announced as skipped, and the listeners heal
//! from the log.
//!
//! Pulled rather than pushed: a watcher that is slow, or gone, costs the other node one bounded queue and
//! nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use madang_storage::id::ShardId;
use parking_lot::Mutex;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::away::who_to_ask;
use crate::cluster::Inner;
use crate::error::ClusterError;
use crate::event::{FeedBatch, ShardEvent};
use crate::peer::{PeerAnswer, PeerRequest};

/// How long a node that is asked waits for something to happen before it answers that nothing did.
const NEWS_WITHIN: Duration = Duration::from_secs(1);
/// How long to wait before another node is asked.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How often it is looked whether a replica that is here still is.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Events in one answer.
const EVENTS_MAX: usize = 1_000;
/// Bytes in one answer; what one write to the state made true always fits.
const BYTES_MAX: usize = 256 * 1024;
/// A watcher that has not asked for so long has gone.
const WATCHER_GONE_AFTER: Duration = Duration::from_secs(10);

/// Those who watch this node's replicas: node and group → what they have not been told yet.
#[derive(Default)]
pub(crate) struct Watchers(Mutex<HashMap<(u64, u16), Watcher>>);

struct Watcher {
    id: u64,
    feed: broadcast::Receiver<FeedBatch>,
    asked: Instant,
}

/// Watches one shard from elsewhere, while it is wanted and no replica is here.
pub(crate) async fn run(
    cluster: Weak<Inner>,
    shard: ShardId,
    mut wanted: watch::Receiver<bool>,
    stop: CancellationToken,
) {
    // 0: none yet. It stays with the node it began at, as long as that answers.
    let (mut watch, mut source) = (0, None);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            heard = wanted.wait_for(|wanted| *wanted) => if heard.is_err() { return },
        }
        let Some(inner) = cluster.upgrade() else { return };
        let Ok(hosted) = inner.shard(shard) else { return };
        if hosted.replica().is_some() {
            (watch, source) = (0, None);
            drop(inner);
            tokio::time::sleep(LOOK_EVERY).await;
            continue;
        }
        let (next, events) = match pull(&inner, hosted.id().0, watch, &mut source).await {
            Ok(told) => told,
            Err(error) => {
                tracing::debug!(%shard, %error, "nobody to watch the shard from");
                (watch, source) = (0, None);
                drop(inner);
                tokio::time::sleep(ASK_AGAIN_AFTER).await;
                continue;
            }
        };
        // A watch that begins missed what was before.
        let events = if next == watch { events } else { vec![ShardEvent::Skipped] };
        watch = next;
        if !events.is_empty() && hosted.replica().is_none() {
            // An error only says that nobody listens.
            let _ = hosted.feed_in().send(FeedBatch { shard, events: Arc::new(events) });
        }
    }
}

/// The next events, from whoever has them.
async fn pull(
    inner: &Arc<Inner>,
    group: u16,
    watch: u64,
    source: &mut Option<u64>,
) -> Result<(u64, Vec<ShardEvent>), ClusterError> {
    let none = || ClusterError::Unavailable { why: "no node that holds the shard is linked".to_owned() };
    let node = match source {
        Some(node) => *node,
        None => who_to_ask(inner, group)?.first().copied().ok_or_else(none)?,
    };
    *source = Some(node);
    inner.ground.counters.feed_asked();
    match inner.ask(node, PeerRequest::Feed { group, watch }).await? {
        PeerAnswer::Feed { watch, events } => Ok((watch, events)),
        other => Err(other.misfit()),
    }
}

impl Watchers {
    /// Answers a watcher: what became true since it asked last. Another id than its own: it begins anew.
    pub(crate) async fn answer(
        &self,
        inner: &Inner,
        from: u64,
        group: u16,
        watch: u64,
    ) -> Result<PeerAnswer, ClusterError> {
        let known = self.0.lock().remove(&(from, group)).filter(|watcher| watcher.id == watch);
        let Some(mut watcher) = known else {
            let hosted = inner.hosted(group)?;
            hosted.here()?;
            let id = rand::random::<u64>().max(1);
            self.keep(from, group, Watcher { id, feed: hosted.feed(), asked: Instant::now() });
            return Ok(PeerAnswer::Feed { watch: id, events: Vec::new() });
        };
        let events = news(&mut watcher.feed).await;
        let answer = PeerAnswer::Feed { watch, events };
        watcher.asked = Instant::now();
        self.keep(from, group, watcher);
        Ok(answer)
    }

    fn keep(&self, from: u64, group: u16, watcher: Watcher) {
        let mut watchers = self.0.lock();
        watchers.retain(|_, watcher| watcher.asked.elapsed() < WATCHER_GONE_AFTER);
        watchers.insert((from, group), watcher);
    }
}

/// Waits for something to happen, then takes all that has.
async fn news(feed: &mut broadcast::Receiver<FeedBatch>) -> Vec<ShardEvent> {
    let mut events = Vec::new();
    match timeout_at(Instant::now() + NEWS_WITHIN, feed.recv()).await {
        Ok(Ok(batch)) => events.extend(batch.events.iter().cloned()),
        Ok(Err(RecvError::Lagged(_))) => events.push(ShardEvent::Skipped),
        Ok(Err(RecvError::Closed)) | Err(_) => {}
    }
    let fits = |events: &[ShardEvent]| {
        events.len() < EVENTS_MAX && events.iter().map(weight).sum::<usize>() < BYTES_MAX
    };
    while fits(&events) && !events.is_empty() {
        match feed.try_recv() {
            Ok(batch) => events.extend(batch.events.iter().cloned()),
            Err(TryRecvError::Lagged(_)) => events.push(ShardEvent::Skipped),
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    events
}

/// About how many bytes an event takes on its way.
fn weight(event: &ShardEvent) -> usize {
    const BASE: usize = 128;
    match event {
        ShardEvent::Room(event) => BASE + event.weight(),
        _ => BASE,
    }
}
