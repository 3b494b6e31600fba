//! What the parts of presence share on one node: who is connected here, the homes that are here, the boards of
//! all shards, and what is still to be told to other nodes and to listeners here.
//!
//! A word on locks: a home's is taken before the roster's, a board's alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use madang_cluster::command::{Op, PresenceOp, UserOp};
use madang_cluster::placement::SlotMap;
use madang_storage::id::{SessionId, ShardId, UserId};
use madang_storage::row::{PresenceRow, Visibility};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::board::{Board, HomeIs};
use super::exchange::Exchange;
use super::home::{Home, Source};
use super::machine::Seen;
use super::roster::{Changed, Roster};
use super::shown::{Attention, Shown, State};
use super::telling::Topic;
use crate::options::PresenceOptions;
use crate::truth::Truth;

/// How often it is looked again whether a board is whole.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long somebody who reads waits for that.
const WHOLE_WITHIN: Duration = Duration::from_secs(2);

/// Blocks of which the others are still to be told.
const PARTINGS_MAX: usize = 1_000;

/// What the parts of presence share on one node.
pub(super) struct Core {
    pub(super) truth: Arc<dyn Truth>,
    pub(super) roster: Roster,
    pub(super) options: PresenceOptions,
    pub(super) exchange: Exchange,
    /// Of whom listeners here are still to be told, and what.
    pub(super) news: Mutex<HashMap<UserId, Shown>>,
    /// Who blocks whom since a moment ago, or no longer: the other one is told. At most [`PARTINGS_MAX`].
    pub(super) partings: Mutex<Vec<(UserId, UserId)>>,
    /// There is some of either.
    pub(super) wake: Notify,
    slots: SlotMap,
    shards: Vec<Shard>,
    began: Instant,
}

/// One shard, as this node sees it.
#[derive(Default)]
pub(super) struct Shard {
    /// Its home, if that is here.
    pub(super) home: Mutex<Option<Home>>,
    /// What its homes have said.
    pub(super) board: Mutex<Board>,
}

impl Core {
    pub(super) fn new(truth: Arc<dyn Truth>, roster: Roster, options: PresenceOptions) -> Self {
        let slots = truth.slots();
        let shards = slots.all().map(|_| Shard::default()).collect();
        Self {
            truth,
            roster,
            options,
            exchange: Exchange::default(),
            news: Mutex::default(),
            partings: Mutex::default(),
            wake: Notify::new(),
            slots,
            shards,
            began: Instant::now(),
        }
    }

    /// Milliseconds since the node has presence: for what only this node compares.
    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// `user` blocks `other`, or does so no longer. More at once than are kept are not told: they see it when they
    /// look again.
    pub(super) fn parted(&self, user: &UserId, other: &UserId) {
        let mut partings = self.partings.lock();
        if partings.len() < PARTINGS_MAX {
            partings.push((user.clone(), other.clone()));
        }
        drop(partings);
        self.wake.notify_one();
    }

    pub(super) fn shard_of(&self, user: &UserId) -> ShardId {
        self.slots.of_user(user)
    }

    pub(super) fn shard(&self, shard: ShardId) -> Option<&Shard> {
        self.shards.get(usize::from(shard.0))
    }

    pub(super) fn shards(&self) -> impl Iterator<Item = (ShardId, &Shard)> {
        self.slots.all().zip(&self.shards)
    }

    /// Something changed for a user with connections here. Returns true if the home is here and should look.
    pub(super) fn report(&self, user: &UserId) -> bool {
        let id = self.shard_of(user);
        let Some(shard) = self.shard(id) else { return false };
        let home = shard.board.lock().home();
        match home {
            HomeIs::Here(_) => shard.home.lock().as_mut().is_some_and(|home| {
                let word = (user.clone(), self.roster.attention(user));
                !home.told(Source::Here, vec![word]).is_empty()
            }),
            HomeIs::There(node, _) => {
                self.exchange.changed(node, Topic::Connected(id), user, None);
                false
            }
            // Whoever will be the home is told all.
            HomeIs::Nowhere => false,
        }
    }

