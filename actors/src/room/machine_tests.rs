use std::sync::Arc;

use madang_cluster::Page;
use madang_cluster::command::RoomOp;
use madang_cluster::event::{Change, RoomEvent};
use madang_cluster::machine::meta::JoinLimits;
use madang_storage::id::{Cid, RoomId};
use madang_storage::row::EventBody;
use proptest::prelude::*;

use super::machine::{Effect, Machine};
use super::message::Wanted;
use super::tail::{Budget, Tail};
use crate::error::ActorError;
use crate::fake::{event, page_of, send, user};
use crate::options::{ActorOptions, SendRate};

const ROOM: RoomId = RoomId([1; 16]);

fn log(events: u64) -> Vec<Arc<RoomEvent>> {
    (1..=events).map(|seq| event(ROOM, seq, &user("minji"), &format!("text {seq}"))).collect()
}

fn newest(limit: usize, at_least: u64) -> Wanted {
    Wanted { page: Page::Newest, limit, bytes_max: usize::MAX, at_least }
}

fn machine(options: ActorOptions) -> Machine<u32> {
    let budget = Budget::new(options.tails_bytes_max);
    Machine::new(&options, budget)
}

#[test]
fn sends_beyond_the_rate_are_refused_and_other_commands_are_not() {
    let rate = SendRate { per_second: 1, burst: 1 };
    let mut machine = machine(ActorOptions { send_rate: Some(rate), ..ActorOptions::default() });
    let minji = user("minji");
    machine.admit(&minji, &send("hi"), 0, 0).unwrap();
    let refused = machine.admit(&minji, &send("hi"), 0, 1_000).unwrap_err();
    assert!(matches!(refused, ActorError::RateLimited { retry_after_ms: 999 }), "{refused:?}");
    machine.admit(&minji, &RoomOp::Leave, 0, 1_000).unwrap();
    machine.admit(&user("jun"), &send("hi"), 0, 1_000).unwrap();
}

#[test]
fn who_is_over_the_own_rate_takes_nothing_of_what_all_have_together() {
    let own = SendRate { per_second: 1, burst: 1 };
    let all = SendRate { per_second: 1, burst: 2 };
    let options = ActorOptions { send_rate: Some(own), room_rate: Some(all), ..ActorOptions::default() };
    let mut machine = machine(options);
    let flood = user("flood");
    machine.admit(&flood, &send("hi"), 0, 0).unwrap();
    for _ in 0..10 {
        machine.admit(&flood, &send("hi"), 0, 1_000).unwrap_err();
    }
    machine.admit(&user("jun"), &send("hi"), 0, 1_000).unwrap();
}

#[test]
fn commands_beyond_the_rooms_limit_are_refused() {
    let mut machine = machine(ActorOptions { room_commands_max: 2, ..ActorOptions::default() });
    machine.admit(&user("minji"), &send("hi"), 1, 0).unwrap();
    let refused = machine.admit(&user("minji"), &send("hi"), 2, 0).unwrap_err();
    assert!(matches!(refused, ActorError::Overloaded { limit: 2, .. }), "{refused:?}");
}

#[test]
fn a_miss_is_loaded_once_for_all_readers_and_then_served_from_memory() {
    let mut machine = machine(ActorOptions::default());
    let log = log(300);
    assert_eq!(machine.read(newest(50, 300), 1), [Effect::Load { events_max: 200 }]);
    assert_eq!(machine.read(newest(10, 300), 2), []);
    let newer = event(ROOM, 301, &user("jun"), "newer");
    machine.logged(newer.clone());
    let effects = machine.loaded(page_of(&log, Page::Newest, 200));
    let whole: Vec<_> = log.iter().cloned().chain([newer]).collect();
    let page = |limit| page_of(&whole, Page::Newest, limit);
    assert_eq!(effects, [Effect::Give(1, page(50)), Effect::Give(2, page(10))]);
    assert_eq!(machine.read(newest(200, 301), 3), [Effect::Give(3, page(200))]);
}

