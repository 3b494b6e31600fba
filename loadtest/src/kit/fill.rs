//! Rooms with a past: many messages, before anything is measured.

use std::time::Duration;

use anyhow::Context;
use futures_util::{StreamExt, TryStreamExt};

use super::crowd::{Crowd, Hall};
use super::setting::Setting;
use crate::accounts::patiently;
use crate::client::{Connection, Pushes, SendMessage};

/// Sends under way, well below what a connection may have.
const AT_ONCE: usize = 128;
/// How long one message may take, with all its repeats.
const PATIENCE: Duration = Duration::from_secs(120);

impl Crowd {
    /// Lets one of the people say so much in a room, and answers where the log ends then.
    pub(crate) async fn fill(
        &self,
        setting: &Setting,
        user: usize,
        hall: &Hall,
        (messages, text_bytes): (usize, usize),
    ) -> anyhow::Result<Hall> {
        let session = self.session(user)?;
        let url = setting.nodes.home(user);
        let (connection, ..) =
            Connection::connect(url, &session.token, Pushes::Ignored, setting.limit).await?;
        let (connection, room, text) = (&connection, hall.room.as_str(), "x".repeat(text_bytes));
        let text = text.as_str();
        let sends = (0..messages).map(|number| async move {
            let cid = format!("fill-{number}");
            let message = SendMessage { room, cid: &cid, text, after: None };
            patiently(PATIENCE, || connection.send(message, setting.limit)).await.map(drop)
        });
        futures_util::stream::iter(sends)
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await
            .context("cannot fill a room")?;
        let last_seq = self.last_seq(user, room).await?;
        Ok(Hall { room: room.to_owned(), last_seq })
    }
}
