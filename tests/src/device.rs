//! A person's device: a connection, and what it shows, which is made of pushes alone.
//!
//! [`Model`] is the pure part. [`Device`] is its shell: it listens all the time, hands every push to the model
//! and reads what the model wants. What it heard is kept in its [`Diary`], so that it can be told again with
//! something left out.

mod difference;

mod message;

mod room;

mod model;

mod reading;

use std::fmt;

use madang_loadtest::accounts::patiently;
use madang_loadtest::client::{ClientError, Connection, Push, PushFeed, Pushes, Resume};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use difference::differences;
pub use model::{Input, Model, Want};
pub use reading::Reading;
pub use room::WholeRoom;

use crate::people::{LIMIT, Person};

/// More than anybody says in a day.
const PUSHES_MAX: usize = 100_000;

/// As much of a diary tells what went wrong.
const LAST: usize = 6;

/// What a device shows, and all that it has heard.
#[derive(Debug, Clone)]
pub struct Diary {
    /// What it shows.
    pub model: Model,
    /// All that it has heard, in order.
    pub heard: Vec<Input>,
}

impl Diary {
    fn new(user: &str) -> Self {
        Self { model: Model::new(user), heard: Vec::new() }
    }

    fn hear(&mut self, input: Input) -> Vec<Want> {
        self.heard.push(input.clone());
        self.model.hear(input)
    }

    fn last(&self, count: usize) -> &[Input] {
        &self.heard[self.heard.len().saturating_sub(count)..]
    }

    /// What a device would show that had not heard this push, ever. Of an event it would know the place only.
    pub fn deaf_to(&self, user: &str, is_unheard: impl Fn(&str, &Value) -> bool) -> Model {
        let mut model = Model::new(user);
        for input in &self.heard {
            let mut heard = input.clone();
            match &mut heard {
                Input::Push(name, push) if is_unheard(name, push) => {
                    if name != "event" {
                        continue;
                    }
                    push["kind"] = Value::from("created");
                }
                _ => {}
            }
            drop(model.hear(heard));
        }
        model
    }
}

/// A device that is switched on.
struct Awake {
    connection: Connection,
    listener: JoinHandle<()>,
}

/// A person's device. Panics, with its name, where something is not as it should be.
pub struct Device {
    name: String,
    /// Whose it is.
    pub person: Person,
    diary: watch::Sender<Diary>,
    awake: Option<Awake>,
}

impl Device {
    /// A device that was never switched on.
    pub fn new(name: &str, person: &Person) -> Self {
        let diary = watch::Sender::new(Diary::new(&person.user));
        Self { name: name.to_owned(), person: person.clone(), diary, awake: None }
    }

    /// Whether it is connected.
    pub fn is_awake(&self) -> bool {
        self.awake.is_some()
    }

    /// Lets the connection break in mid-air. What it shows stays.
    pub async fn sleep(&mut self) {
        let awake = self.awake.take().expect("a device that is awake");
        awake.connection.cut().await;
        awake.listener.await.expect("a listener that has heard all");
    }

    /// Waits for the end of a connection that somebody else ends. Answers the close code, if there is one.
    pub async fn lose_connection(&mut self) -> Option<u16> {
        let awake = self.awake.take().expect("a device that is awake");
        let reason = awake.connection.wait_closed().await;
        awake.listener.await.expect("a listener that has heard all");
        reason.code
    }

    /// Connects at some node, with the cursor if it has one. Answers what became of it.
    pub async fn wake(&mut self, url: &str) -> Option<Resume> {
        let cursor = Some(self.diary.borrow().model.cursor().to_owned()).filter(|cursor| !cursor.is_empty());
        let back = patiently(LIMIT, || {
            let pushes = Pushes::Plain { max: PUSHES_MAX };
            Connection::resume(url, &self.person.token, cursor.as_deref(), pushes, LIMIT)
        });
        let (connection, mut feed, welcome) = back.await.unwrap_or_else(|error| panic!("{self}: {error}"));
        let mut listener =
            Listener { reading: Reading::new(self.person.http(url)), diary: self.diary.clone() };
        // What was missed comes before the answer.
        while let Some((_, push)) = feed.try_next() {
            listener.hear(push).await.unwrap_or_else(|error| panic!("{self}: {error}"));
        }
        let read = listener.begin(welcome.resume, welcome.cursor).await;
        read.unwrap_or_else(|error| panic!("{self}: {error}"));
        self.awake = Some(Awake { connection, listener: tokio::spawn(listener.run(feed)) });
        welcome.resume
    }

