//! openraft's state machine: carries committed batches to the pure machines and writes their rows, the
//! applied position and the membership in one atomic batch; then answers, then feeds.
//!
//! Invariant: state and applied position are never apart, so a replay after a crash starts exactly where
//! the state ends.

use std::io;
use std::sync::Arc;

use futures_util::{Stream, TryStreamExt};
use madang_storage::StorageError;
use openraft::entry::RaftPayload;
use openraft::storage::{ApplyResponder, EntryResponder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend};

use super::applied::{AppliedTo, Applying};
use super::export::{Export, ExportBuilder};
use super::known::KnownRows;
use super::state::{Applied, GroupState};
use super::types::{LogId, Outcomes, SnapshotMeta, StoredMembership, TypeConfig};
use crate::breach::Breach;
use crate::command::{Batch, Outcome};
use crate::event::{FeedBatch, ShardEvent};
use crate::machine::rows::{Base, Rows};
use crate::machine::shard::{COUNTERS_KEY, Counters};
use crate::machine::{meta, shard};

/// Rows are written after this many bytes at the latest, also in the middle of a long replay.
const WRITE_BYTES_MAX: usize = 1 << 20;

/// One group's state machine.
pub(crate) struct GroupMachine {
    state: Arc<GroupState>,
    rows: Arc<KnownRows>,
    feed: tokio::sync::broadcast::Sender<FeedBatch>,
    shown: Applying,
    applied: Option<LogId>,
    membership: StoredMembership,
    counters: Counters,
    breach: Breach,
}

/// What waits for the next write.
#[derive(Default)]
struct Waiting {
    answers: Vec<(ApplyResponder<TypeConfig>, Outcomes)>,
    events: Vec<ShardEvent>,
}

impl GroupMachine {
    pub(crate) fn open(
        state: Arc<GroupState>,
        feed: tokio::sync::broadcast::Sender<FeedBatch>,
        shown: Applying,
        breach: Breach,
    ) -> Result<Self, StorageError> {
        let (applied, membership) = state.applied()?.map_or_else(Default::default, Applied::into_parts);
        let counters = state.load(COUNTERS_KEY)?.unwrap_or_default();
        let rows = Arc::new(KnownRows::new(Arc::clone(&state)));
        let machine = Self { state, rows, feed, shown, applied, membership, counters, breach };
        machine.show();
        Ok(machine)
    }

    /// Lets those go on who wait for what is now in the rows.
    fn show(&self) {
        if let Some(log_id) = &self.applied {
            self.shown.show(AppliedTo { entries: log_id.index + 1, term: log_id.committed_leader_id().term });
        }
    }

    fn run(
        &mut self,
        rows: &mut Rows<'_>,
        events: &mut Vec<ShardEvent>,
        batch: &Batch,
    ) -> Result<Outcomes, StorageError> {
        let outcomes: Result<Vec<Outcome>, StorageError> = batch
            .commands
            .iter()
            .map(|command| match self.state.shard() {
                None => meta::apply(rows, command),
                Some(_) => shard::apply(rows, &mut self.counters, events, command),
            })
            .collect();
        outcomes.map(Outcomes)
    }

    /// Writes, answers, feeds. The order matters: nobody hears of what is not in the state.
    fn write(&self, rows: Rows<'_>, waiting: &mut Waiting) -> Result<(), StorageError> {
        let applied = Applied::new(self.applied, self.membership.clone());
        self.rows.write(rows, &applied, &self.counters)?;
        self.show();
        for (responder, outcomes) in waiting.answers.drain(..) {
            responder.send(outcomes);
        }
        let events = std::mem::take(&mut waiting.events);
        if let (Some(shard), false) = (self.state.shard(), events.is_empty()) {
            // An error only says that nobody listens.
            let _ = self.feed.send(FeedBatch { shard, events: Arc::new(events) });
        }
        Ok(())
    }
}

impl RaftStateMachine<TypeConfig> for GroupMachine {
    type SnapshotData = Export;
    type SnapshotBuilder = ExportBuilder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        Ok((self.applied, self.membership.clone()))
    }

    async fn apply<Strm>(&mut self, mut entries: Strm) -> Result<(), io::Error>
    where
        Strm: Stream<Item = Result<EntryResponder<TypeConfig>, io::Error>> + Unpin + OptionalSend,
    {
        let known = Arc::clone(&self.rows);
        let base: &dyn Base = known.as_ref();
        let mut rows = Rows::new(base).with(self.breach);
        let mut waiting = Waiting::default();
        while let Some((entry, responder)) = entries.try_next().await? {
            let log_id = entry.log_id;
            // An installed export may be newer than its label: what it holds is not applied again.
            if self.applied.as_ref().is_some_and(|applied| applied.index >= log_id.index) {
                continue;
            }
            if let Some(membership) = entry.payload.get_membership() {
                self.membership = StoredMembership::new(Some(log_id), membership);
            }
            self.applied = Some(log_id);
            let outcomes = match &entry.payload {
                EntryPayload::Normal(batch) => {
                    self.run(&mut rows, &mut waiting.events, batch).map_err(io::Error::other)?
                }
                EntryPayload::Blank | EntryPayload::Membership(_) => Outcomes::default(),
            };
            if let Some(responder) = responder {
                waiting.answers.push((responder, outcomes));
            }
            if rows.bytes() >= WRITE_BYTES_MAX {
                let full = std::mem::replace(&mut rows, Rows::new(base).with(self.breach));
                self.write(full, &mut waiting).map_err(io::Error::other)?;
            }
        }
        self.write(rows, &mut waiting).map_err(io::Error::other)
    }

    async fn get_snapshot_builder(&mut self) -> Self::SnapshotBuilder {
        ExportBuilder::new(Arc::clone(&self.state))
    }

    async fn install_snapshot(&mut self, _meta: &SnapshotMeta, export: Export) -> Result<(), io::Error> {
        let Export::Staged(generation) = export else {
            return Err(io::Error::other("rows of this node are not installed on it"));
        };
        let state = Arc::clone(&self.state);
        let switched = tokio::task::spawn_blocking(move || state.switch(generation)).await;
        switched.map_err(io::Error::other)?.map_err(io::Error::other)?;
        let (feed, shown) = (self.feed.clone(), self.shown.clone());
        *self = Self::open(Arc::clone(&self.state), feed, shown, self.breach).map_err(io::Error::other)?;
        // Listeners missed all that lies between the old rows and these.
        if let Some(shard) = self.state.shard() {
            let _ = self.feed.send(FeedBatch { shard, events: Arc::new(vec![ShardEvent::Skipped]) });
        }
        Ok(())
    }

    async fn get_current_snapshot(
        &mut self,
    ) -> Result<Option<openraft::alias::SnapshotOf<TypeConfig, Export>>, io::Error> {
        ExportBuilder::new(Arc::clone(&self.state)).durable()
    }
}
