//! What later events do to a message that a device shows, as `docs/protocol.md` says it.

use serde_json::{Map, Value, json};

/// A field that is a number.
pub(super) fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_default()
}

/// A field that is a text.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Changes `message` by an event that names it as its target. `me` is whose device it is.
pub(super) fn change(message: &mut Value, event: &Value, me: &str) {
    let is_gone = message.get("deleted").is_some();
    match text(event, "kind") {
        "deleted" => *message = tombstone(message, event),
        "edited" if !is_gone => edit(message, event),
        "reacted" if !is_gone => react(message, event, me),
        "pinned" if !is_gone => pin(message, event),
        _ => {}
    }
}

/// A message came into the thread of this one.
pub(super) fn grow_thread(root: &mut Value, reply: &Value) {
    let count = number(reply, "thread_number");
    // A page that was read a moment ago may have counted it.
    if count > root.get("replies").map_or(0, |replies| number(replies, "count")) {
        root["replies"] = json!({ "count": count, "last_seq": reply["seq"] });
    }
}

/// Whether a message calls this user, by name or with everybody.
pub(super) fn calls(message: &Value, me: &str) -> bool {
    let users = message["mentions"]["users"].as_array();
    users.is_some_and(|users| users.iter().any(|user| user == me)) || message["mentions"]["room"] == true
}

/// Without words it was edited again, or deleted: the event that says so comes behind.
fn edit(message: &mut Value, event: &Value) {
    let mark = message.get("edited").cloned().unwrap_or_default();
    // A message that was read, or pushed to who comes back, is as it was then: older edits are in it.
    if number(&mark, "at_ms") >= number(event, "at_ms") {
        return;
    }
    message["edited"] = json!({ "at_ms": event["at_ms"], "count": number(&mark, "count") + 1 });
    if event.get("text").is_none() && event.get("data").is_none() {
        return;
    }
    if let Some(text) = event.get("text") {
        message["text"] = text.clone();
    }
    if let Some(data) = event.get("data") {
        message["content"]["data"] = data.clone();
    }
    set(message, "mentions", event.get("mentions").cloned());
}

fn react(message: &mut Value, event: &Value, me: &str) {
    let mut all = message["reactions"].as_array().cloned().unwrap_or_default();
    let at = all.iter().position(|each| each["emoji"] == event["emoji"]).unwrap_or_else(|| {
        all.push(json!({ "emoji": event["emoji"] }));
        all.len() - 1
    });
    all[at]["count"] = event["count"].clone();
    if text(event, "user") == me {
        set(&mut all[at], "mine", (event["on"] == true).then_some(Value::Bool(true)));
    }
    all.retain(|each| number(each, "count") > 0);
    set(message, "reactions", (!all.is_empty()).then_some(Value::Array(all)));
}

fn pin(message: &mut Value, event: &Value) {
    let pinned = (event["on"] == true).then(|| event["at_ms"].clone());
    set(message, "pinned_ms", pinned);
}

/// What is left: a place without words. Replies in its thread stay.
fn tombstone(message: &Value, event: &Value) -> Value {
    let stay = ["room", "seq", "at_ms", "user", "kind", "cid", "thread", "replies"];
    let kept = stay.iter().filter_map(|name| Some(((*name).to_owned(), message.get(*name)?.clone())));
    let mut left: Map<String, Value> = kept.collect();
    left.insert("text".to_owned(), Value::String(String::new()));
    left.insert("deleted".to_owned(), json!({ "user": event["user"], "at_ms": event["at_ms"] }));
    Value::Object(left)
}

/// Sets a field of an object, or takes it away.
pub(super) fn set(object: &mut Value, name: &str, value: Option<Value>) {
    match value {
        Some(value) => object[name] = value,
        None => {
            if let Some(object) = object.as_object_mut() {
                object.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Value {
        json!({ "room": "R", "seq": 3, "at_ms": 9, "user": "minji", "kind": "message", "cid": "c", "text": "a" })
    }

    #[test]
    fn edits_reactions_and_pins_are_seen_and_go_with_the_words() {
        let mut message = message();
        let events = [
            json!({ "kind": "edited", "target": 3, "text": "b", "at_ms": 10, "user": "minji" }),
            json!({ "kind": "reacted", "target": 3, "emoji": "x", "on": true, "count": 1, "user": "jun" }),
            json!({ "kind": "pinned", "target": 3, "on": true, "at_ms": 12, "user": "minji" }),
        ];
        for event in &events {
            change(&mut message, event, "jun");
        }
        assert_eq!((&message["text"], &message["edited"]["count"]), (&json!("b"), &json!(1)));
        assert_eq!(message["reactions"], json!([{ "emoji": "x", "count": 1, "mine": true }]));
        assert_eq!(message["pinned_ms"], 12);
        let off =
            json!({ "kind": "reacted", "target": 3, "emoji": "x", "on": false, "count": 0, "user": "jun" });
        change(&mut message, &off, "jun");
        assert!(message.get("reactions").is_none());
        change(&mut message, &json!({ "kind": "deleted", "target": 3, "user": "sora", "at_ms": 13 }), "jun");
        assert_eq!(message["deleted"], json!({ "user": "sora", "at_ms": 13 }));
        assert_eq!(
            (&message["text"], message.get("edited"), message.get("pinned_ms")),
            (&json!(""), None, None)
        );
    }
}
