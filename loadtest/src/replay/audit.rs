//! Reads a room back as a newcomer, three ways: over WebSocket from the newest event back and from the
//! oldest on, and over HTTP from the newest back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::accounts::patiently;
use crate::client::{ClientError, Event, HistoryPage, HttpClient, Page, Steady, history_fields};

/// Most events on a page; the protocol's limit.
const PAGE_MAX: usize = 200;

/// A room's log as read in each way, oldest event first.
#[derive(Debug, Default)]
pub(super) struct Reads {
    /// Over WebSocket with `before`.
    pub(super) newest_first: Vec<Event>,
    /// Over WebSocket with `after`.
    pub(super) oldest_first: Vec<Event>,
    /// Over HTTP with `before`.
    pub(super) http: Vec<Event>,
}

impl Reads {
    /// Joins the room and reads it in all ways.
    pub(super) async fn of_room(
        reader: &Steady,
        http: &HttpClient,
        room: &str,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        match reader.call::<Value>("join", &json!({ "room": room })).await.0 {
            Ok(_) => {}
            // A reader of an earlier run of the same run id.
            Err(error) if error.is("conflict") => {}
            Err(error) => return Err(error),
        }
        let over_websocket = async |page| history(reader, room, page).await;
        let over_http = async |page| patiently(patience, || http.history(room, page, PAGE_MAX)).await;
        Ok(Self {
            newest_first: read_back(over_websocket).await?,
            oldest_first: read_on(over_websocket).await?,
            http: read_back(over_http).await?,
        })
    }
}

/// One page over WebSocket.
async fn history(reader: &Steady, room: &str, page: Page) -> Result<HistoryPage, ClientError> {
    let fields = history_fields(Some(room), page, PAGE_MAX);
    reader.call("history", &fields).await.0
}

/// The whole log from the newest page back, without joining the room.
pub(super) async fn read_as_member(reader: &Steady, room: &str) -> Result<Vec<Event>, ClientError> {
    read_back(async |page| history(reader, room, page).await).await
}

async fn read_back(
    page_at: impl AsyncFn(Page) -> Result<HistoryPage, ClientError>,
) -> Result<Vec<Event>, ClientError> {
    let mut pages = Vec::new();
    let mut position = Page::Newest;
    loop {
        let page = page_at(position).await?;
        let first = page.events.first().map(|event| event.seq);
        pages.push(page.events);
        match (page.more, first) {
            (false, _) => break,
            (true, Some(seq)) => position = Page::Before(seq),
            (true, None) => return Err(empty_page()),
        }
    }
    Ok(pages.into_iter().rev().flatten().collect())
}

async fn read_on(
    page_at: impl AsyncFn(Page) -> Result<HistoryPage, ClientError>,
) -> Result<Vec<Event>, ClientError> {
    let mut events: Vec<Event> = Vec::new();
    let mut position = Page::After(0);
    loop {
        let page = page_at(position).await?;
        let last = page.events.last().map(|event| event.seq);
        events.extend(page.events);
        match (page.more, last) {
            (false, _) => return Ok(events),
            (true, Some(seq)) => position = Page::After(seq),
            (true, None) => return Err(empty_page()),
        }
    }
}

fn empty_page() -> ClientError {
    ClientError::Protocol("an empty page of history that says there is more".to_owned())
}
