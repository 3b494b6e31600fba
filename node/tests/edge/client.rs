//! A client that can do everything wrong.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::server::LIMIT;

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;
pub(crate) const FIN: u8 = 0x80;

const MASK: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

/// A good handshake's headers.
pub(crate) const HANDSHAKE: &str = "GET /v1/ws HTTP/1.1\r\nhost: chat.example\r\nconnection: Upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

pub(crate) struct Client<S = TcpStream> {
    pub(crate) socket: S,
}

impl Client {
    /// Connected and upgraded.
    pub(crate) async fn open(addr: SocketAddr) -> Self {
        Self::open_over(TcpStream::connect(addr).await.unwrap()).await
    }

    /// Sends a request head and what follows it at once; the answer's head.
    pub(crate) async fn request(addr: SocketAddr, head: &str, behind: &[u8]) -> (Self, String) {
        Self::request_over(TcpStream::connect(addr).await.unwrap(), head, behind).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Upgraded, on a connection that is there already.
    pub(crate) async fn open_over(socket: S) -> Self {
        let (client, head) = Self::request_over(socket, HANDSHAKE, b"").await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        client
    }

    async fn request_over(socket: S, head: &str, behind: &[u8]) -> (Self, String) {
        let mut client = Self { socket };
        let bytes = [head.as_bytes(), b"\r\n", behind].concat();
        client.socket.write_all(&bytes).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(timeout(LIMIT, client.socket.read_u8()).await.expect("an answer").unwrap());
        }
        (client, String::from_utf8(answer).unwrap())
    }

    /// One whole, masked frame.
    pub(crate) async fn send(&mut self, first: u8, payload: &[u8]) {
        self.socket.write_all(&frame(first, payload)).await.unwrap();
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.send(FIN | TEXT, text.as_bytes()).await;
    }

    /// The next frame's opcode and payload; None at the end of the stream.
    pub(crate) async fn receive(&mut self) -> Option<(u8, Vec<u8>)> {
        timeout(LIMIT, self.read_frame()).await.expect("a frame in time")
    }

    async fn read_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.socket.read_u8().await.ok()?;
        assert_eq!(first & 0x70, 0, "reserved bits");
        let length = match self.socket.read_u8().await.unwrap() {
            126 => self.socket.read_u16().await.unwrap().into(),
            127 => self.socket.read_u64().await.unwrap(),
            short => short.into(),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.socket.read_exact(&mut payload).await.unwrap();
        Some((first & 0xf, payload))
    }

    pub(crate) async fn expect_text(&mut self, text: &str) {
        let (opcode, payload) = self.receive().await.expect("a text frame");
        assert_eq!((opcode, String::from_utf8(payload).unwrap().as_str()), (TEXT, text));
    }

    /// The next frame is a close with this code.
    pub(crate) async fn expect_close(&mut self, code: u16) {
        let (opcode, payload) = self.receive().await.expect("a close frame");
        assert_eq!(opcode, CLOSE, "{}", String::from_utf8_lossy(&payload));
        assert_eq!(u16::from_be_bytes([payload[0], payload[1]]), code);
        assert!(std::str::from_utf8(&payload[2..]).is_ok());
    }

    pub(crate) async fn expect_end(&mut self) {
        assert_eq!(self.receive().await, None);
    }
}

pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

pub(crate) fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => bytes.push(0x80 | short),
        (_, Ok(middle)) => {
            bytes.push(0x80 | 126);
            bytes.extend(middle.to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes
}
