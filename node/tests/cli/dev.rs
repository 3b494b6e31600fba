//! `madang dev`: a cluster that heals, and leaves nothing behind.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{madang, run, wait_until};

/// From the first port for clients to the first for other nodes.
const PEER_OFFSET: u16 = 10_000;

/// A port from which on some are free, and some more for the other nodes.
fn free_port() -> u16 {
    // Both below the ports that the system gives to whoever asks for any.
    let range = 12_000..22_000_u16;
    // Tests of one process run side by side: each begins somewhere else.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = u16::try_from(std::process::id() % 900).unwrap() * 10;
    let offset = offset + NEXT.fetch_add(100, Ordering::Relaxed);
    let mut ports = (0..900).map(|step| range.start + (offset + step * 10) % 9_900);
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    ports.find(|port| (0..3).all(|next| is_free(port + next) && is_free(port + PEER_OFFSET + next))).unwrap()
}

struct Dev {
    child: Child,
    folder: TempDir,
    peer_port: u16,
}

impl Dev {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let http_port = free_port();
        let peer_port = http_port + PEER_OFFSET;
        let (http, peer) = (http_port.to_string(), peer_port.to_string());
        let mut line = vec!["dev", "--http-port", &http, "--peer-port", &peer, "--log-files"];
        line.extend(["--restart-after", "100ms", "--set", "raft.shards=2"]);
        let child = madang(folder.path(), &line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, folder, peer_port }
    }

    /// The process of a node that is ready.
    fn ready(&self, number: u16) -> Option<u32> {
        let file = self.folder.path().join(format!("madang-dev/node-{number}.ready"));
        let about: Value = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
        u32::try_from(about["pid"].as_u64()?).ok()
    }

    fn wait_ready(&mut self) -> Vec<u32> {
        wait_until("three nodes to be ready", || {
            assert!(self.child.try_wait().unwrap().is_none(), "madang dev ended");
            (1..=3).map(|number| self.ready(number)).collect()
        })
    }

    fn peer(&self, number: u16) -> String {
        format!("127.0.0.1:{}", self.peer_port + number - 1)
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kill_9(pid: u32) {
    let killed = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
    assert!(killed.success());
}

/// Whether there is such a process, and it is not only waiting to be waited for.
fn runs(pid: u32) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    status.is_ok_and(|stat| !stat.rsplit(") ").next().unwrap_or_default().starts_with('Z'))
}

#[test]
fn a_killed_node_comes_back_and_a_killed_parent_takes_its_nodes_along() {
    let mut dev = Dev::start();
    let first = dev.wait_ready();
    kill_9(first[2]);
    let status = run(&["status", "--exit-when-healthy", "--node", &dev.peer(1)]);
    assert_eq!(status.code, Some(0), "{}{}", status.out, status.err);
    wait_until("another process of node 3", || dev.ready(3).filter(|pid| *pid != first[2]));

    let second = dev.wait_ready();
    dev.child.kill().unwrap();
    dev.child.wait().unwrap();
    wait_until("all nodes to end", || second.iter().all(|pid| !runs(*pid)).then_some(()));
}

#[test]
fn sigterm_ends_all_nodes_in_good_order() {
    let mut dev = Dev::start();
    let pids = dev.wait_ready();
    let asked = std::process::Command::new("kill").arg(dev.child.id().to_string()).status().unwrap();
    assert!(asked.success());
    let status = wait_until("madang dev to end", || dev.child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    assert!(pids.iter().all(|pid| !runs(*pid)));
    for number in 1..=3 {
        let log = std::fs::read_to_string(dev.folder.path().join(format!("madang-dev/node-{number}.log")));
        assert!(log.unwrap().contains("stopped"), "node {number} did not stop in good order");
    }
}
