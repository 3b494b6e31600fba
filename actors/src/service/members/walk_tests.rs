//! All pages of a search together are exactly those who are called so, each once, in order; and no page costs more
//! because there are more people.

use std::collections::BTreeMap;

use madang_cluster::Name;
use madang_storage::id::UserId;
use madang_storage::row::{MemberRow, MemberState, Role, Until};
use proptest::prelude::*;

use super::walk::{Ask, Bounds, FoundBy, Walk, page_of};
use crate::service::names;

const BOUNDS: Bounds = Bounds { at_once: 8, of_each_min: 2, enough: 16 };

fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

fn row() -> MemberRow {
    MemberRow {
        state: MemberState::Joined,
        role: Role::Member,
        read_seq: 0,
        read_messages: 0,
        mentions: Vec::new(),
        received_seq: 0,
        shown_seq: 0,
        muted: Until::default(),
        last_send_ms: 0,
    }
}

/// Whether somebody is in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Inside,
    Outside,
}

/// Everybody who has an account: in which shard, under which names, and whether in the room.
struct World {
    shards: usize,
    people: BTreeMap<UserId, (usize, Vec<String>, Is)>,
}

/// A page, and what it has cost.
struct Read {
    users: Vec<UserId>,
    next: Option<FoundBy>,
    ids: usize,
    names: usize,
    looked_up: usize,
}

impl World {
    fn new(shards: usize, people: impl IntoIterator<Item = (String, String, Is)>) -> Self {
        let people = people.into_iter().enumerate().map(|(number, (id, display_name, is))| {
            (user(&id), (number % shards, names::of(&display_name), is))
        });
        Self { shards, people: people.collect() }
    }

    fn inside(&self) -> impl Iterator<Item = (&UserId, &Vec<String>)> {
        let inside = self.people.iter().filter(|(_, (.., is))| *is == Is::Inside);
        inside.map(|(user, (_, names, _))| (user, names))
    }

    /// As the indexes have them, ids too.
    fn names(&self, shard: usize, prefix: &str, after: Option<&Name>, limit: usize) -> Vec<Name> {
        let here = self.people.iter().filter(|(_, (home, ..))| *home == shard);
        let all = here.flat_map(|(user, (_, names, _))| {
            names.iter().cloned().chain([user.to_string()]).map(|name| (name, user.clone()))
        });
        let mut all: Vec<Name> = all.filter(|(name, _)| name.starts_with(prefix)).collect();
        all.retain(|name| after.is_none_or(|after| name > after));
        all.sort_unstable();
        all.dedup();
        all.truncate(limit);
        all
    }

    /// A page, read as the shell does it.
    fn page(&self, prefix: &str, after: Option<FoundBy>, limit: usize) -> Read {
        let mut walk = Walk::new(prefix.to_owned(), after, limit, self.shards, BOUNDS);
        let (mut ids, mut names, mut looked_up) = (0, 0, 0);
        while let Some(ask) = walk.ask() {
            match ask {
                Ask::Ids { after, limit } => {
                    let so = self.inside().filter(|(user, _)| user.as_str().starts_with(prefix));
                    let behind = so.filter(|(user, _)| after.as_ref().is_none_or(|after| *user > after));
                    let rows: Vec<_> = behind.take(limit).map(|(user, _)| (user.clone(), row())).collect();
                    ids += rows.len();
                    walk.take_ids(rows);
                }
                Ask::Names { after, of_each } => {
                    let ask = |shard| self.names(shard, prefix, after.as_ref(), of_each);
                    let answers: Vec<_> = (0..self.shards).map(ask).collect();
                    names += answers.iter().map(Vec::len).sum::<usize>();
                    let portion = walk.take_names(answers);
                    looked_up += portion.names.len();
                    let members = portion.names.into_iter().filter_map(|name| {
                        let (_, names, is) = &self.people[&name.1];
                        (*is == Is::Inside).then_some((name, names))
                    });
                    let mut all = true;
                    for (name, names) in members {
                        all = !walk.is_full();
                        if !all {
                            break;
                        }
                        walk.meet(name, row(), names);
                    }
                    if all {
                        walk.pass(portion.end);
                    }
                }
            }
        }
        let (rows, next) = walk.page();
        Read { users: rows.into_iter().map(|(user, _)| user).collect(), next, ids, names, looked_up }
    }

