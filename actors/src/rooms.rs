//! The way to the rooms of this node: which shard, which owner, and how much may be under way.

use std::sync::Arc;
use std::time::Duration;

use madang_cluster::command::{Outcome, RoomOp};
use madang_cluster::placement::SlotMap;
use madang_cluster::{ClusterError, EventPage, Page};
use madang_storage::id::{RoomId, SessionId, ShardId, UserId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::answer::Answer;
use crate::error::ActorError;
use crate::gate::Gate;
use crate::options::ActorOptions;
use crate::room::{Read, Reader, RoomMessage, Submit, TypingNote, Wanted};
use crate::shard::ShardMessage;
use crate::truth::{History, Truth};
use crate::typing::Typing;

/// How often a read is tried again when its owner was replaced meanwhile.
const READ_TRIES: usize = 3;
/// How long a room is left alone that changes its leader, in milliseconds.
const HANDED_OVER_MS: u64 = 20;
/// How many may say at the same time, in the rooms of one shard, that they type.
const TYPING_MAX: usize = 1_024;
/// What is full when too many type.
const TYPING: (&str, usize) = ("those who say that they type", TYPING_MAX);

/// The rooms of this node. Clones share them.
#[derive(Clone)]
pub struct Rooms(Arc<Inner>);

struct Inner {
    slots: SlotMap,
    lanes: Vec<Lane>,
    commands_max: usize,
    forwarded_max: usize,
    reads_max: usize,
    answer_timeout_ms: u64,
    leader_wait_ms: u64,
}

/// The way to one shard.
struct Lane {
    gate: Arc<Gate<ShardMessage>>,
    commands: Arc<Semaphore>,
    /// Of callers on other nodes.
    forwarded: Arc<Semaphore>,
    reads: Arc<Semaphore>,
    /// Of those who type.
    typing: Arc<Semaphore>,
}

impl Rooms {
    pub(crate) fn new(
        truth: &dyn Truth,
        gates: impl IntoIterator<Item = Arc<Gate<ShardMessage>>>,
        options: &ActorOptions,
    ) -> Self {
        let (commands_max, reads_max) = (options.shard_commands_max.max(1), options.shard_reads_max.max(1));
        let forwarded_max = options.shard_forwarded_max.max(1);
        let lane = |gate| Lane {
            gate,
            commands: Arc::new(Semaphore::new(commands_max)),
            forwarded: Arc::new(Semaphore::new(forwarded_max)),
            reads: Arc::new(Semaphore::new(reads_max)),
            typing: Arc::new(Semaphore::new(TYPING_MAX)),
        };
        let (slots, lanes) = (truth.slots(), gates.into_iter().map(lane).collect());
        Self(Arc::new(Inner {
            slots,
            lanes,
            commands_max,
            forwarded_max,
            reads_max,
            answer_timeout_ms: options.answer_timeout_ms,
            leader_wait_ms: options.leader_wait_ms,
        }))
    }

    /// Has a room decide, on whichever node. Order: commands of one caller to one room are decided in the order
    /// of calls, those that are taken at all. The receiver always gets an answer, within the time that commands have.
    pub fn submit(
        &self,
        room: RoomId,
        user: UserId,
        op: RoomOp,
    ) -> oneshot::Receiver<Result<Outcome, ActorError>> {
        let limit = self.0.commands_max;
        self.enter(
            room,
            |lane| &lane.commands,
            ("the shard's commands", limit),
            |answer, permit| ShardMessage::Submit { room, submit: Submit { user, op, answer, permit } },
        )
    }

    /// Has a room decide, and waits for that. Unlike [`submit`](Self::submit) also when leadership goes to another
    /// node just now and the command comes back untouched: then it is handed over again, within the time that
    /// commands wait for a leader, so later commands of the caller may be decided before it.
    pub async fn decide(&self, room: RoomId, user: &UserId, op: RoomOp) -> Result<Outcome, ActorError> {
        let pause = Duration::from_millis(HANDED_OVER_MS);
        let mut tries = 1 + self.0.leader_wait_ms / HANDED_OVER_MS;
        loop {
            let answer = self.submit(room, user.clone(), op.clone()).await;
            let answer = answer.unwrap_or(Err(ActorError::Restarted));
            tries -= 1;
            match answer {
                Err(ActorError::Cluster(ClusterError::NotLeader { .. })) if tries > 0 => {
                    tokio::time::sleep(pause).await;
                }
                answer => return answer,
            }
        }
    }

    /// Has a room decide for a caller of another node, if this node leads. Order: as of calls.
    pub(crate) fn decide_here(
        &self,
        room: RoomId,
        user: UserId,
        op: RoomOp,
    ) -> oneshot::Receiver<Result<Outcome, ActorError>> {
        let limit = self.0.forwarded_max;
        self.enter(
            room,
            |lane| &lane.forwarded,
            ("the shard's forwarded commands", limit),
            |answer, permit| ShardMessage::Decide { room, submit: Submit { user, op, answer, permit } },
        )
    }

    /// Has a room's listeners told that somebody types. At once or not at all.
    pub fn typing(
        &self,
        room: RoomId,
        user: UserId,
        session: SessionId,
        typing: Typing,
    ) -> oneshot::Receiver<Result<Outcome, ActorError>> {
        self.enter(
            room,
            |lane| &lane.typing,
            TYPING,
            |answer, permit| ShardMessage::Typing {
                room,
                note: TypingNote { user, session, typing, answer, permit },
            },
        )
    }

    /// The same for somebody on another node, if this one leads.
    pub(crate) fn typing_there(
        &self,
        room: RoomId,
        user: UserId,
        session: SessionId,
        typing: Typing,
    ) -> oneshot::Receiver<Result<Outcome, ActorError>> {
        self.enter(
            room,
            |lane| &lane.typing,
            TYPING,
            |answer, permit| ShardMessage::TypingThere {
                room,
                note: TypingNote { user, session, typing, answer, permit },
            },
        )
    }

    /// Hands a command to its shard's router, if there is a place for it among `places`.
    fn enter(
        &self,
        room: RoomId,
        places: impl Fn(&Lane) -> &Arc<Semaphore>,
        (what, limit): (&'static str, usize),
        message: impl FnOnce(Answer<Outcome>, OwnedSemaphorePermit) -> ShardMessage,
    ) -> oneshot::Receiver<Result<Outcome, ActorError>> {
        let (answer, receiver) = Answer::new();
        let Some(lane) = self.lane(self.0.slots.of_room(&room)) else {
            answer.send(Err(no_such_shard()));
            return receiver;
        };
        match places(lane).clone().try_acquire_owned() {
            Ok(permit) => {
                // At a shut gate the message is dropped, and the answer in it says so.
                lane.gate.cast(message(answer, permit));
            }
            Err(_) => answer.send(Err(ActorError::Overloaded { what, limit })),
        }
        receiver
    }

    /// A page of a room's log that holds at least all that `from`, a reader of the room's shard, shows. A
    /// room that does not exist has no events. Waits no longer than commands may.
    pub async fn history(
        &self,
        from: Arc<dyn History>,
        room: RoomId,
        page: Page,
        limit: usize,
        bytes_max: usize,
    ) -> Result<EventPage, ActorError> {
        let answer = async {
            let Some(head) = from.head(&room).await? else { return Ok(EventPage::default()) };
            let wanted = Wanted { page, limit, bytes_max, at_least: head.last_seq };
            self.insist(&from, room, wanted).await
        };
        let after_ms = self.0.answer_timeout_ms;
        match tokio::time::timeout(Duration::from_millis(after_ms), answer).await {
            Ok(answer) => answer,
            Err(_) => Err(ClusterError::Timeout { after_ms }.into()),
        }
    }

    async fn insist(
        &self,
        from: &Arc<dyn History>,
        room: RoomId,
        wanted: Wanted,
    ) -> Result<EventPage, ActorError> {
        let mut answer = Err(ActorError::Restarted);
        for _ in 0..READ_TRIES {
            answer = self.read(from.clone(), room, wanted).await;
            if !matches!(answer, Err(ActorError::Restarted)) {
                break;
            }
            // The owner was replaced between question and answer. Reading twice harms nobody.
            tokio::task::yield_now().await;
        }
        answer
    }

    async fn read(
        &self,
        from: Arc<dyn History>,
        room: RoomId,
        wanted: Wanted,
    ) -> Result<EventPage, ActorError> {
        let lane = self.lane(self.0.slots.of_room(&room)).ok_or_else(no_such_shard)?;
        let Ok(permit) = lane.reads.clone().try_acquire_owned() else {
            return Err(ActorError::Overloaded { what: "the shard's reads", limit: self.0.reads_max });
        };
        let (answer, receiver) = Answer::new();
        let message = RoomMessage::Read(Read { wanted, reader: Reader { from, answer, permit } });
        lane.gate.cast(ShardMessage::Route { room, message });
        receiver.await.unwrap_or(Err(ActorError::Restarted))
    }

    /// Makes a room's owner fail as a bug would.
    #[cfg(test)]
    pub(crate) fn fail_room(&self, room: RoomId) {
        let lane = self.lane(self.0.slots.of_room(&room)).unwrap();
        lane.gate.cast(ShardMessage::Route { room, message: RoomMessage::Fail });
    }

    /// Makes a shard's router fail as a bug would.
    #[cfg(test)]
    pub(crate) fn fail_shard(&self, shard: ShardId) {
        self.lane(shard).unwrap().gate.cast(ShardMessage::Fail);
    }

    fn lane(&self, shard: ShardId) -> Option<&Lane> {
        self.0.lanes.get(usize::from(shard.0))
    }
}

fn no_such_shard() -> ActorError {
    ClusterError::Unavailable { why: "this node has no such shard".to_owned() }.into()
}
