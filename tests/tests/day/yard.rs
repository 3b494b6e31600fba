//! Where the day happens: three nodes, four people, five devices.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use madang_loadtest::client::HttpClient;
use madang_tests::cluster::{Ground, TestCluster};
use madang_tests::device::{Device, Reading, differences};
use madang_tests::people::{LIMIT, PASSWORD, Person};
use reqwest::Method;
use serde_json::{Value, json};

/// From when nothing more happens, all devices show the same after this.
const LEVEL_WITHIN: Duration = Duration::from_secs(30);

/// The stage.
pub(crate) struct Yard {
    pub(crate) cluster: TestCluster,
    /// Where clients find each node.
    pub(crate) urls: Vec<String>,
    pub(crate) minji: Person,
    pub(crate) phone: Device,
    pub(crate) laptop: Device,
    pub(crate) jun: Device,
    pub(crate) sora: Device,
    pub(crate) haneul: Device,
}

impl Yard {
    /// Three nodes, and everybody has signed up, each somewhere else. Sora runs the place.
    pub(crate) async fn open() -> Self {
        let settings = vec![("MADANG_SAFETY__ADMINS".to_owned(), "sora".to_owned())];
        let cluster = TestCluster::form(3, Ground { settings, ..Ground::default() }).await;
        let urls = cluster.urls();
        let minji = enter(&urls[0], "/v1/users", "minji", "phone").await;
        let laptop = enter(&urls[1], "/v1/login", "minji", "laptop").await;
        let jun = Person::sign_up(&urls[1], "jun").await;
        let sora = Person::sign_up(&urls[2], "sora").await;
        let haneul = Person::sign_up(&urls[0], "haneul").await;
        Self {
            phone: Device::new("phone", &minji),
            laptop: Device::new("laptop", &laptop),
            jun: Device::new("phone", &jun),
            sora: Device::new("phone", &sora),
            haneul: Device::new("phone", &haneul),
            cluster,
            urls,
            minji,
        }
    }

    /// Waits until every device that is awake shows what a fresh one would show that reads it from any node.
    pub(crate) async fn is_level(&self, when: &str) {
        let end = Instant::now() + LEVEL_WITHIN;
        loop {
            let found = self.differences().await;
            if found.is_empty() {
                return;
            }
            assert!(
                Instant::now() < end,
                "{when}: what devices show against what nodes tell:\n{}",
                found.join("\n")
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The devices that are awake.
    pub(crate) fn devices(&self) -> impl Iterator<Item = &Device> {
        [&self.phone, &self.laptop, &self.jun, &self.sora, &self.haneul].into_iter().filter(|d| d.is_awake())
    }

    /// What a fresh device of this person would show after reading it from a node.
    pub(crate) async fn fresh(&self, person: &Person, url: &str) -> Option<Value> {
        let model = Reading::new(person.http(url)).fresh(&person.user).await;
        Some(model.expect("a node that answers")?.shown())
    }

    async fn differences(&self) -> Vec<String> {
        let mut found = Vec::new();
        for device in self.devices() {
            for url in &self.urls {
                let Some(fresh) = self.fresh(&device.person, url).await else {
                    found.push(format!("{url} tells {} two things", device.person.user));
                    continue;
                };
                let shown = device.diary().model.shown();
                found.extend(
                    differences(&shown, &fresh).iter().map(|line| format!("{device}, {url}: {line}")),
                );
            }
        }
        found
    }
}

/// Signs up (`/v1/users`) or logs in (`/v1/login`) on a device of this name.
pub(crate) async fn enter(url: &str, path: &str, user: &str, device: &str) -> Person {
    let http = HttpClient::new(url, LIMIT).expect("an HTTP client");
    let body = json!({ "user": user, "password": PASSWORD, "device": device });
    let entered: Value =
        http.request(Method::POST, path, &Value::Null, Some(&body)).await.expect("a session");
    Person { user: user.to_owned(), token: entered["token"].as_str().expect("a token").to_owned() }
}

/// A name for a send that no other has.
pub(crate) fn cid() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("c{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Says something in a room; answers where it stands.
pub(crate) async fn say(device: &Device, room: &str, text: &str) -> u64 {
    send(device, room, text, json!({})).await
}

/// Says something that carries more than its text.
pub(crate) async fn send(device: &Device, room: &str, text: &str, more: Value) -> u64 {
    let mut fields = json!({ "room": room, "cid": cid(), "text": text });
    for (name, value) in more.as_object().into_iter().flatten() {
        fields[name] = value.clone();
    }
    seq(&device.ask("send", fields).await)
}

/// The seq of an answer.
pub(crate) fn seq(answer: &Value) -> u64 {
    answer["seq"].as_u64().expect("a seq")
}

/// Creates a room; answers its id.
pub(crate) async fn create(device: &Device, fields: Value) -> String {
    device.ask("create_room", fields).await["room"].as_str().expect("a room").to_owned()
}

/// Waits until a device has been pushed a message with this text.
pub(crate) async fn reads(device: &Device, room: &str, seq: u64, text: &str) {
    let what = format!("{text:?} at {seq}");
    device
        .sees(&what, |model| model.message(room, seq).filter(|message| message["text"] == text).map(drop))
        .await;
}

/// Waits until a device shows this in a field of a message.
pub(crate) async fn shows(device: &Device, room: &str, seq: u64, (field, value): (&str, Value)) {
    let what = format!("{field} {value} at {seq}");
    device
        .sees(&what, |model| model.message(room, seq).filter(|message| message[field] == value).map(drop))
        .await;
}

/// Waits until a device shows this somebody as `state`.
pub(crate) async fn is_shown(device: &Device, user: &str, state: &str) {
    let what = format!("{user} {state}");
    device.sees(&what, |model| (model.presence(user)["state"] == state).then_some(())).await;
}

/// Waits until a device shows this in the head of a room, at a path such as `/my/unread`.
pub(crate) async fn head_shows(device: &Device, room: &str, path: &str, value: Value) {
    let what = format!("{path} {value} of a room");
    device
        .sees(&what, |model| {
            let room = model.room(room)?;
            (room["head"].pointer(path) == Some(&value)).then_some(())
        })
        .await;
}

/// Waits until something asked of a node is so: for what is not pushed.
pub(crate) async fn is_told(what: &str, ask: impl AsyncFn() -> bool) {
    madang_tests::wait_until(what, LIMIT, || async { ask().await.then_some(()) }).await;
}