    /// Asks for something, again while the trouble is a passing one.
    pub async fn ask(&self, operation: &str, fields: Value) -> Value {
        let asked = patiently(LIMIT, || self.connection().call::<Value>(operation, &fields, LIMIT)).await;
        asked.unwrap_or_else(|error| panic!("{self}: {operation} {fields}: {error}"))
    }

    /// Asks for something that must be refused; answers the name of the refusal.
    pub async fn refused(&self, operation: &str, fields: Value) -> String {
        match self.connection().call::<Value>(operation, &fields, LIMIT).await {
            Err(ClientError::Refused(error)) => error.name,
            other => panic!("{self}: {operation} {fields}: {other:?}"),
        }
    }

    /// Waits until it shows something. Nothing is asked for meanwhile: it must be pushed.
    pub async fn sees<T>(&self, what: &str, find: impl Fn(&Model) -> Option<T>) -> T {
        let mut diary = self.diary.subscribe();
        let seen = diary.wait_for(|diary| find(&diary.model).is_some());
        let Ok(diary) = tokio::time::timeout(LIMIT, seen).await else {
            panic!("{self} never sees {what}; last it heard {:#?}", self.diary().last(LAST));
        };
        find(&diary.expect("a device").model).expect("what was found")
    }

    /// What it shows and has heard, as of now.
    pub fn diary(&self) -> Diary {
        self.diary.borrow().clone()
    }

    fn connection(&self) -> &Connection {
        &self.awake.as_ref().expect("a device that is awake").connection
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}'s {}", self.person.user, self.name)
    }
}

/// Hears for a device as long as its connection lasts.
struct Listener {
    reading: Reading,
    diary: watch::Sender<Diary>,
}

impl Listener {
    async fn run(self, mut feed: PushFeed) {
        while let Some((_, push)) = feed.next().await {
            self.hear(push).await.expect("what a push makes necessary can be read");
        }
    }

    /// Reads what no push tells: everything at the beginning, and after a break what is not kept.
    async fn begin(&mut self, resume: Option<Resume>, cursor: String) -> Result<(), ClientError> {
        let known = self.diary.borrow().model.clone();
        let inputs = match resume {
            Some(Resume::Ok) => self.reading.after_away(&known).await?,
            None | Some(Resume::Limited | Resume::Reset) => self.reading.everything().await?,
        };
        for input in inputs {
            self.note(input);
        }
        let known = self.diary.borrow().model.clone();
        self.note(self.reading.presence(&known).await?);
        self.note(Input::Cursor(cursor));
        Ok(())
    }

    async fn hear(&self, push: Push) -> Result<(), ClientError> {
        let input = match push {
            Push::Cursor(cursor) => Input::Cursor(cursor),
            Push::Other(name, value) => Input::Push(name, value),
            // Where to go is what the story says.
            Push::Drain { .. } => return Ok(()),
            typed => panic!("a plain push, not {typed:?}"),
        };
        let mut wants = self.note(input);
        while let Some(want) = wants.pop() {
            match patiently(LIMIT, || self.reading.wanted(&want)).await {
                Ok(input) => wants.extend(self.note(input)),
                // Left again meanwhile, which is pushed.
                Err(error) if error.is("not_found") || error.is("forbidden") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn note(&self, input: Input) -> Vec<Want> {
        let mut wants = Vec::new();
        self.diary.send_modify(|diary| wants = diary.hear(input));
        wants
    }
}
