//! Durable appends a second of the bare writer thread, against a plain loop of write and fdatasync on the same
//! disk, at 1, 200 and 2,000 clients with one append outstanding each.
//!
//! Both are measured in turns and given as a ratio, since shared disks change from minute to minute.
//! `MADANG_BENCH_SECONDS` sets the time of each measurement (default 3), `MADANG_BENCH_DIR` the disk.

#![allow(clippy::expect_used, reason = "a bench ends at the first thing that goes wrong")]

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use madang_storage::{GroupId, LogEntry, LogOptions, LogStore};

const GROUPS: usize = 16;
const PAYLOAD_BYTES: usize = 200;
const CLIENTS: [usize; 3] = [1, 200, 2000];

fn main() {
    let seconds = std::env::var("MADANG_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let time = Duration::from_secs(seconds);
    let dir = match std::env::var_os("MADANG_BENCH_DIR") {
        Some(path) => tempfile::tempdir_in(PathBuf::from(path)),
        None => tempfile::tempdir(),
    };
    let dir = dir.expect("a directory");
    println!(
        "payloads of {PAYLOAD_BYTES} bytes, {GROUPS} groups, {seconds} s each, on {}",
        dir.path().display()
    );
    println!(
        "clients | appends/s | p50 ms | p99 ms | batches/s | fdatasync/s alone | appends per fdatasync | p50 in fdatasyncs"
    );
    for clients in CLIENTS {
        let disk = plain_loop(&dir.path().join("plain"), time);
        let log = appends(&dir.path().join(format!("log-{clients}")), clients, time);
        println!(
            "{clients} | {:.0} | {:.2} | {:.2} | {:.0} | {:.0} | {:.2} | {:.1}",
            log.per_second,
            log.p50.as_secs_f64() * 1e3,
            log.p99.as_secs_f64() * 1e3,
            log.batches_per_second,
            disk.per_second,
            log.per_second / disk.per_second,
            log.p50.as_secs_f64() / disk.p50.as_secs_f64(),
        );
    }
}

struct Measured {
    per_second: f64,
    batches_per_second: f64,
    p50: Duration,
    p99: Duration,
}

fn measured(started: Instant, batches: u64, mut times: Vec<Duration>) -> Measured {
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    Measured {
        per_second: count(times.len() as u64) / seconds,
        batches_per_second: count(batches) / seconds,
        p50: at(50),
        p99: at(99),
    }
}

fn count(number: u64) -> f64 {
    f64::from(u32::try_from(number).expect("fewer than four billion"))
}

/// What the disk does with nothing on top: append the same bytes, fdatasync, again.
fn plain_loop(path: &Path, time: Duration) -> Measured {
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("a file");
    let record = vec![7_u8; PAYLOAD_BYTES + 30];
    let mut times = Vec::new();
    let started = Instant::now();
    while started.elapsed() < time {
        let one = Instant::now();
        file.write_all(&record).expect("write");
        file.sync_data().expect("fdatasync");
        times.push(one.elapsed());
    }
    let syncs = times.len() as u64;
    measured(started, syncs, times)
}

/// All clients run on one thread: each acknowledgement sends that client's next append.
fn appends(path: &Path, clients: usize, time: Duration) -> Measured {
    let log = LogStore::open(path, &LogOptions::default()).expect("a log");
    let (acked, acks) = mpsc::channel();
    let mut next = [1_u64; GROUPS];
    let mut send = |client: usize| {
        let index = next.get_mut(client % GROUPS).expect("a group");
        let entry = LogEntry { index: *index, bytes: Bytes::from(vec![b'x'; PAYLOAD_BYTES]) };
        *index += 1;
        let (acked, sent) = (acked.clone(), Instant::now());
        let done = Box::new(move |result: Result<(), _>| {
            result.expect("a durable append");
            let _ = acked.send((client, sent.elapsed()));
        });
        let group = GroupId(u16::try_from(client % GROUPS).expect("a small number"));
        log.append(group, vec![entry], done).expect("an append");
    };
    let started = Instant::now();
    (0..clients).for_each(&mut send);
    let mut times = Vec::new();
    while started.elapsed() < time {
        let (client, latency) = acks.recv().expect("an acknowledgement");
        times.push(latency);
        send(client);
    }
    let batches = log.metrics().batches;
    let measured = measured(started, batches, times);
    log.close();
    measured
}
