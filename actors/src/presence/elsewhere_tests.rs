use std::collections::HashSet;

use madang_storage::id::UserId;

use super::elsewhere::{Effect, Elsewhere};
use super::wire::News;
use crate::fake::user;

fn users(names: &[&str]) -> Vec<UserId> {
    names.iter().map(|name| user(name)).collect()
}

fn set(names: &[&str]) -> HashSet<UserId> {
    users(names).into_iter().collect()
}

#[test]
fn a_list_counts_when_it_is_whole_and_changes_follow_it() {
    let mut nodes = Elsewhere::default();
    assert_eq!(nodes.linked([2].iter()), []);
    assert_eq!(nodes.told(2, News::Begin), []);
    assert_eq!(nodes.told(2, News::Here(users(&["jun"]))), []);
    assert_eq!(nodes.told(2, News::Here(users(&["minji"]))), []);
    assert_eq!(nodes.told(2, News::End), [Effect::Set(2, set(&["jun", "minji"]))]);
    let (came, went) = (users(&["haneul"]), users(&["jun"]));
    let change = Effect::Change { node: 2, came: came.clone(), went: went.clone() };
    assert_eq!(nodes.told(2, News::Changed { came, went }), [change]);
}

#[test]
fn a_list_that_broke_off_begins_anew() {
    let mut nodes = Elsewhere::default();
    nodes.linked([2].iter());
    nodes.told(2, News::Begin);
    nodes.told(2, News::Here(users(&["jun"])));
    nodes.linked([].iter());
    nodes.linked([2].iter());
    assert_eq!(nodes.told(2, News::Here(users(&["minji"]))), [], "the rest of nothing");
    assert_eq!(nodes.told(2, News::End), []);
    nodes.told(2, News::Begin);
    nodes.told(2, News::Begin);
    nodes.told(2, News::Here(users(&["minji"])));
    assert_eq!(nodes.told(2, News::End), [Effect::Set(2, set(&["minji"]))]);
}

#[test]
fn the_word_of_a_node_that_cannot_be_reached_holds_for_the_grace_period() {
    let mut nodes = Elsewhere::default();
    nodes.linked([2, 3].iter());
    assert_eq!(nodes.linked([3].iter()), [Effect::Wait { node: 2, lease: 1 }]);
    assert_eq!(nodes.linked([3].iter()), [], "once is enough");
    assert_eq!(nodes.lease_over(2, 1), Some(Effect::Drop(2)));
    assert_eq!(nodes.lease_over(2, 1), None);
}

#[test]
fn a_node_that_is_back_within_the_grace_period_keeps_its_users() {
    let mut nodes = Elsewhere::default();
    nodes.linked([2].iter());
    nodes.linked([].iter());
    nodes.linked([2].iter());
    assert_eq!(nodes.lease_over(2, 1), None);
    assert_eq!(nodes.linked([].iter()), [Effect::Wait { node: 2, lease: 2 }]);
    assert_eq!(nodes.lease_over(2, 1), None, "that lease was another");
    assert_eq!(nodes.lease_over(2, 2), Some(Effect::Drop(2)));
}

#[test]
fn a_straggler_of_an_unlinked_node_holds_no_longer_than_the_grace_period() {
    let mut nodes = Elsewhere::default();
    let news = News::Changed { came: users(&["jun"]), went: vec![] };
    let effects = nodes.told(2, news);
    assert_eq!(effects[0], Effect::Wait { node: 2, lease: 1 });
    assert_eq!(nodes.lease_over(2, 1), Some(Effect::Drop(2)));
}
