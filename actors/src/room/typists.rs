//! Who may say that they type: a user now and then, and a room not more than its listeners can bear.

use madang_storage::id::UserId;

use super::rate::{Bucket, Rates, TooFast};
use crate::error::ActorError;
use crate::options::TypingOptions;

/// Who hears that somebody types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Whoever listens.
    ToAll,
    /// Nobody: too many type. It would end by itself in a moment anyway.
    ToNobody,
}

/// The people who type in one room.
#[derive(Debug)]
pub(super) struct Typists {
    options: TypingOptions,
    users: Rates,
    room: Bucket,
}

impl Typists {
    pub(super) fn new(options: TypingOptions) -> Self {
        Self { options, users: Rates::default(), room: Bucket::default() }
    }

    /// A user types, or has stopped to.
    pub(super) fn admit(&mut self, user: &UserId, now_us: u64) -> Result<Told, ActorError> {
        self.users.admit(user, self.options.user_rate, now_us).map_err(|why| match why {
            TooFast::Wait { retry_after_ms } => ActorError::RateLimited { retry_after_ms },
            TooFast::TooMany { users_max } => {
                ActorError::Overloaded { what: "the people who type in the room", limit: users_max }
            }
        })?;
        let borne = self.room.admit(self.options.room_rate, now_us).is_ok();
        Ok(if borne { Told::ToAll } else { Told::ToNobody })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::user;
    use crate::options::SendRate;

    #[test]
    fn one_user_is_told_to_wait_and_a_room_of_many_is_told_less() {
        let rate = |per_second, burst| SendRate { per_second, burst };
        let options =
            TypingOptions { user_rate: rate(1, 2), room_rate: rate(1, 3), ..TypingOptions::default() };
        let mut typists = Typists::new(options);
        let minji = user("minji");
        for _ in 0..2 {
            assert_eq!(typists.admit(&minji, 0).unwrap(), Told::ToAll);
        }
        let refused = typists.admit(&minji, 0).unwrap_err();
        assert!(matches!(refused, ActorError::RateLimited { retry_after_ms: 1_000 }), "{refused:?}");
        assert_eq!(typists.admit(&user("jun"), 0).unwrap(), Told::ToAll);
        assert_eq!(typists.admit(&user("haneul"), 0).unwrap(), Told::ToNobody);
        assert_eq!(typists.admit(&user("haneul"), 1_000_000).unwrap(), Told::ToAll);
    }
}
