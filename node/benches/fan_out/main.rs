//! What it costs a node to push one event to many sessions, beside a plain loop that sends the same bytes to the
//! same sockets in the same run: the bare minimum with one system call for each delivery.
//!
//! Real sockets over loopback; the readers are a process of their own and not counted. The node's side is what
//! `madang serve` runs from the hubs to the sockets, on two worker threads, with the session actors but without
//! rooms' logs: those cost the same however many listen.
//!
//! `cargo bench -p madang-node --bench fan_out -- [sessions …]`, or `-- rooms [sessions]` for rooms of many sizes alone

#![allow(clippy::expect_used, reason = "a bench ends at the first thing that goes wrong")]

mod baseline;
mod readers;
mod yard;

use std::time::Duration;

use baseline::Baseline;
use bytes::Bytes;
use madang_node::edge::frame;
use readers::Readers;
use yard::Yard;

/// The allocator of `madang`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Bytes of an event's frame.
const EVENT_BYTES: usize = 200;
const SESSIONS: [usize; 2] = [5_000, 18_000];
/// Sessions of the run with rooms of many sizes.
const SESSIONS_IN_ROOMS: usize = 10_000;
const ROOM_SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// Events that wait together in the second row.
const TOGETHER: usize = 16;
/// Deliveries of one measurement, about.
const DELIVERIES: usize = 400_000;
/// Both ways in turns, so that what else the machine does meets both. Of rooms of a size the cheapest turn counts, since
/// other work on the machine only ever adds time.
const TURNS: usize = 4;

fn main() {
    if readers::is_reader() {
        return readers::read();
    }
    let only_rooms = std::env::args().any(|word| word == "rooms");
    let wanted: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    println!("events of {EVENT_BYTES} bytes; CPU of the node's process for each delivery\n");
    if only_rooms {
        return runtime.block_on(many_rooms(wanted.first().copied().unwrap_or(SESSIONS_IN_ROOMS)));
    }
    println!("sessions | events together | hubs and sessions | plain loop | ratio");
    for sessions in if wanted.is_empty() { SESSIONS.to_vec() } else { wanted } {
        runtime.block_on(one_room(sessions));
    }
    println!();
    runtime.block_on(many_rooms(SESSIONS_IN_ROOMS));
}

async fn one_room(sessions: usize) {
    let yard = Yard::open(sessions, sessions).await;
    let mut readers = Readers::start(yard.address(), sessions);
    yard.wait_until_all_are_in().await;
    let baseline = Baseline::find(yard.address());
    assert_eq!(baseline.sockets(), sessions, "all sockets are found");
    for together in [1, TOGETHER] {
        let rounds = (DELIVERIES / TURNS / sessions / together).max(2);
        let (mut pushed, mut plain) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..TURNS {
            pushed += yard.push(rounds, together, &event(), &mut readers).await;
            plain += baseline.send(rounds, &event().repeat(together), &mut readers);
        }
        let deliveries = (TURNS * rounds * together * sessions) as f64;
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / deliveries;
        let ratio = pushed.as_secs_f64() / plain.as_secs_f64();
        let (pushed, plain) = (micros(pushed), micros(plain));
        println!("{sessions} | {together} | {pushed:.2} µs | {plain:.2} µs | {ratio:.2}");
    }
    yard.close().await;
}

async fn many_rooms(sessions: usize) {
    println!("room size | sessions | CPU of a delivery");
    for size in ROOM_SIZES.into_iter().filter(|size| *size <= sessions) {
        let yard = Yard::open(sessions, size).await;
        let mut readers = Readers::start(yard.address(), sessions);
        yard.wait_until_all_are_in().await;
        let rounds = (DELIVERIES / TURNS / sessions).max(2);
        let mut cheapest = Duration::MAX;
        for _ in 0..TURNS {
            cheapest = cheapest.min(yard.push(rounds, 1, &event(), &mut readers).await);
        }
        let micros = cheapest.as_secs_f64() * 1e6 / (rounds * sessions) as f64;
        println!("{size} | {sessions} | {micros:.2} µs");
        yard.close().await;
    }
}

fn event() -> Bytes {
    let header = frame::text(b"").len();
    frame::text("x".repeat(EVENT_BYTES - header - 2).as_bytes())
}
