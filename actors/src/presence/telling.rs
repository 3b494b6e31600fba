//! What one other node is still to be told: as a node with connections, to the homes it has; as a home, to
//! a node with listeners.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use madang_storage::id::{ShardId, UserId};

use super::shown::Shown;

/// Users in one message.
pub(super) const USERS_AT_ONCE: usize = 1_000;
/// More changes of one topic than this that wait are told as a new list.
const CHANGES_MAX: usize = 16 * USERS_AT_ONCE;

/// What is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Topic {
    /// Who of the shard's users was there by what the homes before said, as heard here. To a home that begins;
    /// told before who is connected, so that a home that has all lists has this as well.
    Remembered(ShardId),
    /// Who of the shard's users is connected here. To the shard's home.
    Connected(ShardId),
    /// Who of the shard's users is online, idle or gone. From the shard's home.
    Posted(ShardId),
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Tell all of a topic.
    List(Topic, u64),
    /// Tell that all of the topic is told for good.
    Settled(Topic, u64),
    /// Tell how it is with these.
    Changed(Vec<(Topic, u64, Vec<Change>)>),
}

/// Whom something changed for, and what is told. Who is connected is looked up when it is told.
pub(super) type Change = (UserId, Option<Arc<Shown>>);

/// One node's part. Of each user the last word only.
#[derive(Debug, Default)]
pub(super) struct Telling {
    topics: BTreeMap<Topic, State>,
}

#[derive(Debug)]
struct State {
    epoch: u64,
    listed: Listed,
    settled: Settled,
    changed: HashMap<UserId, Option<Arc<Shown>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listed {
    No,
    /// Not before [`Telling::try_again`]: the node did not want to hear it.
    Later,
    Yes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    NotYet,
    Yes,
    AndTold,
}

impl Telling {
    /// From now on the node is told of this, for the home of this epoch, from the beginning.
    pub(super) fn begin(&mut self, topic: Topic, epoch: u64) {
        let state = State { epoch, listed: Listed::No, settled: Settled::NotYet, changed: HashMap::new() };
        self.topics.insert(topic, state);
    }

    /// From now on the node is told what the shard's home, of this epoch, should know.
    pub(super) fn begin_for_home(&mut self, shard: ShardId, epoch: u64) {
        self.begin(Topic::Remembered(shard), epoch);
        self.begin(Topic::Connected(shard), epoch);
    }

    /// The node is not the shard's home any more.
    pub(super) fn end_for_home(&mut self, shard: ShardId) {
        self.end(Topic::Remembered(shard));
        self.end(Topic::Connected(shard));
    }

    /// It is not told of this any more.
    pub(super) fn end(&mut self, topic: Topic) {
        self.topics.remove(&topic);
    }

    /// All of the topic is known now.
    pub(super) fn settle(&mut self, topic: Topic) {
        if let Some(state) = self.topics.get_mut(&topic)
            && state.settled == Settled::NotYet
        {
            state.settled = Settled::Yes;
        }
    }

    /// Something changed for a user.
    pub(super) fn changed(&mut self, topic: Topic, user: &UserId, shown: Option<Arc<Shown>>) {
        // What changes before the list is in the list.
        let Some(state) = self.topics.get_mut(&topic).filter(|state| state.listed == Listed::Yes) else {
            return;
        };
        if state.changed.len() >= CHANGES_MAX {
            state.again();
        } else {
            state.changed.insert(user.clone(), shown);
        }
    }

    /// Takes what is to be told next; `None`: the node knows it all.
    pub(super) fn next(&mut self) -> Option<Next> {
        if let Some((topic, state)) = self.topics.iter_mut().find(|(_, state)| state.listed == Listed::No) {
            state.listed = Listed::Yes;
            return Some(Next::List(*topic, state.epoch));
        }
        let mut changed = Vec::new();
        let mut left = USERS_AT_ONCE;
        for (topic, state) in self.topics.iter_mut().filter(|(_, state)| !state.changed.is_empty()) {
            let users: Vec<_> = state.changed.keys().take(left).cloned().collect();
            left -= users.len();
            let changes: Vec<_> =
                users.into_iter().filter_map(|user| state.changed.remove_entry(&user)).collect();
            if !changes.is_empty() {
                changed.push((*topic, state.epoch, changes));
            }
        }
        if !changed.is_empty() {
            return Some(Next::Changed(changed));
        }
        let is_due = |state: &State| state.settled == Settled::Yes && state.listed == Listed::Yes;
        let settled = self.topics.iter_mut().find(|(_, state)| is_due(state));
        settled.map(|(topic, state)| {
            state.settled = Settled::AndTold;
            Next::Settled(*topic, state.epoch)
        })
    }

    /// The homes here that the node should believe by now.
    pub(super) fn homes(&self) -> Vec<(ShardId, u64)> {
        let home = |(topic, state): (&Topic, &State)| match topic {
            Topic::Posted(shard) if state.listed == Listed::Yes => Some((*shard, state.epoch)),
            _ => None,
        };
        self.topics.iter().filter_map(home).collect()
    }

