//! What two devices show differently, in words.

use std::collections::BTreeSet;

use serde_json::Value;

/// One line for each place where `one` is not as `other`: where, and both.
pub fn differences(one: &Value, other: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(String::new(), one, other, &mut found);
    found
}

fn compare(at: String, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for name in names {
                let place = format!("{at}/{name}");
                match (left.get(name), right.get(name)) {
                    (Some(left), Some(right)) => compare(place, left, right, found),
                    (Some(left), None) => found.push(format!("{place}: {left} against nothing")),
                    (None, Some(right)) => found.push(format!("{place}: nothing against {right}")),
                    (None, None) => {}
                }
            }
        }
        _ if one == other => {}
        _ => found.push(format!("{at}: {one} against {other}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_place_is_named_once() {
        let one = json!({ "a": { "b": 1, "c": 2 }, "d": [1] });
        let other = json!({ "a": { "b": 1, "c": 3, "e": 4 }, "d": [] });
        assert_eq!(
            differences(&one, &other),
            ["/a/c: 2 against 3", "/a/e: nothing against 4", "/d: [1] against []"]
        );
        assert!(differences(&one, &one).is_empty());
    }
}
