//! Who is told of a user beside the members of the user's rooms, and who is not told whatever happens.

use madang_cluster::{ClusterError, Reader};
use madang_storage::id::UserId;
use madang_storage::row::{Blocked, Relation};

/// Rows of each kind that are looked at, the most: no user has more contacts.
const ROWS_MAX: usize = 10_000;

/// The people around a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circle {
    /// The user's contacts.
    pub contacts: Vec<UserId>,
    /// Whom the user blocks.
    pub blocked: Vec<UserId>,
}

/// What the rows of the user's shard say.
pub(crate) async fn circle(reader: &Reader, user: &UserId) -> Result<Circle, ClusterError> {
    let mut circle = Circle::default();
    // Most have neither, and one row says so.
    let Some(people) = reader.people(user).await? else { return Ok(circle) };
    if people.contacts > 0 {
        let rows = reader.contacts(user, None, ROWS_MAX).await?;
        let contacts = rows.into_iter().filter(|(_, row)| row.relation() == Relation::Contact);
        circle.contacts = contacts.map(|(other, _)| other).collect();
    }
    if people.blocks > 0 {
        let rows = reader.blocks(user, None, ROWS_MAX).await?;
        let blocked = rows.into_iter().filter(|(_, row)| row.blocked == Blocked::Yes);
        circle.blocked = blocked.map(|(other, _)| other).collect();
    }
    Ok(circle)
}
