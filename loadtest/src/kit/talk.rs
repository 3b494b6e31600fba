//! People who say something at a fixed pace, and people who listen to them: what everybody else notices of whatever
//! a scenario does to one room.

use std::time::{Duration, Instant};

use tokio::time::Instant as Moment;

use super::cast::Teller;
use crate::chat::Payload;
use crate::client::{ClientError, Connection, EventKind, Push, PushFeed, SendMessage};

/// Somebody who says something every so often.
#[derive(Debug, Clone)]
pub(crate) struct Speaker {
    /// Number among all users.
    pub(crate) user: usize,
    pub(crate) room: String,
    /// Begins the names of the sends.
    pub(crate) run_id: String,
    pub(crate) first: Instant,
    pub(crate) every: Duration,
    /// The last message is due before this.
    pub(crate) end: Instant,
    pub(crate) text_bytes: usize,
    /// All texts tell time from here.
    pub(crate) epoch: Instant,
    pub(crate) limit: Duration,
}

impl Speaker {
    /// Speaks until the end. An ack counts from when its message was due, under `row`; whatever is refused for a
    /// while is said again.
    pub(crate) async fn speak(
        &self,
        connection: &Connection,
        tell: &Teller,
        row: &'static str,
        failures: &'static str,
    ) -> anyhow::Result<()> {
        let (mut due, mut number) = (self.first, 0);
        while due < self.end {
            tokio::time::sleep_until(due.into()).await;
            let cid = format!("{}-{}-{number}", self.run_id, self.user);
            loop {
                // What is heard counts from when it was due too.
                let sent = due.saturating_duration_since(self.epoch);
                let text = Payload { user: self.user, number, sent }.text(self.text_bytes);
                let message = SendMessage { room: &self.room, cid: &cid, text: &text, after: None };
                match connection.send(message, self.limit).await {
                    Ok(_) => break,
                    Err(error) if error.is_temporary() && connection.closed().is_none() => {
                        tell.failed(row, failures, due, &error);
                        tokio::time::sleep(error.retry_after().unwrap_or(Duration::from_millis(100))).await;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            tell.done(row, due);
            number += 1;
            due += self.every;
        }
        Ok(())
    }
}

/// Listens to one room until `end`: what is heard counts from when it was due, under `row`. Answers how many
/// messages were heard.
pub(crate) async fn listen(
    connection: &Connection,
    feed: &mut PushFeed,
    room: &str,
    tell: &Teller,
    (row, epoch, end): (&'static str, Instant, Instant),
) -> anyhow::Result<u64> {
    let mut heard = 0;
    loop {
        let push = match tokio::time::timeout_at(Moment::from_std(end), feed.next()).await {
            Err(_) => return Ok(heard),
            Ok(Some((_, push))) => push,
            Ok(None) => return Err(ClientError::Disconnected(connection.wait_closed().await).into()),
        };
        if let Push::Event(event) = push
            && event.room == room
            && let EventKind::Message { text, .. } = &event.kind
            && let Some(payload) = Payload::read(text)
        {
            tell.done(row, epoch + payload.sent);
            heard += 1;
        }
    }
}