#[test]
fn a_reader_who_knows_of_a_newer_event_is_not_served_from_an_older_tail() {
    let mut machine = machine(ActorOptions::default());
    log(10).into_iter().for_each(|event| machine.logged(event));
    assert_eq!(machine.read(newest(5, 11), 1), [Effect::Load { events_max: 200 }]);
    // This one knows of an event that the running load may not see.
    assert_eq!(machine.read(newest(5, 12), 2), []);
    let effects = machine.loaded(page_of(&log(11), Page::Newest, 200));
    assert_eq!(
        effects,
        [Effect::Give(1, page_of(&log(11), Page::Newest, 5)), Effect::Load { events_max: 200 }]
    );
    let effects = machine.loaded(page_of(&log(12), Page::Newest, 200));
    assert_eq!(effects, [Effect::Give(2, page_of(&log(12), Page::Newest, 5))]);
}

#[test]
fn an_old_page_is_read_once_for_all_who_wait_for_it_and_not_kept() {
    let mut machine = machine(ActorOptions::default());
    let old = |at_least| Wanted { page: Page::Before(50), limit: 20, bytes_max: usize::MAX, at_least };
    let [Effect::ReadForAll(key, 1, first)] = machine.read(old(1_000), 1)[..] else { panic!() };
    assert_eq!(first, old(1_000));
    assert_eq!(machine.read(old(1_000), 2), []);
    // This one knows of an event by which the page may have changed.
    assert_eq!(machine.read(old(1_001), 3), []);
    let page = page_of(&log(60), Page::Before(50), 20);
    let effects = machine.landed(key, &Ok(page.clone()));
    assert_eq!(effects, [Effect::Give(2, page), Effect::ReadForAll(key, 3, old(1_001))]);
    assert_eq!(machine.read(old(1_001), 4), []);
    let gone = madang_cluster::ClusterError::Timeout { after_ms: 1 };
    assert_eq!(machine.landed(key, &Err(gone)), [Effect::Fail(4)]);
    assert!(matches!(machine.read(old(1_001), 5)[..], [Effect::ReadForAll(_, 5, _)]));
}

#[test]
fn people_come_in_as_fast_as_the_room_lets_them_and_nothing_else_waits_for_that() {
    let mut machine = machine(ActorOptions::default());
    let limits = JoinLimits { per_s: 10, burst: 1 };
    machine.admit_entry(&user("first"), limits, 0).unwrap();
    for wait_ms in [100, 200, 300] {
        let refused = machine.admit_entry(&user(&format!("late{wait_ms}")), limits, 0).unwrap_err();
        assert!(matches!(refused, ActorError::RateLimited { retry_after_ms } if retry_after_ms == wait_ms));
    }
    machine.admit(&user("minji"), &send("hi"), 0, 0).unwrap();
    machine.admit_entry(&user("late100"), limits, 100_000).unwrap();
}

#[test]
fn those_who_catch_up_share_a_rate_and_whoever_looks_around_does_not_wait_for_them() {
    let mut machine = machine(ActorOptions::default());
    let admitted = (0..1_000).filter(|_| machine.admit_page(Page::After(7), 100, 0).is_ok()).count();
    assert_eq!(admitted, 100);
    let refused = machine.admit_page(Page::After(7), 100, 1_000_000 / 100 - 1).unwrap_err();
    assert!(
        matches!(refused, ActorError::RateLimited { retry_after_ms } if retry_after_ms > 1_000),
        "{refused}"
    );
    for page in [Page::Newest, Page::Before(9), Page::Around(9)] {
        machine.admit_page(page, 100, 0).unwrap();
    }
    machine.admit_page(Page::After(7), 100, 20_000).unwrap();
}

#[test]
fn a_hot_room_keeps_more_and_no_load_cuts_it_back() {
    let mut machine = machine(ActorOptions::default());
    machine.heated(true);
    log(1_000).into_iter().for_each(|event| machine.logged(event));
    let after = |seq, at_least| Wanted { page: Page::After(seq), ..newest(50, at_least) };
    // A reader who knows of an event that is still on its way here.
    let ahead = machine.read(newest(50, 1_001), 1);
    assert!(matches!(ahead[..], [Effect::ReadForAll(_, 1, _)]), "{ahead:?}");
    let given = machine.read(after(300, 1_000), 2);
    assert!(matches!(&given[..], [Effect::Give(2, page)] if page.events[0].seq == 301), "{given:?}");
    machine.heated(false);
    assert!(matches!(machine.read(after(300, 1_000), 3)[..], [Effect::ReadForAll(..)]));
}

