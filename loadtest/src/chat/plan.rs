//! Who is in which room, who sends, and when. Pure.

use std::time::Duration;

/// How much is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Load {
    /// So many messages per second, over all senders together, however slowly they are answered.
    Open {
        /// Messages per second.
        rate: f64,
    },
    /// Every sender sends the next message when the last one is acknowledged.
    Closed,
}

/// Who is where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Users with a connection.
    pub users: usize,
    /// Members of a room; the last room may be smaller.
    pub room_size: usize,
    /// How many of the users send.
    pub senders: usize,
}

impl Plan {
    /// A plan that makes sense: at least one user, rooms of at least one, no more senders than users.
    pub fn new(users: usize, room_size: usize, senders: Option<usize>) -> Self {
        let users = users.max(1);
        let senders = senders.unwrap_or(users).clamp(1, users);
        Self { users, room_size: room_size.clamp(1, users), senders }
    }

    /// Number of rooms.
    pub fn rooms(&self) -> usize {
        self.users.div_ceil(self.room_size)
    }

    /// The room of a user.
    pub fn room_of(&self, user: usize) -> usize {
        user / self.room_size
    }

    /// The members of a room.
    pub fn members_of(&self, room: usize) -> std::ops::Range<usize> {
        let first = room * self.room_size;
        first.min(self.users)..(first + self.room_size).min(self.users)
    }

    /// The number of a user among the senders, who are spread evenly over all users and so over the rooms.
    pub fn sender_number(&self, user: usize) -> Option<usize> {
        let before = user * self.senders / self.users;
        let behind = (user + 1) * self.senders / self.users;
        (behind > before).then_some(before)
    }
}

/// When a sender's message is due after the start: senders take turns, so that the whole is even.
pub fn due(rate: f64, senders: usize, sender: usize, message: u64) -> Duration {
    let position = message as f64 * senders as f64 + sender as f64;
    Duration::try_from_secs_f64(position / rate).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_is_in_exactly_one_room() {
        for (users, size) in [(10, 3), (9, 3), (1, 5), (7, 1)] {
            let plan = Plan::new(users, size, None);
            let mut seen = vec![0; plan.users];
            for room in 0..plan.rooms() {
                for user in plan.members_of(room) {
                    assert_eq!(plan.room_of(user), room);
                    seen[user] += 1;
                }
            }
            assert!(seen.iter().all(|count| *count == 1), "{plan:?}");
        }
    }

    #[test]
    fn senders_are_numbered_without_gaps_and_spread_over_the_rooms() {
        for (users, senders) in [(10, 10), (10, 3), (2000, 200), (7, 1)] {
            let plan = Plan::new(users, 2, Some(senders));
            let numbers: Vec<_> = (0..users).filter_map(|user| plan.sender_number(user)).collect();
            assert_eq!(numbers, (0..senders).collect::<Vec<_>>());
        }
        let plan = Plan::new(100, 10, Some(10));
        let mut rooms: Vec<_> =
            (0..100).filter(|u| plan.sender_number(*u).is_some()).map(|u| plan.room_of(u)).collect();
        rooms.dedup();
        assert_eq!(rooms.len(), 10, "one sender in each room");
    }

    #[test]
    fn messages_of_all_senders_together_come_evenly() {
        let mut times: Vec<_> =
            (0..4).flat_map(|sender| (0..3).map(move |message| due(100.0, 4, sender, message))).collect();
        times.sort();
        let expected: Vec<_> = (0..12).map(|n| Duration::from_millis(10 * n)).collect();
        assert_eq!(times, expected);
    }

    #[test]
    fn a_rate_of_zero_is_never_due() {
        assert_eq!(due(0.0, 1, 0, 1), Duration::MAX);
    }
}
