//! Taking away what belongs to nothing any more: people and rows of deleted rooms, uses of revoked links. The
//! shard's leader looks a few rows up, names them in a command, waits until that is done and told, and looks
//! again. What is to be swept is written down in the shard, so a new leader goes on where the old one stopped.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use madang_storage::id::{RoomId, ShardId};
use madang_storage::row::SweepRow;

use crate::cluster::Inner;
use crate::command::{Op, Reply, SweepOp};
use crate::errand::Errand;
use crate::error::ClusterError;
use crate::event::ShardEvent;
use crate::machine::sweep::tables_under;
use crate::reader::LocalReader;

/// How many things to sweep are read at one time.
const SWEEPS_AT_ONCE: usize = 64;
/// How long the log of a deleted room stays after its people are gone: whoever lags behind reads to its end.
const LOG_STAYS_MS: u64 = 60_000;

/// Sweeps a shard.
pub(crate) struct Sweeping;

impl Errand for Sweeping {
    const NAME: &'static str = "janitor";
    const RETRY_AFTER: Duration = Duration::from_millis(500);

    fn is_call(event: &ShardEvent) -> bool {
        matches!(event, ShardEvent::Sweep)
    }

    async fn round(inner: &Arc<Inner>, shard: ShardId) -> Result<(), ClusterError> {
        Janitor { inner, shard }.round().await
    }
}

struct Janitor<'a> {
    inner: &'a Arc<Inner>,
    shard: ShardId,
}

/// What a step leaves behind.
#[derive(PartialEq, Eq)]
enum Left {
    /// There is more to do at once.
    More,
    /// Nothing, or nothing yet.
    Nothing,
}

impl Janitor<'_> {
    /// Sweeps everything that may be swept by now. Each thing has one step in turn, so that a large room does
    /// not keep small ones waiting; whoever leads no more leaves the rest to the new leader.
    async fn round(&self) -> Result<(), ClusterError> {
        while self.turn().await? == Left::More {}
        Ok(())
    }

    /// One step of each thing that there is to sweep.
    async fn turn(&self) -> Result<Left, ClusterError> {
        let (mut left, mut after) = (Left::Nothing, None);
        loop {
            let sweeps = self.rows()?.sweeps(after.as_deref(), SWEEPS_AT_ONCE)?;
            for (under, row) in &sweeps {
                if !self.inner.leads(self.shard) {
                    return Ok(Left::Nothing);
                }
                if self.step(under, *row).await? == Left::More {
                    left = Left::More;
                }
            }
            match sweeps.into_iter().nth(SWEEPS_AT_ONCE - 1) {
                Some((last, _)) => after = Some(last),
                None => return Ok(left),
            }
        }
    }

    async fn step(&self, under: &Bytes, row: SweepRow) -> Result<Left, ClusterError> {
        if let Ok(room) = <[u8; 16]>::try_from(under.as_ref()) {
            let room = RoomId(room);
            let users = self.rows()?.members(&room, SweepOp::MEMBERS_MAX)?;
            if !users.is_empty() {
                self.propose(SweepOp::Members { room, users }).await?;
                return Ok(Left::More);
            }
            if now_ms() < row.since_ms.saturating_add(LOG_STAYS_MS) {
                return Ok(Left::Nothing);
            }
        }
        for table in tables_under(under) {
            let keys = self.rows()?.keys(*table, under, SweepOp::ROWS_MAX)?;
            if !keys.is_empty() {
                self.propose(SweepOp::Rows { under: under.clone(), table: *table, keys }).await?;
                return Ok(Left::More);
            }
        }
        self.propose(SweepOp::Done { under: under.clone() }).await?;
        Ok(Left::Nothing)
    }

    /// Has one step carried out. The next one waits until all whom it concerns were told: so at most one
    /// step's worth of effects stands before those of others in the outbox.
    async fn propose(&self, op: SweepOp) -> Result<(), ClusterError> {
        let done = self.inner.propose(self.shard, Op::Sweep(op)).await?;
        if let Ok(Reply::Done { outbox }) = done
            && let Some(last) = outbox.iter().max()
        {
            self.inner.settle(self.shard, *last).await;
        }
        Ok(())
    }

    fn rows(&self) -> Result<LocalReader, ClusterError> {
        let group = self.inner.shard(self.shard)?.here()?.group;
        Ok(LocalReader::new(Arc::clone(group.state())))
    }
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
