//! People with accounts, and rooms that they are in, before anything is measured.

use std::time::Duration;

use anyhow::Context;
use futures_util::{StreamExt, TryStreamExt};

use crate::accounts::{Applicant, enter_all, patiently};
use crate::client::{CreateRoom, HttpClient, Nodes, Session};

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// Requests at the same time.
const AT_ONCE: usize = 16;

/// People, by number.
#[derive(Debug)]
pub(crate) struct Crowd {
    http: HttpClient,
    sessions: Vec<Session>,
}

/// A room and where its log ends.
#[derive(Debug, Clone)]
pub(crate) struct Hall {
    /// Its id.
    pub(crate) room: String,
    /// The seq of its last event.
    pub(crate) last_seq: u64,
}

impl Crowd {
    /// Signs so many people up, or in; `run_id` begins their names.
    pub(crate) async fn gather(
        nodes: &Nodes,
        run_id: &str,
        people: usize,
        sign_ups_at_once: usize,
    ) -> anyhow::Result<Self> {
        let http = HttpClient::among(nodes, PATIENCE)?;
        let sessions = enter_all(&http, &Applicant::crowd(run_id, people), sign_ups_at_once, PATIENCE)
            .await
            .context("cannot sign everybody up")?;
        Ok(Self { http, sessions })
    }

    /// HTTP as one of them.
    pub(crate) fn http(&self, user: usize) -> anyhow::Result<HttpClient> {
        Ok(self.http.numbered(user).with_token(&self.session(user)?.token))
    }

    /// The session of one of them.
    pub(crate) fn session(&self, user: usize) -> anyhow::Result<&Session> {
        self.sessions.get(user).with_context(|| format!("nobody has the number {user}"))
    }

    /// An open room, made by the first of these people and entered by the others.
    pub(crate) async fn hall(&self, title: &str, members: std::ops::Range<usize>) -> anyhow::Result<Hall> {
        let owner = self.http(members.start)?;
        let wanted = CreateRoom::open(title);
        let room = patiently(PATIENCE, || owner.create_room(&wanted)).await?.room;
        let joins = members.skip(1).map(|user| self.join(user, &room));
        futures_util::stream::iter(joins).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        self.look(&room, &owner).await
    }

    /// A room for each of these groups of people, several at a time; in their order.
    pub(crate) async fn halls(
        &self,
        title: &str,
        groups: Vec<std::ops::Range<usize>>,
    ) -> anyhow::Result<Vec<Hall>> {
        let making = groups.into_iter().enumerate().map(|(number, members)| {
            let title = format!("{title} {number}");
            async move { self.hall(&title, members).await }
        });
        futures_util::stream::iter(making).buffered(AT_ONCE).try_collect().await
    }

    /// Where a room's log ends now.
    pub(crate) async fn last_seq(&self, user: usize, room: &str) -> anyhow::Result<u64> {
        Ok(self.look(room, &self.http(user)?).await?.last_seq)
    }

    async fn look(&self, room: &str, member: &HttpClient) -> anyhow::Result<Hall> {
        let last_seq =
            patiently(PATIENCE, || member.room(room)).await.context("cannot look at a room")?.last_seq;
        Ok(Hall { room: room.to_owned(), last_seq })
    }

    async fn join(&self, user: usize, room: &str) -> anyhow::Result<()> {
        let member = self.http(user)?;
        match patiently(PATIENCE, || member.join(room)).await {
            // An attempt without an answer may have joined.
            Err(error) if error.is("conflict") => Ok(()),
            joined => joined.map(drop).with_context(|| format!("user {user} cannot join")),
        }
    }
}
