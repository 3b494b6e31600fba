//! The task behind a [`Connection`](super::Connection): owns the socket, the open commands and nothing else.
//!
//! Commands that are waiting when the socket is free go out together in one frame, one per line.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Interval, MissedTickBehavior};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::connection::{Goodbye, Reply};
use super::error::{ClientError, CloseReason};
use super::frame::{Heard, Push};

/// Commands of one frame; together with this many bytes well below the server's limit of a frame.
const BATCH_MAX: usize = 64;
/// A batch that has this many bytes goes out.
const BATCH_BYTES: usize = 16 * 1024;
/// Open commands after which those nobody waits for any more are thrown out.
const OPEN_SWEEP: usize = 1024;

/// What a connection hands to its task.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// A command; the answer goes to `reply`.
    Command { id: u64, line: String, reply: oneshot::Sender<Reply> },
    /// Anything, as it is.
    Raw(Message),
    /// From now on, say something at least this often.
    KeepAlive { every: Duration },
    /// Close with a close frame.
    Close,
    /// Drop the socket.
    Cut,
}

/// What a connection heard so far: frames of text, and the bytes in them.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) frames: AtomicU64,
    pub(super) bytes: AtomicU64,
}

/// Pushes about the connection itself, the last of each kind.
pub(super) struct Told {
    pub(super) traffic: Arc<Traffic>,
    pub(super) cursor: watch::Sender<Option<String>>,
    pub(super) goodbye: watch::Sender<Option<Goodbye>>,
}

impl Told {
    fn note(&self, push: &Push) {
        match push {
            Push::Cursor(cursor) => drop(self.cursor.send_replace(Some(cursor.clone()))),
            Push::Drain { reconnect_after_ms, nodes } => {
                let reconnect_after = Duration::from_millis(*reconnect_after_ms);
                self.goodbye.send_replace(Some(Goodbye { reconnect_after, nodes: nodes.clone() }));
            }
            _ => {}
        }
    }
}

/// Reads one line of a frame.
type ReadLine = fn(&str) -> Result<Heard, ClientError>;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The task's state.
pub(super) struct Wire {
    socket: Socket,
    commands: mpsc::Receiver<Outgoing>,
    feed: Option<mpsc::Sender<(Instant, Push)>>,
    read: ReadLine,
    ended: watch::Sender<Option<CloseReason>>,
    told: Told,
    open: HashMap<u64, oneshot::Sender<Reply>>,
    keep_alive: Option<Interval>,
}

impl Wire {
    pub(super) fn new(
        socket: Socket,
        commands: mpsc::Receiver<Outgoing>,
        (feed, read): (Option<mpsc::Sender<(Instant, Push)>>, ReadLine),
        ended: watch::Sender<Option<CloseReason>>,
        told: Told,
    ) -> Self {
        Self { socket, commands, feed, read, ended, told, open: HashMap::new(), keep_alive: None }
    }

    /// Runs until the connection ends. The reason is told before the open commands are given up.
    pub(super) async fn run(mut self) {
        let reason = loop {
            let turn = tokio::select! {
                message = self.socket.next() => self.hear(message).await,
                outgoing = self.commands.recv() => self.speak(outgoing).await,
                () = tick(&mut self.keep_alive) => self.write("{}".to_owned()).await,
            };
            if let Err(reason) = turn {
                break reason;
            }
        };
        self.ended.send_replace(Some(reason));
    }

    async fn speak(&mut self, first: Option<Outgoing>) -> Result<(), CloseReason> {
        let mut next = first;
        let mut batch = String::new();
        for _ in 0..BATCH_MAX {
            match next {
                Some(Outgoing::Command { id, line, reply }) => {
                    self.remember(id, reply);
                    if !batch.is_empty() {
                        batch.push('\n');
                    }
                    batch.push_str(&line);
                    if batch.len() >= BATCH_BYTES {
                        break;
                    }
                }
                Some(Outgoing::KeepAlive { every }) => self.keep_alive = Some(interval(every)),
                other => {
                    self.flush(batch).await?;
                    return self.last_words(other).await;
                }
            }
            match self.commands.try_recv() {
                Ok(outgoing) => next = Some(outgoing),
                Err(_) => break,
            }
        }
        self.flush(batch).await
    }

