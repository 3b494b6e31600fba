//! One WebSocket: commands go out with ids, replies come back to whoever asked, pushes go to a feed.
//!
//! A connection never comes back by itself; when it is gone every open and later command is answered
//! with [`ClientError::Disconnected`]. For one that comes back see `steady.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::Connector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::error::{ClientError, CloseReason, ServerError};
use super::frame::{Answer, Heard, Push};
use super::model::Welcome;
use super::trust;
use super::wire::{Outgoing, Told, Traffic, Wire};

/// Commands waiting to be written; the next caller waits until there is room.
const OUTGOING_MAX: usize = 256;

/// What becomes of pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushes {
    /// They are read and forgotten.
    Ignored,
    /// They wait in the [`PushFeed`], at most so many; one more ends the connection, so that none is
    /// missed silently.
    Kept {
        /// Limit of the feed.
        max: usize,
    },
    /// The same, and of events only their places are read, [`Push::Events`]: for crowds that only count.
    Places {
        /// Limit of the feed.
        max: usize,
    },
    /// The same, and what they say about rooms stands there as JSON, in [`Push::Other`]: for clients with a
    /// model of their own.
    Plain {
        /// Limit of the feed.
        max: usize,
    },
}

/// Pushes in the order in which they came, each with the moment it arrived.
#[derive(Debug)]
pub struct PushFeed {
    pushes: mpsc::Receiver<(Instant, Push)>,
}

impl PushFeed {
    /// The next push, or `None` when the connection has ended and everything was read.
    pub async fn next(&mut self) -> Option<(Instant, Push)> {
        self.pushes.recv().await
    }

    /// The next push if one is there already.
    pub fn try_next(&mut self) -> Option<(Instant, Push)> {
        self.pushes.try_recv().ok()
    }
}

/// A reply and the moment it arrived.
#[derive(Debug)]
pub struct Reply {
    /// What was answered.
    pub result: Result<Answer, ServerError>,
    /// When it arrived.
    pub at: Instant,
}

/// A command on its way, whose place in the order is already taken.
#[derive(Debug)]
pub struct PendingReply {
    reply: oneshot::Receiver<Reply>,
    closed: watch::Receiver<Option<CloseReason>>,
}

impl PendingReply {
    /// Waits for the answer, at most `limit`.
    pub async fn wait<T: DeserializeOwned>(self, limit: Duration) -> Result<T, ClientError> {
        self.wait_timed(limit).await.map(|(answer, _)| answer)
    }

    /// Like [`Self::wait`], and tells when the answer arrived.
    pub async fn wait_timed<T: DeserializeOwned>(self, limit: Duration) -> Result<(T, Instant), ClientError> {
        let reply = match tokio::time::timeout(limit, self.reply).await {
            Err(_) => return Err(ClientError::TimedOut { limit }),
            Ok(Err(_)) => return Err(ClientError::Disconnected(reason_of(&self.closed))),
            Ok(Ok(reply)) => reply,
        };
        Ok((reply.result?.read()?, reply.at))
    }
}

/// What a node says when it sends a client away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goodbye {
    /// How long to wait before connecting again.
    pub reconnect_after: Duration,
    /// Where to, the best first; empty: here.
    pub nodes: Vec<String>,
}

/// One WebSocket.
#[derive(Debug)]
pub struct Connection {
    outgoing: mpsc::Sender<Outgoing>,
    closed: watch::Receiver<Option<CloseReason>>,
    pushed_cursor: watch::Receiver<Option<String>>,
    goodbye: watch::Receiver<Option<Goodbye>>,
    traffic: Arc<Traffic>,
    first_cursor: Option<String>,
    next_id: AtomicU64,
}

