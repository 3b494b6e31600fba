//! Properties of all machines together: any sequence of commands from anybody gives the same bytes on
//! every replica, however the commands fall into batches and wherever a copy of the rows was taken over; it
//! keeps the state's own rules; and nobody does more than their role allows.

mod accounts;
pub(crate) mod commands;
mod coverage;
mod keeping;
mod people;
mod powers;
mod reach;
mod rules;

use madang_storage::row::{EventRow, Row, table};
use proptest::prelude::*;

use self::commands::commands;
use self::powers::Before;
use super::rows::{MemoryBase, Rows};
use super::shard::{Counters, apply};
use crate::command::{Command, Op, Outcome, RoomOp};
use crate::event::ShardEvent;

/// A replica: its rows, and all that it ever said.
#[derive(Default)]
struct Replica {
    base: MemoryBase,
    counters: Counters,
    outcomes: Vec<Outcome>,
    events: Vec<ShardEvent>,
}

impl Replica {
    /// Carries out the commands in batches of `size`.
    fn run(&mut self, commands: &[Command], size: usize) {
        for batch in commands.chunks(size) {
            let mut rows = Rows::new(&self.base);
            for command in batch {
                let outcome = apply(&mut rows, &mut self.counters, &mut self.events, command).unwrap();
                self.outcomes.push(outcome);
            }
            let writes = rows.into_writes();
            self.base.write(writes);
        }
    }

    /// Another replica, made from this one's rows as a copy between nodes is: bytes, in the order of keys.
    fn copied(&self) -> Self {
        let exported: Vec<_> = self.base.0.iter().map(|(key, row)| (key.clone(), row.clone())).collect();
        let counters = Counters::decode(&self.counters.encode().unwrap()).unwrap();
        Self { base: MemoryBase(exported.into_iter().collect()), counters, ..Self::default() }
    }
}

fn replay(commands: &[Command], size: usize) -> Replica {
    let mut replica = Replica::default();
    replica.run(commands, size);
    replica
}

proptest! {
    #[test]
    fn any_batching_gives_the_same_bytes(commands in commands(), size in 1..40_usize) {
        let (one, other) = (replay(&commands, 1), replay(&commands, size));
        prop_assert_eq!(&one.base, &other.base);
        prop_assert_eq!(&one.outcomes, &other.outcomes);
        prop_assert_eq!(&one.events, &other.events);
        rules::check(&one.base, &one.events);
        people::check(&one.base);
        accounts::check(&one.base);
    }

    #[test]
    fn a_replica_that_begins_with_a_copy_goes_on_alike(
        commands in commands(), cut in any::<prop::sample::Index>(), size in 1..40_usize,
    ) {
        let cut = cut.index(commands.len());
        let (before, after) = commands.split_at(cut);
        let mut one = replay(before, 1);
        let mut other = one.copied();
        let said = (one.outcomes.len(), one.events.len());
        one.run(after, 1);
        other.run(after, size);
        prop_assert_eq!(&one.base, &other.base);
        prop_assert_eq!(&one.outcomes[said.0..], &other.outcomes);
        prop_assert_eq!(&one.events[said.1..], &other.events);
        prop_assert_eq!(one.counters, other.counters);
    }

    #[test]
    fn nobody_does_more_than_their_role_allows(commands in commands()) {
        let mut replica = Replica::default();
        for command in &commands {
            let (before, heard) = (replica.base.clone(), replica.events.len());
            replica.run(std::slice::from_ref(command), 1);
            for event in &replica.events[heard..] {
                if let ShardEvent::Room(event) = event {
                    Before::new(&before, event.room).check(event, &command.op);
                }
            }
            if let Op::Room { room, .. } = &command.op {
                Before::new(&before, *room).check_links(&replica.base, &command.op, command.at_ms);
            }
            powers::check_desk(&before, &replica.base, &command.op);
            reach::check(&before, &replica.base, &command.op);
            if replica.outcomes.last().is_some_and(|outcome| outcome.is_err()) {
                prop_assert_eq!(&before, &replica.base, "a refusal wrote");
            }
        }
    }

    #[test]
    fn repeating_every_send_changes_nothing(commands in commands()) {
        let sends = |command: &&Command| matches!(&command.op, Op::Room { op: RoomOp::Send { .. }, .. });
        let messages = |replica: &Replica| {
            let log = rules::rows::<EventRow>(&replica.base, table::ROOM_LOG);
            log.into_values().filter(|row| row.body.is_message()).count()
        };
        let mut twice = Vec::new();
        for command in &commands {
            twice.push(command.clone());
            if sends(&command) {
                twice.push(command.clone());
            }
        }
        prop_assert_eq!(messages(&replay(&commands, 1)), messages(&replay(&twice, 3)));
    }
}
