//! What a device shows: a pure fold over what it is pushed, and over what it reads on entering.
//!
//! It knows no answers to commands: whatever its own user does comes back to it as a push, as it comes to the
//! user's other devices.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::message::{calls, number, text};
use super::room::{Room, WholeRoom};

/// What a device hears.
#[derive(Debug, Clone)]
pub enum Input {
    /// Something that it was pushed: the push's name and content.
    Push(String, Value),
    /// All rooms, read at the beginning.
    Rooms(Vec<WholeRoom>, Vec<Value>),
    /// One room, read on entering it.
    Room(Box<WholeRoom>),
    /// What is not kept for those who are away: of each room its head and its receipts.
    Away(Vec<(Value, Vec<Value>)>),
    /// Contacts and blocks.
    People(Vec<Value>, Vec<Value>),
    /// The invitations that wait.
    Invitations(Vec<Value>),
    /// Who is there.
    Presence(Vec<Value>),
    /// The connection was answered: where the pushes begin.
    Cursor(String),
}

/// What a device needs to read now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// A room that the user has entered.
    Room(String),
    /// The invitations: the push does not say whose it is.
    Invitations,
    /// Whether these are there: of what was before, nothing is pushed.
    Presence(Vec<String>),
}

/// What a device shows.
#[derive(Debug, Clone)]
pub struct Model {
    me: String,
    rooms: BTreeMap<String, Room>,
    /// By room, who asked.
    invitations: BTreeMap<String, String>,
    contacts: BTreeMap<String, Value>,
    blocks: BTreeSet<String>,
    presence: BTreeMap<String, Value>,
    /// What the user shows of being there, once it was changed.
    my_presence: Option<Value>,
    /// Messages that call the user, by name or with everybody.
    calls: BTreeSet<(String, u64)>,
    typing: BTreeSet<(String, String)>,
    cursor: String,
}

impl Model {
    /// A device of this user that has heard nothing.
    pub fn new(me: &str) -> Self {
        Self {
            me: me.to_owned(),
            rooms: BTreeMap::new(),
            invitations: BTreeMap::new(),
            contacts: BTreeMap::new(),
            blocks: BTreeSet::new(),
            presence: BTreeMap::new(),
            my_presence: None,
            calls: BTreeSet::new(),
            typing: BTreeSet::new(),
            cursor: String::new(),
        }
    }

    /// Hears something. Answers what is to be read now.
    pub fn hear(&mut self, input: Input) -> Vec<Want> {
        match input {
            Input::Push(name, value) => return self.hear_push(&name, value),
            Input::Rooms(rooms, calls) => {
                self.rooms =
                    rooms.into_iter().map(|whole| (id_of(&whole.head), Room::entered(whole))).collect();
                self.calls = calls.iter().map(|event| (id_of(event), number(event, "seq"))).collect();
            }
            Input::Room(whole) => {
                let (id, room) = (id_of(&whole.head), Room::entered(*whole));
                let people = room.joined().map(str::to_owned).collect();
                self.rooms.insert(id, room);
                return vec![Want::Presence(people)];
            }
            Input::Away(rooms) => self.catch_up(rooms),
            Input::People(contacts, blocks) => {
                let known = |contact: Value| (text(&contact, "user").to_owned(), shown_contact(&contact));
                self.contacts = contacts.into_iter().map(known).collect();
                self.blocks = blocks.iter().map(|block| text(block, "user").to_owned()).collect();
            }
            Input::Invitations(waiting) => {
                let asked =
                    |invitation: &Value| (id_of(&invitation["room"]), text(invitation, "by").to_owned());
                self.invitations = waiting.iter().map(asked).collect();
            }
            Input::Presence(users) => users.iter().for_each(|shown| self.hear_presence(shown)),
            Input::Cursor(cursor) => self.cursor = cursor,
        }
        Vec::new()
    }

    /// Where the next connection goes on.
    pub fn cursor(&self) -> &str {
        &self.cursor
    }

