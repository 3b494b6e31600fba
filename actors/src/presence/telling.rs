//! What one other node is still to be told about who is here.

use std::collections::HashSet;

use madang_storage::id::UserId;

/// Users in one message.
pub(super) const USERS_AT_ONCE: usize = 1_000;
/// More changes than this that wait are told as a new list.
const CHANGES_MAX: usize = 16 * USERS_AT_ONCE;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Tell everybody who is here.
    List,
    /// Tell whether these are here.
    Changed(Vec<UserId>),
}

/// One node's part. Who is here is looked up when it is told, so that the last word is true.
#[derive(Debug, Default)]
pub(super) struct Telling {
    listed: Listed,
    changed: HashSet<UserId>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Listed {
    #[default]
    No,
    Yes,
}

impl Telling {
    /// Somebody came or went.
    pub(super) fn changed(&mut self, user: &UserId) {
        // What changes before the list is in the list.
        if self.listed == Listed::No {
            return;
        }
        self.changed.insert(user.clone());
        if self.changed.len() > CHANGES_MAX {
            self.failed();
        }
    }

    /// Takes what is to be told next; `None`: the node knows it all.
    pub(super) fn next(&mut self) -> Option<Next> {
        if self.listed == Listed::No {
            self.listed = Listed::Yes;
            return Some(Next::List);
        }
        if self.changed.is_empty() {
            return None;
        }
        let users: Vec<_> = self.changed.iter().take(USERS_AT_ONCE).cloned().collect();
        users.iter().for_each(|user| {
            self.changed.remove(user);
        });
        Some(Next::Changed(users))
    }

    /// What was taken may not have arrived: all is told anew.
    pub(super) fn failed(&mut self) {
        self.listed = Listed::No;
        self.changed = HashSet::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::user;

    #[test]
    fn first_comes_the_list_and_then_what_changed_since() {
        let (jun, mut telling) = (user("jun"), Telling::default());
        telling.changed(&jun);
        assert_eq!(telling.next(), Some(Next::List));
        assert_eq!(telling.next(), None);
        telling.changed(&jun);
        telling.changed(&jun);
        assert_eq!(telling.next(), Some(Next::Changed(vec![jun])));
        assert_eq!(telling.next(), None);
    }

    #[test]
    fn what_may_not_have_arrived_is_told_anew() {
        let mut telling = Telling::default();
        telling.next();
        telling.changed(&user("jun"));
        telling.next();
        telling.failed();
        assert_eq!(telling.next(), Some(Next::List));
    }

    #[test]
    fn changes_go_in_bounded_portions_and_too_many_become_a_list() {
        let mut telling = Telling::default();
        telling.next();
        (0..=USERS_AT_ONCE).for_each(|number| telling.changed(&user(&format!("user{number}"))));
        assert!(matches!(telling.next(), Some(Next::Changed(users)) if users.len() == USERS_AT_ONCE));
        assert!(matches!(telling.next(), Some(Next::Changed(users)) if users.len() == 1));
        (0..=CHANGES_MAX).for_each(|number| telling.changed(&user(&format!("user{number}"))));
        assert_eq!(telling.next(), Some(Next::List));
        assert_eq!(telling.next(), None);
    }
}