    /// What was taken may not have arrived: all is told anew.
    pub(super) fn failed(&mut self) {
        self.topics.values_mut().for_each(State::again);
    }

    /// The node does not take this one for the home: perhaps it will in a moment.
    pub(super) fn not_the_home(&mut self, shard: ShardId) {
        if let Some(state) = self.topics.get_mut(&Topic::Posted(shard)) {
            state.again();
            state.listed = Listed::Later;
        }
    }

    /// The node is not the home of this epoch: where there is one it says so itself.
    pub(super) fn no_home_there(&mut self, shard: ShardId, epoch: u64) {
        if self.topics.get(&Topic::Connected(shard)).is_some_and(|state| state.epoch == epoch) {
            self.end_for_home(shard);
        }
    }

    /// A moment has passed since the node did not want to hear something.
    pub(super) fn try_again(&mut self) {
        for state in self.topics.values_mut().filter(|state| state.listed == Listed::Later) {
            state.listed = Listed::No;
        }
    }
}

impl State {
    fn again(&mut self) {
        self.listed = Listed::No;
        self.changed = HashMap::new();
        if self.settled == Settled::AndTold {
            self.settled = Settled::Yes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::user;

    const HERE: Topic = Topic::Connected(ShardId(1));
    const POSTED: Topic = Topic::Posted(ShardId(2));

    #[test]
    fn first_comes_the_list_then_what_changed_since_and_once_that_it_is_whole() {
        let (jun, mut telling) = (user("jun"), Telling::default());
        telling.changed(HERE, &jun, None);
        assert_eq!(telling.next(), None, "nobody wants to hear it yet");
        telling.begin(POSTED, 7);
        telling.changed(POSTED, &jun, None);
        assert_eq!(telling.next(), Some(Next::List(POSTED, 7)));
        assert_eq!(telling.next(), None);
        telling.changed(POSTED, &jun, None);
        telling.changed(POSTED, &jun, None);
        telling.settle(POSTED);
        assert_eq!(telling.next(), Some(Next::Changed(vec![(POSTED, 7, vec![(jun, None)])])));
        assert_eq!(telling.next(), Some(Next::Settled(POSTED, 7)));
        telling.settle(POSTED);
        assert_eq!(telling.next(), None);
    }

    #[test]
    fn what_may_not_have_arrived_is_told_anew() {
        let mut telling = Telling::default();
        telling.begin(POSTED, 7);
        telling.settle(POSTED);
        telling.next();
        telling.next();
        telling.changed(POSTED, &user("jun"), None);
        telling.next();
        telling.failed();
        assert_eq!(telling.next(), Some(Next::List(POSTED, 7)));
        assert_eq!(telling.next(), Some(Next::Settled(POSTED, 7)));
    }

    #[test]
    fn changes_of_all_topics_go_together_in_bounded_portions_and_too_many_become_a_list() {
        let mut telling = Telling::default();
        telling.begin(HERE, 1);
        telling.begin(POSTED, 2);
        telling.next();
        telling.next();
        (0..USERS_AT_ONCE - 1)
            .for_each(|number| telling.changed(HERE, &user(&format!("user{number}")), None));
        (0..3).for_each(|number| telling.changed(POSTED, &user(&format!("user{number}")), None));
        let Some(Next::Changed(first)) = telling.next() else { panic!() };
        assert_eq!(first.iter().map(|(_, _, users)| users.len()).collect::<Vec<_>>(), [USERS_AT_ONCE - 1, 1]);
        let Some(Next::Changed(second)) = telling.next() else { panic!() };
        assert_eq!(second.iter().map(|(_, _, users)| users.len()).collect::<Vec<_>>(), [2]);
        (0..=CHANGES_MAX).for_each(|number| telling.changed(HERE, &user(&format!("user{number}")), None));
        assert_eq!(telling.next(), Some(Next::List(HERE, 1)));
        telling.end(HERE);
        telling.changed(HERE, &user("jun"), None);
        assert_eq!(telling.next(), None);
    }

    #[test]
    fn what_the_node_does_not_want_to_hear_waits_and_keeps_nothing_else_waiting() {
        let mut telling = Telling::default();
        telling.begin(POSTED, 7);
        telling.next();
        telling.not_the_home(ShardId(2));
        telling.settle(POSTED);
        assert_eq!(telling.next(), None);
        telling.begin(Topic::Posted(ShardId(3)), 8);
        assert_eq!(telling.next(), Some(Next::List(Topic::Posted(ShardId(3)), 8)));
        telling.try_again();
        assert_eq!(telling.next(), Some(Next::List(POSTED, 7)));
        assert_eq!(telling.next(), Some(Next::Settled(POSTED, 7)));
    }

    #[test]
    fn a_home_that_is_no_more_is_told_nothing_more_but_its_successor_is() {
        let mut telling = Telling::default();
        telling.begin(HERE, 7);
        telling.begin(HERE, 8);
        telling.no_home_there(ShardId(1), 7);
        assert_eq!(telling.next(), Some(Next::List(HERE, 8)));
        telling.no_home_there(ShardId(1), 8);
        telling.changed(HERE, &user("jun"), None);
        assert_eq!(telling.next(), None);
    }
}
