//! Reads about what users are to each other, of whom they block, and of whom a search finds.

use madang_storage::id::UserId;
use madang_storage::row::{BlockRow, ContactRow, PeopleRow, Row, table};
use serde::{Deserialize, Serialize};

use super::local::{odd_key, text_id};
use super::{Found, LocalReader, Query, Reader};
use crate::error::ClusterError;
use crate::machine::rows::{other_key, user_key, user_prefix};

/// A text under which a user is found, and who it is.
pub type Name = (String, UserId);

/// What can be read about people. Goes between nodes: numbers stay for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PeopleQuery {
    #[serde(rename = "1")]
    Contact(UserId, UserId),
    #[serde(rename = "2")]
    Contacts { user: UserId, after: Option<UserId>, limit: usize },
    #[serde(rename = "3")]
    Block(UserId, UserId),
    #[serde(rename = "4")]
    Blocks { user: UserId, after: Option<UserId>, limit: usize },
    #[serde(rename = "5")]
    People(UserId),
    #[serde(rename = "6")]
    Names { prefix: String, after: Option<Name>, limit: usize },
    #[serde(rename = "7")]
    AllNames { prefix: String, after: Option<Name>, limit: usize },
}

/// What was read: the variant of the query's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PeopleFound {
    #[serde(rename = "1")]
    Contact(Option<ContactRow>),
    #[serde(rename = "2")]
    Contacts(Vec<(UserId, ContactRow)>),
    #[serde(rename = "3")]
    Block(Option<BlockRow>),
    #[serde(rename = "4")]
    Blocks(Vec<(UserId, BlockRow)>),
    #[serde(rename = "5")]
    People(Option<PeopleRow>),
    #[serde(rename = "6")]
    Names(Vec<Name>),
}

impl PeopleQuery {
    pub(super) fn reads_many_rows(&self) -> bool {
        match self {
            Self::Contacts { .. } | Self::Blocks { .. } | Self::Names { .. } | Self::AllNames { .. } => true,
            Self::Contact(..) | Self::Block(..) | Self::People(_) => false,
        }
    }

    pub(super) fn read(&self, local: &LocalReader) -> Result<PeopleFound, ClusterError> {
        Ok(match self {
            Self::Contact(user, other) => {
                PeopleFound::Contact(local.load(table::CONTACT, &other_key(user, other))?)
            }
            Self::Contacts { user, after, limit } => {
                PeopleFound::Contacts(others(local, table::CONTACT, user, after.as_ref(), *limit)?)
            }
            Self::Block(user, other) => {
                PeopleFound::Block(local.load(table::BLOCK, &other_key(user, other))?)
            }
            Self::Blocks { user, after, limit } => {
                PeopleFound::Blocks(others(local, table::BLOCK, user, after.as_ref(), *limit)?)
            }
            Self::People(user) => PeopleFound::People(local.load(table::PEOPLE, &user_key(user))?),
            Self::Names { prefix, after, limit } => {
                PeopleFound::Names(names(local, table::NAME, prefix, after.as_ref(), *limit)?)
            }
            Self::AllNames { prefix, after, limit } => {
                PeopleFound::Names(all_names(local, prefix, after.as_ref(), *limit)?)
            }
        })
    }
}

