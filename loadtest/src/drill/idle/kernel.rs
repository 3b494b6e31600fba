//! What the kernel takes for sockets, from `/proc`. Linux only. It knows no owners: the clients' ends of the
//! connections on this machine are in it.

use serde::Serialize;

/// The kernel's memory for all sockets of this machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct KernelMemory {
    /// Objects of the kernel: sockets, files and their like (`Slab` of `/proc/meminfo`).
    pub slab_bytes: u64,
    /// Data in the buffers of sockets (`mem` of TCP in `/proc/net/sockstat`).
    pub buffer_bytes: u64,
}

/// Bytes of a page, which the kernel counts buffers in.
const PAGE_BYTES: u64 = 4096;

impl KernelMemory {
    /// How it is now; `None` where there is no `/proc`.
    pub fn now() -> Option<Self> {
        let slab = std::fs::read_to_string("/proc/meminfo").ok()?;
        let buffers = std::fs::read_to_string("/proc/net/sockstat").ok()?;
        Some(Self { slab_bytes: parse_slab(&slab)?, buffer_bytes: parse_buffers(&buffers)? })
    }

    /// Both together.
    pub fn total(&self) -> u64 {
        self.slab_bytes + self.buffer_bytes
    }
}

fn parse_slab(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("Slab:"))?;
    let kib: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

fn parse_buffers(sockstat: &str) -> Option<u64> {
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    let mut words = line.split_ascii_whitespace().skip_while(|word| *word != "mem").skip(1);
    let pages: u64 = words.next()?.parse().ok()?;
    Some(pages * PAGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slab_and_buffers_are_told_in_bytes() {
        assert_eq!(parse_slab("MemFree:  5 kB\nSlab:      12 kB\nSReclaimable: 7 kB\n"), Some(12 * 1024));
        let sockstat = "sockets: used 9\nTCP: inuse 8 orphan 0 tw 3 alloc 8 mem 2\nUDP: inuse 0 mem 1\n";
        assert_eq!(parse_buffers(sockstat), Some(2 * 4096));
        assert_eq!((parse_slab("x"), parse_buffers("x")), (None, None));
    }
}
