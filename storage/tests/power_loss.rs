//! Promise: what was acknowledged survives a power cut. Negative control: without the sync it does not.
//!
//! A child process writes to a log on an ext4 file system in a loop-mounted image. In the middle the file
//! system is shut down without a flush (`FS_IOC_SHUTDOWN`, so everything not on stable storage is lost), the
//! child is killed, the image mounted again and the log opened. Needs root and loop devices; where they are
//! missing it says so and why, and passes.
//!
//! It has its own `main`, since it starts itself again as the child.

#![allow(clippy::expect_used, reason = "a test ends at the first thing that goes wrong")]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use madang_storage::{GroupId, LogEntry, LogOptions, LogStore, Sync};
use support::{run, text};

const CHILD_PATH: &str = "MADANG_POWER_LOSS_PATH";
const CHILD_SYNC: &str = "MADANG_POWER_LOSS_SYNC";
/// Acknowledgements the parent waits for before it cuts the power.
const ACKS: usize = 3_000;
const GROUPS: u16 = 8;
const IN_FLIGHT: u64 = 32;

fn main() -> ExitCode {
    if let Some(path) = std::env::var_os(CHILD_PATH) {
        write_until_killed(Path::new(&path));
        return ExitCode::SUCCESS;
    }
    if let Err(reason) = Disk::new().map(drop) {
        println!("power_loss: SKIPPED, nothing was tested: {reason}");
        return ExitCode::SUCCESS;
    }
    for round in 1..=3 {
        let outcome = cut_power("fdatasync");
        println!("power_loss: round {round}, synced: {outcome:?}");
        assert!(outcome.acked >= ACKS);
        assert_eq!(outcome.lost, 0, "acknowledged entries were lost: {outcome:?}");
        assert_eq!(outcome.votes_lost, 0, "an acknowledged vote was lost: {outcome:?}");
    }
    let outcome = cut_power("never");
    println!("power_loss: negative control, not synced: {outcome:?}");
    assert!(outcome.lost > 0, "without a sync nothing was lost: this test can't notice a missing sync");
    println!("power_loss: ok");
    ExitCode::SUCCESS
}

#[derive(Debug)]
struct Outcome {
    acked: usize,
    lost: usize,
    votes_lost: usize,
}

/// Group and index of an entry, or group and round of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ack {
    Entry(u16, u64),
    Vote(u16, u64),
}

fn cut_power(sync: &str) -> Outcome {
    let disk = Disk::new().expect("the disk that could be made a moment ago");
    let log_path = disk.mount.join("data").join("log");
    let mut child = start_child(&log_path, sync);
    let acks = listen(&mut child);
    let mut acked: Vec<Ack> = Vec::new();
    while acked.len() < ACKS {
        acked.push(acks.recv_timeout(Duration::from_secs(60)).expect("the child acknowledges"));
    }
    // First the processor stops, then the disk: a process that lives on while its disk dies can be told that a
    // sync succeeded which did not (ext4 does so for preallocated files), and no power cut is like that.
    freeze(&child);
    disk.shut_down_without_flush();
    child.kill().expect("kill the child");
    child.wait().expect("reap the child");
    acked.extend(acks.iter());
    let disk = disk.mount_again();
    compare(&log_path, &acked, disk)
}

/// Stops the child at some arbitrary moment, and waits until none of its threads runs any more.
fn freeze(child: &Child) {
    run("kill", &["-STOP", &child.id().to_string()]).expect("stop the child");
    let tasks = PathBuf::from(format!("/proc/{}/task", child.id()));
    let end = Instant::now() + Duration::from_secs(30);
    let stopped = |task: std::io::Result<std::fs::DirEntry>| {
        let stat = task.and_then(|task| std::fs::read_to_string(task.path().join("stat")));
        // The state is the word behind the name, which ends with the last parenthesis.
        stat.is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" T")))
    };
    while !std::fs::read_dir(&tasks).expect("the child's threads").all(stopped) {
        assert!(Instant::now() < end, "the child does not stop");
        std::thread::yield_now();
    }
}

fn compare(log_path: &Path, acked: &[Ack], disk: Disk) -> Outcome {
    let log = LogStore::open(log_path, &LogOptions::default());
    let (mut lost, mut votes_lost) = (0, 0);
    let mut votes: BTreeMap<u16, u64> = BTreeMap::new();
    for ack in acked {
        match (ack, &log) {
            (Ack::Entry(group, index), Ok(log)) => {
                let found =
                    log.read(GroupId(*group), *index..*index + 1, usize::MAX).expect("a readable log");
                lost += usize::from(found != [entry(*group, *index)]);
            }
            (Ack::Entry(..), Err(_)) => lost += 1,
            (Ack::Vote(group, round), _) => drop(votes.insert(*group, *round)),
        }
    }
    for (group, round) in votes {
        let found = log.as_ref().ok().and_then(|log| log.read_vote(GroupId(group)).expect("a readable log"));
        let found = found.and_then(|vote| String::from_utf8(vote.to_vec()).ok()?.parse::<u64>().ok());
        // A later vote may have reached the disk without having been acknowledged.
        votes_lost += usize::from(found.is_none_or(|found| found < round));
    }
    if let Err(error) = &log {
        println!("power_loss: the log can't be opened: {error}");
    }
    drop(log);
    drop(disk);
    Outcome { acked: acked.len(), lost, votes_lost }
}

