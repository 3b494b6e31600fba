//! What a room owner decides: which commands are passed on, and whether a page comes from memory.

use std::sync::Arc;

use madang_cluster::command::RoomOp;
use madang_cluster::event::RoomEvent;
use madang_cluster::machine::meta::JoinLimits;
use madang_cluster::{EventPage, Page};
use madang_storage::id::UserId;

use super::door::Door;
use super::flights::{Boarded, Flights, Landed, PageKey, Shared};
use super::message::Wanted;
use super::rate::{Bucket, Rates, TooFast};
use super::tail::{Budget, Tail};
use super::typists::Typists;
use crate::error::ActorError;
use crate::options::{ActorOptions, SendRate};

/// How often one person may try to enter. Who tries more takes nothing of what all have together.
const OWN_TRIES: SendRate = SendRate { per_second: 1, burst: 10 };

/// To be carried out by the actor. `W` is whoever waits for a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect<W> {
    /// Give the reader its page.
    Give(W, EventPage),
    /// Read the newest events off the thread, then say [`Machine::loaded`].
    Load { events_max: usize },
    /// Read this page off the thread, for this reader alone.
    ReadFor(W, Wanted),
    /// Read this page off the thread, for this reader, then say [`Machine::landed`].
    ReadForAll(PageKey, W, Wanted),
    /// Tell the reader that too many wait.
    TurnAway(W, usize),
    /// Tell the reader that reading failed.
    Fail(W),
}

/// One room's owner.
#[derive(Debug)]
pub(super) struct Machine<W> {
    limits: Limits,
    rates: Rates,
    /// Who tried to enter lately.
    entrants: Rates,
    /// How fast all users together send.
    everybody: Bucket,
    typists: Typists,
    door: Door,
    /// For those who catch up.
    pages: Door,
    tail: Tail,
    loading: Loading<W>,
    flights: Flights<W>,
}

#[derive(Debug)]
struct Limits {
    send_rate: Option<crate::options::SendRate>,
    room_rate: Option<crate::options::SendRate>,
    commands_max: usize,
    readers_max: usize,
    tail_events_max: usize,
    busy_tail_events_max: usize,
}

/// Whether the newest events are being read, and who waits for them.
#[derive(Debug)]
enum Loading<W> {
    No,
    For {
        /// Who came before the load began: it has all they know of.
        asked: Readers<W>,
        /// Who came since: they may know of events that it does not have.
        late: Readers<W>,
    },
}

type Readers<W> = Vec<(Wanted, W)>;

impl<W> Machine<W> {
    /// An owner that has just started.
    pub(super) fn new(options: &ActorOptions, budget: Budget) -> Self {
        let limits = Limits {
            send_rate: options.send_rate,
            room_rate: options.room_rate,
            commands_max: options.room_commands_max,
            readers_max: options.room_readers_max,
            tail_events_max: options.tail_events_max,
            busy_tail_events_max: options.busy_tail_events_max.max(options.tail_events_max),
        };
        let tail = Tail::new(options.tail_events_max, budget);
        let typists = Typists::new(options.typing);
        Self {
            limits,
            rates: Rates::default(),
            entrants: Rates::default(),
            everybody: Bucket::default(),
            typists,
            door: Door::default(),
            pages: Door::default(),
            tail,
            loading: Loading::No,
            flights: Flights::new(options.room_readers_max),
        }
    }

    /// The room is hot, or is not: those who read a hot one by pages are a while behind, and are many.
    pub(super) fn heated(&mut self, hot: bool) {
        let limits = &self.limits;
        self.tail.keep(if hot { limits.busy_tail_events_max } else { limits.tail_events_max });
    }

    /// Whether a command may be passed on, with `in_flight` commands of the room waiting for an answer.
    pub(super) fn admit(
        &mut self,
        user: &UserId,
        op: &RoomOp,
        in_flight: usize,
        now_us: u64,
    ) -> Result<(), ActorError> {
        if in_flight >= self.limits.commands_max {
            let limit = self.limits.commands_max;
            return Err(ActorError::Overloaded { what: "the room's commands", limit });
        }
        if !matches!(op, RoomOp::Send { .. } | RoomOp::Talk(_)) {
            return Ok(());
        }
        // One's own rate first: who is over it takes nothing of what all have together.
        let own = self.limits.send_rate.map(|rate| self.rates.admit(user, rate, now_us));
        own.transpose().map_err(|why| match why {
            TooFast::Wait { retry_after_ms } => ActorError::RateLimited { retry_after_ms },
            TooFast::TooMany { users_max } => {
                ActorError::Overloaded { what: "the people who send to the room", limit: users_max }
            }
        })?;
        let all = self.limits.room_rate.map(|rate| self.everybody.admit(rate, now_us));
        all.transpose().map_err(|retry_after_ms| ActorError::RateLimited { retry_after_ms })?;
        Ok(())
    }

    /// Whether this one may be let in now.
    pub(super) fn admit_entry(
        &mut self,
        user: &UserId,
        limits: JoinLimits,
        now_us: u64,
    ) -> Result<(), ActorError> {
        // Where there are too many people to count them one by one, the door counts them all.
        if limits.per_s > 0
            && let Err(TooFast::Wait { retry_after_ms }) = self.entrants.admit(user, OWN_TRIES, now_us)
        {
            return Err(ActorError::RateLimited { retry_after_ms });
        }
        let rate = SendRate { per_second: limits.per_s, burst: limits.burst };
        let admitted = self.door.admit(rate, now_us);
        admitted.map_err(|retry_after_ms| ActorError::RateLimited { retry_after_ms })
    }

