//! Runs the built program.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Nothing in a test takes longer, also on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);

/// What a command said, and its exit code.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program, in an empty folder, with nothing of ours in its environment.
pub(crate) fn madang(folder: &Path, line: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_madang"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MADANG_")) {
        command.env_remove(name);
    }
    command.args(line).current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(line: &[&str]) -> Said {
    let folder = TempDir::new().unwrap();
    let Output { status, stdout, stderr } = madang(folder.path(), line).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// Asks until there is an answer.
pub(crate) fn wait_until<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(Instant::now() < end, "{what}: not within {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A node that runs beside the test.
pub(crate) struct Serving {
    child: Child,
    _folder: TempDir,
    pub(crate) about: Value,
}

impl Serving {
    /// Starts one on free ports and waits until it is ready.
    pub(crate) fn start(more: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let ready = folder.path().join("ready");
        let mut line = vec!["serve", "--http-listen", "127.0.0.1:0", "--peer-listen", "127.0.0.1:0"];
        line.extend(["--set", "raft.shards=2", "--ready-file", ready.to_str().unwrap()]);
        line.extend(more);
        let mut command = madang(folder.path(), &line);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let about = wait_until("the node to be ready", || {
            assert!(child.try_wait().unwrap().is_none(), "the node ended");
            serde_json::from_str(&std::fs::read_to_string(&ready).ok()?).ok()
        });
        Self { child, _folder: folder, about }
    }

    /// Where it listens for other nodes.
    pub(crate) fn peer(&self) -> &str {
        self.about["peer"].as_str().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