    /// All pages; and checks that none costs too much.
    fn pages(&self, prefix: &str, limit: usize) -> Vec<Vec<UserId>> {
        let of_each = BOUNDS.at_once.div_ceil(self.shards).max(BOUNDS.of_each_min);
        let names_max = BOUNDS.enough - 1 + of_each * self.shards;
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let read = self.page(prefix, after.clone(), limit);
            assert!(read.users.len() <= limit && read.ids <= limit, "{} of {limit}", read.users.len());
            assert!(read.names <= names_max && read.looked_up <= read.names, "{} names", read.names);
            pages.push(read.users);
            if read.next.is_none() {
                return pages;
            }
            assert!(read.next > after, "a page leads on: {:?} behind {after:?}", read.next);
            after = read.next;
        }
    }

    /// All pages of somebody who looks at everybody.
    fn small_pages(&self, prefix: &str, limit: usize) -> Vec<UserId> {
        let (mut users, mut after) = (Vec::new(), None);
        loop {
            let all = self.inside();
            let all = all.filter_map(|(user, names)| Some((FoundBy::of(prefix, user, names)?, row())));
            let (rows, next) = page_of(all.collect(), after.as_ref(), limit);
            users.extend(rows.into_iter().map(|(user, _)| user));
            after = next;
            if after.is_none() {
                return users;
            }
        }
    }
}

fn is() -> impl Strategy<Value = Is> {
    prop_oneof![Just(Is::Inside), Just(Is::Outside)]
}

proptest! {
    #[test]
    fn all_pages_are_exactly_those_who_are_called_so_each_once(
        people in prop::collection::vec(("[ab]{2,5}", "[ab]{1,3}( [ab]{1,3}){0,3}", is()), 0..80),
        prefix in "[ab]{1,3}",
        (limit, shards) in (1..12_usize, 1..7_usize),
    ) {
        let world = World::new(shards, people);
        let walked = world.pages(&prefix, limit).concat();
        let so = world.inside().filter(|(user, names)| {
            user.as_str().starts_with(&prefix) || names.iter().any(|name| name.starts_with(&prefix))
        });
        let expected: Vec<UserId> = so.map(|(user, _)| user.clone()).collect();
        let mut found = walked.clone();
        found.sort_unstable();
        prop_assert_eq!(found, expected, "each once, nobody missing");
        prop_assert_eq!(walked, world.small_pages(&prefix, limit), "in the same order as in a small room");
    }

    #[test]
    fn a_cursor_that_was_made_up_costs_no_more_and_finds_nobody_else(
        people in prop::collection::vec(("[ab]{2,5}", "[ab]{1,3}( [ab]{1,3}){0,3}", is()), 0..40),
        (name, id) in ("[ab]{0,4}", "[ab]{2,5}"),
        by_name: bool,
    ) {
        let world = World::new(3, people);
        let after = if by_name { FoundBy::Name((format!("a{name}"), user(&id))) } else { FoundBy::Id(user(&id)) };
        let read = world.page("a", Some(after), 5);
        prop_assert!(read.users.len() <= 5 && read.names <= 15 + 9);
        let all = world.pages("a", 5).concat();
        prop_assert!(read.users.iter().all(|user| all.contains(user)));
    }
}

#[test]
fn ids_come_first_and_who_has_two_such_names_comes_once() {
    let people = [("kim", "Zoe"), ("zoe", "Kim Kimberly"), ("ann", "Ann Kim"), ("kimi", "Kim")];
    let people = people.map(|(id, name)| (id.to_owned(), name.to_owned(), Is::Inside));
    let world = World::new(2, people);
    let found = world.pages("kim", 10).concat();
    assert_eq!(found, ["kim", "kimi", "ann", "zoe"].map(user));
}

#[test]
fn pages_are_empty_but_lead_on_where_hardly_anybody_of_those_is_a_member() {
    let outside = (0..200).map(|number| (format!("u{number:03}"), format!("Kim {number:03}"), Is::Outside));
    let last = [("zz".to_owned(), "Kim Z".to_owned(), Is::Inside)];
    let pages = World::new(4, outside.chain(last)).pages("kim", 10);
    let (found, before) = pages.split_last().unwrap();
    assert_eq!(found, &[user("zz")]);
    assert!(before.len() > 5 && before.iter().all(Vec::is_empty), "{} pages", pages.len());
}

#[test]
fn names_are_not_shown_before_all_shards_have_come_so_far() {
    let name = |name: &str| (name.to_owned(), user("someone"));
    let answers = vec![vec![name("ka"), name("kb")], vec![name("ka"), name("kz")], vec![name("kc")]];
    let portion = super::walk::Portion::of(answers.clone(), 2);
    assert_eq!((portion.names, portion.end), (vec![name("ka"), name("ka"), name("kb")], Some(name("kb"))));
    let portion = super::walk::Portion::of(answers, 3);
    assert_eq!((portion.names.len(), portion.end), (5, None));
}
