//! One room as a device shows it: a fold over its events.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::message::{self, number, set, text};

/// A room as a device shows it.
#[derive(Debug, Clone)]
pub(super) struct Room {
    /// The protocol's Room, kept right by events.
    head: Value,
    members: BTreeMap<String, Value>,
    messages: BTreeMap<u64, Value>,
    /// By the pinned message: who pinned it, and when.
    pins: BTreeMap<u64, Value>,
    receipts: BTreeMap<String, Value>,
    /// Everything up to here was heard, or read when the device entered.
    heard_seq: u64,
    last_event_ms: u64,
}

/// All that is read of a room on entering it.
#[derive(Debug, Clone)]
pub struct WholeRoom {
    /// The protocol's Room.
    pub head: Value,
    /// Its log from the beginning.
    pub events: Vec<Value>,
    /// Its members.
    pub members: Vec<Value>,
    /// How far they have come.
    pub receipts: Vec<Value>,
    /// Its pins.
    pub pins: Vec<Value>,
}

impl Room {
    /// A room of which nothing is known but its head.
    pub(super) fn new(head: Value) -> Self {
        let heard_seq = number(&head, "last_seq");
        let (members, messages, pins) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { head, members, messages, pins, receipts: BTreeMap::new(), heard_seq, last_event_ms: 0 }
    }

    /// A room that was read on entering it.
    pub(super) fn entered(whole: WholeRoom) -> Self {
        let WholeRoom { head, events, members, receipts, pins } = whole;
        let mut room = Self::new(head);
        for event in events {
            // The log was read first: what is behind its end is pushed, and may be in the rest already.
            room.heard_seq = number(&event, "seq");
            room.last_event_ms = number(&event, "at_ms");
            // What a page shows of a message is as of the page: its older events are in it.
            if text(&event, "kind") == "message" {
                room.messages.insert(number(&event, "seq"), event);
            }
        }
        let by_user = |rows: Vec<Value>| rows.into_iter().map(|row| (text(&row, "user").to_owned(), row));
        room.members = by_user(members).collect();
        room.receipts = by_user(receipts).collect();
        let pin = |pin: Value| {
            (number(&pin["event"], "seq"), json!({ "user": pin["user"], "at_ms": pin["at_ms"] }))
        };
        room.pins = pins.into_iter().map(pin).collect();
        room
    }

    /// Whether the user is inside, or was only asked in.
    pub(super) fn is_joined(&self) -> bool {
        self.head["my"]["state"] == "joined"
    }

    /// Pinned rooms first, then those in which something happened last.
    pub(super) fn place_in_list(&self) -> (bool, u64, String) {
        let is_pinned = self.head["my"]["pinned"] == true;
        (is_pinned, self.last_event_ms, text(&self.head, "room").to_owned())
    }

    /// Who is inside.
    pub(super) fn joined(&self) -> impl Iterator<Item = &str> {
        self.members.iter().filter(|(_, member)| member["state"] == "joined").map(|(user, _)| user.as_str())
    }

    /// What is not read: messages, and those of them that call the user.
    pub(super) fn unread(&self) -> (u64, u64) {
        (number(&self.head["my"], "unread"), number(&self.head["my"], "mentions"))
    }

    /// A message, if it is known.
    pub(super) fn message(&self, seq: u64) -> Option<&Value> {
        self.messages.get(&seq)
    }

    /// An event of its log. What was heard before is dropped.
    pub(super) fn hear(&mut self, event: &Value, me: &str) {
        let seq = number(event, "seq");
        if seq <= self.heard_seq {
            return;
        }
        assert_eq!(seq, self.heard_seq + 1, "a hole in the log: {event}");
        self.heard_seq = seq;
        self.last_event_ms = number(event, "at_ms");
        self.head["last_seq"] = json!(seq);
        let (user, target) = (text(event, "user"), text(event, "target"));
        match text(event, "kind") {
            "message" => self.hear_message(event, me),
            "edited" | "deleted" | "reacted" | "pinned" => self.hear_change(event, me),
            "joined" => self.hear_joined(user, seq),
            "left" => self.forget(user),
            "kicked" | "banned" => self.forget(target),
            "invited" => drop(self.members.insert(target.to_owned(), newcomer(target, "invited"))),
            "role" => self.hear_role(target, &event["role"], me),
            "muted" => self.hear_mute(target, Some(event["until_ms"].clone()), me),
            "unmuted" => self.hear_mute(target, None, me),
            "changed" => self.hear_changed(event),
            "archived" => self.head["archived"] = json!(true),
            "unarchived" => self.head["archived"] = json!(false),
            "created" | "unbanned" | "room_deleted" => {}
            other => panic!("an event of an unknown kind {other}: {event}"),
        }
        self.count(me);
    }

    /// The user read on some device.
    pub(super) fn hear_read(&mut self, read: &Value) {
        for name in ["read_seq", "unread", "mentions"] {
            self.head["my"][name] = read[name].clone();
        }
    }

    /// The user set the room up on some device.
    pub(super) fn hear_my_room(&mut self, mine: &Value) {
        for name in ["quiet_until_ms", "pinned"] {
            self.head["my"][name] = mine[name].clone();
        }
    }

    /// So many people are inside.
    pub(super) fn hear_size(&mut self, size: &Value) {
        self.head["members"] = size["members"].clone();
    }

    /// A member has read or received more.
    pub(super) fn hear_receipt(&mut self, receipt: &Value) {
        let user = text(receipt, "user");
        let known = self.receipts.entry(user.to_owned()).or_insert_with(|| json!({ "user": user }));
        for name in ["read_seq", "received_seq"] {
            known[name] = json!(number(known, name).max(number(receipt, name)));
        }
    }

