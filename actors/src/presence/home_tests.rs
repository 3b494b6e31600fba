use std::collections::{BTreeMap, BTreeSet, HashMap};

use madang_storage::id::UserId;
use proptest::prelude::*;

use super::home::{Ended, Home, Lease, Source, Word};
use super::machine::Seen;
use super::shown::Attention;
use crate::fake::user;

const ACTIVE: Option<Attention> = Some(Attention::Active);
const AWAY: Option<Attention> = Some(Attention::Away);
const ONE: Source = Source::Node(1);
const TWO: Source = Source::Node(2);

fn linked(nodes: &[u64]) -> BTreeSet<u64> {
    nodes.iter().copied().collect()
}

/// A home without a past that these nodes can reach, and that has told itself all it has.
fn home(nodes: &[u64]) -> Home {
    let (mut home, before) = Home::begin(7, Vec::new());
    assert_eq!(home.linked(&linked(nodes)), []);
    list(&mut home, Source::Here, &[]);
    nodes.iter().for_each(|node| drop(list(&mut home, Source::Node(*node), &[])));
    assert_eq!(home.lease_over(before), Ended::Void(Vec::new()));
    home
}

fn list(home: &mut Home, source: Source, words: &[(&str, Option<Attention>)]) -> Vec<UserId> {
    home.list_begins(source);
    let mut changed = home.told(source, words.iter().map(|(name, word)| (user(name), *word)).collect());
    changed.extend(home.list_ends(source));
    changed
}

fn tell(home: &mut Home, source: Source, name: &str, word: Option<Attention>) -> Vec<UserId> {
    home.told(source, vec![(user(name), word)])
}

#[test]
fn the_most_attentive_of_all_nodes_counts_and_repeats_change_nothing() {
    let mut home = home(&[1, 2]);
    let jun = user("jun");
    assert_eq!(tell(&mut home, ONE, "jun", AWAY), std::slice::from_ref(&jun));
    assert_eq!(tell(&mut home, ONE, "jun", AWAY), []);
    assert_eq!(tell(&mut home, TWO, "jun", ACTIVE), std::slice::from_ref(&jun));
    assert_eq!(home.seen(&jun), Seen::Here(Attention::Active));
    assert_eq!(tell(&mut home, ONE, "jun", None), []);
    assert_eq!(tell(&mut home, TWO, "jun", AWAY), std::slice::from_ref(&jun));
    assert_eq!(tell(&mut home, TWO, "jun", None), std::slice::from_ref(&jun));
    assert_eq!(home.seen(&jun), Seen::Nowhere);
    assert_eq!(home.users().count(), 0);
}

#[test]
fn what_others_remember_counts_until_the_home_is_settled_and_not_above_what_is_seen() {
    let (mut home, before) = Home::begin(7, Vec::new());
    home.linked(&linked(&[1]));
    list(&mut home, Source::Here, &[("jun", AWAY)]);
    let remembered = || vec![(user("jun"), Attention::Active), (user("minji"), Attention::Active)];
    assert_eq!(home.remembers(remembered()), [user("minji")]);
    assert_eq!(home.seen(&user("jun")), Seen::Here(Attention::Away));
    list(&mut home, ONE, &[]);
    assert_eq!(home.seen(&user("minji")), Seen::Here(Attention::Active), "perhaps between two nodes");
    assert_eq!(home.lease_over(before), Ended::Void(vec![user("minji")]));
    assert_eq!(home.remembers(remembered()), []);
    assert_eq!(home.seen(&user("minji")), Seen::Nowhere);
}

#[test]
fn a_list_takes_back_what_it_does_not_name() {
    let mut home = home(&[1, 2]);
    list(&mut home, ONE, &[("jun", ACTIVE), ("minji", ACTIVE)]);
    list(&mut home, TWO, &[("minji", ACTIVE)]);
    list(&mut home, ONE, &[]);
    assert_eq!(home.seen(&user("jun")), Seen::Nowhere);
    assert_eq!(home.seen(&user("minji")), Seen::Here(Attention::Active));
}

#[test]
fn the_word_of_a_node_holds_for_its_lease_and_a_link_in_time_renews_it() {
    let mut home = home(&[1]);
    tell(&mut home, ONE, "jun", ACTIVE);
    let lease = home.linked(&linked(&[])).remove(0);
    assert_eq!(home.linked(&linked(&[])), [], "it runs already");
    assert_eq!(home.linked(&linked(&[1])), []);
    assert_eq!(home.lease_over(lease), Ended::Not);
    let lease = home.linked(&linked(&[])).remove(0);
    assert_eq!(home.seen(&user("jun")), Seen::Here(Attention::Active));
    assert_eq!(home.lease_over(lease), Ended::Void(vec![user("jun")]));
    assert_eq!(home.seen(&user("jun")), Seen::Nowhere);
    let again = home.hears(ONE).expect("a node that is not linked is heard on a lease");
    tell(&mut home, ONE, "jun", ACTIVE);
    assert_eq!(home.lease_over(again), Ended::Void(vec![user("jun")]));
}

#[test]
fn a_new_home_believes_the_old_one_until_all_have_told_and_the_time_is_up() {
    let (mut home, before) =
        Home::begin(7, vec![(user("jun"), Attention::Active), (user("minji"), Attention::Away)]);
    home.linked(&linked(&[1, 2]));
    list(&mut home, Source::Here, &[]);
    list(&mut home, ONE, &[("jun", ACTIVE)]);
    assert_eq!(home.lease_over(before), Ended::NotYet, "the second node has not told yet");
    assert!(!home.is_settled());
    assert_eq!(home.seen(&user("minji")), Seen::Here(Attention::Away));
    let lost = home.linked(&linked(&[1])).remove(0);
    assert_eq!(home.lease_over(before).sorted(), Ended::Void(vec![user("jun"), user("minji")]));
    assert!(home.is_settled());
    assert_eq!(home.seen(&user("jun")), Seen::Here(Attention::Active));
    assert_eq!(home.seen(&user("minji")), Seen::Nowhere);
    assert_eq!(home.lease_over(lost), Ended::Void(vec![]));
}

