//! Other people: contacts, blocks, and how one wants to be seen.

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use madang_cluster::command::{Op, PeopleOp, Refusal, Reply, UserOp};
use madang_cluster::{ClusterError, Reader};
use madang_storage::id::UserId;
use madang_storage::row::{Blocked, ContactRow, Findable, MemberState, PeopleRow, Reading, Relation};
use tokio::task::coop;

use super::readers::Readers;
use super::{Caller, Service, ServiceError, cursor};

/// Rows of one list that are read at the same time.
const READS_AT_ONCE: usize = 32;
/// Rows that are looked through at a time for those that still stand for something.
const ROWS_AT_ONCE: usize = 512;

/// Rows of a list that are being read.
type Rows<'a, R> = BoxFuture<'a, Result<Vec<(UserId, R)>, ClusterError>>;

/// Somebody in a list of contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactView {
    /// Who.
    pub user: UserId,
    /// What people see.
    pub display_name: String,
    /// What the two are to each other.
    pub relation: Relation,
    /// Since when, milliseconds since the epoch.
    pub at_ms: u64,
}

/// Somebody whom the caller blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockView {
    /// Who.
    pub user: UserId,
    /// Since when, milliseconds since the epoch.
    pub at_ms: u64,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// What is listed.
    pub items: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

/// How a user wants to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Privacy {
    /// Who sees how far the user has read.
    pub reading: Reading,
    /// Whether the user comes up in searches.
    pub findable: Findable,
}

/// One step towards being somebody's contact, or away from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactStep {
    /// Ask, or say yes to who asked.
    Request,
    /// Say yes to who asked.
    Accept,
    /// Say no to who asked.
    Decline,
    /// End it, whatever there is.
    Remove,
}

impl Service {
    /// The caller's contacts and requests by user id.
    pub async fn contacts(
        &self,
        caller: &Caller,
        limit: usize,
        next: Option<&str>,
    ) -> Result<Listed<ContactView>, ServiceError> {
        let after = next.map(cursor::parse_member).transpose()?;
        let readers = self.readers();
        let reader = readers.of_user(&caller.user).await?;
        let read = |after: Option<UserId>, limit| {
            async move { reader.contacts(&caller.user, after.as_ref(), limit).await }.boxed()
        };
        let (rows, next) = live(limit, after, read, |row| row.relation() != Relation::None).await?;
        let views = rows.into_iter().map(|(user, row)| {
            let readers = &readers;
            async move {
                coop::consume_budget().await;
                let display_name = readers.profile(&user).await?.display_name;
                let (relation, at_ms) = (row.relation(), row.at_ms);
                Ok::<_, ServiceError>(ContactView { user, display_name, relation, at_ms })
            }
        });
        Ok(Listed { items: stream::iter(views).buffered(READS_AT_ONCE).try_collect().await?, next })
    }

    /// Takes one step towards being `other`'s contact, or away from it. Answers what the two are then.
    pub async fn contact(
        &self,
        caller: &Caller,
        other: UserId,
        step: ContactStep,
    ) -> Result<ContactView, ServiceError> {
        let op = match step {
            ContactStep::Request => {
                self.check_welcome(&self.readers(), &caller.user, &other).await?;
                PeopleOp::Request(other.clone())
            }
            ContactStep::Accept => PeopleOp::Accept(other.clone()),
            ContactStep::Decline => PeopleOp::Decline(other.clone()),
            ContactStep::Remove => PeopleOp::Remove(other.clone()),
        };
        self.change_people(caller, op).await?;
        let readers = self.readers();
        let display_name = readers.profile(&other).await?.display_name;
        let row = readers.of_user(&caller.user).await?.contact(&caller.user, &other).await?;
        let row: ContactRow = row.unwrap_or_default();
        Ok(ContactView { user: other, display_name, relation: row.relation(), at_ms: row.at_ms })
    }

    /// Whom the caller blocks, by user id.
    pub async fn blocks(
        &self,
        caller: &Caller,
        limit: usize,
        next: Option<&str>,
    ) -> Result<Listed<BlockView>, ServiceError> {
        let after = next.map(cursor::parse_member).transpose()?;
        let readers = self.readers();
        let reader = readers.of_user(&caller.user).await?;
        let read = |after: Option<UserId>, limit| {
            async move { reader.blocks(&caller.user, after.as_ref(), limit).await }.boxed()
        };
        let (rows, next) = live(limit, after, read, |row| row.blocked == Blocked::Yes).await?;
        let items = rows.into_iter().map(|(user, row)| BlockView { user, at_ms: row.at_ms }).collect();
        Ok(Listed { items, next })
    }