#[test]
fn who_tries_to_enter_again_and_again_does_not_shut_the_door() {
    let mut machine = machine(ActorOptions::default());
    let limits = JoinLimits { per_s: 20, burst: 20 };
    let tries = (0..1_000).filter(|_| machine.admit_entry(&user("eager"), limits, 0).is_ok()).count();
    assert_eq!(tries, 10);
    machine.admit_entry(&user("minji"), limits, 0).unwrap();
}

#[test]
fn readers_beyond_the_limit_are_turned_away_and_a_failed_load_is_told_to_all() {
    let mut machine = machine(ActorOptions { room_readers_max: 1, ..ActorOptions::default() });
    machine.read(newest(5, 1), 1);
    assert_eq!(machine.read(newest(5, 1), 2), [Effect::TurnAway(2, 1)]);
    assert_eq!(machine.load_failed(), [Effect::Fail(1)]);
    assert_eq!(machine.read(newest(5, 1), 3), [Effect::Load { events_max: 200 }]);
}

#[test]
fn tails_keep_to_the_budget_of_the_node_and_give_it_back() {
    let budget = Budget::new(10_000);
    let mut tails: Vec<_> = (0..4).map(|_| Tail::new(200, budget.clone())).collect();
    for event in log(500) {
        for tail in &mut tails {
            tail.push(event.clone());
            assert!(budget.used_bytes() < 11_000, "{}", budget.used_bytes());
        }
    }
    drop(tails);
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn readers_are_served_while_the_budget_of_the_node_is_used_up() {
    let mut machine = machine(ActorOptions { tails_bytes_max: 0, ..ActorOptions::default() });
    let log = log(300);
    assert_eq!(machine.read(newest(50, 300), 1), [Effect::Load { events_max: 200 }]);
    assert_eq!(machine.read(newest(10, 300), 2), []);
    // This one knows of an event that comes while the load is running, and is not kept.
    machine.logged(event(ROOM, 301, &user("jun"), "newer"));
    assert_eq!(machine.read(newest(10, 301), 3), []);
    let effects = machine.loaded(page_of(&log, Page::Newest, 200));
    let [Effect::ReadForAll(_, 1, one), Effect::ReadForAll(key, 2, two)] = effects[..] else { panic!() };
    assert_eq!((one, two), (newest(50, 300), newest(10, 300)));
    let page = page_of(&log, Page::Newest, 10);
    assert_eq!(machine.landed(key, &Ok(page)), [Effect::ReadForAll(key, 3, newest(10, 301))]);
    // Nothing came in between: one load serves its readers although nothing can be kept.
    assert_eq!(machine.read(newest(50, 300), 4), [Effect::Load { events_max: 200 }]);
    let whole: Vec<_> = log.into_iter().chain([event(ROOM, 301, &user("jun"), "newer")]).collect();
    let effects = machine.loaded(page_of(&whole, Page::Newest, 200));
    assert_eq!(effects, [Effect::Give(4, page_of(&whole, Page::Newest, 50))]);
}

#[test]
fn a_load_that_lacks_what_its_reader_knows_of_is_not_asked_for_again() {
    let mut machine = machine(ActorOptions::default());
    assert_eq!(machine.read(newest(5, 12), 1), [Effect::Load { events_max: 200 }]);
    let effects = machine.loaded(page_of(&log(11), Page::Newest, 200));
    assert!(matches!(effects[..], [Effect::ReadForAll(_, 1, wanted)] if wanted == newest(5, 12)));
}

#[test]
fn an_event_that_is_not_kept_still_counts_as_heard_of() {
    let mut tail = Tail::new(200, Budget::new(0));
    log(3).into_iter().for_each(|event| tail.push(event));
    assert_eq!(tail.last_seq(), 3);
    assert_eq!(tail.page(newest(1, 3)), None);
}

#[test]
fn after_a_hole_a_tail_begins_anew() {
    let mut tail = Tail::new(200, Budget::new(usize::MAX));
    let log = log(10);
    log[..5].iter().chain(&log[7..]).chain(&log[7..]).for_each(|event| tail.push(event.clone()));
    assert_eq!(tail.page(newest(3, 10)).unwrap(), page_of(&log, Page::Newest, 3));
    assert_eq!(tail.page(newest(4, 10)), None);
}

fn pages() -> impl Strategy<Value = Page> {
    prop_oneof![
        Just(Page::Newest),
        (0..60_u64).prop_map(Page::Before),
        (0..60_u64).prop_map(Page::After),
        Just(Page::Before(u64::MAX)),
        Just(Page::After(u64::MAX)),
    ]
}

proptest! {
    #[test]
    fn a_tail_answers_like_the_log_or_not_at_all(
        length in 1..50_u32,
        known in 0..50_u32,
        page in pages(),
        limit in 1..60_usize,
    ) {
        let log = log(u64::from(length));
        let mut tail = Tail::new(200, Budget::new(usize::MAX));
        let start = length.saturating_sub(known) as usize;
        log[start..].iter().for_each(|event| tail.push(event.clone()));
        let wanted = Wanted { page, limit, bytes_max: usize::MAX, at_least: u64::from(length) };
        let expected = page_of(&log, page, limit);
        match tail.page(wanted) {
            Some(found) => prop_assert_eq!(found, expected),
            None => prop_assert!(start > 0, "a tail that holds the whole log knows every page"),
        }
    }

    #[test]
    fn a_page_ends_at_its_bytes_but_has_one_event(bytes_max in 0..3_000_usize) {
        let log = log(10);
        let mut tail = Tail::new(200, Budget::new(usize::MAX));
        log.iter().for_each(|event| tail.push(event.clone()));
        let wanted = Wanted { page: Page::Newest, limit: 10, bytes_max, at_least: 10 };
        let page = tail.page(wanted).unwrap();
        prop_assert!(!page.events.is_empty());
        prop_assert!(page.events.len() == 1 || page.events.len() * 256 <= bytes_max);
        prop_assert_eq!(page.events.last().unwrap().seq, 10);
        prop_assert_eq!(page.more, page.events.len() < 10);
    }
}

/// Event 4, which deletes what event 2 said.
fn deletion() -> Arc<RoomEvent> {
    let mut event = RoomEvent::clone(&event(ROOM, 4, &user("minji"), ""));
    event.row.body = EventBody::Deleted { target: 2 };
    event.changes = vec![Change { seq: 2, body: Some(tombstone()), overlay: None }];
    Arc::new(event)
}

fn tombstone() -> EventBody {
    let cid = Cid::parse("c").unwrap();
    EventBody::Tombstone { cid, thread: None, by: user("minji"), deleted_ms: 1 }
}

#[test]
fn what_was_deleted_does_not_live_on_in_memory() {
    let budget = Budget::new(usize::MAX);
    let mut tail = Tail::new(10, budget.clone());
    for event in log(3) {
        tail.push(event);
    }
    let before = budget.used_bytes();
    tail.push(deletion());
    let page = tail.page(newest(10, 4)).unwrap();
    assert_eq!(page.events[1].row.body, tombstone());
    assert_eq!(page.events[2].row.body, log(3)[2].row.body);
    drop(tail);
    assert!(before > 0);
    assert_eq!(budget.used_bytes(), 0, "what an event weighs changed unnoticed");
}

#[test]
fn what_was_deleted_while_the_log_was_read_is_not_brought_back() {
    let mut tail = Tail::new(10, Budget::new(usize::MAX));
    tail.push(deletion());
    tail.load(log(3));
    let page = tail.page(newest(10, 4)).unwrap();
    assert_eq!(page.events[1].row.body, tombstone());
}
