//! The messages that call a user, in all rooms, newest first.
//!
//! Who is called by name is told so, by a row in the user's own shard. A call of everybody costs one number in
//! the room's head, however many people are in it, and is found only here, at reading: one look at each room of
//! the user, then the newest calls of those that had any most recently.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::Freshness;
use madang_cluster::command::Refusal;
use madang_cluster::event::RoomEvent;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{EventBody, Everybody, Life, MemberState, MentionRow, Mentions, Switch};
use tokio::task::coop;

use super::cursor::{CallKey, CalledCursor};
use super::readers::Readers;
use super::{Caller, Service, ServiceError};

/// Messages of other rooms that are read at the same time.
const READS_AT_ONCE: usize = 32;
/// In how many rooms calls of everybody are looked for: those with the newest activity among those that had any.
const CALL_ROOMS_MAX: usize = 50;
/// How many bytes of one room's calls are kept for a page: the rest is for the next.
const CALL_BYTES_MAX: usize = 64 * 1024;

/// Messages that call a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MentionPage {
    /// The newest first.
    pub events: Vec<Arc<RoomEvent>>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
    /// Whether newer ones may be missing.
    pub freshness: Freshness,
}

/// A call by name: its number in the user's list, and the message, if it still calls.
type Named = (u64, Option<Arc<RoomEvent>>);

/// Calls of everybody.
struct Calls {
    /// The newest first.
    found: Vec<Arc<RoomEvent>>,
    /// Behind this one there may be more.
    cut: Option<CallKey>,
}

impl Service {
    /// Messages that call the caller, by name or with everybody, in all rooms the caller is in, newest first. A
    /// page may hold fewer than asked for though there are more: what no longer calls is left out.
    pub async fn mentions(
        &self,
        caller: &Caller,
        limit: usize,
        next: Option<&str>,
    ) -> Result<MentionPage, ServiceError> {
        let after = next.map(CalledCursor::parse).transpose()?.unwrap_or_default();
        let readers = self.readers();
        let reader = readers.of_user(&caller.user).await?;
        let rows = reader.mentions(&caller.user, after.number, limit + 1).await?;
        let (from, user) = (&readers, &caller.user);
        let found = rows.into_iter().map(|(number, row)| async move {
            Ok::<_, ServiceError>((number, from.mentioned(user, &row).await?))
        });
        let named: Vec<Named> = stream::iter(found).buffered(READS_AT_ONCE).try_collect().await?;
        let calls = readers.calls_of_everybody(&caller.user, after.call).await?;
        let (events, next) = merge(named, calls, after, (limit, self.0.options.history_bytes_max));
        Ok(MentionPage { events, next: next.map(CalledCursor::text), freshness: readers.freshness() })
    }
}

/// The newest of both lists, and where to go on if there are more. Each list is in order, newest first.
fn merge(
    named: Vec<Named>,
    Calls { found, cut }: Calls,
    after: CalledCursor,
    (limit, bytes_max): (usize, usize),
) -> (Vec<Arc<RoomEvent>>, Option<CalledCursor>) {
    let (mut named, mut calls) = (named.into_iter().peekable(), found.into_iter().peekable());
    let (mut events, mut bytes, mut taken, mut at) = (Vec::new(), 0, 0, after);
    while taken < limit && bytes <= bytes_max {
        // What no longer calls goes at once: nobody waits for it.
        let by_name = match (named.peek(), calls.peek()) {
            // Who is called by name may come behind calls that were not read.
            (_, None) if cut.is_some() => {
                at.call = cut;
                return (events, Some(at));
            }
            (None, None) => return (events, None),
            (Some((_, None)), _) | (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some((_, Some(named))), Some(call)) => named.row.at_ms >= call.row.at_ms,
        };
        let event = if by_name {
            named.next().and_then(|(number, event)| {
                at.number = Some(number);
                event
            })
        } else {
            calls.next().inspect(|call| at.call = Some(key_of(call)))
        };
        taken += 1;
        if let Some(event) = event {
            bytes += event.weight();
            events.push(event);
        }
    }
    let more = named.peek().is_some() || calls.peek().is_some() || cut.is_some();
    (events, more.then_some(at))
}

