//! People who chat, spread over all nodes, and a record of everything they were told.
//!
//! Writers pipeline numbered messages into one room each and never give one up: after trouble they go to
//! another node and send again what was not answered, each naming the one before it. Readers listen to all
//! rooms, read up what they missed after each reconnect, and move their read markers.

mod read_back;
mod reader;
mod roamer;
mod stage;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use madang_loadtest::accounts::patiently;
use madang_loadtest::client::{ClientError, CreateRoom, HttpClient};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use read_back::read_back;

use crate::people::{LIMIT, PASSWORD, Person};
use crate::record::{ClientRecord, Clock, Outcome, Record, RoomIndex, Told};
use crate::wait_until;
use reader::Reader;
use roamer::Roamer;
use stage::Stage;
use writer::Writer;

/// How long setting up may be held up by trouble.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a chat may be held up by trouble that one node can make.
const GOES_ON_WITHIN: Duration = Duration::from_secs(30);
/// How long readers may take to hear what was acknowledged, after the last acknowledgement.
const HEARD_WITHIN: Duration = Duration::from_secs(15);

/// How much chat there is to be.
#[derive(Clone, Copy, Debug)]
pub struct Chat {
    /// People who write, each in one room.
    pub writers: usize,
    /// People who listen to all rooms.
    pub readers: usize,
    /// Rooms.
    pub rooms: usize,
    /// Messages a second of each writer, as long as the window lets it.
    pub sends_per_second: u32,
    /// Sends of one writer that may be unanswered at a time.
    pub window: usize,
}

impl Default for Chat {
    fn default() -> Self {
        Self { writers: 8, readers: 3, rooms: 4, sends_per_second: 10, window: 8 }
    }
}

/// A chat that is going on.
pub struct Workload {
    /// Somebody who is in all rooms and says nothing.
    pub host: Person,
    /// Ids of the rooms.
    pub rooms: Vec<String>,
    stage: watch::Sender<Stage>,
    writers: Vec<JoinHandle<Client>>,
    readers: Vec<JoinHandle<Client>>,
    acked: Arc<AtomicU64>,
}

/// What a client hands over when it ends.
struct Client {
    record: ClientRecord,
    /// Sends that were never answered, and what was heard about them last.
    unanswered: Vec<String>,
    /// What should never be answered to a client that does nothing wrong.
    complaints: Vec<String>,
}

/// A chat that has ended.
#[derive(Debug)]
pub struct Settled {
    /// What everybody was told.
    pub record: Record,
    /// Sends that were never answered: a sentence each.
    pub unanswered: Vec<String>,
    /// Answers that no client should get that does nothing wrong: a sentence each.
    pub complaints: Vec<String>,
    /// How long it took until every send was answered.
    pub took: Duration,
}

impl Workload {
    /// Signs people up, makes rooms, and begins. `name` keeps people of several chats on one cluster apart.
    pub async fn begin(urls: &[String], name: &str, chat: Chat) -> Self {
        let clock = Clock::start();
        let host = sign_up(&urls[0], &format!("{name}-host")).await;
        let rooms = join_all((0..chat.rooms).map(|number| {
            let (http, title) = (host.http(&urls[0]), format!("{name} {number}"));
            async move {
                let open = CreateRoom::open(&title);
                patiently(PATIENCE, || http.create_room(&open)).await.expect("a room").room
            }
        }));
        let rooms = rooms.await;
        let (stage, watched) = watch::channel(Stage::Talking);
        let acked = Arc::new(AtomicU64::new(0));
        let mut workload =
            Self { host, rooms, stage, writers: Vec::new(), readers: Vec::new(), acked: Arc::clone(&acked) };
        let home_of = |number: usize| &urls[number % urls.len()];
        let room_of = |number: usize| number % chat.rooms;
        let (rooms, names) = (&workload.rooms, |kind: &str, number: usize| format!("{name}-{kind}{number}"));
        let writers = join_all((0..chat.writers).map(|number| {
            let room = room_of(number);
            enter(home_of(number), names("writer", number), &rooms[room..=room])
        }));
        let readers = (0..chat.readers).map(|number| enter(home_of(number), names("reader", number), rooms));
        let (writers, readers) = futures_util::join!(writers, join_all(readers));
        for (number, person) in writers.into_iter().enumerate() {
            let roamer = Roamer::new(urls, number, person, clock);
            let room = room_of(number);
            let room = (RoomIndex(room), workload.rooms[room].clone());
            let writer = Writer::new(roamer, room, chat, watched.clone(), Arc::clone(&acked));
            workload.writers.push(tokio::spawn(writer.run()));
        }
        for (number, person) in readers.into_iter().enumerate() {
            let roamer = Roamer::new(urls, number, person, clock);
            let reader = Reader::new(roamer, workload.rooms.clone(), watched.clone());
            workload.readers.push(tokio::spawn(reader.run()));
        }
        workload
    }

