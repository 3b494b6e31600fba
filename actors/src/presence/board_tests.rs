use madang_cluster::Leader;
use madang_storage::id::UserId;

use super::board::{Board, HomeIs, NotTheHome};
use super::shown::{Shown, State};
use crate::fake::user;

const OLD: HomeIs = HomeIs::There(1, 7);
const NEW: HomeIs = HomeIs::There(2, 8);

fn shown(state: State) -> Shown {
    Shown { state, ..Shown::default() }
}

fn post(board: &mut Board, by: HomeIs, name: &str, state: State) -> Result<usize, NotTheHome> {
    board.post(by, vec![(user(name), shown(state))]).map(|news| news.len())
}

fn names(users: Vec<(UserId, Shown)>) -> Vec<String> {
    users.into_iter().map(|(user, _)| user.to_string()).collect()
}

#[test]
fn only_what_is_new_is_news() {
    let mut board = Board::default();
    board.claim(1, 7, Leader::Node(1)).unwrap();
    assert_eq!(post(&mut board, OLD, "jun", State::Online), Ok(1));
    assert_eq!(post(&mut board, OLD, "jun", State::Online), Ok(0));
    assert_eq!(post(&mut board, OLD, "jun", State::Idle), Ok(1));
    assert_eq!(post(&mut board, OLD, "jun", State::Offline), Ok(1));
    assert_eq!(post(&mut board, OLD, "jun", State::Offline), Ok(0));
    assert_eq!(board.shown(&user("jun")), None);
}

#[test]
fn a_new_home_takes_nobody_away_before_it_is_settled() {
    let mut board = Board::default();
    board.claim(1, 7, Leader::Node(1)).unwrap();
    for name in ["jun", "minji"] {
        post(&mut board, OLD, name, State::Online).unwrap();
    }
    board.settled(OLD).unwrap();
    board.claim(2, 8, Leader::Node(2)).unwrap();
    assert_eq!(post(&mut board, OLD, "jun", State::Offline), Err(NotTheHome));
    assert_eq!(post(&mut board, NEW, "jun", State::Online), Ok(0), "that is known");
    assert_eq!(board.everybody().count(), 2);
    assert_eq!(board.settled(OLD), Err(NotTheHome));
    assert_eq!(names(board.settled(NEW).unwrap()), ["minji"]);
    assert_eq!(names(board.settled(NEW).unwrap()), Vec::<String>::new());
    assert!(board.shown(&user("jun")).is_some());
}

#[test]
fn one_that_was_cut_off_is_not_believed_beside_the_one_that_leads() {
    let mut board = Board::default();
    board.claim(1, 7, Leader::Unknown).unwrap();
    board.claim(2, 8, Leader::Unknown).unwrap();
    assert_eq!(board.claim(1, 7, Leader::Node(2)), Err(NotTheHome));
    assert_eq!(board.home(), NEW);
    assert_eq!(board.claim(1, 9, Leader::Here), Err(NotTheHome), "the home will be here");
    // This node has not heard yet that the first leads again, but the second cannot be reached.
    board.linked(&[1].into());
    assert_eq!(board.home(), HomeIs::Nowhere);
    board.claim(1, 9, Leader::Node(2)).unwrap();
}

#[test]
fn what_was_said_stays_while_there_is_no_home_and_while_it_is_here() {
    let mut board = Board::default();
    board.claim(1, 7, Leader::Node(1)).unwrap();
    assert!(!board.is_whole());
    post(&mut board, OLD, "jun", State::Online).unwrap();
    assert_eq!(board.known(NEW), Err(NotTheHome));
    board.known(OLD).unwrap();
    board.linked(&[].into());
    assert!(board.is_whole() && board.shown(&user("jun")).is_some());
    board.lead(9);
    assert_eq!(names(board.settled(HomeIs::Here(9)).unwrap()), Vec::<String>::new());
    assert!(board.shown(&user("jun")).is_some());
    board.give_up();
    assert_eq!(post(&mut board, HomeIs::Here(9), "jun", State::Offline), Err(NotTheHome));
}
