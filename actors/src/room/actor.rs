//! The room owner's shell: asks the machine, passes commands on, reads off the thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use madang_cluster::command::{Op, Outcome, Refusal, Reply};
use madang_cluster::{ClusterError, Page};
use madang_storage::id::{RoomId, ShardId, UserId};
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::flights::PageKey;
use super::heat::Asked;
use super::machine::{Effect, Machine};
use super::message::{Read, Reader, RoomMessage, Submit, TypingNote, Wanted};
use super::relay::{Counted, Relay};
use super::tail::Budget;
use super::typists::Told;
use super::warmth::{LOOK_EVERY, Then, Warmth};
use crate::error::ActorError;
use crate::hot::Board;
use crate::metrics::{ActiveRoom, Counters};
use crate::options::ActorOptions;
use crate::truth::{Truth, Typist};
use crate::typing::TypingRelay;

/// What one load of the tail reads at most, however few events that is.
const LOAD_BYTES_MAX: usize = 1 << 20;

/// The owner of one room. Started and supervised by the shard's router.
pub(crate) struct Owner;

/// What an owner starts with.
pub(crate) struct OwnerArguments {
    /// Which room.
    pub(crate) room: RoomId,
    /// What it shares with the other rooms of its shard.
    pub(crate) around: Arc<Surroundings>,
}

/// What the owners of one shard share.
pub(crate) struct Surroundings {
    /// Which shard.
    pub(crate) shard: ShardId,
    /// The cluster.
    pub(crate) truth: Arc<dyn Truth>,
    /// Limits.
    pub(crate) options: Arc<ActorOptions>,
    /// What all tails of the node may take.
    pub(crate) budget: Budget,
    /// What is counted.
    pub(crate) counters: Arc<Counters>,
    /// The way back for answers.
    pub(crate) relay: Relay,
    /// The way to those who hear who types.
    pub(crate) typing: TypingRelay,
    /// The warmest rooms of the node.
    pub(crate) board: Board,
    /// Where the owners' clock begins.
    pub(crate) epoch: Instant,
}

/// An owner at work.
pub(crate) struct OwnerState {
    room: RoomId,
    around: Arc<Surroundings>,
    machine: Machine<Reader>,
    in_flight: Arc<AtomicUsize>,
    warmth: Warmth,
    _active: ActiveRoom,
}

impl Actor for Owner {
    type Msg = RoomMessage;
    type State = OwnerState;
    type Arguments = OwnerArguments;

    async fn pre_start(
        &self,
        _: ActorRef<RoomMessage>,
        arguments: OwnerArguments,
    ) -> Result<OwnerState, ActorProcessingErr> {
        let OwnerArguments { room, around } = arguments;
        let machine = Machine::new(&around.options, around.budget.clone());
        let active = ActiveRoom::new(&around.counters);
        let warmth = Warmth::new(room, around.board.clone());
        Ok(OwnerState { room, around, machine, in_flight: Arc::default(), warmth, _active: active })
    }

    async fn handle(
        &self,
        myself: ActorRef<RoomMessage>,
        message: RoomMessage,
        state: &mut OwnerState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            RoomMessage::Submit(submit) => {
                state.count(Asked::by(&submit.op), &myself);
                state.submit(submit);
            }
            RoomMessage::Typing(note) => state.typing(note),
            RoomMessage::Read(Read { wanted, reader }) => {
                state.count(Some(Asked::Fetch), &myself);
                let per_second = state.around.truth.tuned().shed.pages_per_s;
                if let Err(why) = state.machine.admit_page(wanted.page, per_second, state.now_us()) {
                    reader.answer.send(Err(why));
                    return Ok(());
                }
                let effects = state.machine.read(wanted, reader);
                state.carry_out(effects, &myself);
            }
            RoomMessage::Logged(event) => state.machine.logged(event),
            RoomMessage::Loaded(Ok(page)) => {
                let effects = state.machine.loaded(page);
                state.carry_out(effects, &myself);
            }
            RoomMessage::Loaded(Err(error)) => {
                let effects = state.machine.load_failed();
                state.carry_out_with(effects, Some(error), &myself);
            }
            RoomMessage::Landed(key, read) => {
                let effects = state.machine.landed(key, &read);
                state.carry_out_with(effects, read.err(), &myself);
            }
            RoomMessage::Look => {
                let then = state.warmth.look(&state.around.truth.tuned().heat, state.now_us() / 1_000);
                state.machine.heated(state.warmth.is_hot());
                look_again(then, &myself);
            }
            #[cfg(test)]
            RoomMessage::Fail => panic!("told to fail"),
        }
        Ok(())
    }
}

impl OwnerState {
    fn count(&mut self, asked: Option<Asked>, myself: &ActorRef<RoomMessage>) {
        let now_ms = self.now_us() / 1_000;
        if let Some(asked) = asked {
            look_again(self.warmth.count(asked, now_ms), myself);
        }
    }

