//! The readers of all sockets: a process of its own, so that their work is not counted and their files are not the
//! node's.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::AsyncReadExt;

/// Where the readers of this process connect to, and how many; unset in the node's process.
const READ: [&str; 2] = ["MADANG_BENCH_READ_FROM", "MADANG_BENCH_READERS"];
const HANDSHAKE: &[u8] =
    b"GET /v1/ws HTTP/1.1\r\nhost: bench\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// Loopback addresses that connections come from: each has its own ports.
const SOURCES: usize = 4;
const READ_BYTES: usize = 16 * 1024;

/// The process, seen from the node's.
pub(crate) struct Readers {
    child: Child,
    ask: ChildStdin,
    said: BufReader<ChildStdout>,
    /// Bytes that have been sent to them.
    sent: u64,
}

impl Readers {
    pub(crate) fn start(address: SocketAddr, count: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.envs(READ.into_iter().zip([address.to_string(), count.to_string()]));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the readers");
        let ask = child.stdin.take().expect("its input");
        let said = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, ask, said, sent: 0 }
    }

    /// Waits until so many more bytes have arrived.
    pub(crate) fn wait_for(&mut self, bytes: u64) {
        self.sent += bytes;
        writeln!(self.ask, "{}", self.sent).expect("the readers");
        let mut line = String::new();
        self.said.read_line(&mut line).expect("the readers");
        assert_eq!(line.trim().parse(), Ok(self.sent), "all that was sent arrives, and nothing else");
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether this process is one that reads.
pub(crate) fn is_reader() -> bool {
    READ.iter().all(|name| std::env::var_os(name).is_some())
}

/// The process: connects, then reads until it is killed, and says when as many bytes have arrived as it is told
/// to wait for.
pub(crate) fn read() {
    let [address, count] = READ.map(|name| std::env::var(name).expect("what to read"));
    let address: SocketAddr = address.parse().expect("an address");
    let count: usize = count.parse().expect("a number");
    let sockets: Vec<TcpStream> = (0..count).map(|number| connect(address, number)).collect();
    let arrived = Arc::new(AtomicU64::new(0));
    let counted = arrived.clone();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let wanted: u64 = line.expect("a line").parse().expect("how many bytes");
            while counted.load(Ordering::Acquire) < wanted {
                std::thread::sleep(Duration::from_millis(1));
            }
            println!("{}", counted.load(Ordering::Acquire));
        }
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async move {
        for socket in sockets {
            let arrived = arrived.clone();
            tokio::spawn(async move {
                let mut socket = tokio::net::TcpStream::from_std(socket).expect("a socket");
                let mut buffer = Box::new([0; READ_BYTES]);
                while let Ok(bytes @ 1..) = socket.read(&mut *buffer).await {
                    arrived.fetch_add(bytes as u64, Ordering::AcqRel);
                }
            });
        }
        std::future::pending::<()>().await;
    });
}

fn connect(address: SocketAddr, number: usize) -> TcpStream {
    let source = u8::try_from(2 + number % SOURCES).expect("a small number");
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, source], 0)).into()).expect("a port");
    socket.connect(&address.into()).expect("the node");
    let mut socket = TcpStream::from(socket);
    socket.write_all(HANDSHAKE).expect("the node");
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).expect("the node");
        answer.extend_from_slice(&byte);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    socket.set_nonblocking(true).expect("the socket");
    socket
}
