//! A running node.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::Context;

use super::plan::Plan;
use super::tether;

/// Where the nodes' logs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logs {
    /// To standard error, each line with its node.
    Shown,
    /// Each to its file.
    Files,
}

/// A node's process. Dropping it kills it.
pub(super) struct Running {
    child: Child,
}

impl Running {
    /// Starts node `number`.
    pub(super) fn start(plan: &Plan, number: u16, logs: Logs) -> anyhow::Result<Self> {
        let ready = plan.ready_file(number);
        forget(&ready)?;
        let program = std::env::current_exe().context("finding this program")?;
        let mut command = Command::new(program);
        command
            .args(plan.arguments(number))
            .arg("--ready-file")
            .arg(&ready)
            .stdin(Stdio::null())
            // Its banner: one for all is shown instead.
            .stdout(Stdio::null())
            .stderr(match logs {
                Logs::Shown => Stdio::piped(),
                Logs::Files => append_to(&plan.log_file(number))?.into(),
            });
        tether::tie(&mut command);
        let mut child = command.spawn().with_context(|| format!("starting node {number}"))?;
        if let Some(errors) = child.stderr.take() {
            std::thread::spawn(move || show(number, errors));
        }
        Ok(Self { child })
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.child.try_wait().context("waiting for a node")
    }

    /// Asks it to end in good order.
    pub(super) fn stop(&self) {
        tether::ask_to_end(&self.child);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended, and was waited for then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes a node's log on, line by line.
fn show(number: u16, log: impl Read) {
    for line in BufReader::new(log).split(b'\n').map_while(Result::ok) {
        let mut out = format!("node {number} | ").into_bytes();
        out.extend_from_slice(&line);
        out.push(b'\n');
        // One write a line, so that lines of several nodes do not mix. Nobody may be looking.
        let _ = std::io::stderr().lock().write_all(&out);
    }
}

fn append_to(path: &Path) -> anyhow::Result<File> {
    let file = File::options().create(true).append(true).open(path);
    file.with_context(|| format!("log file {}", path.display()))
}

/// A file of an earlier run must not be taken for this one's.
fn forget(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("ready file {}", path.display()))
        }
        _ => Ok(()),
    }
}
