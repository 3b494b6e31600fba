//! What sessions are owed of news that are told now and then, in one frame: who came or went. Of each user the
//! last word to that session only, and however many rooms it shares with that user, once.

use std::collections::HashMap;

use bytes::Bytes;
use madang_storage::id::UserId;

use super::sessions::SessionKey;

/// News that wait to be told together.
#[derive(Debug, Default)]
pub(super) struct Notices {
    lines: Vec<Bytes>,
    /// What is said of each user: as a rule the same to everybody.
    by_user: HashMap<UserId, Vec<usize>>,
    owed: HashMap<SessionKey, Vec<usize>>,
}

impl Notices {
    /// These sessions are to be told this line about a user.
    pub(super) fn add(&mut self, about: &UserId, line: &Bytes, to: impl Iterator<Item = SessionKey>) {
        let said = self.by_user.entry(about.clone()).or_default();
        let index =
            said.iter().copied().find(|index| self.lines.get(*index) == Some(line)).unwrap_or_else(|| {
                self.lines.push(line.clone());
                said.push(self.lines.len() - 1);
                self.lines.len() - 1
            });
        for key in to {
            let owed = self.owed.entry(key).or_default();
            // What is new comes last as a rule; what is told anew has few before it.
            if owed.last() != Some(&index) {
                owed.retain(|owed| !said.contains(owed));
                owed.push(index);
            }
        }
    }

    /// Takes what is to be told; `frame` makes one of several lines. Those who are owed the same get the same
    /// frame.
    pub(super) fn take(&mut self, frame: impl Fn(&[Bytes]) -> Bytes) -> Vec<(SessionKey, Bytes)> {
        let Self { lines, owed, .. } = std::mem::take(self);
        let mut frames: HashMap<Vec<usize>, Bytes> = HashMap::new();
        let told = owed.into_iter().map(|(key, owed)| {
            if let Some(frame) = frames.get(&owed) {
                return (key, frame.clone());
            }
            let mine: Vec<Bytes> = owed.iter().filter_map(|index| lines.get(*index).cloned()).collect();
            let made = frame(&mine);
            frames.insert(owed, made.clone());
            (key, made)
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sessions::Sessions;
    use super::*;
    use crate::fake::user;
    use crate::outbound::Outbound;

    fn keys<const N: usize>() -> [SessionKey; N] {
        let mut sessions = Sessions::default();
        std::array::from_fn(|_| {
            let session = madang_storage::id::SessionId([1; 16]);
            sessions.insert(Outbound::new(1_000), user("jun"), session).unwrap()
        })
    }

    fn told(notices: &mut Notices) -> HashMap<SessionKey, String> {
        let told = notices.take(|lines| lines.concat().into());
        told.into_iter().map(|(key, frame)| (key, String::from_utf8(frame.to_vec()).unwrap())).collect()
    }

    #[test]
    fn each_session_gets_one_frame_with_the_last_word_on_each_user() {
        let (mut notices, [one, two]) = (Notices::default(), keys());
        let add = |notices: &mut Notices, about: &str, line: &'static str, to: &[SessionKey]| {
            notices.add(&user(about), &Bytes::from_static(line.as_bytes()), to.iter().copied());
        };
        add(&mut notices, "minji", "minji came. ", &[one, one]);
        add(&mut notices, "haneul", "haneul came. ", &[one, two]);
        add(&mut notices, "minji", "minji went. ", &[two]);
        let heard = told(&mut notices);
        assert_eq!(heard[&one], "minji came. haneul came. ");
        assert_eq!(heard[&two], "haneul came. minji went. ");
        assert_eq!(told(&mut notices), HashMap::new());
    }

    #[test]
    fn what_is_said_to_one_changes_nothing_of_what_others_are_told() {
        let (mut notices, [one, two]) = (Notices::default(), keys());
        let mut add = |line: &'static str, to: &[SessionKey]| {
            notices.add(&user("minji"), &Bytes::from_static(line.as_bytes()), to.iter().copied());
        };
        add("came. ", &[one, two]);
        add("hidden. ", &[two]);
        add("idle. ", &[one]);
        add("came. ", &[one]);
        assert_eq!(
            told(&mut notices),
            HashMap::from([(one, "came. ".to_owned()), (two, "hidden. ".to_owned())])
        );
    }

    #[test]
    fn those_who_are_owed_the_same_share_a_frame() {
        let (mut notices, keys) = (Notices::default(), keys::<3>());
        notices.add(&user("minji"), &Bytes::from_static(b"minji came. "), keys.into_iter());
        let frames = notices.take(|lines| lines.concat().into());
        assert_eq!(frames.len(), 3);
        assert!(frames.windows(2).all(|two| two[0].1.as_ptr() == two[1].1.as_ptr()));
    }
}
