//! One node of a cluster: a place, a folder, and sometimes a process.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use super::place::Place;
use super::standing::{self, SECRET};
use crate::authority::Papers;
use crate::damage;
use crate::disk::Disk;
use crate::node::{Launch, Node, binary};
use crate::syscall::Failing;
use crate::wait_until;

/// What a [`Member`] is made of.
pub(super) struct Birth<'a> {
    pub(super) index: usize,
    pub(super) place: Place,
    pub(super) seeds: &'a [String],
    pub(super) settings: &'a [(String, String)],
    pub(super) home: &'a Path,
    pub(super) logs: &'a Path,
    pub(super) disk: Option<Disk>,
}

impl Birth<'_> {
    pub(super) fn member(self) -> Member {
        let name = format!("node-{}", self.index + 1);
        let data_dir = match &self.disk {
            Some(disk) => disk.path().join("data"),
            None => self.home.join(&name),
        };
        let settings = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Member {
            state: State::Down,
            strace: None,
            launch: Launch::new(&data_dir).with(settings),
            place: self.place,
            seeds: self.seeds.to_owned(),
            data_dir,
            log: self.logs.join(name),
            starts: 0,
            disk: self.disk,
            is_full: false,
        }
    }
}

enum State {
    Down,
    Running(Node),
    Paused(Node),
}

/// One node of a cluster. Its address and its disk stay when the process goes.
pub struct Member {
    // Dropped in this order: the process before the disk it writes to.
    state: State,
    strace: Option<Failing>,
    /// Without its addresses: it may move.
    launch: Launch,
    place: Place,
    seeds: Vec<String>,
    data_dir: PathBuf,
    /// Without its ending: each start has a file of its own.
    log: PathBuf,
    starts: u32,
    disk: Option<Disk>,
    is_full: bool,
}

impl Member {
    /// Where clients find it.
    pub fn url(&self) -> String {
        let scheme = if self.launch.has(Papers::CLIENT_CERTIFICATE) { "https" } else { "http" };
        format!("{scheme}://{}", self.place.http)
    }

