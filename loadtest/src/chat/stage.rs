//! Accounts and rooms, before anybody says a word.

use std::time::Duration;

use anyhow::Context;
use futures_util::StreamExt;

use super::plan::Plan;
use crate::accounts::{Applicant, enter_all, patiently};
use crate::client::{ClientError, CreateRoom, HttpClient, Session};

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Rooms that are made at the same time.
const ROOMS_AT_ONCE: usize = 8;

/// Everybody has a session and is a member of its room.
#[derive(Debug)]
pub(crate) struct Stage {
    /// By number of the user.
    pub(crate) sessions: Vec<Session>,
    /// By number of the room.
    pub(crate) rooms: Vec<RoomStart>,
}

/// A room and where its log ends before the chat.
#[derive(Debug)]
pub(crate) struct RoomStart {
    /// Its id.
    pub(crate) room: String,
    /// The position of its last event.
    pub(crate) last_seq: u64,
}

impl Stage {
    /// Makes the accounts and rooms of a plan; `run_id` begins their names.
    pub(crate) async fn set(
        http: &HttpClient,
        run_id: &str,
        plan: Plan,
        sign_ups_at_once: usize,
    ) -> anyhow::Result<Self> {
        let sessions = enter_all(http, &Applicant::crowd(run_id, plan.users), sign_ups_at_once, PATIENCE)
            .await
            .context("cannot sign everybody up")?;
        let make = |number: usize| {
            let members: Vec<HttpClient> = plan
                .members_of(number)
                .filter_map(|user| Some(http.numbered(user).with_token(&sessions.get(user)?.token)))
                .collect();
            let title = format!("{run_id} chat {number}");
            async move { make_room(&members, &title).await }
        };
        let mut making = futures_util::stream::iter((0..plan.rooms()).map(make)).buffered(ROOMS_AT_ONCE);
        let mut rooms = Vec::new();
        while let Some(room) = making.next().await {
            rooms.push(room.context("cannot make the rooms")?);
        }
        drop(making);
        Ok(Self { sessions, rooms })
    }
}

/// An open room, made by the first of its members and entered by the others.
pub(crate) async fn make_room(members: &[HttpClient], title: &str) -> Result<RoomStart, ClientError> {
    let Some((owner, others)) = members.split_first() else {
        return Err(ClientError::Local("a room without members".to_owned()));
    };
    let wanted = CreateRoom::open(title);
    let room = patiently(PATIENCE, || owner.create_room(&wanted)).await?.room;
    for other in others {
        match patiently(PATIENCE, || other.join(&room)).await {
            // An attempt without an answer may have joined.
            Err(error) if error.is("conflict") => {}
            joined => drop(joined?),
        }
    }
    let last_seq = patiently(PATIENCE, || owner.room(&room)).await?.last_seq;
    Ok(RoomStart { room, last_seq })
}
