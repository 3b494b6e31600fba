//! How far people have read and received, in one room and in all.

use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::Freshness;
use madang_cluster::command::{Refusal, Reply, RoomOp};
use madang_cluster::machine::room::RECEIPTS_MEMBERS_MAX;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Feature, MemberState, Reading};
use tokio::task::coop;

use super::message::unexpected;
use super::{Caller, Service, ServiceError};

/// Rooms that are read at the same time.
const READS_AT_ONCE: usize = 32;
/// Rows that are read for a room's receipts; what is more than its joined members are people invited.
const MEMBERS_READ_MAX: usize = 2_000;

/// How far a user has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadMark {
    /// Everything up to this seq is read.
    pub read_seq: u64,
    /// How many messages are not.
    pub unread: u64,
    /// How many of them call the user.
    pub mentions: u64,
}

/// How far a member has come, as far as the others may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Who.
    pub user: UserId,
    /// Everything up to this seq is read.
    pub read_seq: u64,
    /// Everything up to this seq has reached a device.
    pub received_seq: u64,
}

/// What a user has not read, in all rooms together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// In how many rooms there is something.
    pub rooms: u64,
    /// How many messages.
    pub unread: u64,
    /// How many of them call the user.
    pub mentions: u64,
    /// Whether it may be old.
    pub freshness: Freshness,
}

impl Service {
    /// Moves the caller's read marker, never backwards. Who reads in private moves it unseen.
    pub async fn mark_read(&self, caller: &Caller, room: RoomId, seq: u64) -> Result<ReadMark, ServiceError> {
        let op = match self.reading(caller).await? {
            Reading::Shown => RoomOp::MarkRead(seq),
            Reading::Private => RoomOp::MarkReadPrivately(seq),
        };
        match self.0.rooms.decide(room, &caller.user, op).await?? {
            Reply::Read { read_seq, unread, mentions } => Ok(ReadMark { read_seq, unread, mentions }),
            other => Err(unexpected("mark_read", &other)),
        }
    }

    /// Moves the marker of what has reached one of the caller's devices, never backwards.
    pub async fn mark_received(&self, caller: &Caller, room: RoomId, seq: u64) -> Result<u64, ServiceError> {
        match self.0.rooms.decide(room, &caller.user, RoomOp::MarkReceived(seq)).await?? {
            Reply::Received { received_seq } => Ok(received_seq),
            other => Err(unexpected("mark_received", &other)),
        }
    }

    /// How far the members of a room have come. Errors: a room with more members than are told of each
    /// other.
    pub async fn receipts(&self, caller: &Caller, room: RoomId) -> Result<Vec<Receipt>, ServiceError> {
        let readers = self.readers();
        if readers.place(&caller.user, &room).await?.state != MemberState::Joined {
            return Err(Refusal::NotMember.into());
        }
        let reader = readers.of_room(&room).await?;
        let head = reader.room(&room).await?.ok_or(ServiceError::NoRoom(room))?;
        if head.joined > RECEIPTS_MEMBERS_MAX {
            let what = "the number of members that are told of each other's receipts";
            return Err(ServiceError::TooLarge { what, limit: RECEIPTS_MEMBERS_MAX });
        }
        if !head.features.has(Feature::Receipts) {
            return Err(Refusal::FeatureOff.into());
        }
        let members = reader.members(&room, "", None, MEMBERS_READ_MAX).await?;
        let joined = members.into_iter().filter(|(_, row)| row.state == MemberState::Joined);
        Ok(joined
            .map(|(user, row)| Receipt {
                user,
                read_seq: row.shown_seq,
                received_seq: row.received_seq.max(row.shown_seq),
            })
            .collect())
    }

    /// What the caller has not read, in all rooms together.
    pub async fn unread(&self, caller: &Caller) -> Result<Totals, ServiceError> {
        let readers = self.readers();
        let rooms = readers.of_user(&caller.user).await?.user_rooms(&caller.user).await?;
        let joined = rooms.into_iter().filter(|(_, row)| row.state == Some(MemberState::Joined));
        let counts = joined.map(|(room, _)| {
            let readers = &readers;
            async move {
                coop::consume_budget().await;
                let reader = readers.of_room(&room).await?;
                let (head, place) = (reader.room(&room).await?, reader.member(&room, &caller.user).await?);
                let (Some(head), Some(place)) = (head, place) else { return Ok((0, 0)) };
                let unread = head.messages.saturating_sub(place.read_messages);
                Ok::<_, ServiceError>((unread, place.unread_mentions(&head)))
            }
        });
        let counts: Vec<(u64, u64)> =
            stream::iter(counts).buffer_unordered(READS_AT_ONCE).try_collect().await?;
        Ok(Totals {
            rooms: counts.iter().filter(|(unread, _)| *unread > 0).count() as u64,
            unread: counts.iter().map(|(unread, _)| unread).sum(),
            mentions: counts.iter().map(|(_, mentions)| mentions).sum(),
            freshness: readers.freshness(),
        })
    }

    /// Who sees how far the caller has read. Current, also where this node lags behind: what was once shown
    /// cannot be taken back.
    async fn reading(&self, caller: &Caller) -> Result<Reading, ServiceError> {
        let people = self.readers().of_user(&caller.user).await?.people(&caller.user).await?;
        Ok(people.unwrap_or_default().reading)
    }
}
