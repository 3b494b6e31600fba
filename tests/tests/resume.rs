//! Promise: whoever comes back with a cursor misses nothing, on any node, also when the node that held the
//! socket was killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use madang_loadtest::accounts::patiently;
use madang_loadtest::client::{Connection, Event, Push, PushFeed, Pushes, Resume, SendMessage};
use madang_tests::cluster::{TestCluster, WHOLE_WITHIN};
use madang_tests::people::{LIMIT, Person, read_forwards};
use madang_tests::wait_until;

/// Between two messages of one person who talks a lot.
const PAUSE: Duration = Duration::from_millis(20);

/// Somebody who talks on whichever node takes it.
struct Talker {
    said: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Talker {
    fn begin(person: Person, urls: Vec<String>, room: String) -> Self {
        let (said, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, end) = (said.clone(), done.clone());
        let task = tokio::spawn(async move {
            for url in urls.iter().cycle() {
                if end.load(Ordering::Relaxed) {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
                let Ok(connection) = person.connect(url).await else { continue };
                while !end.load(Ordering::Relaxed) {
                    let cid = format!("c{}", count.load(Ordering::Relaxed));
                    let send = SendMessage { room: &room, cid: &cid, text: &cid, after: None };
                    if connection.send(send, LIMIT).await.is_err() {
                        break;
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        });
        Self { said, done, task }
    }

    /// Waits until so many more messages were acknowledged.
    async fn goes_on(&self, more: u64) {
        let target = self.said.load(Ordering::Relaxed) + more;
        let said = || async { (self.said.load(Ordering::Relaxed) >= target).then_some(()) };
        wait_until("the talk goes on", LIMIT, said).await;
    }
}

/// Somebody who hears one room, on one node after the other.
struct Listener {
    person: Person,
    room: String,
    cursor: String,
    heard: u64,
    resumed: Vec<Resume>,
}

impl Listener {
    async fn come_back(&mut self, url: &str) -> (Connection, PushFeed) {
        let pushes = Pushes::Kept { max: 100_000 };
        let back = patiently(LIMIT, || {
            Connection::resume(url, &self.person.token, Some(&self.cursor), pushes, LIMIT)
        });
        let (connection, mut feed, welcome) = back.await.expect("a connection");
        let resume = welcome.resume.expect("an answer about the cursor");
        self.resumed.push(resume);
        assert_ne!(resume, Resume::Reset);
        if resume == Resume::Limited {
            self.read_up(url).await;
        }
        self.cursor = welcome.cursor;
        self.hear_what_is_there(&mut feed, url).await;
        (connection, feed)
    }

    /// Hears until it knows the room through `seq`.
    async fn hear_through(&mut self, seq: u64, feed: &mut PushFeed, url: &str) {
        while self.heard < seq {
            let next = tokio::time::timeout(LIMIT, feed.next()).await.expect("a push in time");
            let (_, push) = next.expect("a connection that stays");
            self.hear(push, url).await;
        }
    }

    async fn hear_what_is_there(&mut self, feed: &mut PushFeed, url: &str) {
        while let Some((_, push)) = feed.try_next() {
            self.hear(push, url).await;
        }
    }

    async fn hear(&mut self, push: Push, url: &str) {
        match push {
            Push::Event(event) => {
                let Event { seq, .. } = *event;
                assert!(seq <= self.heard + 1, "a hole between {} and {seq}", self.heard);
                self.heard = self.heard.max(seq);
            }
            Push::Cursor(cursor) => self.cursor = cursor,
            Push::RoomAdded(_) => self.read_up(url).await,
            _ => {}
        }
    }

    async fn read_up(&mut self, url: &str) {
        let log = read_forwards(&self.person.http(url), &self.room).await;
        self.heard = self.heard.max(log.last().map_or(0, |event| event.seq));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_connected_to_a_killed_node_goes_on_at_another() {
    let mut cluster = TestCluster::on_loopback(3).await;
    let urls = cluster.urls();
    let minji = Person::sign_up(&urls[0], "minji").await;
    let room = minji.open_room(&urls[0], "yard").await;
    let jun = Person::sign_up(&urls[1], "jun").await;
    patiently(LIMIT, || async { jun.http(&urls[1]).join(&room).await.map(drop) }).await.unwrap();
    let (_, _, welcome) =
        Connection::connect(&urls[0], &minji.token, Pushes::Ignored, LIMIT).await.expect("a connection");
    let talker = Talker::begin(jun, urls.clone(), room.clone());
    let mut listener =
        Listener { person: minji, room: room.clone(), cursor: welcome.cursor, heard: 0, resumed: Vec::new() };
    listener.read_up(&urls[0]).await;

    for (at, url) in urls.iter().enumerate() {
        let (_connection, mut feed) = listener.come_back(url).await;
        let far = listener.heard + 100;
        listener.hear_through(far, &mut feed, url).await;
        cluster.node_mut(at).kill();
        // What had come before the end counts, the rest is heard at the next.
        while let Some((_, push)) = feed.next().await {
            listener.hear(push, &urls[(at + 1) % 3]).await;
        }
        talker.goes_on(50).await;
        let next = &urls[(at + 1) % 3];
        let (_connection, mut feed) = listener.come_back(next).await;
        let far = listener.heard + 20;
        listener.hear_through(far, &mut feed, next).await;
        cluster.node_mut(at).start_and_wait(WHOLE_WITHIN).await;
    }
    talker.done.store(true, Ordering::Relaxed);
    talker.task.await.unwrap();
    cluster.wait_whole(WHOLE_WITHIN).await;

    let (_connection, _feed) = listener.come_back(&urls[0]).await;
    assert_eq!(listener.resumed.last(), Some(&Resume::Ok), "with the cursor of another node");
    let log = read_forwards(&listener.person.http(&urls[1]), &room).await;
    assert_eq!(listener.heard, log.last().unwrap().seq);
    let whole = listener.resumed.iter().filter(|resume| **resume == Resume::Ok).count();
    assert!(whole > listener.resumed.len() / 2, "{:?}", listener.resumed);
}
