use madang_cluster::Leader;
use madang_storage::id::RoomId;

use super::course::{Course, PAUSE_MS, Pass, Step, Why};

const A: RoomId = RoomId([1; 16]);
const B: RoomId = RoomId([2; 16]);

fn course(leader: Leader) -> Course<u32> {
    Course::new(leader, 3, 3_000)
}

/// The pass of a command that must have been forwarded to `node`.
fn forwarded(step: &Step<u32>, node: u64, command: u32) -> Pass {
    match step {
        Step::There(to, pass, what) if (*to, *what) == (node, command) => *pass,
        other => panic!("{other:?} instead of forwarding {command} to {node}"),
    }
}

#[test]
fn commands_go_to_whoever_leads() {
    let mut course = course(Leader::Here);
    assert_eq!(course.submit(A, 1, 0), Step::Here(A, 1));
    assert_eq!(course.lead_changed(Leader::Node(2)), []);
    forwarded(&course.submit(A, 2, 0), 2, 2);
    assert_eq!(course.wake_at_ms(), None);
}

#[test]
fn while_nobody_leads_commands_wait_and_then_go_on_in_order() {
    let mut course = course(Leader::Unknown);
    for (room, command) in [(A, 1), (B, 2), (A, 3)] {
        assert_eq!(course.submit(room, command, 0), Step::Waits);
    }
    assert_eq!(course.submit(A, 4, 0), Step::TurnAway(4, Why::Full(3)));
    let steps = course.lead_changed(Leader::Node(2));
    let commands: Vec<_> = steps
        .iter()
        .map(|step| match step {
            Step::There(2, pass, command) => (pass.room, *command),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(commands, [(A, 1), (B, 2), (A, 3)]);
    assert_eq!(course.lead_changed(Leader::Here), []);
}

#[test]
fn nobody_waits_longer_than_the_limit() {
    let mut course = course(Leader::Unknown);
    course.submit(A, 1, 0);
    course.submit(A, 2, 100);
    assert_eq!(course.wake_at_ms(), Some(3_000));
    assert_eq!(course.wake(2_999), []);
    assert_eq!(course.wake(3_000), [Step::TurnAway(1, Why::Leaderless)]);
    assert_eq!(course.wake_at_ms(), Some(3_100));
    assert_eq!(course.lead_changed(Leader::Here), [Step::Here(A, 2)]);
    assert_eq!(course.wake_at_ms(), None);
}

#[test]
fn what_comes_back_goes_on_first_when_another_node_leads() {
    let mut course = course(Leader::Node(2));
    let pass = forwarded(&course.submit(A, 1, 0), 2, 1);
    course.lead_changed(Leader::Unknown);
    assert_eq!(course.submit(A, 2, 10), Step::Waits);
    assert_eq!(course.refused(pass, 2, 1, 20), []);
    assert_eq!(course.lead_changed(Leader::Here), [Step::Here(A, 1), Step::Here(A, 2)]);
}

#[test]
fn what_comes_back_after_the_change_goes_on_at_once() {
    let mut course = course(Leader::Node(2));
    let pass = forwarded(&course.submit(A, 1, 0), 2, 1);
    course.lead_changed(Leader::Node(3));
    let steps = course.refused(pass, 2, 1, 20);
    assert_eq!(steps.len(), 1);
    forwarded(&steps[0], 3, 1);
}

#[test]
fn a_leader_that_does_not_know_it_yet_is_asked_again_after_a_pause_and_later_commands_wait() {
    let mut course = course(Leader::Node(2));
    let pass = forwarded(&course.submit(A, 1, 0), 2, 1);
    assert_eq!(course.refused(pass, 2, 1, 20), []);
    assert_eq!(course.wake_at_ms(), Some(20 + PAUSE_MS));
    assert_eq!(course.submit(A, 2, 30), Step::Waits);
    assert_eq!(course.wake(20 + PAUSE_MS - 1), []);
    let steps = course.wake(20 + PAUSE_MS);
    forwarded(&steps[0], 2, 1);
    forwarded(&steps[1], 2, 2);
}

#[test]
fn a_leader_that_never_leads_is_not_asked_beyond_the_limit() {
    let mut course = course(Leader::Node(2));
    let pass = forwarded(&course.submit(A, 1, 0), 2, 1);
    assert_eq!(course.refused(pass, 2, 1, 3_000), [Step::TurnAway(1, Why::Leaderless)]);
}

#[test]
fn what_was_overtaken_by_its_own_room_is_turned_away_and_other_rooms_do_not_count() {
    let mut course = course(Leader::Node(2));
    let first = forwarded(&course.submit(A, 1, 0), 2, 1);
    let second = forwarded(&course.submit(A, 2, 0), 2, 2);
    let other = forwarded(&course.submit(B, 3, 0), 2, 3);
    course.lead_changed(Leader::Unknown);
    assert_eq!(course.refused(first, 2, 1, 10), [Step::TurnAway(1, Why::Overtaken)]);
    assert_eq!(course.refused(second, 2, 2, 10), []);
    course.answered(other);
    assert_eq!(course.lead_changed(Leader::Here), [Step::Here(A, 2)]);
}

#[test]
fn what_was_overtaken_by_a_command_that_was_decided_here_is_turned_away() {
    let mut course = course(Leader::Node(2));
    let pass = forwarded(&course.submit(A, 1, 0), 2, 1);
    course.lead_changed(Leader::Here);
    assert_eq!(course.submit(A, 2, 10), Step::Here(A, 2));
    assert_eq!(course.refused(pass, 2, 1, 20), [Step::TurnAway(1, Why::Overtaken)]);
}
