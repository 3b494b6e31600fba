//! The plain loop: one thread, one `send` for each socket.

use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, RawFd};
use std::time::Duration;

use socket2::SockRef;

use crate::readers::Readers;
use crate::yard::cpu;

/// The node's ends of all connections, borrowed from the edge, which must stay open meanwhile.
pub(crate) struct Baseline(Vec<RawFd>);

impl Baseline {
    /// The sockets of this process that were accepted at `address`.
    pub(crate) fn find(address: SocketAddr) -> Self {
        let open = std::fs::read_dir("/proc/self/fd").expect("the list of open files");
        let number =
            |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
        Self(open.filter_map(number).filter(|fd| is_accepted(*fd, address)).collect())
    }

    pub(crate) fn sockets(&self) -> usize {
        self.0.len()
    }

    /// Sends the same to all, so many times; the CPU time of this process for that.
    pub(crate) fn send(&self, rounds: usize, bytes: &[u8], readers: &mut Readers) -> Duration {
        let before = cpu();
        for _ in 0..rounds {
            for fd in &self.0 {
                let sent = with_socket(*fd, |socket| socket.send(bytes)).expect("a socket that takes it");
                assert_eq!(sent, bytes.len(), "the readers keep up");
            }
            readers.wait_for((bytes.len() * self.0.len()) as u64);
        }
        cpu() - before
    }
}

fn is_accepted(fd: RawFd, address: SocketAddr) -> bool {
    with_socket(fd, |socket| {
        let here = socket.local_addr().ok().and_then(|here| here.as_socket());
        here == Some(address) && socket.peer_addr().is_ok()
    })
}

#[expect(unsafe_code, reason = "the edge owns the sockets and gives none away; they stay open meanwhile")]
fn with_socket<T>(fd: RawFd, act: impl FnOnce(SockRef<'_>) -> T) -> T {
    // SAFETY: the descriptor is open: it was in the list of open files, and the edge closes none before the end.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    act(SockRef::from(&borrowed))
}
