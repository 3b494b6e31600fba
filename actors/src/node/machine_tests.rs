use super::machine::Machine;
use super::message::Child;
use madang_storage::id::ShardId;

const SHARD: Child = Child::Shard(ShardId(1));

#[test]
fn the_wait_doubles_up_to_its_limit() {
    let mut machine = Machine::new(10, 100);
    let waits: Vec<_> = (0..6).map(|n| machine.failed(SHARD, n * 50)).collect();
    assert_eq!(waits, [10, 20, 40, 80, 100, 100]);
}

#[test]
fn a_child_that_lived_long_starts_from_the_shortest_wait() {
    let mut machine = Machine::new(10, 100);
    machine.failed(SHARD, 0);
    assert_eq!(machine.failed(SHARD, 1_009), 20);
    assert_eq!(machine.failed(SHARD, 10_000), 10);
}

#[test]
fn children_wait_for_their_own_failures_only() {
    let mut machine = Machine::new(10, 100);
    machine.failed(SHARD, 0);
    assert_eq!(machine.failed(Child::Audience(ShardId(1)), 0), 10);
}
