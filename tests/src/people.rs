//! Clients: people who sign up, meet in a room, and send until every send is answered.

use std::time::Duration;

use madang_loadtest::accounts::patiently;
use madang_loadtest::client::{
    ClientError, Connection, CreateRoom, Event, EventKind, HttpClient, Page, PendingReply, PushFeed, Pushes,
    SendAck, SendMessage,
};

/// How long one command may take.
pub const LIMIT: Duration = Duration::from_secs(20);
/// A good password.
pub const PASSWORD: &str = "correct horse battery";

/// Somebody who is signed up.
#[derive(Clone, Debug)]
pub struct Person {
    /// User id.
    pub user: String,
    /// Proof of the session.
    pub token: String,
}

impl Person {
    /// Signs up.
    pub async fn sign_up(url: &str, user: &str) -> Self {
        let http = HttpClient::new(url, LIMIT).expect("an HTTP client");
        let session = patiently(LIMIT, || http.sign_up(user, PASSWORD, user)).await.expect("a sign-up");
        Self { user: user.to_owned(), token: session.token }
    }

    /// HTTP as this person.
    pub fn http(&self, url: &str) -> HttpClient {
        HttpClient::new(url, LIMIT).expect("an HTTP client").with_token(&self.token)
    }

    /// Connects without listening.
    pub async fn connect(&self, url: &str) -> Result<Connection, ClientError> {
        Connection::connect(url, &self.token, Pushes::Ignored, LIMIT).await.map(|(connection, ..)| connection)
    }

    /// Connects and listens.
    pub async fn listen(&self, url: &str) -> (Connection, PushFeed) {
        let pushes = Pushes::Kept { max: 100_000 };
        let (connection, feed, _) =
            Connection::connect(url, &self.token, pushes, LIMIT).await.expect("a connection");
        (connection, feed)
    }

    /// Creates an open room; answers its id.
    pub async fn open_room(&self, url: &str, title: &str) -> String {
        let (http, wanted) = (self.http(url), CreateRoom::open(title));
        patiently(LIMIT, || http.create_room(&wanted)).await.expect("a room").room
    }
}

/// The whole log of a room, read forwards in pages.
pub async fn read_forwards(http: &HttpClient, room: &str) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.seq);
        let page = http.history(room, Page::After(after), 200).await.expect("a page");
        events.extend(page.events);
        if !page.more {
            return events;
        }
    }
}

/// The whole log of a room, read backwards from the newest page.
pub async fn read_backwards(connection: &Connection, room: &str) -> Vec<Event> {
    let (mut pages, mut page) = (Vec::new(), Page::Newest);
    loop {
        let found = connection.history(room, page, 200, LIMIT).await.expect("a page");
        let Some(first) = found.events.first() else { break };
        page = Page::Before(first.seq);
        pages.push(found.events);
        if !found.more {
            break;
        }
    }
    pages.into_iter().rev().flatten().collect()
}

/// The messages among events, as (seq, user, cid, text).
pub fn messages(events: &[Event]) -> Vec<(u64, String, String, String)> {
    let message = |event: &Event| match &event.kind {
        EventKind::Message { cid, text } => Some((event.seq, event.user.clone(), cid.clone(), text.clone())),
        _ => None,
    };
    events.iter().filter_map(message).collect()
}

/// Sends that must all be answered, in order, whatever happens to the connection: pipelines all that is
/// unanswered, each naming the one before it, and after any trouble begins again with the first unanswered.
pub struct Pipeline {
    /// Whose.
    pub person: Person,
    /// Where.
    pub room: String,
    cids: Vec<String>,
    acks: Vec<SendAck>,
}

impl Pipeline {
    /// `count` sends, named `<user>-<number>`; the text is the name.
    pub fn new(person: Person, room: &str, count: usize) -> Self {
        let cids = (0..count).map(|number| format!("{}-{number}", person.user)).collect();
        Self { person, room: room.to_owned(), cids, acks: Vec::new() }
    }

    /// Whether everything was answered.
    pub fn is_done(&self) -> bool {
        self.acks.len() == self.cids.len()
    }

    /// What was answered so far: cid and its seq.
    pub fn acked(&self) -> Vec<(String, u64)> {
        self.cids.iter().cloned().zip(self.acks.iter().map(|ack| ack.seq)).collect()
    }

    /// One connection's worth: pipelines what is unanswered (50 more than it will wait for), takes at most
    /// `acks_max` answers, then cuts the connection. Trouble of any kind ends it early.
    pub async fn burst(&mut self, url: &str, acks_max: usize) {
        let Ok(connection) = self.person.connect(url).await else { return };
        let mut waiting: Vec<PendingReply> = Vec::new();
        let first = self.acks.len();
        let last = self.cids.len().min(first + acks_max + 50);
        for index in first..last {
            let after = index.checked_sub(1).map(|before| self.cids[before].as_str());
            let cid = self.cids[index].as_str();
            let send = SendMessage { room: &self.room, cid, text: cid, after };
            match connection.begin_send(send).await {
                Ok(reply) => waiting.push(reply),
                Err(_) => break,
            }
        }
        for reply in waiting.into_iter().take(acks_max) {
            match reply.wait::<SendAck>(LIMIT).await {
                Ok(ack) => self.acks.push(ack),
                Err(_) => break,
            }
        }
        connection.cut().await;
    }
}
