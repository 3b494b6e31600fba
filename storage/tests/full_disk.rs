//! A full disk: the stores say so, refuse to go on, stay readable, and a restart with space finds everything
//! that was acknowledged.
//!
//! Needs root and `tmpfs`; where it can't be mounted it says so and why, and passes.

#![allow(clippy::expect_used, reason = "a test ends at the first thing that goes wrong")]

mod support;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;

use bytes::Bytes;
use madang_storage::{
    GroupId, LogEntry, LogOptions, LogStore, StateBatch, StateOptions, StateStore, StorageError,
};
use support::{run, text};

const G: GroupId = GroupId(1);

fn main() -> ExitCode {
    match SmallDisk::new() {
        Err(reason) => println!("full_disk: SKIPPED, nothing was tested: {reason}"),
        Ok(disk) => {
            log_says_full_and_keeps_what_it_acknowledged(&disk);
            state_says_full_and_stays_readable(&disk);
            println!("full_disk: ok");
        }
    }
    ExitCode::SUCCESS
}

fn log_says_full_and_keeps_what_it_acknowledged(disk: &SmallDisk) {
    let path = disk.mount.join("log");
    let log = LogStore::open(&path, &LogOptions::default()).expect("open the log");
    let mut acked = 0;
    let error = loop {
        let (tx, rx) = mpsc::channel();
        let done = Box::new(move |result| drop(tx.send(result)));
        log.append(G, vec![entry(acked + 1)], done).expect("the log takes it");
        match rx.recv().expect("an answer") {
            Ok(()) => acked += 1,
            Err(error) => break error,
        }
        assert!(acked < 100_000, "the disk never filled up");
    };
    println!("full_disk: log after {acked} entries: {error}");
    assert!(matches!(error, StorageError::Full { .. }), "{error}");
    assert_eq!(log.fenced(), Some(error));
    let later = log.append(G, vec![entry(acked + 2)], Box::new(|_| {}));
    assert!(matches!(later, Err(StorageError::Fenced { .. })), "{later:?}");
    check_entries(&log, acked);
    log.close();

    disk.grow();
    let log = LogStore::open(&path, &LogOptions::default()).expect("open the log with space");
    check_entries(&log, acked);
    log.close();
    std::fs::remove_dir_all(&path).expect("make room");
    disk.shrink();
}

fn check_entries(log: &LogStore, acked: u64) {
    for index in [1, 2, acked / 2, acked] {
        assert_eq!(log.read(G, index..index + 1, usize::MAX), Ok(vec![entry(index)]));
    }
}

fn state_says_full_and_stays_readable(disk: &SmallDisk) {
    let path = disk.mount.join("state");
    let options = StateOptions { memtable_bytes: 1 << 20, ..StateOptions::default() };
    let state = StateStore::open(&path, &options).expect("open the state");
    let mut written = 0_u64;
    let error = loop {
        let mut batch = StateBatch::new();
        batch.put(&written.to_be_bytes(), &noise(written));
        if let Err(error) =
            state.write(batch).and_then(|()| if written % 64 == 63 { state.flush() } else { Ok(()) })
        {
            break error;
        }
        written += 1;
        assert!(written < 100_000, "the disk never filled up");
    };
    println!("full_disk: state after {written} rows: {error}");
    assert!(matches!(error, StorageError::Full { .. }), "{error}");
    assert_eq!(state.fenced(), Some(error));
    let later = state.write(StateBatch::new());
    assert!(matches!(later, Err(StorageError::Fenced { .. })), "{later:?}");
    for row in [0, written / 2, written - 1] {
        assert_eq!(state.get(&row.to_be_bytes()), Ok(Some(noise(row))));
    }
}

fn entry(index: u64) -> LogEntry {
    LogEntry { index, bytes: Bytes::from(noise(index)) }
}

/// Four kilobytes that compress to nothing less (xorshift, Marsaglia 2003).
fn noise(seed: u64) -> Vec<u8> {
    let mut word = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = std::iter::repeat_with(|| {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        word
    });
    words.take(512).flat_map(u64::to_le_bytes).collect()
}

/// A file system of a few megabytes, mounted as long as this lives.
struct SmallDisk {
    _dir: tempfile::TempDir,
    mount: PathBuf,
}

impl SmallDisk {
    /// Errors: why this machine can't.
    fn new() -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mount = dir.path().join("mount");
        std::fs::create_dir(&mount).map_err(|error| error.to_string())?;
        run("mount", &["-t", "tmpfs", "-o", "size=16m", "tmpfs", &text(&mount)])?;
        Ok(Self { _dir: dir, mount })
    }

    fn grow(&self) {
        run("mount", &["-o", "remount,size=128m", &text(&self.mount)]).expect("grow the disk");
    }

    fn shrink(&self) {
        run("mount", &["-o", "remount,size=16m", &text(&self.mount)]).expect("shrink the disk");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Err(error) = run("umount", &[&text(&self.mount)]) {
            println!("full_disk: {error}");
        }
    }
}
