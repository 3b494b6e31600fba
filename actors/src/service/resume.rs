//! What a session missed since its cursor: everything, or the plain answer that it was too much.
//!
//! Nothing is read of rooms in which nothing happened but where their logs end. What was missed of a shard
//! lies between two places of its feed: behind the cursor's, and through where the feed was when it was
//! looked at, `told`. What is behind that is pushed: the caller listens since before.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::event::RoomEvent;
use madang_cluster::{Freshness, Page, Reader, Tails};
use madang_storage::id::{RoomId, ShardId};
use madang_storage::row::{MemberState, UserRoomRow};

use super::readers::Readers;
use super::{Caller, RoomList, RoomView, Service, ServiceError};
use crate::position::{Cursors, Positions};

/// Rooms, or shards, that are read at the same time.
const READS_AT_ONCE: usize = 32;
/// Events of the first page of a room: most rooms have few news.
const FIRST_PAGE_EVENTS: usize = 20;
/// Events of each page after that.
const PAGE_EVENTS: usize = 200;
/// What an event weighs besides its text.
const EVENT_BYTES: usize = 128;

/// How much may have been missed at most; more is [`Resumed::Limited`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumeLimits {
    /// Events of all rooms together.
    pub events_max: usize,
    /// Their bytes.
    pub bytes_max: usize,
    /// Changes of the user's list of rooms.
    pub moves_max: usize,
}

impl Default for ResumeLimits {
    fn default() -> Self {
        Self { events_max: 1_000, bytes_max: 256 * 1024, moves_max: 100 }
    }
}

/// What became of a session that comes back with its cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resumed {
    /// This is all it missed.
    Missed(Missed),
    /// It was too much, or nobody can say what it was.
    Limited,
    /// The cursor is ahead of what is true.
    Reset,
}

/// All that a session missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Rooms that the user is no longer in.
    pub removed: Vec<RoomId>,
    /// Rooms that the user has come into or is invited to, as they are now.
    pub added: Vec<RoomView>,
    /// What was logged in the other rooms: of each room in order of `seq`, without holes.
    pub events: Vec<Arc<RoomEvent>>,
    /// Through here it is complete.
    pub told: Positions,
}

/// Why a search ends early.
enum Stop {
    /// There is an answer.
    Answer(Resumed),
    Failed(ServiceError),
}

impl<E: Into<ServiceError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Service {
    /// The cursors of this cluster.
    pub fn cursors(&self) -> Cursors {
        Cursors::new(&self.0.cluster.cluster_id(), self.0.cluster.slots().shards())
    }

    /// What the caller missed since a cursor. The caller listens to all joined rooms of `list` already, and since
    /// before it was read to its changes: whatever is behind [`Missed::told`] is pushed.
    pub async fn missed(
        &self,
        caller: &Caller,
        since: &Positions,
        list: RoomList,
        limits: ResumeLimits,
    ) -> Resumed {
        let search = Search { service: self, readers: self.readers(), caller, since, limits };
        match search.run(list).await {
            Ok(missed) => Resumed::Missed(missed),
            Err(Stop::Answer(answer)) => answer,
            Err(Stop::Failed(error)) => {
                tracing::warn!(user = %caller.user, %error, "cannot find what a session missed: it reads pages");
                Resumed::Limited
            }
        }
    }
}

struct Search<'a> {
    service: &'a Service,
    readers: Readers,
    caller: &'a Caller,
    since: &'a Positions,
    limits: ResumeLimits,
}

/// A room in which something was missed.
#[derive(Clone, Copy)]
struct Behind {
    room: RoomId,
    since: u64,
    through: u64,
}

