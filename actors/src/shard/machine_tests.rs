use madang_storage::id::RoomId;

use super::machine::{Machine, Routed};

type Router = Machine<&'static str, u32>;

const A: RoomId = RoomId([1; 16]);
const B: RoomId = RoomId([2; 16]);
const C: RoomId = RoomId([3; 16]);

fn router(awake_max: usize) -> Router {
    Machine::new(awake_max, 2, 1_000)
}

#[test]
fn a_room_gets_an_owner_with_its_first_message() {
    let mut router = router(10);
    assert_eq!(router.route(A, 1, 0), Routed::Start(1));
    assert!(router.started(A, "a", 0).is_empty());
    assert_eq!(router.route(A, 2, 0), Routed::To("a", 2));
    assert_eq!(router.owner(&A), Some(&"a"));
    assert_eq!(router.owner(&B), None);
}

#[test]
fn what_comes_while_an_owner_falls_asleep_waits_for_the_next_in_order() {
    let mut router = router(10);
    router.started(A, "a", 0);
    assert_eq!(router.sweep(1_000), ["a"]);
    assert_eq!(router.route(A, 1, 1_000), Routed::Waits);
    assert_eq!(router.route(A, 2, 1_000), Routed::Waits);
    assert_eq!(router.route(A, 3, 1_000), Routed::Full(3), "the queue is bounded");
    assert_eq!(router.owner(&A), None);
    assert_eq!(router.ended(A), [1, 2]);
    assert_eq!(router.route(A, 1, 1_000), Routed::Start(1));
}

#[test]
fn a_message_that_was_not_taken_waits_too() {
    let mut router = router(10);
    router.started(A, "a", 0);
    router.rejected(A, 1);
    assert_eq!(router.route(A, 2, 0), Routed::Waits);
    assert_eq!(router.ended(A), [1, 2]);
}

#[test]
fn only_the_idle_fall_asleep() {
    let mut router = router(10);
    router.started(A, "a", 0);
    router.started(B, "b", 0);
    router.route(B, 1, 500);
    assert_eq!(router.sweep(999), [] as [&str; 0]);
    assert_eq!(router.sweep(1_000), ["a"]);
    assert_eq!(router.sweep(1_000), [] as [&str; 0], "once is enough");
}

#[test]
fn many_that_are_idle_fall_asleep_a_few_at_a_time_the_longest_idle_first() {
    let (mut router, rooms) = (router(160), 100_u8);
    for number in 0..rooms {
        router.started(RoomId([number; 16]), "owner", u64::from(rooms - number));
    }
    let steps: Vec<usize> =
        std::iter::repeat_with(|| router.sweep(2_000).len()).take_while(|asleep| *asleep > 0).collect();
    assert_eq!(steps, [10; 10]);
    let mut other = self::router(160);
    other.started(A, "older", 0);
    (2..12).for_each(|number| drop(other.started(RoomId([number; 16]), "newer", 1)));
    assert_eq!(other.sweep(2_000)[0], "older");
}

#[test]
fn at_the_limit_the_longest_idle_make_room() {
    let mut router = router(2);
    router.started(A, "a", 0);
    router.started(B, "b", 1);
    router.route(A, 1, 2);
    assert_eq!(router.started(C, "c", 3), ["b"]);
    assert_eq!(router.owner(&B), None);
    // An owner that failed gives its place back.
    assert!(router.ended(C).is_empty());
    assert!(router.ended(B).is_empty());
    assert!(router.started(B, "b", 4).is_empty());
}
