//! Who is told of a user beside the members of the user's rooms, and who is not told whatever happens.

use madang_cluster::{ClusterError, Reader};
use madang_storage::id::UserId;
use madang_storage::row::{Blocked, Relation};

/// Rows that are read at one time. There may be many more than a user has contacts or blocks: what has ended
/// stays, so that stragglers are known as such.
const PAGE_ROWS: usize = 1_000;

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
    let mut after = None;
    while circle.contacts.len() < people.contacts as usize {
        let rows = reader.contacts(user, after.as_ref(), PAGE_ROWS).await?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(last.clone());
        let contacts = rows.into_iter().filter(|(_, row)| row.relation() == Relation::Contact);
        circle.contacts.extend(contacts.map(|(other, _)| other));
    }
    let mut after = None;
    while circle.blocked.len() < people.blocks as usize {
        let rows = reader.blocks(user, after.as_ref(), PAGE_ROWS).await?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(last.clone());
        let blocked = rows.into_iter().filter(|(_, row)| row.blocked == Blocked::Yes);
        circle.blocked.extend(blocked.map(|(other, _)| other));
    }
    Ok(circle)
}

#[cfg(test)]
mod tests {
    use madang_cluster::command::{Op, PeopleOp, UserOp};
    use madang_cluster::{Cluster, ClusterOptions};
    use madang_storage::row::{Effect, Side};
    use madang_storage::{LogOptions, LogStore, StateOptions, StateStore};

    use super::*;
    use crate::fake::user;
    use crate::yard::run;

    /// Carries them out, one after the other, many in one entry.
    async fn all(cluster: &Cluster, ops: impl Iterator<Item = Op>) {
        let shard = cluster.slots().of_user(&user("jun"));
        let answers: Vec<_> = ops.map(|op| cluster.submit(shard, op).unwrap()).collect();
        for answer in answers {
            cluster.answered(answer).await.unwrap().unwrap();
        }
    }

    #[test]
    fn a_block_and_a_contact_behind_pages_of_ended_ones_are_found() {
        run(async {
            let dir = tempfile::tempdir().unwrap();
            let log = LogStore::open(&dir.path().join("log"), &LogOptions::default()).unwrap();
            let state = StateStore::open(&dir.path().join("state"), &StateOptions::default()).unwrap();
            let options = ClusterOptions { shards: 1, ..ClusterOptions::default() };
            let cluster = Cluster::start(options, log, state).await.unwrap();
            let (jun, home) = (user("jun"), cluster.slots().of_user(&user("jun")));
            let people = |op| Op::User { user: user("jun"), op: UserOp::People(op) };
            let op = UserOp::SignUp {
                display_name: "Jun".to_owned(),
                password_hash: String::new(),
                names: vec![],
            };
            cluster.propose(home, Op::User { user: jun.clone(), op }).await.unwrap().unwrap();
            let others: Vec<UserId> = (0..=PAGE_ROWS).map(|n| user(&format!("a{n}"))).collect();
            for some in others.chunks(250) {
                let ended = |other: &UserId| {
                    let (request, remove) =
                        (PeopleOp::Request(other.clone()), PeopleOp::Remove(other.clone()));
                    let (block, unblock) = (PeopleOp::Block(other.clone()), PeopleOp::Unblock(other.clone()));
                    [request, remove, block, unblock].map(people)
                };
                all(&cluster, some.iter().flat_map(ended)).await;
            }
            let (friend, foe) = (user("z-friend"), user("z-foe"));
            let yes = Side { version: 1, given: 1, ..Side::default() };
            let answer = Effect::Contact { from: friend.clone(), to: jun.clone(), side: yes };
            let request = people(PeopleOp::Request(friend.clone()));
            let last = [request, Op::Effect(answer), people(PeopleOp::Block(foe.clone()))];
            all(&cluster, last.into_iter()).await;
            let reader = cluster.reader(home).await.unwrap();
            let expected = Circle { contacts: vec![friend], blocked: vec![foe] };
            assert_eq!(circle(&reader, &jun).await.unwrap(), expected);
            cluster.shutdown().await.unwrap();
        });
    }
}