    /// Read anew by who was away: what is not logged and not kept for those who are.
    pub(super) fn catch_up(&mut self, head: &Value, receipts: Vec<Value>, me: &str) {
        for name in ["quiet_until_ms", "pinned"] {
            self.head["my"][name] = head["my"][name].clone();
        }
        let read_seq = number(&head["my"], "read_seq").max(number(&self.head["my"], "read_seq"));
        self.head["my"]["read_seq"] = json!(read_seq);
        receipts.iter().for_each(|receipt| self.hear_receipt(receipt));
        self.count(me);
    }

    /// What the user sees.
    pub(super) fn shown(&self, presence: impl Fn(&str) -> Value) -> Value {
        if !self.is_joined() {
            // Whoever is outside hears nothing of what happens inside.
            return json!({ "kind": self.head["kind"], "my": self.head["my"]["state"] });
        }
        let members: BTreeMap<&String, Value> =
            self.members.iter().map(|(user, member)| (user, shown_member(member, presence(user)))).collect();
        let texts = |map: &BTreeMap<u64, Value>| -> BTreeMap<String, Value> {
            map.iter().map(|(seq, value)| (format!("{seq:06}"), value.clone())).collect()
        };
        json!({
            "head": self.head,
            "members": members,
            "messages": texts(&self.messages),
            "threads": self.threads(),
            "pins": texts(&self.pins),
            "receipts": self.receipts,
        })
    }

    /// The replies on each message that has some.
    pub(super) fn threads(&self) -> BTreeMap<String, Vec<u64>> {
        let mut threads: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (seq, message) in &self.messages {
            if let Some(root) = message["thread"].as_u64() {
                threads.entry(format!("{root:06}")).or_default().push(*seq);
            }
        }
        threads
    }

    fn hear_message(&mut self, event: &Value, me: &str) {
        let seq = number(event, "seq");
        if let Some(root) = event["thread"].as_u64().and_then(|root| self.messages.get_mut(&root)) {
            message::grow_thread(root, event);
        }
        self.messages.insert(seq, event.clone());
        if text(event, "user") == me {
            self.head["my"]["read_seq"] = json!(seq);
        }
    }

    fn hear_change(&mut self, event: &Value, me: &str) {
        let target = number(event, "target");
        let Some(known) = self.messages.get_mut(&target) else { return };
        message::change(known, event, me);
        if text(event, "kind") == "pinned" && event["on"] == true {
            self.pins.insert(target, json!({ "user": event["user"], "at_ms": event["at_ms"] }));
        } else if matches!(text(event, "kind"), "pinned" | "deleted") {
            self.pins.remove(&target);
        }
    }

    fn hear_joined(&mut self, user: &str, seq: u64) {
        let mut member = newcomer(user, "joined");
        if self.joined().next().is_none() {
            member["role"] = json!("owner");
        }
        self.members.insert(user.to_owned(), member);
        // A newcomer starts level.
        self.receipts.insert(user.to_owned(), json!({ "user": user, "read_seq": seq, "received_seq": seq }));
    }

    fn forget(&mut self, user: &str) {
        self.members.remove(user);
        self.receipts.remove(user);
    }

    fn hear_role(&mut self, target: &str, role: &Value, me: &str) {
        if let Some(member) = self.members.get_mut(target) {
            member["role"] = role.clone();
        }
        if target == me {
            self.head["my"]["role"] = role.clone();
        }
        // Nobody could take it back.
        if role == "owner" {
            self.hear_mute(target, None, me);
        }
    }

    fn hear_mute(&mut self, target: &str, until_ms: Option<Value>, me: &str) {
        if let Some(member) = self.members.get_mut(target) {
            set(member, "muted_until_ms", until_ms.clone());
        }
        if target == me {
            set(&mut self.head["my"], "muted_until_ms", until_ms);
        }
    }

    /// Only what changed is named, also within the features and the rights.
    fn hear_changed(&mut self, event: &Value) {
        for name in ["title", "topic", "picture", "slow_mode_s", "places_max"] {
            if let Some(value) = event.get(name) {
                self.head[name] = value.clone();
            }
        }
        for name in ["features", "rights"] {
            for (key, value) in event[name].as_object().into_iter().flatten() {
                self.head[name][key] = value.clone();
            }
        }
    }

    /// What follows from the rest: counts, and the newest message.
    fn count(&mut self, me: &str) {
        let read_seq = number(&self.head["my"], "read_seq");
        let behind = self.messages.range(read_seq + 1..).filter(|(_, message)| text(message, "user") != me);
        let (mut unread, mut mentions) = (0, 0);
        for (_, message) in behind {
            unread += 1;
            mentions += u64::from(message::calls(message, me));
        }
        let joined = self.joined().count();
        self.head["my"]["unread"] = json!(unread);
        self.head["my"]["mentions"] = json!(mentions);
        self.head["members"] = json!(joined);
        self.head["last"] = self.messages.values().next_back().map_or(Value::Null, without_mine);
    }
}

fn newcomer(user: &str, state: &str) -> Value {
    json!({ "user": user, "role": "member", "state": state })
}

/// A member as it is compared: names are not pushed, and of who is only asked in nothing is.
fn shown_member(member: &Value, presence: Value) -> Value {
    let mut shown = json!({ "role": member["role"], "state": member["state"] });
    set(&mut shown, "muted_until_ms", member.get("muted_until_ms").cloned());
    set(&mut shown, "presence", (member["state"] == "joined").then_some(presence));
    shown
}

/// A message outside of pages, where nobody asks whose reactions they are.
fn without_mine(message: &Value) -> Value {
    let mut message = message.clone();
    for reaction in message.get_mut("reactions").and_then(Value::as_array_mut).into_iter().flatten() {
        set(reaction, "mine", None);
    }
    message
}