    /// Rooms that the user is in.
    pub fn joined_rooms(&self) -> impl Iterator<Item = &str> {
        self.rooms.iter().filter(|(_, room)| room.is_joined()).map(|(id, _)| id.as_str())
    }

    /// Other people whose being there is shown: who shares a room with the user, and contacts.
    pub fn around(&self) -> BTreeSet<&str> {
        let members = self.rooms.values().filter(|room| room.is_joined()).flat_map(Room::joined);
        let contacts = self.contacts.iter().filter(|(_, contact)| contact["state"] == "contact");
        let all = members.chain(contacts.map(|(user, _)| user.as_str()));
        all.filter(|user| *user != self.me).collect()
    }

    /// Who asked the user into a room, if that waits for an answer.
    pub fn invited_by(&self, room: &str) -> Option<&str> {
        self.invitations.get(room).map(String::as_str)
    }

    /// What somebody is to the user: `contact`, `asked`, `asking` or `none`.
    pub fn contact(&self, user: &str) -> &str {
        self.contacts.get(user).map_or("none", |contact| text(contact, "state"))
    }

    /// What is shown of somebody's being there.
    pub fn presence(&self, user: &str) -> Value {
        self.presence.get(user).cloned().unwrap_or_else(|| json!({ "state": "offline" }))
    }

    /// What the user shows of being there, as it was pushed.
    pub fn my_presence(&self) -> Option<&Value> {
        self.my_presence.as_ref()
    }

    /// Whether somebody types in a room.
    pub fn types(&self, room: &str, user: &str) -> bool {
        self.typing.contains(&(room.to_owned(), user.to_owned()))
    }

    /// A message, if the device knows it.
    pub fn message(&self, room: &str, seq: u64) -> Option<&Value> {
        self.rooms.get(room)?.message(seq)
    }

    /// A room as the user sees it.
    pub fn room(&self, room: &str) -> Option<Value> {
        // What others see of the user, the user's own devices are not told.
        let presence =
            |user: &str| if user == self.me { Value::Null } else { self.presence(user)["state"].clone() };
        Some(self.rooms.get(room)?.shown(presence))
    }

    /// Everything that the user sees.
    pub fn shown(&self) -> Value {
        let rooms: BTreeMap<&String, Value> =
            self.rooms.keys().filter_map(|id| Some((id, self.room(id)?))).collect();
        let joined = || self.rooms.values().filter(|room| room.is_joined());
        let mut list: Vec<_> = joined().map(Room::place_in_list).collect();
        list.sort_unstable_by(|a, b| b.cmp(a));
        let unread: Vec<(u64, u64)> = joined().map(Room::unread).collect();
        let around: BTreeMap<&str, Value> =
            self.around().into_iter().map(|user| (user, self.presence(user))).collect();
        json!({
            "rooms": rooms,
            "list": list.into_iter().map(|(_, _, room)| room).collect::<Vec<_>>(),
            "unread": {
                "rooms": unread.iter().filter(|(messages, _)| *messages > 0).count(),
                "unread": unread.iter().map(|(messages, _)| messages).sum::<u64>(),
                "mentions": unread.iter().map(|(_, mentions)| mentions).sum::<u64>(),
            },
            "calls": self.calls,
            "invitations": self.invitations,
            "contacts": self.contacts,
            "blocks": self.blocks,
            "presence": around,
        })
    }