    /// The caller has nothing more to do with `other`: no direct messages, no presence, no invitations. Those
    /// that wait are declined.
    pub async fn block(&self, caller: &Caller, other: UserId) -> Result<(), ServiceError> {
        self.readers().profile(&other).await?;
        self.change_people(caller, PeopleOp::Block(other.clone())).await?;
        let rooms = self.readers().of_user(&caller.user).await?.user_rooms(&caller.user).await?;
        for (room, row) in rooms {
            if row.state == Some(MemberState::Invited) && row.by.as_ref() == Some(&other) {
                match self.decline(caller, room).await {
                    // Answered meanwhile, on another device.
                    Ok(()) | Err(ServiceError::Refused(_) | ServiceError::NoRoom(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Takes a block back.
    pub async fn unblock(&self, caller: &Caller, other: UserId) -> Result<(), ServiceError> {
        self.change_people(caller, PeopleOp::Unblock(other)).await
    }

    /// How the caller wants to be seen.
    pub async fn privacy(&self, caller: &Caller) -> Result<Privacy, ServiceError> {
        let row = self.readers().of_user(&caller.user).await?.people(&caller.user).await?;
        let PeopleRow { reading, findable, .. } = row.unwrap_or_default();
        Ok(Privacy { reading, findable })
    }

    /// Changes how the caller wants to be seen; `None` stays as it is.
    pub async fn set_privacy(
        &self,
        caller: &Caller,
        reading: Option<Reading>,
        findable: Option<Findable>,
    ) -> Result<Privacy, ServiceError> {
        self.change_people(caller, PeopleOp::Show { reading, findable }).await?;
        self.privacy(caller).await
    }
}

impl Service {
    /// Refuses when there is no such user, or when `by` is somebody from whom the user wants nothing. What is
    /// on its way when a block is made is declined in the shard of whoever blocks.
    pub(super) async fn check_welcome(
        &self,
        readers: &Readers,
        by: &UserId,
        user: &UserId,
    ) -> Result<(), ServiceError> {
        let reader = readers.of_user(user).await?;
        if reader.user(user).await?.is_none() {
            return Err(ServiceError::NoUser(user.clone()));
        }
        if blocks(reader, user, by).await? { Err(Refusal::Private.into()) } else { Ok(()) }
    }

    /// Has the caller's account decide, and waits until the shards of all concerned know it.
    async fn change_people(&self, caller: &Caller, op: PeopleOp) -> Result<(), ServiceError> {
        let shard = self.0.cluster.slots().of_user(&caller.user);
        let op = Op::User { user: caller.user.clone(), op: UserOp::People(op) };
        if let Reply::Done { outbox } = self.0.cluster.propose(shard, op).await?? {
            self.0.cluster.settle(shard, &outbox).await;
        }
        Ok(())
    }
}

async fn blocks(reader: &Reader, user: &UserId, other: &UserId) -> Result<bool, ServiceError> {
    Ok(reader.block(user, other).await?.is_some_and(|row| row.blocked == Blocked::Yes))
}

/// The next rows that still stand for something, and where the page after them starts.
async fn live<'a, R>(
    limit: usize,
    mut after: Option<UserId>,
    read: impl Fn(Option<UserId>, usize) -> Rows<'a, R>,
    lives: impl Fn(&R) -> bool,
) -> Result<(Vec<(UserId, R)>, Option<String>), ServiceError> {
    let mut found: Vec<(UserId, R)> = Vec::new();
    loop {
        let rows = read(after, ROWS_AT_ONCE).await?;
        let last = rows.len() < ROWS_AT_ONCE;
        after = rows.last().map(|(user, _)| user.clone());
        found.extend(rows.into_iter().filter(|(_, row)| lives(row)));
        if found.len() > limit {
            found.truncate(limit);
            let next = found.last().map(|(user, _)| cursor::member_text(user));
            return Ok((found, next));
        }
        if last {
            return Ok((found, None));
        }
    }
}