    /// A session says whether somebody looks.
    pub(super) fn attend(&self, user: &UserId, session: SessionId, attention: Attention) -> Changed {
        self.roster.attend(user, session, attention, self.now_ms())
    }

    /// What the home here has seen of a user; `None`: it is not here.
    pub(super) fn seen(&self, user: &UserId) -> Option<Seen> {
        let shard = self.shard(self.shard_of(user))?;
        let home = shard.home.lock();
        home.as_ref().map(|home| home.seen(user))
    }

    /// What others see of a user, as was said last.
    pub(super) fn announced(&self, user: &UserId) -> Shown {
        let Some(shard) = self.shard(self.shard_of(user)) else { return Shown::default() };
        let board = shard.board.lock();
        board.shown(user).cloned().unwrap_or_default()
    }

    /// What a user shows of being there. At the home it is ready at once.
    pub(super) async fn row(&self, user: &UserId) -> PresenceRow {
        let read = async { self.truth.reader_now(self.shard_of(user))?.presence(user).await };
        read.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot read what a user shows");
            // Nobody who is seen goes offline for it, and nobody who is hidden is shown.
            let visibility = match self.announced(user).state {
                State::Offline => Visibility::Invisible,
                State::Idle | State::Online => Visibility::Visible,
            };
            PresenceRow { visibility, ..PresenceRow::default() }
        })
    }

    /// The home here has found this: everybody is told.
    pub(super) fn announce(&self, user: &UserId, shown: Shown) {
        let id = self.shard_of(user);
        let Some(shard) = self.shard(id) else { return };
        let news = {
            let mut board = shard.board.lock();
            let home = board.home();
            if !matches!(home, HomeIs::Here(_)) {
                return;
            }
            board.post(home, vec![(user.clone(), shown)]).unwrap_or_default()
        };
        for (user, shown) in &news {
            self.exchange.changed_for_all(Topic::Posted(id), user, &Arc::new(shown.clone()));
        }
        self.told(news);
    }

    /// Has the row remember when a user was active last. Nobody waits for it; what is lost is one time of day.
    pub(super) fn remember(&self, user: &UserId, last_active_ms: u64) {
        let op = UserOp::Presence(PresenceOp::Gone { last_active_ms });
        if let Err(error) = self.truth.submit(self.shard_of(user), Op::User { user: user.clone(), op }) {
            tracing::debug!(%error, "when a user was active last is not stored");
        }
    }

    /// Listeners here are to be told.
    pub(super) fn told(&self, news: Vec<(UserId, Shown)>) {
        if !news.is_empty() {
            self.news.lock().extend(news);
            self.wake.notify_one();
        }
    }

    /// What others see of these users, in their order; `None`: offline. Waits a moment for homes that have
    /// not spoken yet, right after the node's start.
    pub(super) async fn read(&self, users: &[UserId]) -> Vec<Option<Shown>> {
        let mut shards: Vec<ShardId> = users.iter().map(|user| self.shard_of(user)).collect();
        shards.sort_unstable();
        shards.dedup();
        let whole = async {
            for shard in shards.iter().filter_map(|shard| self.shard(*shard)) {
                while !shard.board.lock().is_whole() {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        };
        // As a rule nobody waits, and no timer is made.
        let mut whole = std::pin::pin!(whole);
        if (&mut whole).now_or_never().is_none() {
            let _ = tokio::time::timeout(WHOLE_WITHIN, whole).await;
        }
        let shown = |user: &UserId| {
            let shard = self.shard(self.shard_of(user))?;
            shard.board.lock().shown(user).cloned()
        };
        users.iter().map(shown).collect()
    }
}

/// Milliseconds since the epoch.
pub(super) fn wall_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