    fn hear_push(&mut self, name: &str, push: Value) -> Vec<Want> {
        let room = id_of(&push);
        match name {
            "event" => return self.hear_event(&push),
            "room_added" => return self.hear_room_added(room, push),
            "room_removed" => self.forget_room(&room),
            "read" => self.in_room(&room, |room| room.hear_read(&push)),
            "my_room" => self.in_room(&room, |room| room.hear_my_room(&push)),
            "receipt" => self.in_room(&room, |room| room.hear_receipt(&push)),
            "size" => self.in_room(&room, |room| room.hear_size(&push)),
            "contact" => return self.hear_contact(&push),
            "block" => {
                let user = text(&push, "user").to_owned();
                if push["blocked"] == true {
                    self.blocks.insert(user)
                } else {
                    self.blocks.remove(&user)
                };
            }
            "presence" => self.hear_presence(&push),
            "my_presence" => self.my_presence = Some(push),
            "typing" => {
                let typist = (room, text(&push, "user").to_owned());
                if push["on"] == true {
                    self.typing.insert(typist)
                } else {
                    self.typing.remove(&typist)
                };
            }
            other => panic!("an unknown push {other}: {push}"),
        }
        Vec::new()
    }

    fn hear_event(&mut self, event: &Value) -> Vec<Want> {
        let (id, user) = (id_of(event), text(event, "user").to_owned());
        let Some(room) = self.rooms.get_mut(&id) else { return Vec::new() };
        room.hear(event, &self.me);
        let at = |seq| (id.clone(), seq);
        match text(event, "kind") {
            "message" => drop(self.typing.remove(&(id.clone(), user.clone()))),
            "joined" if user != self.me => return vec![Want::Presence(vec![user])],
            "deleted" => drop(self.calls.remove(&at(number(event, "target")))),
            _ => {}
        }
        // Whom it calls, a message says itself, and so does its edit.
        let said = match text(event, "kind") {
            "message" => Some(number(event, "seq")),
            "edited" => Some(number(event, "target")),
            _ => None,
        };
        if let Some((seq, message)) = said.and_then(|seq| Some((seq, room.message(seq)?))) {
            let is_called = calls(message, &self.me) && text(message, "user") != self.me;
            if is_called {
                self.calls.insert(at(seq))
            } else {
                self.calls.remove(&at(seq))
            };
        }
        Vec::new()
    }

    fn hear_room_added(&mut self, id: String, head: Value) -> Vec<Want> {
        let is_joined = head["my"]["state"] == "joined";
        let is_known = self.rooms.get(&id).is_some_and(Room::is_joined);
        if is_joined && is_known {
            return Vec::new();
        }
        self.rooms.insert(id.clone(), Room::new(head));
        if is_joined {
            self.invitations.remove(&id);
            return vec![Want::Room(id)];
        }
        vec![Want::Invitations]
    }

    fn forget_room(&mut self, room: &str) {
        self.rooms.remove(room);
        self.invitations.remove(room);
        self.calls.retain(|(of, _)| of != room);
        self.typing.retain(|(of, _)| of != room);
    }

    fn hear_contact(&mut self, push: &Value) -> Vec<Want> {
        let user = text(push, "user").to_owned();
        if push["state"] == "none" {
            self.contacts.remove(&user);
            return Vec::new();
        }
        self.contacts.insert(user.clone(), shown_contact(push));
        if push["state"] == "contact" { vec![Want::Presence(vec![user])] } else { Vec::new() }
    }

    fn hear_presence(&mut self, shown: &Value) {
        let mut kept = json!({ "state": shown["state"] });
        if let Some(status) = shown.get("status") {
            kept["status"] = status.clone();
        }
        self.presence.insert(text(shown, "user").to_owned(), kept);
    }

    fn catch_up(&mut self, rooms: Vec<(Value, Vec<Value>)>) {
        for (head, receipts) in rooms {
            if let Some(room) = self.rooms.get_mut(&id_of(&head)) {
                room.catch_up(&head, receipts, &self.me);
            }
        }
    }

    fn in_room(&mut self, room: &str, change: impl FnOnce(&mut Room)) {
        if let Some(room) = self.rooms.get_mut(room) {
            change(room);
        }
    }
}

fn id_of(value: &Value) -> String {
    text(value, "room").to_owned()
}

fn shown_contact(contact: &Value) -> Value {
    json!({ "state": contact["state"], "at_ms": contact["at_ms"] })
}
