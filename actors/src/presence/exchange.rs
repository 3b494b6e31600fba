//! What nodes tell each other about who is there: one stream a pair of nodes and direction, for all shards, in
//! portions that are acknowledged one after the other.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use madang_cluster::{ClusterError, PeerService, Service};
use madang_storage::id::{ShardId, UserId};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::Inner;
use super::core::Core;
use super::shown::Shown;
use super::telling::{Change, Next, Telling, Topic, USERS_AT_ONCE};
use super::wire::{Heard, News, Refused};
use crate::pump::Running;
use crate::wire;

/// How long a node that did not take the news is left alone.
const RETRY: Duration = Duration::from_millis(200);
/// How often a node that knows all is reminded of who its homes are: one that has been started anew between
/// two looks at the links knows nothing.
const REMIND: Duration = Duration::from_secs(2);

/// The other nodes that are told.
#[derive(Default)]
pub(super) struct Exchange(Mutex<HashMap<u64, Told>>);

/// One node that is told. Ends with this.
struct Told {
    side: Arc<Side>,
    _task: Running,
}

/// What is still to be told.
#[derive(Default)]
struct Side {
    telling: Mutex<Telling>,
    wake: Notify,
}

impl Side {
    fn change(&self, change: impl FnOnce(&mut Telling)) {
        change(&mut self.telling.lock());
        self.wake.notify_one();
    }
}

impl Exchange {
    /// Something changed of which one node is told.
    pub(super) fn changed(&self, node: u64, topic: Topic, user: &UserId, shown: Option<Arc<Shown>>) {
        if let Some(told) = self.0.lock().get(&node) {
            told.side.change(|telling| telling.changed(topic, user, shown));
        }
    }

    /// Something changed of which all nodes are told.
    pub(super) fn changed_for_all(&self, topic: Topic, user: &UserId, shown: &Arc<Shown>) {
        for told in self.0.lock().values() {
            told.side.change(|telling| telling.changed(topic, user, Some(shown.clone())));
        }
    }

    /// Does something for all nodes that are told.
    pub(super) fn for_all(&self, change: impl Fn(&mut Telling)) {
        for told in self.0.lock().values() {
            told.side.change(&change);
        }
    }

    /// Tells nobody any more.
    pub(super) fn stop(&self) {
        self.0.lock().clear();
    }
}

impl Core {
    /// These other nodes can be reached now, and no others.
    pub(super) fn tell_these(self: &Arc<Self>, nodes: &BTreeSet<u64>) {
        self.exchange.0.lock().retain(|node, _| nodes.contains(node));
        nodes.iter().for_each(|node| self.tell_too(*node, |_| {}));
    }

    /// A node says that it is a home: it is told who of its users is here, and no other node is.
    pub(super) fn tell_home(self: &Arc<Self>, node: u64, shard: ShardId, epoch: u64) {
        self.tell_too(node, |_| {});
        for (other, told) in self.exchange.0.lock().iter() {
            told.side.change(|telling| match *other == node {
                true => telling.begin_for_home(shard, epoch),
                false => telling.end_for_home(shard),
            });
        }
    }

    /// Tells a node, from now on, what the homes here say, and makes this change.
    fn tell_too(self: &Arc<Self>, node: u64, change: impl FnOnce(&mut Telling)) {
        let mut all = self.exchange.0.lock();
        let told = all.entry(node).or_insert_with(|| {
            let side = Arc::new(Side::default());
            for (id, shard) in self.shards() {
                if let Some(home) = &*shard.home.lock() {
                    let mut telling = side.telling.lock();
                    telling.begin(Topic::Posted(id), home.epoch());
                    if home.is_settled() {
                        telling.settle(Topic::Posted(id));
                    }
                }
            }
            let task = tell(side.clone(), node, Arc::downgrade(self));
            Told { side, _task: Running::start(task) }
        });
        told.side.change(change);
    }
}

/// Hears the other nodes. Must not keep the presence alive: the cluster holds this, and presence the cluster.
pub(super) struct PresenceForPeers(pub(super) Weak<Inner>);

impl PeerService for PresenceForPeers {
    fn request(&self, from: u64, payload: Bytes) -> BoxFuture<'static, Result<Bytes, String>> {
        let heard = match (wire::read::<Vec<News>>(&payload), self.0.upgrade()) {
            (Ok(news), Some(inner)) => {
                let mut refused: Vec<Refused> =
                    news.into_iter().flat_map(|news| inner.hear(from, news)).collect();
                refused.dedup();
                wire::write(&Heard { refused }).map_err(|error| error.to_string())
            }
            (Err(error), _) => {
                tracing::warn!(from, %error, "who is on another node is not known");
                Err(error.to_string())
            }
            (_, None) => Err("this node is stopping".to_owned()),
        };
        ready(heard).boxed()
    }
}

