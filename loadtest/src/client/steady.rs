//! A client that stays: comes back after a lost connection, to the next node if there are several, and asks
//! again what was not answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::backoff::Backoff;
use super::connection::{Connection, Pushes};
use super::error::ClientError;
use super::nodes::{Nodes, Rotation, Turn};

/// What a lost connection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restarts {
    /// Come back and go on: the server may be stopped and started at any time.
    Tolerated,
    /// It is an error.
    Fatal,
}

/// How patient a [`Steady`] client is.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Limit of one attempt.
    pub command_timeout: Duration,
    /// Limit of all attempts of one command together.
    pub give_up_after: Duration,
    /// What a lost connection means.
    pub restarts: Restarts,
    /// Delay between attempts.
    pub backoff: Backoff,
}

/// What a [`Steady`] client has been through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SteadyCounts {
    /// Connections after the first.
    pub reconnects: u64,
    /// Attempts after the first, of any command.
    pub retries: u64,
}

#[derive(Default)]
struct Link {
    current: Option<(Turn, Arc<Connection>)>,
    /// Where the last one stopped.
    cursor: Option<String>,
    connected_before: bool,
}

/// One user's connection, renewed when needed; it goes on from the cursor of the one before, as an app would.
/// Pushes are ignored.
pub struct Steady {
    rotation: Rotation,
    token: String,
    policy: RetryPolicy,
    link: Mutex<Link>,
    reconnects: AtomicU64,
    retries: AtomicU64,
}

impl Steady {
    /// The client of that number, with a session. Not connected yet; the first command connects.
    pub fn new(nodes: &Nodes, number: usize, token: &str, policy: RetryPolicy) -> Self {
        Self {
            rotation: nodes.rotation(number),
            token: token.to_owned(),
            policy,
            link: Mutex::default(),
            reconnects: AtomicU64::new(0),
            retries: AtomicU64::new(0),
        }
    }

    /// How patient it is.
    pub fn policy(&self) -> RetryPolicy {
        self.policy
    }

    /// What it has been through.
    pub fn counts(&self) -> SteadyCounts {
        SteadyCounts {
            reconnects: self.reconnects.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
        }
    }

    /// The node that it is at, or goes to next.
    pub fn address(&self) -> &str {
        self.rotation.address(self.rotation.turn())
    }

    /// The live connection, made anew if the last one has ended. Whoever comes second waits for the first.
    ///
    /// Errors: the last attempt's, when `deadline` has passed or coming back is pointless.
    pub async fn connection(&self, deadline: Instant) -> Result<Arc<Connection>, ClientError> {
        let mut link = self.link.lock().await;
        let mut asked = Duration::ZERO;
        if let Some((turn, connection)) = &link.current {
            let Some(reason) = connection.closed() else { return Ok(Arc::clone(connection)) };
            if self.policy.restarts == Restarts::Fatal || !reason.may_come_back() {
                return Err(ClientError::Disconnected(reason));
            }
            let goodbye = connection.goodbye();
            match &goodbye {
                Some(goodbye) => self.rotation.go_to(*turn, &goodbye.nodes),
                None => self.rotation.go_on(*turn),
            }
            asked = goodbye.map_or(Duration::ZERO, |goodbye| goodbye.reconnect_after);
            link.cursor = connection.cursor();
            link.current = None;
        }
        let mut attempt = 0;
        if link.connected_before {
            // Everybody lost the connection at the same moment; not everybody may come back at the same.
            tokio::time::sleep(asked + self.policy.backoff.random_delay(attempt)).await;
        }
        loop {
            let limit = self.policy.command_timeout;
            let cursor = link.cursor.as_deref();
            let turn = self.rotation.turn();
            let url = self.rotation.address(turn);
            match Connection::resume(url, &self.token, cursor, Pushes::Ignored, limit).await {
                Ok((connection, _, _)) => {
                    if link.connected_before {
                        self.reconnects.fetch_add(1, Ordering::Relaxed);
                    }
                    let connection = Arc::new(connection);
                    let current = Some((turn, Arc::clone(&connection)));
                    *link = Link { current, cursor: None, connected_before: true };
                    return Ok(connection);
                }
                Err(error) => {
                    if error.blames_node() {
                        self.rotation.go_on(turn);
                    }
                    self.pause(&error, attempt, deadline).await?;
                }
            }
            attempt = attempt.saturating_add(1);
        }
    }

    /// Keeps the connection up, for a client that is to be there also while it has nothing to ask. Returns
    /// why it cannot be kept up.
    pub async fn keep(&self) -> ClientError {
        loop {
            match self.connection(Instant::now() + self.policy.give_up_after).await {
                Ok(connection) => drop(connection.wait_closed().await),
                Err(error) => return error,
            }
        }
    }

    /// Sends a command until it is answered for good: repeats it after a lost connection, an overdue
    /// answer and a temporary refusal. Gives the answer and how many attempts it took, from 1.
    ///
    /// Only for commands that may be repeated.
    pub async fn call<T: DeserializeOwned>(
        &self,
        operation: &str,
        fields: &impl Serialize,
    ) -> (Result<T, ClientError>, u32) {
        let deadline = Instant::now() + self.policy.give_up_after;
        let mut attempt = 0;
        loop {
            let answer = match self.connection(deadline).await {
                Ok(connection) => connection.call(operation, fields, self.policy.command_timeout).await,
                // It has tried long enough by itself.
                Err(error) => return (Err(error), attempt.max(1)),
            };
            let error = match answer {
                Ok(answer) => return (Ok(answer), attempt.saturating_add(1)),
                Err(error) => error,
            };
            if let Err(error) = self.pause(&error, attempt, deadline).await {
                return (Err(error), attempt.saturating_add(1));
            }
            attempt = attempt.saturating_add(1);
            self.count_retry();
        }
    }

    /// Waits before the next attempt, as long as the server asks or with full jitter. The next attempt goes to
    /// the next node if this one is to blame.
    ///
    /// Errors: `error` itself, when another attempt is pointless or would come after `deadline`.
    pub async fn pause(
        &self,
        error: &ClientError,
        attempt: u32,
        deadline: Instant,
    ) -> Result<(), ClientError> {
        let lost = matches!(error, ClientError::Disconnected(_) | ClientError::Unreachable(_));
        if !error.is_temporary() || (lost && self.policy.restarts == Restarts::Fatal) {
            return Err(error.clone());
        }
        let jitter = self.policy.backoff.random_delay(attempt);
        let delay = match (error, error.retry_after()) {
            // `connection` waits itself before it comes back.
            (ClientError::Disconnected(_), _) => Duration::ZERO,
            (_, Some(asked)) => asked + jitter,
            (_, None) => jitter,
        };
        if Instant::now() + delay >= deadline {
            return Err(error.clone());
        }
        let may_leave = self.rotation.has_others() && self.policy.restarts == Restarts::Tolerated;
        if may_leave && error.blames_node() {
            self.leave_node();
        }
        tokio::time::sleep(delay).await;
        Ok(())
    }

    /// Ends the connection, if there is one: the next is to the next node.
    fn leave_node(&self) {
        // Whoever holds the link is looking after it already.
        let Ok(mut link) = self.link.try_lock() else { return };
        if let Some((turn, connection)) = &link.current
            && connection.closed().is_none()
        {
            connection.hang_up();
            self.rotation.go_on(*turn);
            link.cursor = connection.cursor();
            link.current = None;
        }
    }

    /// Counts an attempt after the first, for those who repeat by themselves.
    pub fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }
}
