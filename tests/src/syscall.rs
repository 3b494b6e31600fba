//! System calls that fail or drag in a running process, without any help from the process: `strace` answers
//! in the kernel's place. Needs strace and the right to trace.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::wait_until;

/// A process whose system calls fail or drag for as long as this lives.
pub struct Failing {
    strace: Child,
    home: tempfile::TempDir,
}

impl Failing {
    /// From now on every `call` of the process fails with `error`, such as `EIO`. `None`, with the reason on
    /// stderr, where that is not possible.
    pub async fn start(pid: u32, call: &str, error: &str) -> Option<Self> {
        Self::attach(pid, call, &format!("error={error}")).await
    }

    /// From now on every `call` of the process takes this much longer. `None`, with the reason on stderr,
    /// where that is not possible.
    pub async fn drag(pid: u32, call: &str, delay: Duration) -> Option<Self> {
        Self::attach(pid, call, &format!("delay_enter={}", delay.as_micros())).await
    }

    async fn attach(pid: u32, call: &str, instead: &str) -> Option<Self> {
        let home = tempfile::tempdir().expect("a temporary directory");
        let said = home.path().join("said");
        let spawned = Command::new("strace")
            .args(["-f", "-p", &pid.to_string(), "-o"])
            .arg(home.path().join("trace"))
            .args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:{instead}")])
            .stdin(Stdio::null())
            .stderr(File::create(&said).expect("a file for strace's messages"))
            .spawn();
        let strace = match spawned {
            Ok(strace) => strace,
            Err(error) => return skip(&error.to_string()),
        };
        let mut failing = Self { strace, home };
        let attached = wait_until("strace is attached", Duration::from_secs(30), || {
            let said = fs::read_to_string(&said).unwrap_or_default();
            let ended = failing.strace.try_wait().expect("strace can be waited for").is_some();
            let attached = said.contains("attached");
            async move { (ended || attached).then_some(if ended { Err(said) } else { Ok(()) }) }
        });
        match attached.await {
            Ok(()) => Some(failing),
            Err(said) => skip(said.trim()),
        }
    }

    /// How many calls have failed or dragged so far.
    pub fn failed(&self) -> usize {
        let trace: PathBuf = self.home.path().join("trace");
        let trace = fs::read_to_string(trace).unwrap_or_default();
        trace.matches("(INJECTED)").count() + trace.matches("(DELAYED)").count()
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        // Ended with the process, perhaps: then there is nothing to do.
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

fn skip(why: &str) -> Option<Failing> {
    eprintln!("SKIPPED: system calls cannot be made to fail (needs strace and the right to trace): {why}");
    None
}
