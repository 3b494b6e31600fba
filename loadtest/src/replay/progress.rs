//! Which steps of a script a room holds already, when a run continues an earlier one. Pure.

use std::collections::HashMap;

use super::compare::Entry;

/// For each expected entry, whether it was done: each user's own entries are matched in order, up to the
/// first one that is missing.
///
/// Joins and leaves have no name of their own, so doing them again would double them; sends would not be
/// doubled, but a user who has left meanwhile could not send them again.
pub fn steps_done(expected: &[Entry], found: &[Entry]) -> Vec<bool> {
    let mut of_user: HashMap<&str, std::vec::IntoIter<&Entry>> = HashMap::new();
    let mut grouped: HashMap<&str, Vec<&Entry>> = HashMap::new();
    for entry in found {
        grouped.entry(&entry.user).or_default().push(entry);
    }
    for (user, entries) in grouped {
        of_user.insert(user, entries.into_iter());
    }
    expected
        .iter()
        .map(|wanted| {
            let Some(rest) = of_user.get_mut(wanted.user.as_str()) else { return false };
            if rest.next() == Some(wanted) {
                return true;
            }
            // From here on this user has done nothing.
            of_user.remove(wanted.user.as_str());
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::compare::What;
    use super::*;

    fn said(user: &str, cid: &str) -> Entry {
        Entry { user: user.into(), what: What::Said { cid: cid.into(), text: "t".into() } }
    }

    fn joined(user: &str) -> Entry {
        Entry { user: user.into(), what: What::Joined }
    }

    #[test]
    fn the_steps_up_to_the_interruption_are_done() {
        let script = [joined("a"), said("a", "1"), joined("b"), said("b", "2"), said("a", "3")];
        for cut in 0..=script.len() {
            let done = steps_done(&script, &script[..cut]);
            assert_eq!(done.iter().filter(|done| **done).count(), cut);
            assert!(done[..cut].iter().all(|done| *done));
        }
    }

    #[test]
    fn users_that_pipelined_are_matched_each_by_itself() {
        let script = [joined("a"), joined("b"), said("a", "1"), said("b", "2"), said("a", "3")];
        let found = [joined("b"), said("b", "2"), joined("a")];
        assert_eq!(steps_done(&script, &found), [true, true, false, true, false]);
    }

    #[test]
    fn a_users_steps_after_a_missing_one_are_not_done() {
        let script = [joined("a"), said("a", "1"), said("a", "2")];
        let found = [joined("a"), said("a", "2")];
        assert_eq!(steps_done(&script, &found), [true, false, false]);
    }
}
