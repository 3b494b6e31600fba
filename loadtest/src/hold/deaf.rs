//! A client that never reads again once it is signed in, like a phone that fell asleep with its connection open.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// The kernel's buffer for what nobody reads: as small as it allows, so that it hides little.
const RECEIVE_BYTES: u32 = 4096;
/// Id of the only command.
const CONNECT: u64 = 1;

/// An open connection from which nothing is read.
pub(super) struct Deaf {
    _socket: WebSocketStream<TcpStream>,
}

impl Deaf {
    /// Opens a connection to the node at `url`, signs in, and reads no more.
    pub(super) async fn open(url: &str, token: &str) -> anyhow::Result<Self> {
        let place = url.strip_prefix("http://").context("only http:// here")?;
        let address: SocketAddr = place.parse().with_context(|| format!("no address: {place}"))?;
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVE_BYTES)?;
        let stream = socket.connect(address).await?;
        let (mut socket, _) = tokio_tungstenite::client_async(format!("ws://{place}/v1/ws"), stream).await?;
        let connect = json!({ "id": CONNECT, "connect": { "token": token } });
        socket.send(Message::text(connect.to_string())).await?;
        while let Some(message) = socket.next().await {
            let Message::Text(text) = message? else { continue };
            let mut lines = text.split('\n').filter_map(|line| serde_json::from_str(line).ok());
            let answer = lines.find(|line: &Value| line.get("id").and_then(Value::as_u64) == Some(CONNECT));
            match answer {
                Some(answer) if answer.get("connect").is_some() => return Ok(Self { _socket: socket }),
                Some(answer) => bail!("refused: {answer}"),
                None => {}
            }
        }
        bail!("closed before the answer")
    }
}
