//! The final logs: every room, whole, from every node.

use std::time::Duration;

use madang_loadtest::accounts::patiently;
use madang_loadtest::client::Page;

use crate::people::Person;
use crate::record::{FinalLog, NodeIndex, ReadBack, RoomIndex, Seen};

/// How long a node that cannot ask the leaders is left alone.
const STALE_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How long a node may refuse to be read from, when all is healed.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most events on a page.
const PAGE_MAX: usize = 200;

/// Reads every room from every node.
pub async fn read_back(urls: &[String], reader: &Person, rooms: &[String]) -> ReadBack {
    let mut logs = Vec::new();
    for (number, room) in rooms.iter().enumerate() {
        for (node, url) in urls.iter().enumerate() {
            let events = read_room(url, reader, room).await;
            logs.push(FinalLog { room: RoomIndex(number), node: NodeIndex(node), events });
        }
    }
    ReadBack(logs)
}

async fn read_room(url: &str, reader: &Person, room: &str) -> Vec<Seen> {
    let http = reader.http(url);
    let mut events: Vec<Seen> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.seq);
        let page = patiently(PATIENCE, || http.history(room, Page::After(after), PAGE_MAX)).await;
        if page.as_ref().is_ok_and(|page| page.stale) {
            tokio::time::sleep(STALE_AGAIN_AFTER).await;
            continue;
        }
        let page = page.unwrap_or_else(|error| panic!("room {room} cannot be read from {url}: {error}"));
        events.extend(page.events.iter().map(Seen::from));
        if !page.more {
            return events;
        }
    }
}
