//! Searching for people by how their ids and names begin.

use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::Name;
use madang_storage::id::UserId;
use tokio::task::coop;

use super::{Listed, Service, ServiceError, cursor, names};

/// Rows of one list that are read at the same time.
const READS_AT_ONCE: usize = 32;
/// Shards that are searched at the same time.
const SHARDS_AT_ONCE: usize = 8;

/// Somebody whom a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonView {
    /// Who.
    pub user: UserId,
    /// What people see.
    pub display_name: String,
}

impl Service {
    /// People whose id or display name begins with `prefix`, in the order of these. Who is found by both may
    /// come once more on another page.
    pub async fn find_users(
        &self,
        prefix: &str,
        limit: usize,
        next: Option<&str>,
    ) -> Result<Listed<PersonView>, ServiceError> {
        let (prefix, after) = (names::fold(prefix), next.map(cursor::parse_name).transpose()?);
        if prefix.is_empty() {
            let what = "field `prefix`: there is nothing to look for".to_owned();
            return Err(ServiceError::BadRequest { what });
        }
        let readers = self.readers();
        let shards = self.0.cluster.slots().all().map(|shard| {
            let (readers, prefix, after) = (&readers, prefix.as_str(), after.as_ref());
            async move {
                // One more than asked for tells whether there is a next page.
                Ok::<_, ServiceError>(readers.of(shard).await?.names(prefix, after, limit + 1).await?)
            }
        });
        let found: Vec<Vec<Name>> =
            stream::iter(shards).buffer_unordered(SHARDS_AT_ONCE).try_collect().await?;
        let mut found: Vec<Name> = found.into_iter().flatten().collect();
        found.sort_unstable();
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(cursor::name_text);
        let mut users: Vec<UserId> = Vec::with_capacity(found.len());
        for (_, user) in found {
            if !users.contains(&user) {
                users.push(user);
            }
        }
        let views = users.into_iter().map(|user| {
            let readers = &readers;
            async move {
                coop::consume_budget().await;
                let display_name = readers.profile(&user).await?.display_name;
                Ok::<_, ServiceError>(PersonView { user, display_name })
            }
        });
        Ok(Listed { items: stream::iter(views).buffered(READS_AT_ONCE).try_collect().await?, next })
    }
}
