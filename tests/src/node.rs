//! Real nodes: the built binary as a process of its own, on a port of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a node may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// Settings under which one client may send as fast as the node can take it.
pub const NO_RATE_LIMITS: [(&str, &str); 2] =
    [("MADANG_LIMITS__SENDS_PER_SECOND", "1000000"), ("MADANG_LIMITS__SENDS_BURST", "1000000")];

/// A running node. Dropping it kills it.
pub struct Node {
    child: Child,
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
        let mut child = spawn(data_dir, listen, settings);
        let ready = ready_file(data_dir);
        let end = Instant::now() + READY_WITHIN;
        loop {
            if let Some(url) = fs::read_to_string(&ready).ok().and_then(|text| url_of(&text)) {
                return Self { child, url };
            }
            if let Some(status) = child.try_wait().expect("the node can be waited for") {
                panic!("the node ended with {status}; its log: {}", last_words(data_dir));
            }
            assert!(
                Instant::now() < end,
                "not ready within {READY_WITHIN:?}; its log: {}",
                last_words(data_dir)
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts the binary where it is expected to refuse: waits for its end, answers status and log.
    pub async fn refused(data_dir: &Path, settings: &[(&str, &str)]) -> (ExitStatus, String) {
        let mut child = spawn(data_dir, "127.0.0.1:0", settings);
        let status = ended(&mut child, READY_WITHIN).await;
        (status, last_words(data_dir))
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

    /// SIGTERM, and waits for the end.
    pub async fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(sent.success());
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
    fs::read_to_string(log_file(data_dir)).unwrap_or_default()
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

fn spawn(data_dir: &Path, listen: &str, settings: &[(&str, &str)]) -> Child {
    fs::create_dir_all(data_dir).expect("a data directory");
    // A file of a former run must not be taken for this one's.
    let _ = fs::remove_file(ready_file(data_dir));
    let log = fs::File::create(log_file(data_dir)).expect("a log file");
    let errors = log.try_clone().expect("a log file twice");
    Command::new(binary())
        .arg("serve")
        .arg("--data-dir")
        .arg(data_dir)
        .args(["--http-listen", listen, "--ready-file"])
        .arg(ready_file(data_dir))
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .expect("the binary starts")
}

async fn ended(child: &mut Child, limit: Duration) -> ExitStatus {
    crate::wait_until("the node's end", limit, || {
        let status = child.try_wait().expect("the node can be waited for");
        async move { status }
    })
    .await
}

/// Beside the data directory, not in it: a disk under test may be full or gone.
fn beside(data_dir: &Path, name: &str) -> PathBuf {
    let dir = data_dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    std::env::temp_dir().join(format!("madang-test-{}-{dir}.{name}", hash(data_dir)))
}

fn hash(path: &Path) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    std::process::id().hash(&mut hasher);
    hasher.finish()
}

fn ready_file(data_dir: &Path) -> PathBuf {
    beside(data_dir, "ready")
}

fn log_file(data_dir: &Path) -> PathBuf {
    beside(data_dir, "log")
}

/// The end of what the node said.
fn last_words(data_dir: &Path) -> String {
    let text = log_of(data_dir);
    let lines: Vec<&str> = text.lines().rev().take(30).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

fn url_of(ready: &str) -> Option<String> {
    let ready: serde_json::Value = serde_json::from_str(ready).ok()?;
    ready.get("http")?.as_str().map(str::to_owned)
}