impl Connection {
    /// Opens a WebSocket to the node at `url` (`http://…` or `https://…`) without saying who we are.
    pub async fn open(url: &str, pushes: Pushes, limit: Duration) -> Result<(Self, PushFeed), ClientError> {
        let mut request = websocket_url(url)?
            .into_client_request()
            .map_err(|error| ClientError::Local(format!("{url}: {error}")))?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("madang.v1+json"));
        // The defaults would cost a quarter of a megabyte per connection.
        let config = WebSocketConfig::default().read_buffer_size(2048).write_buffer_size(0);
        let connector =
            if url.starts_with("https://") { Some(Connector::Rustls(trust::tls()?)) } else { None };
        let connecting =
            tokio_tungstenite::connect_async_tls_with_config(request, Some(config), true, connector);
        let (socket, _) = tokio::time::timeout(limit, connecting)
            .await
            .map_err(|_| ClientError::TimedOut { limit })?
            .map_err(|error| unreachable_because(&error))?;

        let (outgoing, commands) = mpsc::channel(OUTGOING_MAX);
        let (ended, closed) = watch::channel(None);
        let feed_max = match pushes {
            Pushes::Ignored => 1,
            Pushes::Kept { max } | Pushes::Places { max } | Pushes::Plain { max } => max.max(1),
        };
        let (feed, received) = mpsc::channel(feed_max);
        let feed = (pushes != Pushes::Ignored).then_some(feed);
        let read = match pushes {
            Pushes::Plain { .. } => Heard::read_plain,
            Pushes::Ignored | Pushes::Places { .. } => Heard::read_places,
            Pushes::Kept { .. } => Heard::read,
        };
        let (cursor, pushed_cursor) = watch::channel(None);
        let (goodbye, sent_away) = watch::channel(None);
        let traffic = Arc::<Traffic>::default();
        let told = Told { traffic: Arc::clone(&traffic), cursor, goodbye };
        tokio::spawn(Wire::new(socket, commands, (feed, read), ended, told).run());
        let next_id = AtomicU64::new(1);
        let goodbye = sent_away;
        let connection =
            Self { outgoing, closed, pushed_cursor, goodbye, traffic, first_cursor: None, next_id };
        Ok((connection, PushFeed { pushes: received }))
    }

    /// Opens a WebSocket and proves the session of `token`.
    pub async fn connect(
        url: &str,
        token: &str,
        pushes: Pushes,
        limit: Duration,
    ) -> Result<(Self, PushFeed, Welcome), ClientError> {
        Self::resume(url, token, None, pushes, limit).await
    }

    /// Like [`Self::connect`], and goes on from the [cursor](Self::cursor) of a connection before: what was
    /// missed is in the feed before the answer, if [`Welcome::resume`] says so.
    pub async fn resume(
        url: &str,
        token: &str,
        cursor: Option<&str>,
        pushes: Pushes,
        limit: Duration,
    ) -> Result<(Self, PushFeed, Welcome), ClientError> {
        let (mut connection, feed) = Self::open(url, pushes, limit).await?;
        let fields = match cursor {
            Some(cursor) => json!({ "token": token, "cursor": cursor }),
            None => json!({ "token": token }),
        };
        let welcome: Welcome = connection.call("connect", &fields, limit).await?;
        connection.first_cursor = Some(welcome.cursor.clone());
        // Whoever only listens must say something too, also while the server is too busy to ping.
        let every = Duration::from_millis(welcome.ping_ms.max(1));
        connection.enqueue(Outgoing::KeepAlive { every }).await?;
        Ok((connection, feed, welcome))
    }

    /// Sends a command and waits for its answer, at most `limit`.
    pub async fn call<T: DeserializeOwned>(
        &self,
        operation: &str,
        fields: &impl Serialize,
        limit: Duration,
    ) -> Result<T, ClientError> {
        self.begin(operation, fields).await?.wait(limit).await
    }

    /// Puts a command in line. Commands go out in the order in which these calls return.
    pub async fn begin(&self, operation: &str, fields: &impl Serialize) -> Result<PendingReply, ClientError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let fields = serde_json::to_string(fields).map_err(|error| ClientError::Local(error.to_string()))?;
        let line = format!(r#"{{"id":{id},"{operation}":{fields}}}"#);
        let (reply, answered) = oneshot::channel();
        self.enqueue(Outgoing::Command { id, line, reply }).await?;
        Ok(PendingReply { reply: answered, closed: self.closed.clone() })
    }

    /// Sends any WebSocket message as it is. For tests of bad input.
    pub async fn send_raw(&self, message: Message) -> Result<(), ClientError> {
        self.enqueue(Outgoing::Raw(message)).await
    }

    /// Where the next connection can go on: the newest cursor that came. Whoever listens must have taken
    /// everything from the feed first.
    pub fn cursor(&self) -> Option<String> {
        self.pushed_cursor.borrow().clone().or_else(|| self.first_cursor.clone())
    }

    /// What the node said if it sent this client away.
    pub fn goodbye(&self) -> Option<Goodbye> {
        self.goodbye.borrow().clone()
    }

    /// Frames of text that came so far, and the bytes in them.
    pub fn heard(&self) -> (u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.traffic.frames), read(&self.traffic.bytes))
    }

    /// Whether the connection has ended, and why.
    pub fn closed(&self) -> Option<CloseReason> {
        self.closed.borrow().clone()
    }

    /// Waits until the connection has ended.
    pub async fn wait_closed(&self) -> CloseReason {
        let mut closed = self.closed.clone();
        let reason = closed.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        reason.unwrap_or_else(|| reason_of(&self.closed))
    }

    /// Ends the connection with a close frame and waits until it has ended.
    pub async fn close(self) -> CloseReason {
        // It may have ended already; then there is nothing to close.
        let _ = self.outgoing.send(Outgoing::Close).await;
        self.wait_closed().await
    }

    /// Ends the connection without waiting, also when others still hold it. One whose node reads nothing any
    /// more ends when the network says so.
    pub fn hang_up(&self) {
        let _ = self.outgoing.try_send(Outgoing::Close);
    }

    /// Drops the connection in mid-air, as a lost network would.
    pub async fn cut(self) {
        let _ = self.outgoing.send(Outgoing::Cut).await;
        self.wait_closed().await;
    }

    async fn enqueue(&self, outgoing: Outgoing) -> Result<(), ClientError> {
        self.outgoing.send(outgoing).await.map_err(|_| ClientError::Disconnected(reason_of(&self.closed)))
    }
}

