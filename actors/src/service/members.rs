//! A room's members, all of them by id or those that a search finds.
//!
//! Small rooms are searched by looking at everybody; larger ones by the walk in `walk.rs`, in the same order, so that
//! a room may grow between two pages.

mod walk;
#[cfg(test)]
mod walk_tests;

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::Name;
use madang_cluster::command::Refusal;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::MemberRow;
use tokio::task::coop;

use super::readers::Readers;
use super::{Caller, MemberPage, MemberView, Service, ServiceError, cursor, names};
use walk::{Ask, Bounds, Page, Portion, Walk};

pub(super) use walk::FoundBy;

/// Rows of one list that are read at the same time. Those on this node are ready at once; each read first
/// takes its share of the task's budget, so that a long list does not keep the thread from others.
const READS_AT_ONCE: usize = 32;
/// Shards that are searched at the same time.
const SHARDS_AT_ONCE: usize = 8;
/// In rooms of so many people, invitations included, a search looks at everybody.
const LOOKED_AT_MAX: usize = 200;
/// In larger rooms a page asks each of 16 shards four times at the most. Where hardly anybody of those who are called
/// so is a member, its end comes after a thousand names or less.
const BOUNDS: Bounds = Bounds { at_once: 256, of_each_min: 8, enough: 1_024 };

impl Service {
    /// A room's members by user id, invited ones included, for anybody who is one of them. With `search`, those
    /// whose user id begins with it; behind them, those of whom one of the first words of the name does, by name.
    pub async fn members(
        &self,
        caller: &Caller,
        room: RoomId,
        search: Option<&str>,
        limit: usize,
        next: Option<&str>,
    ) -> Result<MemberPage, ServiceError> {
        let readers = self.readers();
        let (head, place) = readers.seen(&caller.user, &room).await?;
        place.ok_or(Refusal::NotMember)?;
        let (rows, next) = match search.map(names::fold) {
            None => readers.roll(&room, limit, next).await?,
            // Nobody is called nothing.
            Some(prefix) if prefix.is_empty() => (Vec::new(), None),
            Some(prefix) => {
                let after = next.map(|next| cursor::parse_found(next, &prefix)).transpose()?;
                let (rows, next) = if head.joined + head.invited <= LOOKED_AT_MAX as u64 {
                    readers.called(&room, &prefix, after, limit).await?
                } else {
                    let shards = usize::from(self.0.cluster.slots().shards());
                    self.walk(&readers, &room, Walk::new(prefix, after, limit, shards, BOUNDS)).await?
                };
                (rows, next.as_ref().map(cursor::found_text))
            }
        };
        let users: Vec<UserId> = rows.iter().map(|(user, _)| user.clone()).collect();
        let shown = self.shown(caller, &readers, &users).await?;
        let members = rows.into_iter().zip(shown).map(|((user, row), shown)| {
            let readers = &readers;
            async move {
                coop::consume_budget().await;
                let display_name = readers.profile(&user).await?.display_name;
                let (role, state, muted) = (row.role, row.state, row.muted);
                Ok::<_, ServiceError>(MemberView { user, display_name, role, state, muted, shown })
            }
        });
        let members = stream::iter(members).buffered(READS_AT_ONCE).try_collect().await?;
        Ok(MemberPage { members, next, freshness: readers.freshness() })
    }
}

impl Service {
    /// A page of a search that looks at names in all shards.
    async fn walk(&self, readers: &Readers, room: &RoomId, mut walk: Walk) -> Result<Page, ServiceError> {
        while let Some(ask) = walk.ask() {
            match ask {
                Ask::Ids { after, limit } => {
                    let reader = readers.of_room(room).await?;
                    walk.take_ids(reader.members(room, walk.prefix(), after.as_ref(), limit).await?);
                }
                Ask::Names { after, of_each } => {
                    let answers = self.names(readers, walk.prefix(), after.as_ref(), of_each).await?;
                    let portion = walk.take_names(answers);
                    readers.meet(room, portion, &mut walk).await?;
                }
            }
        }
        Ok(walk.page())
    }

    /// From each shard so many names that begin with `prefix`, those behind `after`.
    async fn names(
        &self,
        readers: &Readers,
        prefix: &str,
        after: Option<&Name>,
        of_each: usize,
    ) -> Result<Vec<Vec<Name>>, ServiceError> {
        let answers = self.0.cluster.slots().all().map(|shard| async move {
            coop::consume_budget().await;
            Ok::<_, ServiceError>(readers.of(shard).await?.all_names(prefix, after, of_each).await?)
        });
        stream::iter(answers).buffered(SHARDS_AT_ONCE).try_collect().await
    }
}

impl Readers {
    /// All members by id.
    async fn roll(
        &self,
        room: &RoomId,
        limit: usize,
        next: Option<&str>,
    ) -> Result<(Vec<(UserId, MemberRow)>, Option<String>), ServiceError> {
        let after = next.map(cursor::parse_member).transpose()?;
        // One more than asked for tells whether there is a next page.
        let mut rows = self.of_room(room).await?.members(room, "", after.as_ref(), limit + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|(user, _)| cursor::member_text(user));
        Ok((rows, next))
    }

    /// A page of a search in a small room. Names are where their users are, so this looks at everybody.
    async fn called(
        &self,
        room: &RoomId,
        prefix: &str,
        after: Option<FoundBy>,
        limit: usize,
    ) -> Result<Page, ServiceError> {
        let rows = self.of_room(room).await?.members(room, "", None, LOOKED_AT_MAX).await?;
        let found = rows.into_iter().map(|(user, row)| async move {
            coop::consume_budget().await;
            let by = FoundBy::of(prefix, &user, &self.names_of(&user).await?);
            Ok::<_, ServiceError>(by.map(|by| (by, row)))
        });
        let found: Vec<_> = stream::iter(found).buffered(READS_AT_ONCE).try_collect().await?;
        Ok(walk::page_of(found.into_iter().flatten().collect(), after.as_ref(), limit))
    }

    /// Looks up who of those in the portion is a member, as far as the page has places for them.
    async fn meet(&self, room: &RoomId, portion: Portion, walk: &mut Walk) -> Result<(), ServiceError> {
        let Portion { names, end } = portion;
        let users = names.iter().map(|(_, user)| user.clone()).collect();
        let rows = self.of_room(room).await?.members_among(room, users).await?;
        let rows: HashMap<UserId, MemberRow> = rows.into_iter().collect();
        let members = names.into_iter().filter_map(|name| Some((rows.get(&name.1)?.clone(), name)));
        let called = members.map(|(row, name)| async move {
            coop::consume_budget().await;
            let names = self.names_of(&name.1).await?;
            Ok::<_, ServiceError>((name, row, names))
        });
        let mut called = stream::iter(called).buffered(READS_AT_ONCE);
        while let Some(member) = called.next().await {
            // Read ahead: behind the end of the page.
            if walk.is_full() {
                return Ok(());
            }
            let (name, row, names) = member?;
            walk.meet(name, row, &names);
        }
        walk.pass(end);
        Ok(())
    }

    /// Under which texts a user is found.
    async fn names_of(&self, user: &UserId) -> Result<Vec<String>, ServiceError> {
        let row = self.of_user(user).await?.people(user).await?;
        Ok(row.map(|row| row.names).unwrap_or_default())
    }
}