fn key_of(call: &RoomEvent) -> CallKey {
    CallKey { at_ms: call.row.at_ms, room: call.room, seq: call.seq }
}

/// Whether a message calls the user by name, as it is now: the list may not have heard of an edit, or of the end
/// of what it never knew.
fn calls_by_name(event: &RoomEvent, user: &UserId) -> bool {
    let EventBody::Message { extra: Some(extra), .. } = &event.row.body else { return false };
    extra.mentions.users.contains(user)
}

/// Whether a message calls everybody, and the user not by name as well.
fn calls_with_everybody(event: &RoomEvent, user: &UserId) -> bool {
    let EventBody::Message { extra: Some(extra), .. } = &event.row.body else { return false };
    let Mentions { users, everybody } = &extra.mentions;
    *everybody == Everybody::Yes && event.row.user != *user && !users.contains(user)
}

impl Readers {
    /// The message behind a mention, if it still calls the user and the user may read it.
    async fn mentioned(
        &self,
        user: &UserId,
        row: &MentionRow,
    ) -> Result<Option<Arc<RoomEvent>>, ServiceError> {
        if row.state == Switch::Off {
            return Ok(None);
        }
        coop::consume_budget().await;
        match self.joined(user, &row.room).await {
            Ok(_) => {
                let event = self.of_room(&row.room).await?.event(&row.room, row.seq).await?;
                Ok(event.filter(|event| calls_by_name(event, user)))
            }
            Err(ServiceError::NoRoom(_) | ServiceError::Refused(Refusal::NotMember)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Messages that call everybody in the user's rooms since the user came in, newest first, those behind
    /// `after`.
    async fn calls_of_everybody(&self, user: &UserId, after: Option<CallKey>) -> Result<Calls, ServiceError> {
        let rooms = self.of_user(user).await?.user_rooms(user).await?;
        let joined = rooms.into_iter().filter(|(_, row)| row.state == Some(MemberState::Joined));
        let heads = joined.map(|(room, row)| async move {
            coop::consume_budget().await;
            let head = self.of_room(&room).await?.room(&room).await?;
            let head = head.filter(|head| head.life != Life::Deleted);
            let last_ms = head.as_ref().map_or(0, |head| head.last_event_ms);
            let calls = head.map_or_else(Vec::new, |head| head.calls);
            let seqs: Vec<u64> = calls.into_iter().rev().filter(|seq| *seq > row.room_seq).collect();
            Ok::<_, ServiceError>((last_ms, room, seqs))
        });
        let heads: Vec<(u64, RoomId, Vec<u64>)> =
            stream::iter(heads).buffer_unordered(READS_AT_ONCE).try_collect().await?;
        let mut heads: Vec<_> = heads.into_iter().filter(|(_, _, seqs)| !seqs.is_empty()).collect();
        heads.sort_unstable_by_key(|head| std::cmp::Reverse((head.0, head.1)));
        heads.truncate(CALL_ROOMS_MAX);
        let calls = heads.into_iter().map(|(_, room, seqs)| self.calls_of_room(room, seqs, after));
        let calls: Vec<Calls> = stream::iter(calls).buffer_unordered(READS_AT_ONCE).try_collect().await?;
        // Everything up to the nearest cut is known of all rooms.
        let cut = calls.iter().filter_map(|calls| calls.cut).max();
        let mut found: Vec<_> = calls.into_iter().flat_map(|calls| calls.found).collect();
        found.retain(|call| cut.is_none_or(|cut| key_of(call) >= cut) && calls_with_everybody(call, user));
        found.sort_unstable_by_key(|call| std::cmp::Reverse(key_of(call)));
        Ok(Calls { found, cut })
    }

    /// The newest of a room's calls behind `after`; `seqs` are all of them, the newest first.
    async fn calls_of_room(
        &self,
        room: RoomId,
        mut seqs: Vec<u64>,
        after: Option<CallKey>,
    ) -> Result<Calls, ServiceError> {
        loop {
            let part = self.of_room(&room).await?.events_at(&room, seqs.clone(), CALL_BYTES_MAX).await?;
            let Some(oldest) = part.last().map(|call| key_of(call)) else {
                return Ok(Calls { found: Vec::new(), cut: None });
            };
            seqs.retain(|seq| *seq < oldest.seq);
            let is_behind = |call: &Arc<RoomEvent>| after.is_none_or(|after| key_of(call) < after);
            let found: Vec<_> = part.into_iter().filter(is_behind).collect();
            if !found.is_empty() || seqs.is_empty() {
                return Ok(Calls { found, cut: (!seqs.is_empty()).then_some(oldest) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use madang_storage::id::Cid;
    use madang_storage::row::{EventRow, Extra};
    use proptest::prelude::*;

    use super::*;

    fn event(room: u8, seq: u64, at_ms: u64) -> Arc<RoomEvent> {
        let user = UserId::parse("minji").unwrap();
        let row = EventRow { at_ms, user, pos: 0, messages: 0, body: EventBody::Joined };
        Arc::new(RoomEvent::new(RoomId([room; 16]), seq, row))
    }

    #[test]
    fn only_whom_the_message_names_now_is_called_by_name() {
        let user = |name: &str| UserId::parse(name).unwrap();
        let named = |names: &[&str]| {
            let users = names.iter().map(|name| user(name)).collect();
            let mentions = Mentions { users, everybody: Everybody::No };
            let extra = Extra { mentions, ..Extra::default() }.boxed();
            let body = EventBody::Message { cid: Cid::parse("c").unwrap(), text: "hey".into(), extra };
            let row = EventRow { at_ms: 1, user: user("sora"), pos: 0, messages: 0, body };
            RoomEvent::new(RoomId([1; 16]), 1, row)
        };
        assert!(calls_by_name(&named(&["jun", "minji"]), &user("minji")));
        assert!(!calls_by_name(&named(&["jun"]), &user("minji")));
        assert!(!calls_by_name(&named(&[]), &user("minji")));
        assert!(!calls_by_name(&event(1, 1, 1), &user("minji")));
    }

    proptest! {
        #[test]
        fn page_by_page_each_call_comes_once_and_the_newest_first(
            mut named in prop::collection::vec((0..50_u64, any::<bool>()), 0..20),
            mut calls in prop::collection::vec(0..50_u64, 0..20),
            limit in 1..7_usize,
            window in 1..7_usize,
        ) {
            named.sort_unstable_by_key(|(at_ms, _)| std::cmp::Reverse(*at_ms));
            calls.sort_unstable_by_key(|at_ms| std::cmp::Reverse(*at_ms));
            let count = named.len() as u64;
            let named: Vec<Named> = (1..=count).rev().zip(&named)
                .map(|(number, (at_ms, lives))| (number, lives.then(|| event(1, number, *at_ms))))
                .collect();
            let calls: Vec<_> = (0..calls.len() as u64).rev().zip(&calls)
                .map(|(seq, at_ms)| event(2, seq, *at_ms)).collect();
            let (mut after, mut read) = (CalledCursor::default(), Vec::new());
            loop {
                let rest = |number: &u64| after.number.is_none_or(|after| *number < after);
                let named = named.iter().filter(|(number, _)| rest(number)).take(limit + 1).cloned().collect();
                let rest = |call: &&Arc<RoomEvent>| after.call.is_none_or(|after| key_of(call) < after);
                let mut found: Vec<_> = calls.iter().filter(rest).cloned().collect();
                let is_cut = found.len() > window;
                found.truncate(window);
                let cut = found.last().filter(|_| is_cut).map(|call| key_of(call));
                let (events, next) = merge(named, Calls { found, cut }, after, (limit, usize::MAX));
                prop_assert!(events.len() <= limit);
                read.extend(events);
                match next {
                    Some(next) => after = CalledCursor::parse(&next.text()).unwrap(),
                    None => break,
                }
            }
            let mut expected: Vec<_> = named.iter().filter_map(|(_, event)| event.clone()).chain(calls).collect();
            expected.sort_by_key(|event| std::cmp::Reverse(event.row.at_ms));
            let times = |events: &[Arc<RoomEvent>]| events.iter().map(|e| e.row.at_ms).collect::<Vec<_>>();
            prop_assert_eq!(times(&read), times(&expected));
            let distinct: std::collections::BTreeSet<_> = read.iter().map(|e| (e.room, e.seq)).collect();
            prop_assert_eq!(distinct.len(), read.len());
        }
    }
}
