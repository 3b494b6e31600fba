//! Asks all nodes that can be reached which of their rooms are warm, and answers when asked.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all, ready};
use madang_cluster::{ClusterError, Leader, Operator, PeerService, Service};
use madang_storage::id::ShardId;
use tokio::time::timeout;

use super::board::Board;
use super::merge::merge;
use super::wire::{HotRoom, HotRooms, Question, Warm};
use crate::shed::Levels;
use crate::truth::{Head, Truth};
use crate::wire::{WireError, read, write};

/// How many rooms are told at most.
const ROOMS_MAX: usize = 100;
/// How long a node may take to tell its part.
const TOLD_WITHIN: Duration = Duration::from_secs(2);
/// How long it may take to look up what kind of room it is and how large: nice to know.
const LOOKED_UP_WITHIN: Duration = Duration::from_millis(500);

/// Knows which rooms are hot. Clones share it.
#[derive(Clone)]
pub struct Heats(Arc<Inner>);

struct Inner {
    truth: Arc<dyn Truth>,
    board: Board,
    levels: Levels,
}

impl Heats {
    pub(crate) fn new(truth: Arc<dyn Truth>, board: Board, levels: Levels) -> Self {
        Self(Arc::new(Inner { truth, board, levels }))
    }

    /// Answers other nodes and operators for as long as there is one of these.
    pub(crate) fn for_peers(&self) -> Arc<dyn PeerService> {
        Arc::new(HeatForPeers(Arc::downgrade(&self.0)))
    }

    /// The warmest rooms of the cluster, `limit` of them, a hundred at most. Takes two seconds and a half at the
    /// longest: a node that has not answered by then is named instead.
    pub async fn everywhere(&self, limit: usize) -> HotRooms {
        self.0.everywhere(limit).await
    }
}

impl Inner {
    async fn everywhere(&self, limit: usize) -> HotRooms {
        let limit = limit.min(ROOMS_MAX);
        let nodes = self.truth.linked().borrow().clone();
        let (mut told, mut silent) = (self.here(limit), Vec::new());
        for (node, answer) in join_all(nodes.into_iter().map(|node| self.ask(node, limit))).await {
            match answer {
                Some(warm) => told.extend(warm),
                None => silent.push(node),
            }
        }
        let warmest = merge(told, limit, &self.truth.tuned().heat);
        HotRooms { rooms: join_all(warmest.into_iter().map(|warm| self.describe(warm))).await, silent }
    }

    /// The warmest rooms of this node.
    fn here(&self, limit: usize) -> Vec<Warm> {
        let asked = self.board.all().into_iter();
        let asked = asked.map(|(room, reading)| Warm::asked(room, reading.heat, reading.hot_for_ms));
        let delivered = self.levels.all().into_iter().map(|(room, shed)| Warm::delivered(room, shed));
        merge(asked.chain(delivered), limit, &self.truth.tuned().heat)
    }

    async fn ask(&self, node: u64, limit: usize) -> (u64, Option<Vec<Warm>>) {
        let question = Question::Here(u32::try_from(limit).unwrap_or(u32::MAX));
        let answer = async {
            let answer = self.truth.request(node, Service::HEAT, write(&question).ok()?).await.ok()?;
            read(&answer).ok()
        };
        (node, timeout(TOLD_WITHIN, answer).await.ok().flatten())
    }

    async fn describe(&self, warm: Warm) -> HotRoom {
        let shard = self.truth.slots().of_room(&warm.room);
        let head = timeout(LOOKED_UP_WITHIN, self.head(&warm, shard)).await.ok().flatten();
        let Warm { room, sends_per_s, fetches_per_s, joins_per_s, hot_for_ms, deliveries_per_s, level } =
            warm;
        HotRoom {
            room,
            kind: head.map(|head| head.kind),
            members: head.map(|head| head.joined),
            leader: self.leader(shard),
            sends_per_s,
            fetches_per_s,
            joins_per_s,
            hot_for_ms,
            deliveries_per_s,
            level,
        }
    }

    async fn head(&self, warm: &Warm, shard: ShardId) -> Option<Head> {
        self.truth.reader_now(shard).ok()?.head(&warm.room).await.ok()?
    }

    fn leader(&self, shard: ShardId) -> Option<u64> {
        let leader = *self.truth.leader(shard).ok()?.borrow();
        match leader {
            Leader::Here => Some(self.truth.node_id()),
            Leader::Node(node) => Some(node),
            Leader::Unknown => None,
        }
    }
}

/// Answers other nodes and operators. Must not keep the cluster alive, which holds this.
struct HeatForPeers(Weak<Inner>);

impl PeerService for HeatForPeers {
    fn request(&self, _: u64, payload: Bytes) -> BoxFuture<'static, Result<Bytes, String>> {
        let wrong = |error: WireError| error.to_string();
        let Some(heats) = self.0.upgrade() else {
            return ready(Err("this node is stopping".to_owned())).boxed();
        };
        match read(&payload) {
            Ok(Question::Here(limit)) => ready(write(&heats.here(size(limit))).map_err(wrong)).boxed(),
            Ok(Question::Everywhere(limit)) => {
                async move { write(&heats.everywhere(size(limit)).await).map_err(wrong) }.boxed()
            }
            Err(error) => ready(Err(wrong(error))).boxed(),
        }
    }
}

fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(ROOMS_MAX).min(ROOMS_MAX)
}

/// Asks a node, as an operator: the warmest rooms of the cluster, `limit` of them.
pub async fn ask(node: &Operator, limit: usize) -> Result<HotRooms, ClusterError> {
    let odd = |error: WireError| ClusterError::Unavailable { why: error.to_string() };
    let question = Question::Everywhere(u32::try_from(limit).unwrap_or(u32::MAX));
    let answer = node.request(Service::HEAT, write(&question).map_err(odd)?).await?;
    read(&answer).map_err(odd)
}