    /// Whether a page may be given now. Those who catch up with the log share a rate: thousands of them would take
    /// the node from all other rooms. Whoever opens the room or looks around in it does not wait for them.
    pub(super) fn admit_page(&mut self, page: Page, per_second: u32, now_us: u64) -> Result<(), ActorError> {
        if !matches!(page, Page::After(_)) {
            return Ok(());
        }
        let admitted = self.pages.admit(SendRate { per_second, burst: per_second }, now_us);
        admitted.map_err(|retry_after_ms| ActorError::RateLimited { retry_after_ms })
    }

    /// The people who type.
    pub(super) fn typists(&mut self) -> &mut Typists {
        &mut self.typists
    }

    /// The log grew.
    pub(super) fn logged(&mut self, event: Arc<RoomEvent>) {
        self.tail.push(event);
    }

    /// Somebody wants a page.
    pub(super) fn read(&mut self, wanted: Wanted, reader: W) -> Vec<Effect<W>> {
        if let Some(page) = self.tail.page(wanted) {
            return vec![Effect::Give(reader, page)];
        }
        // A load would cut the longer tail of a hot room back; what that lacks is on its way.
        if self.tail.is_longer_than(self.limits.tail_events_max) || !self.could_be_in_the_tail(wanted) {
            return self.read_off_the_thread(wanted, reader).into_iter().collect();
        }
        match &mut self.loading {
            Loading::For { asked, late } if asked.len() + late.len() >= self.limits.readers_max => {
                vec![Effect::TurnAway(reader, self.limits.readers_max)]
            }
            Loading::For { late, .. } => {
                late.push((wanted, reader));
                Vec::new()
            }
            Loading::No => {
                self.loading = Loading::For { asked: vec![(wanted, reader)], late: Vec::new() };
                vec![Effect::Load { events_max: self.limits.tail_events_max }]
            }
        }
    }

    /// The newest events were read. Every reader that waited for this load is served now, from memory or with
    /// a read of its own; only those who came later may wait for one more.
    pub(super) fn loaded(&mut self, page: EventPage) -> Vec<Effect<W>> {
        let (asked, late) = self.no_longer_loading();
        self.tail.load(page.events);
        let mut effects = Vec::new();
        let mut again = Vec::new();
        for (wanted, reader) in asked {
            effects.extend(self.give_or_read(wanted, reader));
        }
        for (wanted, reader) in late {
            if self.tail.last_seq() < wanted.at_least {
                again.push((wanted, reader));
            } else {
                effects.extend(self.give_or_read(wanted, reader));
            }
        }
        self.tail.trim();
        if !again.is_empty() {
            self.loading = Loading::For { asked: again, late: Vec::new() };
            effects.push(Effect::Load { events_max: self.limits.tail_events_max });
        }
        effects
    }

    /// The newest events could not be read.
    pub(super) fn load_failed(&mut self) -> Vec<Effect<W>> {
        let (asked, late) = self.no_longer_loading();
        asked.into_iter().chain(late).map(|(_, reader)| Effect::Fail(reader)).collect()
    }

    /// A page was read for one, and for those who waited for the same.
    pub(super) fn landed(&mut self, key: PageKey, read: &Shared) -> Vec<Effect<W>> {
        let Landed { served, again } = self.flights.landed(key);
        let give = |reader| match read {
            Ok(page) => Effect::Give(reader, page.clone()),
            Err(_) => Effect::Fail(reader),
        };
        let again = again.map(|(key, wanted, reader)| Effect::ReadForAll(key, reader, wanted));
        served.into_iter().map(give).chain(again).collect()
    }

    fn give_or_read(&mut self, wanted: Wanted, reader: W) -> Option<Effect<W>> {
        match self.tail.page(wanted) {
            Some(page) => Some(Effect::Give(reader, page)),
            None => self.read_off_the_thread(wanted, reader),
        }
    }

    /// `None`: it waits for a read that is under way.
    fn read_off_the_thread(&mut self, wanted: Wanted, reader: W) -> Option<Effect<W>> {
        match self.flights.board(wanted, reader) {
            Boarded::Read(key, wanted, reader) => Some(Effect::ReadForAll(key, reader, wanted)),
            Boarded::ReadAlone(reader, wanted) => Some(Effect::ReadFor(reader, wanted)),
            Boarded::Waits => None,
            Boarded::Full(reader) => Some(Effect::TurnAway(reader, self.limits.readers_max)),
        }
    }

    fn no_longer_loading(&mut self) -> (Readers<W>, Readers<W>) {
        match std::mem::replace(&mut self.loading, Loading::No) {
            Loading::For { asked, late } => (asked, late),
            Loading::No => (Vec::new(), Vec::new()),
        }
    }

    /// Old pages are not kept: they would drive the newest events out.
    fn could_be_in_the_tail(&self, wanted: Wanted) -> bool {
        let reach = self.limits.tail_events_max as u64;
        match wanted.page {
            Page::Newest => wanted.limit <= self.limits.tail_events_max,
            Page::After(seq) => seq.saturating_add(reach) >= wanted.at_least,
            Page::Before(_) | Page::Around(_) => false,
        }
    }
}