    /// What cannot share a frame with commands: raw messages and the ways to end.
    async fn last_words(&mut self, outgoing: Option<Outgoing>) -> Result<(), CloseReason> {
        match outgoing {
            Some(Outgoing::Raw(message)) => self.socket.send(message).await.map_err(|error| cut_off(&error)),
            Some(Outgoing::Cut) => Err(CloseReason { code: None, reason: "cut by the client".to_owned() }),
            // The handle was dropped or asks to close: both are a normal end.
            _ => {
                let _ = self.socket.close(None).await;
                Err(CloseReason { code: Some(1000), reason: "closed by the client".to_owned() })
            }
        }
    }

    async fn flush(&mut self, batch: String) -> Result<(), CloseReason> {
        if batch.is_empty() { Ok(()) } else { self.write(batch).await }
    }

    async fn write(&mut self, text: String) -> Result<(), CloseReason> {
        if let Some(interval) = &mut self.keep_alive {
            interval.reset();
        }
        let Err(error) = self.socket.send(Message::text(text)).await else { return Ok(()) };
        // The server may have said why it ended before our write noticed that it did.
        let farewell = async {
            while let Some(message) = self.socket.next().await {
                if let Ok(Message::Close(Some(frame))) = message {
                    return Some(CloseReason {
                        code: Some(frame.code.into()),
                        reason: frame.reason.as_str().to_owned(),
                    });
                }
                message.ok()?;
            }
            None
        };
        let said = tokio::time::timeout(Duration::from_secs(1), farewell).await.ok().flatten();
        Err(said.unwrap_or_else(|| cut_off(&error)))
    }

    async fn hear(&mut self, message: Option<Result<Message, WsError>>) -> Result<(), CloseReason> {
        let at = Instant::now();
        match message {
            Some(Ok(Message::Text(text))) => {
                self.told.traffic.frames.fetch_add(1, Ordering::Relaxed);
                self.told.traffic.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
                let mut waiting = None;
                for line in text.as_str().split('\n') {
                    self.hear_line(line, at, &mut waiting).await?;
                }
                self.tell(waiting, at)
            }
            Some(Ok(Message::Close(frame))) => {
                // Answers the close handshake; the peer may be gone already.
                let _ = self.socket.flush().await;
                Err(match frame {
                    Some(frame) => CloseReason {
                        code: Some(frame.code.into()),
                        reason: frame.reason.as_str().to_owned(),
                    },
                    None => CloseReason { code: Some(1005), reason: String::new() },
                })
            }
            // Pings are answered by tungstenite itself.
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(cut_off(&error)),
            None => Err(CloseReason { code: None, reason: "the stream ended".to_owned() }),
        }
    }

    /// `waiting` is the push before, which may take this one.
    async fn hear_line(
        &mut self,
        line: &str,
        at: Instant,
        waiting: &mut Option<Push>,
    ) -> Result<(), CloseReason> {
        match (self.read)(line) {
            Ok(Heard::Ping) => self.write("{}".to_owned()).await,
            Ok(Heard::Reply { id, result }) => {
                // What came before the answer is in the feed before it.
                self.tell(waiting.take(), at)?;
                // Nobody waits any more when the caller's limit has passed.
                if let Some(reply) = self.open.remove(&id) {
                    let _ = reply.send(Reply { result, at });
                }
                Ok(())
            }
            Ok(Heard::Complaint(error)) => {
                tracing::warn!(%error, "the server complained");
                Ok(())
            }
            Ok(Heard::Push(push)) => {
                self.told.note(&push);
                if waiting.as_mut().is_some_and(|before| before.takes(&push)) {
                    return Ok(());
                }
                self.tell(waiting.replace(push), at)
            }
            Err(error) => Err(CloseReason { code: Some(1002), reason: error.to_string() }),
        }
    }

    fn tell(&self, push: Option<Push>, at: Instant) -> Result<(), CloseReason> {
        match (&self.feed, push) {
            (Some(feed), Some(push)) => match feed.try_send((at, push)) {
                Err(mpsc::error::TrySendError::Full(_)) => {
                    Err(CloseReason { code: None, reason: "the push feed is full".to_owned() })
                }
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn remember(&mut self, id: u64, reply: oneshot::Sender<Reply>) {
        if self.open.len() >= OPEN_SWEEP {
            self.open.retain(|_, reply| !reply.is_closed());
        }
        self.open.insert(id, reply);
    }
}

fn interval(every: Duration) -> Interval {
    let mut interval = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

async fn tick(keep_alive: &mut Option<Interval>) {
    match keep_alive {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}

fn cut_off(error: &WsError) -> CloseReason {
    CloseReason { code: None, reason: error.to_string() }
}
