//! People who are each in several rooms with other people in each: accounts and rooms for drills that need many
//! connections. Who is in which room is pure.

use std::time::Duration;

use anyhow::Context;
use futures_util::{StreamExt, TryStreamExt};

use crate::accounts::{Applicant, enter_all};
use crate::chat::make_room;
use crate::client::HttpClient;

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Requests at the same time.
const AT_ONCE: usize = 16;

/// Who is in which room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Neighbourhood {
    /// People.
    pub(super) users: usize,
    /// Members of a room; some rooms have fewer.
    pub(super) room_size: usize,
    /// Rooms that everybody is in.
    pub(super) rooms_each: usize,
}

impl Neighbourhood {
    /// Rooms of one round; everybody is in one room of each round.
    fn rooms_a_round(&self) -> usize {
        self.users.div_ceil(self.room_size)
    }

    /// All rooms, as round and number.
    fn rooms(&self) -> impl Iterator<Item = (usize, usize)> {
        let numbers = self.rooms_a_round();
        (0..self.rooms_each).flat_map(move |round| (0..numbers).map(move |number| (round, number)))
    }

    /// The members of a room: one of each place in a block of people, of a block further on each time.
    fn members_of(&self, round: usize, number: usize) -> impl Iterator<Item = usize> {
        let (blocks, size, users) = (self.rooms_a_round(), self.room_size, self.users);
        let member = move |place| (number + round * place) % blocks * size + place;
        (0..size).map(member).filter(move |user| *user < users)
    }
}

/// Signs everybody up and makes the rooms; the tokens of all. `run_id` begins their names.
pub(super) async fn settle(
    http: &HttpClient,
    run_id: &str,
    plan: Neighbourhood,
) -> anyhow::Result<Vec<String>> {
    let applicants = Applicant::crowd(run_id, plan.users);
    let sessions =
        enter_all(http, &applicants, AT_ONCE, PATIENCE).await.context("cannot sign everybody up")?;
    let tokens: Vec<String> = sessions.into_iter().map(|session| session.token).collect();
    let make = |(round, number)| {
        let member = |user: usize| Some(http.numbered(user).with_token(tokens.get(user)?));
        let members: Vec<HttpClient> = plan.members_of(round, number).filter_map(member).collect();
        let title = format!("{run_id} room {round}.{number}");
        async move { if members.is_empty() { Ok(()) } else { make_room(&members, &title).await.map(drop) } }
    };
    let making = futures_util::stream::iter(plan.rooms().map(make)).buffered(AT_ONCE);
    making.try_collect::<Vec<()>>().await.context("cannot make the rooms")?;
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_in_as_many_rooms_as_planned_and_meets_others_in_each() {
        for (users, room_size, rooms_each) in [(100, 5, 4), (103, 7, 3), (1, 20, 5)] {
            let plan = Neighbourhood { users, room_size, rooms_each };
            let mut rooms = vec![0; users];
            let mut met = std::collections::BTreeSet::new();
            for (round, number) in plan.rooms() {
                let members: Vec<usize> = plan.members_of(round, number).collect();
                assert!(members.len() <= room_size);
                for user in &members {
                    rooms[*user] += 1;
                    let others = members.iter().filter(|other| *other > user);
                    let new = others.map(|other| (*user, *other)).filter(|pair| !met.insert(*pair)).count();
                    assert_eq!(new, 0, "nobody meets the same person in two rooms: {plan:?}");
                }
            }
            assert!(rooms.iter().all(|count| *count == rooms_each), "{plan:?}");
        }
    }
}
