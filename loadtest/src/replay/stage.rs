//! Sets the stage: sessions for all users and a room per file. Finds those of an earlier run of the same
//! run id and makes what is missing.

use std::time::Duration;

use anyhow::Context;

use super::identity::user_ids;
use super::script::{Cast, Script};
use crate::accounts::{Applicant, enter, enter_all, patiently};
use crate::client::{ClientError, CreateRoom, HttpClient, Room, Session};

/// Longest display name of the protocol.
const DISPLAY_NAME_CHARS_MAX: usize = 64;

/// Everybody who takes part, and where.
pub(super) struct Stage {
    /// Creates the rooms and never leaves them.
    pub(super) host: Session,
    /// Comes afterwards and reads everything.
    pub(super) reader: Session,
    /// One per nick of the cast.
    pub(super) users: Vec<Session>,
    /// One per script.
    pub(super) rooms: Vec<Room>,
}

/// What setting the stage needs to know.
pub(super) struct StagePlan<'a> {
    pub(super) http: &'a HttpClient,
    pub(super) run_id: &'a str,
    pub(super) at_once: usize,
    pub(super) patience: Duration,
}

impl StagePlan<'_> {
    /// Signs everybody up or in, and finds or creates the rooms.
    pub(super) async fn set(&self, cast: &Cast, scripts: &[Script]) -> anyhow::Result<Stage> {
        let host = self.enter_one("host").await?;
        let reader = self.enter_one("reader").await?;
        let applicants: Vec<Applicant> = user_ids(self.run_id, cast.nicks())
            .into_iter()
            .zip(cast.nicks())
            .map(|(user, nick)| Applicant {
                user,
                display_name: nick.chars().take(DISPLAY_NAME_CHARS_MAX).collect(),
            })
            .collect();
        let users = enter_all(self.http, &applicants, self.at_once, self.patience)
            .await
            .context("cannot sign everybody up")?;
        let as_host = self.http.with_token(&host.token);
        let mut rooms = Vec::new();
        for script in scripts {
            let title: String = format!("{} {}", self.run_id, script.name).chars().take(128).collect();
            let room = patiently(self.patience, || find_or_create(&as_host, &title))
                .await
                .with_context(|| format!("cannot create the room of {}", script.name))?;
            rooms.push(room);
        }
        Ok(Stage { host, reader, users, rooms })
    }

    async fn enter_one(&self, role: &str) -> anyhow::Result<Session> {
        // No nick is written out with a dot before a digit, see `identity.rs`.
        let applicant =
            Applicant { user: format!("{}-.1{role}", self.run_id), display_name: format!("replay {role}") };
        enter(self.http, &applicant, self.patience)
            .await
            .with_context(|| format!("cannot sign up the {role}"))
    }
}

/// Looks first, also before every further attempt: an attempt without an answer may have created it.
async fn find_or_create(host: &HttpClient, title: &str) -> Result<Room, ClientError> {
    let mut next: Option<String> = None;
    loop {
        let page = host.rooms(next.as_deref()).await?;
        if let Some(room) = page.rooms.into_iter().find(|room| room.title.as_deref() == Some(title)) {
            return Ok(room);
        }
        next = page.next;
        if next.is_none() {
            return host.create_room(&CreateRoom::open(title)).await;
        }
    }
}
