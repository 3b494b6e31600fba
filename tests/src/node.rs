//! Real nodes: the built binary as a process of its own.

mod launch;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

pub use launch::Launch;

/// How long a node may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// Settings under which one client may send as fast as the node can take it.
pub const NO_RATE_LIMITS: [(&str, &str); 2] =
    [("MADANG_LIMITS__SENDS_PER_SECOND", "1000000"), ("MADANG_LIMITS__SENDS_BURST", "1000000")];

/// A running node. Dropping it kills it.
pub struct Node {
    child: Child,
    launch: Launch,
    /// Where it answers, such as `http://127.0.0.1:40123`.
    pub url: String,
}

impl Node {
    /// Starts the binary on `data_dir` and waits until it is ready. `settings` are environment variables.
    pub async fn start(data_dir: &Path, settings: &[(&str, &str)]) -> Self {
        Self::start_at(data_dir, "127.0.0.1:0", settings).await
    }

    /// As [`Node::start`], at a given address: where it was before, so that clients find it again.
    pub async fn start_at(data_dir: &Path, listen: &str, settings: &[(&str, &str)]) -> Self {
        let mut node = Self::launch(Launch::new(data_dir).at(listen).with(settings.iter().copied()));
        node.ready(READY_WITHIN).await;
        node
    }

    /// Starts the binary and does not wait: alone it may have to wait for others itself.
    pub fn launch(launch: Launch) -> Self {
        Self { child: launch.spawn(), url: format!("http://{}", launch.listen), launch }
    }

    /// Waits until it is ready. Panics at the limit, or when it ends instead.
    pub async fn ready(&mut self, limit: Duration) {
        let end = Instant::now() + limit;
        while !self.is_ready() {
            if let Some(status) = self.ended() {
                panic!("the node ended with {status}; its log: {}", self.last_words());
            }
            assert!(Instant::now() < end, "not ready within {limit:?}; its log: {}", self.last_words());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether it has said that it is ready.
    pub fn is_ready(&mut self) -> bool {
        match fs::read_to_string(&self.launch.ready).ok().and_then(|text| url_of(&text)) {
            Some(url) => {
                self.url = url;
                true
            }
            None => false,
        }
    }

    /// How it has ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the node can be waited for")
    }

    /// Starts the binary where it is expected to refuse: waits for its end, answers status and log.
    pub async fn refused(data_dir: &Path, settings: &[(&str, &str)]) -> (ExitStatus, String) {
        let mut node = Self::launch(Launch::new(data_dir).with(settings.iter().copied()));
        let status = ended(&mut node.child, READY_WITHIN).await;
        (status, node.last_words())
    }

    /// The address without the scheme.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`: no goodbye, no flush.
    pub fn kill(mut self) {
        self.child.kill().expect("the node can be killed");
        self.child.wait().expect("the node can be waited for");
    }

    /// SIGSTOP: it stands still, and its connections with it, without being closed.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// SIGCONT: it goes on as if no time had passed.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// SIGTERM, and waits for the end.
    pub async fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        ended(&mut self.child, Duration::from_secs(60)).await
    }

    /// Waits for the node to end by itself.
    pub async fn wait(mut self, limit: Duration) -> ExitStatus {
        ended(&mut self.child, limit).await
    }

    /// Resident memory, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
        line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
    }

    /// The end of what it said.
    pub fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.launch.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(30).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs");
        assert!(sent.success(), "SIG{name} to {pid}");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Ended already, perhaps: then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All that the latest node on this directory said, on standard output and error.
pub fn log_of(data_dir: &Path) -> String {
    fs::read_to_string(launch::log_file(data_dir)).unwrap_or_default()
}

/// The binary under test: beside the test's own, or where `MADANG_BIN` says.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("MADANG_BIN") {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    let path = test.ancestors().nth(2).expect("a target folder").join("madang");
    assert!(path.exists(), "{} is missing: run `make test`, which builds it", path.display());
    path
}

async fn ended(child: &mut Child, limit: Duration) -> ExitStatus {
    crate::wait_until("the node's end", limit, || {
        let status = child.try_wait().expect("the node can be waited for");
        async move { status }
    })
    .await
}

fn url_of(ready: &str) -> Option<String> {
    let ready: serde_json::Value = serde_json::from_str(ready).ok()?;
    ready.get("http")?.as_str().map(str::to_owned)
}