    /// Acknowledgements so far.
    pub fn acked(&self) -> u64 {
        self.acked.load(Ordering::Relaxed)
    }

    /// Waits for so many more acknowledgements than now.
    pub async fn goes_on(&self, more: u64) {
        let until = self.acked() + more;
        wait_until("the chat goes on", GOES_ON_WITHIN, || async { (self.acked() >= until).then_some(()) })
            .await;
    }

    /// Waits until nobody has been answered for so long.
    pub async fn falls_silent(&self, quiet: Duration) {
        let mut last = (self.acked(), Instant::now());
        wait_until("the chat falls silent", GOES_ON_WITHIN, || {
            if self.acked() != last.0 {
                last = (self.acked(), Instant::now());
            }
            let is_silent = last.1.elapsed() >= quiet;
            async move { is_silent.then_some(()) }
        })
        .await;
    }

    /// Ends it: nothing new is said, every send is to be answered within `limit`, and readers are to hear
    /// all that was acknowledged.
    pub async fn settle(self, limit: Duration) -> Settled {
        let began = Instant::now();
        self.stage.send_replace(Stage::Settling { until: began + limit });
        let mut settled = Settled {
            record: Record { rooms: self.rooms, clients: Vec::new() },
            unanswered: Vec::new(),
            complaints: Vec::new(),
            took: Duration::ZERO,
        };
        for writer in self.writers {
            settled.add(writer.await.expect("a writer ends well"));
        }
        settled.took = began.elapsed();
        let seqs = last_acked(&settled.record);
        self.stage.send_replace(Stage::Hearing { until: Instant::now() + HEARD_WITHIN, seqs });
        for reader in self.readers {
            settled.add(reader.await.expect("a reader ends well"));
        }
        settled
    }
}

impl Settled {
    /// Panics with what is wrong about the ending itself. The rest is the checker's.
    pub fn assert_complete(&self) {
        assert!(self.unanswered.is_empty(), "sends without an answer:\n  {}", self.unanswered.join("\n  "));
        assert!(self.complaints.is_empty(), "odd answers:\n  {}", self.complaints.join("\n  "));
    }

    fn add(&mut self, told: Client) {
        self.record.clients.push(told.record);
        self.unanswered.extend(told.unanswered);
        self.complaints.extend(told.complaints);
    }
}

/// The last seq that was acknowledged, by room.
fn last_acked(record: &Record) -> Vec<u64> {
    let mut seqs = vec![0; record.rooms.len()];
    for entry in record.clients.iter().flat_map(|client| &client.entries) {
        if let Told::Sent(attempt) = &entry.told
            && let Outcome::Acked { seq, .. } = attempt.outcome
        {
            seqs[attempt.room.0] = seq.max(seqs[attempt.room.0]);
        }
    }
    seqs
}

async fn enter(url: &str, user: String, rooms: &[String]) -> Person {
    let person = sign_up(url, &user).await;
    let http = person.http(url);
    for room in rooms {
        let joined = patiently(PATIENCE, || async {
            match http.join(room).await {
                // An attempt without an answer got there.
                Err(ClientError::Refused(error)) if error.is("conflict") => Ok(()),
                other => other.map(drop),
            }
        });
        joined.await.expect("a join");
    }
    person
}

async fn sign_up(url: &str, user: &str) -> Person {
    let http = HttpClient::new(url, LIMIT).expect("an HTTP client");
    let session = patiently(PATIENCE, || async {
        match http.sign_up(user, PASSWORD, user).await {
            // An attempt without an answer got there.
            Err(error) if error.is("already_exists") => http.login(user, PASSWORD).await,
            other => other,
        }
    });
    Person { user: user.to_owned(), token: session.await.expect("a sign-up").token }
}