    /// Has an operator's program ask it for something, such as `drain`. Panics if it does not do it.
    pub fn operate(&self, arguments: &[&str]) {
        let asked = Command::new(binary())
            .args(arguments)
            .args(["--node", &self.place.peer.to_string()])
            .envs(self.launch.peer_settings())
            .env("MADANG_PEER__SECRET", SECRET)
            .output()
            .expect("the operator's program");
        assert!(asked.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&asked.stderr));
    }

    /// Where it keeps its data.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Whether it has a disk of its own.
    pub fn has_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// Whether there is a process, be it frozen.
    pub fn is_started(&self) -> bool {
        !matches!(self.state, State::Down)
    }

    /// From its next start on it has this environment variable too.
    pub fn set(&mut self, name: &str, value: &str) {
        self.launch = self.launch.clone().with([(name, value)]);
    }

    /// Starts it without waiting.
    pub fn start(&mut self) {
        assert!(!self.is_started(), "{} runs already", self.url());
        self.starts += 1;
        let log = self.log.with_extension(format!("{}.log", self.starts));
        let mut launch = self.launch.clone().logging_to(log);
        launch = launch.at(&self.place.http.to_string()).on_host(self.place.namespace.as_deref());
        if self.seeds.len() > 1 {
            launch = launch
                .flag("--peer-listen", &self.place.peer.to_string())
                .flag("--seeds", &self.seeds.join(","))
                .with([("MADANG_PEER__SECRET", SECRET)]);
        }
        self.state = State::Running(Node::launch(launch));
    }

    /// Gives it other addresses, and those of its seeds, from its next start on.
    pub(super) fn move_to(&mut self, place: Place, seeds: &[String]) {
        assert!(!self.is_started(), "{} still runs", self.url());
        (self.place, self.seeds) = (place, seeds.to_owned());
    }

    /// The name by which other nodes know it.
    pub fn host(&self) -> String {
        self.place.peer.ip().to_string()
    }

    /// Starts it and waits until it is ready.
    pub async fn start_and_wait(&mut self, limit: Duration) {
        self.start();
        self.wait_ready(limit).await;
    }

    /// Whether it lets clients in now.
    pub async fn is_ready(&self) -> bool {
        standing::is_ready(&self.url()).await
    }

    /// Waits until it is ready. Panics at the limit, or when it ends instead.
    pub async fn wait_ready(&mut self, limit: Duration) {
        let url = self.url();
        match &mut self.state {
            State::Running(node) => node.ready(limit).await,
            State::Down | State::Paused(_) => panic!("{url} is to be ready and does not run"),
        }
    }

    /// Starts it and waits until it is ready, or has ended: then the status and its last words.
    pub async fn start_or_refuse(&mut self, limit: Duration) -> Result<(), (ExitStatus, String)> {
        self.start();
        let State::Running(node) = &mut self.state else { return Ok(()) };
        let refused = wait_until("the node is ready or has ended", limit, || {
            let outcome = match node.ended() {
                Some(status) => Some(Err((status, node.last_words()))),
                None => node.is_ready().then_some(Ok(())),
            };
            async move { outcome }
        })
        .await;
        if refused.is_err() {
            self.state = State::Down;
        }
        refused
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        match std::mem::replace(&mut self.state, State::Down) {
            State::Running(node) | State::Paused(node) => node.kill(),
            State::Down => panic!("{} is to be killed and does not run", self.url()),
        }
        self.strace = None;
    }

    /// SIGTERM; waits for the end.
    pub async fn stop(&mut self) -> ExitStatus {
        match std::mem::replace(&mut self.state, State::Down) {
            State::Running(node) => node.stop().await,
            State::Down | State::Paused(_) => panic!("{} is to be stopped and does not run", self.url()),
        }
    }

    /// SIGSTOP.
    pub fn pause(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Down) {
            State::Running(node) => {
                node.pause();
                State::Paused(node)
            }
            other => other,
        };
    }

    /// SIGCONT.
    pub fn resume(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Down) {
            State::Paused(node) => {
                node.resume();
                State::Running(node)
            }
            other => other,
        };
    }

    /// Cuts the power: what was not synced is gone, and so is the process. The disk is back at once.
    pub fn cut_power(&mut self) {
        // The processor stops before the disk does: it must not see the disk fail and act on it.
        self.pause();
        self.own_disk().pull_plug();
        self.kill();
        self.own_disk().plug_in_again();
    }

    /// From now on every fsync fails.
    pub async fn fail_fsync(&mut self) -> Attached {
        self.strace = match &self.state {
            State::Running(node) => Failing::start(node.pid(), "fdatasync", "EIO").await,
            State::Down | State::Paused(_) => None,
        };
        Attached::of(&self.strace)
    }

    /// From now on every fsync takes this much longer, until [`Member::heal`].
    pub async fn slow_fsync(&mut self, delay: Duration) -> Attached {
        self.strace = match &self.state {
            State::Running(node) => Failing::drag(node.pid(), "fdatasync", delay).await,
            State::Down | State::Paused(_) => None,
        };
        Attached::of(&self.strace)
    }

    /// Leaves so many bytes free on its disk, until [`Member::heal`].
    pub fn fill_disk(&mut self, leave_bytes: u64) {
        self.own_disk().fill(leave_bytes);
        self.is_full = true;
    }

    /// Waits for it to end by itself; kills it at the limit. Answers the status if it did.
    pub async fn wait_end(&mut self, limit: Duration) -> Option<ExitStatus> {
        let end = std::time::Instant::now() + limit;
        let State::Running(node) = &mut self.state else { return None };
        let status = loop {
            let status = node.ended();
            if status.is_some() || std::time::Instant::now() >= end {
                break status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        self.kill_quietly();
        status
    }

    /// Half a record at the end of its log; it must not run.
    pub fn tear_tail(&self) {
        assert!(!self.is_started(), "{} still runs", self.url());
        damage::tear_tail(&self.data_dir);
    }

    /// A flipped bit in the middle of its log; it must not run. Answers where.
    pub fn flip_bit(&self) -> Option<String> {
        assert!(!self.is_started(), "{} still runs", self.url());
        damage::flip_bit(&self.data_dir)
    }

    /// Throws away all its data; it must not run.
    pub fn wipe(&self) {
        assert!(!self.is_started(), "{} still runs", self.url());
        damage::wipe(&self.data_dir);
    }

    /// Undoes everything that [`Member::pause`], [`Member::slow_fsync`] and [`Member::fill_disk`] did.
    pub fn heal(&mut self) {
        self.strace = None;
        self.resume();
        if std::mem::take(&mut self.is_full)
            && let Some(disk) = &self.disk
        {
            disk.make_room();
        }
    }

    /// If it ended although nobody ended it: a sentence about it, once.
    pub(super) fn ended_by_itself(&mut self) -> Option<String> {
        let State::Running(node) = &mut self.state else { return None };
        let status = node.ended()?;
        let said = node.last_words();
        self.kill_quietly();
        Some(format!("{} ended by itself with {status}; its last words:\n{said}", self.url()))
    }

    fn own_disk(&self) -> &Disk {
        self.disk.as_ref().expect("a node with a disk of its own")
    }

    /// Drops the process, ended or not.
    fn kill_quietly(&mut self) {
        self.state = State::Down;
        self.strace = None;
    }
}

/// Whether system calls could be tampered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attached {
    /// They are, from now on.
    Yes,
    /// Not possible here; the reason was told.
    No,
}

impl Attached {
    fn of(strace: &Option<Failing>) -> Self {
        if strace.is_some() { Self::Yes } else { Self::No }
    }
}
