//! What a device reads over HTTP: everything when it begins, a room on entering it, and what is not kept for
//! those who were away. All lists are read page by page.

use madang_loadtest::client::{ClientError, HttpClient};
use reqwest::Method;
use serde_json::{Value, json};

use super::message::{number, text};
use super::model::{Input, Model, Want};
use super::room::WholeRoom;

/// Pages are small, so that there are several of them.
const PAGE: u64 = 20;

/// Reads as one user from one node.
#[derive(Clone)]
pub struct Reading {
    http: HttpClient,
}

impl Reading {
    /// By this client, which has the user's session.
    pub fn new(http: HttpClient) -> Self {
        Self { http }
    }

    /// A device that has just been set up, and read everything from this node. Answers nothing when what the
    /// node tells of all rooms together is not what it tells of each: then something has happened in between.
    pub async fn fresh(&self, me: &str) -> Result<Option<Model>, ClientError> {
        let mut model = Model::new(me);
        for input in self.everything().await? {
            model.hear(input);
        }
        model.hear(self.presence(&model).await?);
        let shown = model.shown();
        let mut told = shown.clone();
        told["unread"] = self.get("/v1/me/unread", &Value::Null).await?;
        let rooms = self.pages("/v1/rooms", "rooms").await?;
        let joined: Vec<&Value> = rooms.iter().filter(|room| room["my"]["state"] == "joined").collect();
        told["list"] = joined.iter().map(|room| room["room"].clone()).collect();
        for head in joined {
            let room = text(head, "room");
            told["rooms"][room]["head"] = head.clone();
            for (root, seqs) in told["rooms"][room]["threads"].as_object_mut().into_iter().flatten() {
                let root: u64 = root.parse().expect("a seq");
                *seqs = self.thread(room, root).await?;
            }
        }
        Ok((told == shown).then_some(model))
    }

    /// What a device reads when it begins.
    pub async fn everything(&self) -> Result<Vec<Input>, ClientError> {
        let (mut rooms, mut outside) = (Vec::new(), Vec::new());
        for head in self.pages("/v1/rooms", "rooms").await? {
            if head["my"]["state"] == "joined" {
                rooms.push(self.room(text(&head, "room")).await?);
            } else {
                outside.push(Input::Push("room_added".to_owned(), head));
            }
        }
        let calls = self.pages("/v1/me/mentions", "mentions").await?;
        let mut inputs = vec![Input::Rooms(rooms, calls)];
        inputs.extend(outside);
        inputs.push(self.people().await?);
        inputs.push(self.wanted(&Want::Invitations).await?);
        Ok(inputs)
    }

    /// What a device reads when it has come back.
    pub async fn after_away(&self, model: &Model) -> Result<Vec<Input>, ClientError> {
        let mut rooms = Vec::new();
        for room in model.joined_rooms() {
            rooms.push((
                self.get(&format!("/v1/rooms/{room}"), &Value::Null).await?,
                self.receipts(room).await?,
            ));
        }
        Ok(vec![Input::Away(rooms), self.people().await?, self.wanted(&Want::Invitations).await?])
    }

    /// What a push makes necessary.
    pub async fn wanted(&self, want: &Want) -> Result<Input, ClientError> {
        Ok(match want {
            Want::Room(room) => Input::Room(Box::new(self.room(room).await?)),
            Want::Invitations => {
                let answer = self.get("/v1/me/invitations", &Value::Null).await?;
                Input::Invitations(rows(&answer, "invitations"))
            }
            Want::Presence(users) => {
                let body = json!({ "users": users });
                let asked = self.http.request(Method::POST, "/v1/presence", &Value::Null, Some(&body));
                Input::Presence(rows(&asked.await?, "users"))
            }
        })
    }

    /// Whether those are there whom the device shows.
    pub async fn presence(&self, model: &Model) -> Result<Input, ClientError> {
        self.wanted(&Want::Presence(model.around().into_iter().map(str::to_owned).collect())).await
    }

    async fn people(&self) -> Result<Input, ClientError> {
        let contacts = self.pages("/v1/me/contacts", "contacts").await?;
        Ok(Input::People(contacts, self.pages("/v1/me/blocks", "blocks").await?))
    }

    /// The log first: whatever is newer than its end is pushed.
    async fn room(&self, room: &str) -> Result<WholeRoom, ClientError> {
        let path = format!("/v1/rooms/{room}");
        Ok(WholeRoom {
            events: self.log(&format!("{path}/messages")).await?,
            members: self.pages(&format!("{path}/members"), "members").await?,
            receipts: self.receipts(room).await?,
            pins: self.pages(&format!("{path}/pins"), "pins").await?,
            head: self.get(&path, &Value::Null).await?,
        })
    }

    async fn receipts(&self, room: &str) -> Result<Vec<Value>, ClientError> {
        Ok(rows(&self.get(&format!("/v1/rooms/{room}/receipts"), &Value::Null).await?, "receipts"))
    }

    /// The seqs of the replies on a message.
    async fn thread(&self, room: &str, root: u64) -> Result<Value, ClientError> {
        let replies = self.log(&format!("/v1/rooms/{room}/messages/{root}/thread")).await?;
        Ok(replies.into_iter().map(|reply| reply["seq"].clone()).collect())
    }

    /// Events from the first to the last.
    async fn log(&self, path: &str) -> Result<Vec<Value>, ClientError> {
        let mut events: Vec<Value> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| number(event, "seq"));
            let page = self.get(path, &json!({ "after": after, "limit": PAGE })).await?;
            events.extend(rows(&page, "events"));
            if page["more"] != true {
                return Ok(events);
            }
        }
    }

    async fn pages(&self, path: &str, name: &str) -> Result<Vec<Value>, ClientError> {
        let (mut all, mut query) = (Vec::new(), json!({ "limit": PAGE }));
        loop {
            let page = self.get(path, &query).await?;
            all.extend(rows(&page, name));
            if page["next"].is_null() {
                return Ok(all);
            }
            query["next"] = page["next"].clone();
        }
    }

    async fn get(&self, path: &str, query: &Value) -> Result<Value, ClientError> {
        self.http.request(Method::GET, path, query, None::<&Value>).await
    }
}

fn rows(answer: &Value, name: &str) -> Vec<Value> {
    answer[name].as_array().cloned().unwrap_or_default()
}
