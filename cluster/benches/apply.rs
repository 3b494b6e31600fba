//! What it costs to decide a message: the shard's machine over rows in memory, without raft and disk.
//!
//! `cargo bench -p madang-cluster --bench apply`

#![allow(clippy::expect_used, reason = "a bench ends at the first thing that goes wrong")]

use std::collections::BTreeMap;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use madang_cluster::command::{Command, Op, RoomOp};
use madang_cluster::machine::rows::{Base, Rows};
use madang_cluster::machine::shard::{Counters, apply};
use madang_storage::StorageError;
use madang_storage::id::{Cid, RoomId, UserId};
use madang_storage::row::RoomKind;

const ROOM: RoomId = RoomId([1; 16]);
const TEXT_BYTES: usize = 200;
/// Commands of one raft entry.
const BATCHES: [usize; 2] = [1, 64];

/// Rows that are written already.
#[derive(Default, Clone)]
struct Memory(BTreeMap<(u8, Vec<u8>), Vec<u8>>);

impl Base for Memory {
    fn get(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.0.get(&(table, key.to_vec())).cloned())
    }
}

/// A replica's state.
#[derive(Default, Clone)]
struct Replica {
    base: Memory,
    counters: Counters,
}

impl Replica {
    /// Carries out one entry's commands and writes the rows.
    fn run(&mut self, commands: &[Command]) {
        let (mut rows, mut events) = (Rows::new(&self.base), Vec::new());
        for command in commands {
            let outcome = apply(&mut rows, &mut self.counters, &mut events, command);
            std::hint::black_box(outcome).expect("readable rows").expect("a command that may be done");
        }
        for (key, value) in rows.into_writes() {
            match value {
                Some(value) => drop(self.base.0.insert(key, value)),
                None => drop(self.base.0.remove(&key)),
            }
        }
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().without_plots();
    let user = UserId::parse("minji").expect("a name");
    let mut replica = Replica::default();
    let create = RoomOp::Create {
        kind: RoomKind::Open,
        title: "yard".to_owned(),
        topic: String::new(),
        members: Vec::new(),
        sort_title: "yard".to_owned(),
    };
    replica.run(&[command(&user, create)]);
    let mut group = criterion.benchmark_group("send");
    for batch in BATCHES {
        let sends: Vec<Command> = (0..batch).map(|number| command(&user, send(number))).collect();
        group.throughput(Throughput::Elements(batch as u64));
        group.bench_function(BenchmarkId::new("of one entry", batch), |b| {
            b.iter_batched_ref(|| replica.clone(), |replica| replica.run(&sends), BatchSize::SmallInput);
        });
    }
    group.finish();
    criterion.final_summary();
}

fn command(user: &UserId, op: RoomOp) -> Command {
    Command { at_ms: 1, op: Op::Room { room: ROOM, user: user.clone(), op } }
}

fn send(number: usize) -> RoomOp {
    let cid = Cid::parse(&number.to_string()).expect("a cid");
    RoomOp::Send { cid, text: "x".repeat(TEXT_BYTES), after: None, extra: None }
}