fn start_child(log_path: &Path, sync: &str) -> Child {
    Command::new(std::env::current_exe().expect("own path"))
        .env(CHILD_PATH, log_path)
        .env(CHILD_SYNC, sync)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("start the child")
}

/// What the child reports, until its end of the pipe closes.
fn listen(child: &mut Child) -> mpsc::Receiver<Ack> {
    let lines = BufReader::new(child.stdout.take().expect("the child's stdout")).lines();
    let (tx, rx) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let words: Vec<&str> = line.split(' ').collect();
            let ack = match words.as_slice() {
                ["entry", group, index] => {
                    group.parse().ok().zip(index.parse().ok()).map(|(g, i)| Ack::Entry(g, i))
                }
                ["vote", group, round] => {
                    group.parse().ok().zip(round.parse().ok()).map(|(g, r)| Ack::Vote(g, r))
                }
                // A line torn by the kill.
                _ => None,
            };
            if ack.is_none_or(|ack| tx.send(ack).is_err()) {
                return;
            }
        }
    });
    rx
}

/// The child: appends to all groups, votes now and then, reports every acknowledgement as one line.
fn write_until_killed(path: &Path) {
    let never = std::env::var(CHILD_SYNC).is_ok_and(|sync| sync == "never");
    let sync = if never { Sync::Never } else { Sync::Fdatasync };
    let log = LogStore::open(path, &LogOptions { sync, ..LogOptions::default() }).expect("open the log");
    let (acked, acks) = mpsc::channel();
    for number in 0_u64.. {
        let group = u16::try_from(number % u64::from(GROUPS)).expect("a small number");
        let index = number / u64::from(GROUPS) + 1;
        if number >= IN_FLIGHT && acks.recv() != Ok(true) {
            return;
        }
        let done = announce("entry", group, index, acked.clone());
        let taken = log.append(GroupId(group), vec![entry(group, index)], done);
        if taken.is_err() {
            return;
        }
        if index.is_multiple_of(100) {
            let done = announce("vote", group, index, mpsc::channel().0);
            drop(log.save_vote(GroupId(group), Bytes::from(index.to_string()), done));
        }
    }
}

/// A callback that reports one acknowledgement, to the parent first.
fn announce(kind: &'static str, group: u16, index: u64, acked: mpsc::Sender<bool>) -> madang_storage::Done {
    Box::new(move |result| {
        if result.is_ok() {
            let mut out = std::io::stdout().lock();
            drop(writeln!(out, "{kind} {group} {index}").and_then(|()| out.flush()));
        }
        let _ = acked.send(result.is_ok());
    })
}

fn entry(group: u16, index: u64) -> LogEntry {
    let text = format!("group {group} entry {index} {}", "payload ".repeat(20));
    LogEntry { index, bytes: Bytes::from(text) }
}

/// An ext4 file system in an image file, mounted as long as this lives.
struct Disk {
    dir: tempfile::TempDir,
    mount: PathBuf,
}

impl Disk {
    /// Errors: why this machine can't.
    fn new() -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let (image, mount) = (dir.path().join("image"), dir.path().join("mount"));
        std::fs::create_dir(&mount).map_err(|error| error.to_string())?;
        let file = std::fs::File::create(&image).map_err(|error| error.to_string())?;
        file.set_len(256 << 20).map_err(|error| error.to_string())?;
        run("mkfs.ext4", &["-q", "-F", &text(&image)])?;
        run("python3", &["-c", "import fcntl"])?;
        run("mount", &["-o", "loop", &text(&image), &text(&mount)])?;
        Ok(Self { dir, mount })
    }

    /// The power cut: what is not on stable storage now is gone, and nothing can be written any more.
    fn shut_down_without_flush(&self) {
        // FS_IOC_SHUTDOWN (0x8004587d) with FS_SHUTDOWN_FLAGS_NOLOGFLUSH (2): linux/fs.h, ext4/ioctl.c.
        let script = "import fcntl, os, struct, sys\n\
                      fd = os.open(sys.argv[1], os.O_RDONLY)\n\
                      fcntl.ioctl(fd, 0x8004587d, struct.pack('I', 2))";
        run("python3", &["-c", script, &text(&self.mount)]).expect("shut the file system down");
    }

    /// The power comes back.
    fn mount_again(self) -> Self {
        run("umount", &[&text(&self.mount)]).expect("unmount the dead file system");
        run("mount", &["-o", "loop", &text(&self.dir.path().join("image")), &text(&self.mount)])
            .expect("mount again");
        self
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Err(error) = run("umount", &[&text(&self.mount)]) {
            println!("power_loss: {error}");
        }
    }
}