/// Tells one node, one message after the other.
async fn tell(side: Arc<Side>, node: u64, core: Weak<Core>) {
    let mut again_at: Option<Instant> = None;
    loop {
        if again_at.is_some_and(|again_at| again_at <= Instant::now()) {
            again_at = None;
            side.telling.lock().try_again();
        }
        let Some(next) = side.telling.lock().next() else {
            let remind_at = Instant::now() + REMIND;
            let wake = timeout_at(again_at.unwrap_or(remind_at), side.wake.notified()).await;
            if wake.is_err() && again_at.is_none() {
                let Some(core) = core.upgrade() else { return };
                again_at = take(&side, node, remind(&core, &side, node).await).await;
            }
            continue;
        };
        let Some(core) = core.upgrade() else { return };
        let told = match next {
            Next::List(topic, epoch) => tell_all(&core, node, topic, epoch).await,
            Next::Settled(Topic::Posted(shard), epoch) => {
                say(&core, node, vec![News::Settled(shard, epoch)]).await
            }
            Next::Settled(Topic::Remembered(_) | Topic::Connected(_), _) => continue,
            Next::Changed(changes) => {
                let news =
                    changes.into_iter().map(|(topic, epoch, changes)| part(&core, topic, epoch, changes));
                say(&core, node, news.collect()).await
            }
        };
        again_at = take(&side, node, told).await.or(again_at);
    }
}

/// What becomes of something that was told; when to try again what the node did not want to hear.
async fn take(side: &Side, node: u64, told: Result<Vec<Refused>, ClusterError>) -> Option<Instant> {
    match told {
        Ok(refused) => {
            let mut telling = side.telling.lock();
            for refused in &refused {
                match *refused {
                    Refused::NotTheHome(shard) => telling.not_the_home(shard),
                    Refused::NoHomeHere(shard, epoch) => telling.no_home_there(shard, epoch),
                }
            }
            (!refused.is_empty()).then(|| Instant::now() + RETRY)
        }
        Err(error) => {
            tracing::debug!(node, %error, "a node was not told who is here");
            side.telling.lock().failed();
            tokio::time::sleep(RETRY).await;
            None
        }
    }
}

/// Says who the homes are, in case the node has forgotten.
async fn remind(core: &Core, side: &Side, node: u64) -> Result<Vec<Refused>, ClusterError> {
    let homes = side.telling.lock().homes();
    if homes.is_empty() { Ok(Vec::new()) } else { say(core, node, vec![News::Still(homes)]).await }
}

/// A whole topic. Stops where the node does not want to hear more.
async fn tell_all(core: &Core, node: u64, topic: Topic, epoch: u64) -> Result<Vec<Refused>, ClusterError> {
    let (begin, changes, end) = match topic {
        Topic::Remembered(shard) => (None, on_board(core, shard), None),
        Topic::Posted(shard) => {
            (Some(News::Home(shard, epoch)), on_board(core, shard), Some(News::Known(shard, epoch)))
        }
        Topic::Connected(shard) => {
            let here = core.roster.people(|user| core.shard_of(user) == shard);
            let changes = here.into_iter().map(|(user, _)| (user, None)).collect();
            (Some(News::Begin(shard, epoch)), changes, Some(News::End(shard, epoch)))
        }
    };
    let mut portion = Vec::from_iter(begin);
    for changes in changes.chunks(USERS_AT_ONCE) {
        portion.push(part(core, topic, epoch, changes.to_vec()));
        let refused = say(core, node, std::mem::take(&mut portion)).await?;
        if !refused.is_empty() {
            return Ok(refused);
        }
    }
    portion.extend(end);
    if portion.is_empty() { Ok(Vec::new()) } else { say(core, node, portion).await }
}

/// What homes have said here.
fn on_board(core: &Core, shard: ShardId) -> Vec<Change> {
    let Some(shard) = core.shard(shard) else { return Vec::new() };
    let board = shard.board.lock();
    let change = |(user, shown): (&UserId, &Shown)| (user.clone(), Some(Arc::new(shown.clone())));
    board.everybody().map(change).collect()
}

/// How it is with these users now.
fn part(core: &Core, topic: Topic, epoch: u64, changes: Vec<Change>) -> News {
    match topic {
        Topic::Remembered(shard) => {
            let remembered = |(user, shown): Change| Some((user, shown?.state.attention()?));
            News::Remembered(shard, epoch, changes.into_iter().filter_map(remembered).collect())
        }
        Topic::Posted(shard) => {
            let posted = |(user, shown): Change| {
                let shown = shown.map(Arc::unwrap_or_clone).unwrap_or_default();
                (user, shown)
            };
            News::Posted(shard, epoch, changes.into_iter().map(posted).collect())
        }
        Topic::Connected(shard) => {
            let word = |(user, _): Change| {
                let attention = core.roster.attention(&user);
                (user, attention)
            };
            News::Connected(shard, epoch, changes.into_iter().map(word).collect())
        }
    }
}

/// Returns what the node did not want to hear.
pub(super) async fn say(core: &Core, node: u64, news: Vec<News>) -> Result<Vec<Refused>, ClusterError> {
    let odd = |error: wire::WireError| ClusterError::Misfit(error.to_string());
    let payload = wire::write(&news).map_err(odd)?;
    let answer = core.truth.request(node, Service::PRESENCE, payload).await?;
    Ok(wire::read::<Heard>(&answer).map_err(odd)?.refused)
}