    fn submit(&mut self, submit: Submit) {
        let Submit { user, op, answer, permit } = submit;
        let now_us = self.now_us();
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        let admitted =
            self.machine.admit(&user, &op, in_flight, now_us).and_then(|()| match Asked::by(&op) {
                Some(Asked::Join) => self.let_in(&user, now_us),
                _ => Ok(()),
            });
        if let Err(refused) = admitted {
            return answer.send(Err(refused));
        }
        match self.around.truth.submit(self.around.shard, Op::Room { room: self.room, user, op }) {
            Ok(outcome) => {
                self.around.relay.carry(outcome, answer, permit, Counted::new(&self.in_flight));
            }
            Err(error) => answer.send(Err(error.into())),
        }
    }

    fn let_in(&mut self, user: &UserId, now_us: u64) -> Result<(), ActorError> {
        let admitted = self.machine.admit_entry(user, self.around.truth.tuned().joins, now_us);
        if admitted.is_err() {
            self.around.counters.join_put_off();
        }
        admitted
    }

    fn typing(&mut self, note: TypingNote) {
        let TypingNote { user, session, typing, answer, permit } = note;
        let now_us = self.now_us();
        let told = match self.machine.typists().admit(&user, now_us) {
            Ok(told) => told,
            Err(refused) => return answer.send(Err(refused)),
        };
        let members_max = self.around.options.typing.room_members_max;
        let (around, room) = (self.around.clone(), self.room);
        tokio::spawn(async move {
            let typist = async { around.truth.reader_now(around.shard)?.typist(&room, &user).await };
            let outcome: Outcome = match typist.await {
                Ok(Typist::Member { members }) if members > members_max => Err(Refusal::SwitchedOff),
                Ok(Typist::Member { .. }) => Ok(Reply::Done { outbox: Vec::new() }),
                Ok(Typist::Refused(refusal)) => Err(refusal),
                Err(error) => return answer.send(Err(error.into())),
            };
            if outcome.is_ok() && told == Told::ToAll {
                around.typing.tell(room, user, session, typing);
            }
            answer.send(Ok(outcome));
            drop(permit);
        });
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.around.epoch.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn carry_out(&self, effects: Vec<Effect<Reader>>, myself: &ActorRef<RoomMessage>) {
        self.carry_out_with(effects, None, myself);
    }

    /// `why` is what those are told whose read failed.
    fn carry_out_with(
        &self,
        effects: Vec<Effect<Reader>>,
        why: Option<ClusterError>,
        myself: &ActorRef<RoomMessage>,
    ) {
        for effect in effects {
            match effect {
                Effect::Give(reader, page) => reader.answer.send(Ok(page)),
                Effect::Load { events_max } => self.load(events_max, myself.clone()),
                Effect::ReadFor(reader, wanted) => self.read_for(reader, wanted, None),
                Effect::ReadForAll(key, reader, wanted) => {
                    self.read_for(reader, wanted, Some((key, myself.clone())));
                }
                Effect::TurnAway(reader, limit) => {
                    reader.answer.send(Err(ActorError::Overloaded { what: "the room's readers", limit }));
                }
                Effect::Fail(reader) => {
                    let why = why.clone().map_or(ActorError::Restarted, Into::into);
                    reader.answer.send(Err(why));
                }
            }
        }
    }

    fn load(&self, events_max: usize, myself: ActorRef<RoomMessage>) {
        self.around.counters.page_read();
        let (now, room) = (self.around.truth.reader_now(self.around.shard), self.room);
        tokio::spawn(async move {
            // A replica elsewhere may lack what a reader must see; who lacks it reads on its own.
            let page = match now {
                Ok(now) => now.page(&room, Page::Newest, events_max, LOAD_BYTES_MAX).await,
                Err(error) => Err(error),
            };
            // An owner that has gone has dropped its readers, and they know.
            let _ = myself.cast(RoomMessage::Loaded(page));
        });
    }

    /// Also for those who wait for the same page, if it has a name for them.
    fn read_for(&self, reader: Reader, wanted: Wanted, for_all: Option<(PageKey, ActorRef<RoomMessage>)>) {
        self.around.counters.page_read();
        let room = self.room;
        tokio::spawn(async move {
            let Reader { from, answer, permit } = reader;
            let Wanted { page, limit, bytes_max, .. } = wanted;
            let page = from.page(&room, page, limit, bytes_max).await;
            if let Some((key, myself)) = for_all {
                // An owner that has gone has dropped its readers, and they know.
                let _ = myself.cast(RoomMessage::Landed(key, page.clone()));
            }
            answer.send(page.map_err(Into::into));
            drop(permit);
        });
    }
}

fn look_again(then: Then, myself: &ActorRef<RoomMessage>) {
    if then == Then::Look {
        // An owner that has gone by then needs no look.
        myself.send_after(LOOK_EVERY, || RoomMessage::Look);
    }
}