fn reason_of(closed: &watch::Receiver<Option<CloseReason>>) -> CloseReason {
    closed.borrow().clone().unwrap_or_else(|| CloseReason { code: None, reason: "ended".to_owned() })
}

fn websocket_url(url: &str) -> Result<String, ClientError> {
    let base = url.trim_end_matches('/');
    let rest = base
        .strip_prefix("http")
        .filter(|rest| rest.starts_with("://") || rest.starts_with("s://"))
        .ok_or_else(|| ClientError::Local(format!("{url} does not start with http:// or https://")))?;
    Ok(format!("ws{rest}/v1/ws"))
}

fn unreachable_because(error: &WsError) -> ClientError {
    match error {
        WsError::Http(response) => {
            let body = response.body().as_deref().unwrap_or_default();
            // A node that drains is one to leave; one to which too many come at once says when to come again.
            let later = ServerError::read_problem(body).filter(|refusal| refusal.is("overloaded"));
            later.map_or_else(
                || {
                    let (status, body) = (response.status(), String::from_utf8_lossy(body));
                    ClientError::Unreachable(format!("upgrade answered with {status}: {body}"))
                },
                ClientError::Refused,
            )
        }
        other => ClientError::Unreachable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_websocket_address_follows_from_the_node_address() {
        assert_eq!(websocket_url("http://127.0.0.1:7300/").unwrap(), "ws://127.0.0.1:7300/v1/ws");
        assert_eq!(websocket_url("https://chat.example").unwrap(), "wss://chat.example/v1/ws");
        assert!(websocket_url("httpx://chat.example").is_err());
        assert!(websocket_url("chat.example").is_err());
    }
}
