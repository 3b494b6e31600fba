//! The directory of open rooms: by title, over all shards, found by how the title begins.

use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::Listed;
use madang_storage::id::ShardId;

use super::readers::Readers;
use super::{Caller, RoomPage, Service, ServiceError, cursor, names};

/// Shards that are asked at the same time.
const SHARDS_AT_ONCE: usize = 16;
/// How much of a title the directory sorts by, in bytes.
const SORT_TITLE_BYTES_MAX: usize = 128;

/// A title as the directory sorts it. The node that takes a command makes it, not the replicated machine:
/// tables of Unicode change from build to build, and every replica must come to the same bytes.
pub(super) fn sort_title(title: &str) -> String {
    let mut folded = names::fold(title);
    folded.truncate(folded.floor_char_boundary(SORT_TITLE_BYTES_MAX));
    folded
}

impl Service {
    /// Open rooms that anybody may join, by title; with `search`, those whose title begins with it, however
    /// it is written.
    pub async fn open_rooms(
        &self,
        caller: &Caller,
        search: Option<&str>,
        limit: usize,
        next: Option<&str>,
    ) -> Result<RoomPage, ServiceError> {
        let after = next.map(cursor::parse_listed).transpose()?;
        let prefix = search.map(sort_title).unwrap_or_default();
        let readers = self.readers();
        let found = self.listed(&readers, &prefix, after.as_ref(), limit + 1).await?;
        let page = found.iter().take(limit).map(|(_, room)| *room).collect();
        let (rooms, taken) = self.views_of(&readers, &caller.user, page).await?;
        let last = taken.checked_sub(1).and_then(|last| found.get(last)).filter(|_| found.len() > taken);
        let next = last.map(cursor::listed_text);
        Ok(RoomPage { rooms, next, freshness: readers.freshness() })
    }

    /// The first of all shards together. Each is asked for as many: they may all be of one shard.
    async fn listed(
        &self,
        readers: &Readers,
        prefix: &str,
        after: Option<&Listed>,
        limit: usize,
    ) -> Result<Vec<Listed>, ServiceError> {
        let of_shard = |shard: ShardId| async move {
            Ok::<_, ServiceError>(readers.of(shard).await?.directory(prefix, after, limit).await?)
        };
        let shards = stream::iter(self.0.cluster.slots().all().map(of_shard)).buffered(SHARDS_AT_ONCE);
        let mut found: Vec<Listed> = shards.try_concat().await?;
        found.sort_unstable();
        found.truncate(limit);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_sorted_the_same_however_it_is_written_and_is_bounded() {
        assert_eq!(sort_title("  MADANG  yard "), "madang yard");
        assert_eq!(sort_title("\u{1106}\u{1175}\u{11ab}"), sort_title("민"));
        let long = sort_title(&"마".repeat(128));
        assert!(long.len() <= SORT_TITLE_BYTES_MAX && long.ends_with('마'));
    }
}