/// A user's rows about others, by the others' ids, those behind `after`.
fn others<R: Row>(
    local: &LocalReader,
    table: u8,
    user: &UserId,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<(UserId, R)>, ClusterError> {
    let after = after.map(|after| after.as_str().as_bytes());
    local.list(table, &user_prefix(user), after, limit, |key, bytes| {
        Ok((text_id(key, UserId::parse)?, R::decode(bytes)?))
    })
}

/// Names that begin with `prefix`, in order, those behind `after`, also of users who are not to be found.
fn all_names(
    local: &LocalReader,
    prefix: &str,
    after: Option<&Name>,
    limit: usize,
) -> Result<Vec<Name>, ClusterError> {
    let mut all = names(local, table::NAME, prefix, after, limit)?;
    all.extend(names(local, table::HIDDEN_NAME, prefix, after, limit)?);
    all.sort_unstable();
    all.truncate(limit);
    Ok(all)
}

/// Names of one index that begin with `prefix`, in order, those behind `after`.
fn names(
    local: &LocalReader,
    index: u8,
    prefix: &str,
    after: Option<&Name>,
    limit: usize,
) -> Result<Vec<Name>, ClusterError> {
    let after = after.and_then(|(name, user)| {
        let rest = name.strip_prefix(prefix)?;
        Some([rest.as_bytes(), &[0], user.as_str().as_bytes()].concat())
    });
    local.list(index, prefix.as_bytes(), after.as_deref(), limit, |key, _| {
        let end = key.iter().position(|byte| *byte == 0).ok_or_else(|| odd_key(key))?;
        let (rest, user) = key.split_at(end);
        let rest = std::str::from_utf8(rest).map_err(|_| odd_key(key))?;
        Ok((format!("{prefix}{rest}"), text_id(user.get(1..).unwrap_or_default(), UserId::parse)?))
    })
}

impl Reader {
    /// What another user is to a user.
    pub async fn contact(&self, user: &UserId, other: &UserId) -> Result<Option<ContactRow>, ClusterError> {
        match self.ask_people(PeopleQuery::Contact(user.clone(), other.clone())).await? {
            PeopleFound::Contact(row) => Ok(row),
            other => Err(misfit(other)),
        }
    }

    /// All whom a user has to do with, or had, by their ids, those behind `after`.
    pub async fn contacts(
        &self,
        user: &UserId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<(UserId, ContactRow)>, ClusterError> {
        let (user, after) = (user.clone(), after.cloned());
        match self.ask_people(PeopleQuery::Contacts { user, after, limit }).await? {
            PeopleFound::Contacts(rows) => Ok(rows),
            other => Err(misfit(other)),
        }
    }

    /// Whether a user blocks another, or did.
    pub async fn block(&self, user: &UserId, other: &UserId) -> Result<Option<BlockRow>, ClusterError> {
        match self.ask_people(PeopleQuery::Block(user.clone(), other.clone())).await? {
            PeopleFound::Block(row) => Ok(row),
            other => Err(misfit(other)),
        }
    }

    /// All whom a user blocks, or did, by their ids, those behind `after`.
    pub async fn blocks(
        &self,
        user: &UserId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<(UserId, BlockRow)>, ClusterError> {
        let (user, after) = (user.clone(), after.cloned());
        match self.ask_people(PeopleQuery::Blocks { user, after, limit }).await? {
            PeopleFound::Blocks(rows) => Ok(rows),
            other => Err(misfit(other)),
        }
    }

    /// What a user's shard remembers about the user among people.
    pub async fn people(&self, user: &UserId) -> Result<Option<PeopleRow>, ClusterError> {
        match self.ask_people(PeopleQuery::People(user.clone())).await? {
            PeopleFound::People(row) => Ok(row),
            other => Err(misfit(other)),
        }
    }

    /// Names of this shard's findable users that begin with `prefix`, in order, those behind `after`.
    pub async fn names(
        &self,
        prefix: &str,
        after: Option<&Name>,
        limit: usize,
    ) -> Result<Vec<Name>, ClusterError> {
        let (prefix, after) = (prefix.to_owned(), after.cloned());
        self.found_names(PeopleQuery::Names { prefix, after, limit }).await
    }

    /// Like [`names`](Self::names), also of users who are not to be found. Only for whoever looks among people who
    /// see each other anyway. Reads twice `limit` rows at the most.
    pub async fn all_names(
        &self,
        prefix: &str,
        after: Option<&Name>,
        limit: usize,
    ) -> Result<Vec<Name>, ClusterError> {
        let (prefix, after) = (prefix.to_owned(), after.cloned());
        self.found_names(PeopleQuery::AllNames { prefix, after, limit }).await
    }

    async fn found_names(&self, query: PeopleQuery) -> Result<Vec<Name>, ClusterError> {
        match self.ask_people(query).await? {
            PeopleFound::Names(names) => Ok(names),
            other => Err(misfit(other)),
        }
    }

    async fn ask_people(&self, query: PeopleQuery) -> Result<PeopleFound, ClusterError> {
        match self.ask(Query::People(query)).await? {
            Found::People(found) => Ok(found),
            other => Err(other.misfit()),
        }
    }
}

fn misfit(found: PeopleFound) -> ClusterError {
    Found::People(found).misfit()
}
