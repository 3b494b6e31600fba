//! CPU time and memory of a process, from `/proc`. Linux only; elsewhere there is none to tell.

use std::time::Duration;

/// Clock ticks per second in `/proc/<pid>/stat`: 100 on every Linux that Rust runs on.
const TICKS_PER_SECOND: u64 = 100;

/// CPU time a process has used, in user and kernel mode together.
pub fn cpu_time(pid: u32) -> Option<Duration> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// CPU time this process has used.
pub fn own_cpu_time() -> Option<Duration> {
    cpu_time(std::process::id())
}

/// Memory that a process occupies, in bytes.
pub fn memory_bytes(pid: u32) -> Option<u64> {
    parse_status(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

fn parse_status(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

fn parse_stat(stat: &str) -> Option<Duration> {
    // The name in parentheses may hold anything, also spaces and parentheses.
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let kernel: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + kernel) * 1000 / TICKS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_kernel_time_are_added_whatever_the_name_holds() {
        let stat = "42 (a) b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0";
        assert_eq!(parse_stat(stat), Some(Duration::from_secs(2)));
        assert_eq!(parse_stat("nonsense"), None);
    }

    #[test]
    fn memory_is_told_in_bytes() {
        assert_eq!(parse_status("Name:\tmadang\nVmRSS:\t   12 kB\nThreads:\t3\n"), Some(12 * 1024));
        assert_eq!(parse_status("Name:\tmadang\n"), None);
    }
}