#[test]
fn a_lease_of_another_home_ends_nothing() {
    let (mut home, _) = Home::begin(7, vec![(user("jun"), Attention::Active)]);
    list(&mut home, Source::Here, &[]);
    let (_, other) = Home::begin(8, Vec::new());
    assert_eq!(home.lease_over(other), Ended::Not);
}

impl Ended {
    fn sorted(self) -> Self {
        match self {
            Self::Void(mut users) => {
                users.sort_unstable();
                Self::Void(users)
            }
            other => other,
        }
    }
}

/// What may happen around a home, with three nodes and four users.
#[derive(Debug, Clone)]
enum Step {
    /// A node's user comes, goes, or looks away.
    Turns(u64, usize, Option<Attention>),
    /// A link breaks; the node may go on or die with all its connections.
    Breaks(u64, bool),
    /// A link is made, also where there is one.
    Links(u64),
    /// All leases that run have had their time.
    TimePasses,
    /// A message is told a second time.
    Again(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let word = prop_oneof![Just(None), Just(ACTIVE), Just(AWAY)];
    prop_oneof![
        6 => (1..4_u64, 0..4_usize, word).prop_map(|(node, user, word)| Step::Turns(node, user, word)),
        1 => (1..4_u64, any::<bool>()).prop_map(|(node, dies)| Step::Breaks(node, dies)),
        2 => (1..4_u64).prop_map(Step::Links),
        1 => Just(Step::TimePasses),
        1 => (0..8_usize).prop_map(Step::Again),
    ]
}

/// Nodes as they are, and a home that hears of it.
struct World {
    home: Home,
    truth: BTreeMap<u64, HashMap<UserId, Attention>>,
    linked: BTreeSet<u64>,
    leases: Vec<Lease>,
    told: Vec<(Source, Word)>,
}

impl World {
    fn new(before: Vec<(UserId, Attention)>) -> Self {
        let (home, lease) = Home::begin(7, before);
        let (truth, told) = (BTreeMap::new(), Vec::new());
        let mut world = Self { home, truth, linked: BTreeSet::new(), leases: vec![lease], told };
        list(&mut world.home, Source::Here, &[]);
        world
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Turns(node, number, word) => {
                let user = user(&format!("user{number}"));
                let of_node = self.truth.entry(node).or_default();
                match word {
                    Some(attention) => drop(of_node.insert(user.clone(), attention)),
                    None => drop(of_node.remove(&user)),
                }
                if self.linked.contains(&node) {
                    self.told.push((Source::Node(node), (user.clone(), word)));
                    self.home.told(Source::Node(node), vec![(user, word)]);
                }
            }
            Step::Breaks(node, dies) => {
                self.linked.remove(&node);
                if dies {
                    self.truth.remove(&node);
                }
                self.leases.extend(self.home.linked(&self.linked));
            }
            Step::Links(node) => {
                self.linked.insert(node);
                self.leases.extend(self.home.linked(&self.linked));
                self.list(node);
            }
            Step::TimePasses => {
                for lease in std::mem::take(&mut self.leases) {
                    if self.home.lease_over(lease) == Ended::NotYet {
                        self.leases.push(lease);
                    }
                }
            }
            Step::Again(back) => {
                // Repeats come with the last word behind them: a list.
                let repeated = self.told.iter().rev().nth(back).cloned();
                if let Some((Source::Node(node), word)) = repeated
                    .filter(|(source, _)| matches!(source, Source::Node(node) if self.linked.contains(node)))
                {
                    self.home.told(Source::Node(node), vec![word]);
                    self.list(node);
                }
            }
        }
    }

    fn list(&mut self, node: u64) {
        let source = Source::Node(node);
        self.home.list_begins(source);
        let words = self.truth.get(&node).into_iter().flatten();
        self.home.told(source, words.map(|(user, attention)| (user.clone(), Some(*attention))).collect());
        self.home.list_ends(source);
    }

    fn true_of(&self, user: &UserId) -> Seen {
        let words = self.truth.values().filter_map(|of_node| of_node.get(user).copied());
        words.max().map_or(Seen::Nowhere, Seen::Here)
    }
}

proptest! {
    /// Whatever nodes do and however links break: while a link and a connection hold, the user is seen; and
    /// once all links are there and the leases have had their time, what is seen is the truth.
    #[test]
    fn what_is_seen_becomes_the_truth_and_nobody_who_is_known_to_be_here_is_missed(
        steps in prop::collection::vec(step(), 0..80),
        before in prop::collection::vec((0..4_usize, any::<bool>()), 0..4),
    ) {
        let attention = |active| if active { Attention::Active } else { Attention::Away };
        let before: HashMap<UserId, Attention> =
            before.into_iter().map(|(n, active)| (user(&format!("user{n}")), attention(active))).collect();
        let mut world = World::new(before.into_iter().collect());
        for step in steps {
            world.step(step);
            for (node, of_node) in &world.truth {
                for user in of_node.keys().filter(|_| world.linked.contains(node)) {
                    prop_assert_ne!(world.home.seen(user), Seen::Nowhere);
                }
            }
        }
        (1..4).for_each(|node| world.step(Step::Links(node)));
        world.step(Step::TimePasses);
        prop_assert!(world.home.is_settled());
        for number in 0..4 {
            let user = user(&format!("user{number}"));
            prop_assert_eq!(world.home.seen(&user), world.true_of(&user));
        }
    }
}