impl Search<'_> {
    async fn run(&self, list: RoomList) -> Result<Missed, Stop> {
        let slots = self.service.0.cluster.slots();
        let mut told = self.since.clone();
        let home = slots.of_user(&self.caller.user);
        let reader = self.current(home).await?;
        let RoomList { pos, rooms: list } = list;
        if pos < self.since.of(home) {
            return Err(Stop::Answer(Resumed::Reset));
        }
        told.advance(home, pos);
        // Rooms may have been left since of which nobody knows any more.
        if self.since.of(home) < reader.gone_before(&self.caller.user).await? {
            return Err(Stop::Answer(Resumed::Limited));
        }

        let (moved, stayed): (Vec<_>, Vec<_>) =
            list.into_iter().partition(|(_, row)| row.pos > self.since.of(home));
        if moved.len() > self.limits.moves_max {
            return Err(Stop::Answer(Resumed::Limited));
        }
        let mut by_shard: BTreeMap<ShardId, Vec<RoomId>> = BTreeMap::new();
        for (room, _) in stayed.iter().filter(|(_, row)| row.state == Some(MemberState::Joined)) {
            by_shard.entry(slots.of_room(room)).or_default().push(*room);
        }
        let behind = self.behind(by_shard, home, &mut told).await?;
        let events = self.events(behind).await?;
        let (removed, added) = self.moves(moved).await?;
        Ok(Missed { removed, added, events, told })
    }

    /// The rows of a shard as they are now. A node that cannot tell what is current does not guess.
    async fn current(&self, shard: ShardId) -> Result<&Reader, Stop> {
        let reader = self.readers.of(shard).await?;
        match reader.freshness() {
            Freshness::Current => Ok(reader),
            Freshness::Stale => Err(Stop::Answer(Resumed::Limited)),
        }
    }

    /// Where a shard's feed and the logs of these rooms end.
    async fn look(
        &self,
        shard: ShardId,
        reader: &Reader,
        rooms: Vec<RoomId>,
        told: &mut Positions,
    ) -> Result<Tails, Stop> {
        let tails = reader.tails(rooms).await?;
        if tails.pos < self.since.of(shard) {
            return Err(Stop::Answer(Resumed::Reset));
        }
        told.advance(shard, tails.pos);
        Ok(tails)
    }

    /// The rooms that have gone on since.
    async fn behind(
        &self,
        by_shard: BTreeMap<ShardId, Vec<RoomId>>,
        home: ShardId,
        told: &mut Positions,
    ) -> Result<Vec<Behind>, Stop> {
        let looks = by_shard.into_iter().map(|(shard, rooms)| {
            let mut told = Positions::start(self.service.0.cluster.slots().shards());
            async move {
                let reader = self.current(shard).await?;
                let tails = self.look(shard, reader, rooms, &mut told).await?;
                Ok::<_, Stop>((shard, tails))
            }
        });
        let looked: Vec<_> = stream::iter(looks).buffered(READS_AT_ONCE).try_collect().await?;
        let mut behind = Vec::new();
        for (shard, tails) in looked {
            // The list of rooms was read before this look, and shows no more than the look before it.
            if shard != home {
                told.advance(shard, tails.pos);
            }
            let (since, through) = (self.since.of(shard), told.of(shard));
            let news = tails.rooms.iter().filter(|tail| tail.pos > since);
            behind.extend(news.map(|tail| Behind { room: tail.room, since, through }));
        }
        if behind.len() > self.limits.events_max {
            return Err(Stop::Answer(Resumed::Limited));
        }
        Ok(behind)
    }

    /// What was missed in these rooms, in order of time.
    async fn events(&self, behind: Vec<Behind>) -> Result<Vec<Arc<RoomEvent>>, Stop> {
        let rooms = behind.into_iter().map(|behind| self.events_of(behind));
        let mut rooms = stream::iter(rooms).buffered(READS_AT_ONCE);
        let (mut events, mut bytes) = (Vec::new(), 0);
        while let Some(found) = rooms.next().await {
            let found = found?;
            bytes += found.iter().map(|event| weight(event)).sum::<usize>();
            events.extend(found);
            if events.len() > self.limits.events_max || bytes > self.limits.bytes_max {
                return Err(Stop::Answer(Resumed::Limited));
            }
        }
        // Stable, and within a room time never goes backwards: each room keeps its order.
        events.sort_by_key(|event| event.row.at_ms);
        Ok(events)
    }

    /// What was missed in one room, oldest first; a little more than the limit if it is more.
    async fn events_of(&self, behind: Behind) -> Result<Vec<Arc<RoomEvent>>, Stop> {
        let reader = self.readers.of_room(&behind.room).await?;
        let (mut page, mut limit, mut newest_first) = (Page::Newest, FIRST_PAGE_EVENTS, Vec::new());
        let mut bytes = 0;
        loop {
            let found = reader.events(&behind.room, page, limit, self.limits.bytes_max).await?;
            let oldest = found.events.first().map(|event| (event.seq, event.row.pos));
            let missed = found.events.into_iter().rev();
            for event in missed.filter(|event| (behind.since + 1..=behind.through).contains(&event.row.pos)) {
                bytes += weight(&event);
                newest_first.push(event);
            }
            let enough = newest_first.len() > self.limits.events_max || bytes > self.limits.bytes_max;
            match oldest {
                Some((seq, pos)) if pos > behind.since && found.more && !enough => {
                    (page, limit) = (Page::Before(seq), PAGE_EVENTS);
                }
                _ => break,
            }
        }
        newest_first.reverse();
        Ok(newest_first)
    }

    /// The rooms that were left, and those that were entered, as they are now.
    async fn moves(&self, moved: Vec<(RoomId, UserRoomRow)>) -> Result<(Vec<RoomId>, Vec<RoomView>), Stop> {
        let (here, gone): (Vec<_>, Vec<_>) = moved.into_iter().partition(|(_, row)| row.state.is_some());
        let removed = gone.into_iter().map(|(room, _)| room).collect();
        let views = here.into_iter().map(|(room, _)| async move {
            self.current(self.service.0.cluster.slots().of_room(&room)).await?;
            match self.readers.room(&self.caller.user, &room).await {
                Ok(view) => Ok(Some(view)),
                // Left again meanwhile, which is pushed.
                Err(ServiceError::NoRoom(_)) => Ok(None),
                Err(error) => Err(Stop::Failed(error)),
            }
        });
        let views: Vec<_> = stream::iter(views).buffered(READS_AT_ONCE).try_collect().await?;
        Ok((removed, views.into_iter().flatten().collect()))
    }
}

/// About how many bytes an event takes in a frame.
fn weight(event: &RoomEvent) -> usize {
    EVENT_BYTES + event.weight()
}
