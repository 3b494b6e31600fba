//! What somebody asks once more: retries hear what they would have heard, closed things can be asked anew.

use madang_node::config::Config;
use serde_json::{Value, json};

use crate::client::Client;
use crate::node::TestNode;

#[tokio::test(flavor = "multi_thread")]
async fn a_retried_forward_is_answered_as_before_although_its_source_is_gone() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let (from, to) = (minji.create_room("open", &[]).await, minji.create_room("open", &[]).await);
    let seq = minji.send(&from, "c1", "the words").await["seq"].clone();
    let forward = json!({ "room": to, "cid": "f", "from_room": from, "from_seq": seq });
    let first = minji.ask("forward", forward.clone()).await;
    minji.ask("delete", json!({ "room": from, "seq": seq })).await;
    let again = minji.ask("forward", forward.clone()).await;
    assert_eq!((&again["seq"], &again["dup"]), (&first["seq"], &json!(true)));
    let new = json!({ "room": to, "cid": "g", "from_room": from, "from_seq": seq });
    assert_eq!(minji.refused("forward", new).await, "gone");
    minji.ask("leave", json!({ "room": from })).await;
    assert_eq!(minji.ask("forward", forward).await["dup"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retried_send_is_answered_as_before_although_its_words_are_not_allowed_any_more() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let (token, room) = (minji.token.clone(), minji.create_room("open", &[]).await);
    let first = minji.send(&room, "c1", "a casino").await;
    let forbid = |config: &mut Config| config.safety.words = vec!["casino".to_owned()];
    let node = TestNode::start_in(node.stop().await, forbid).await;
    let mut minji = Client::open(&node).await;
    minji.connect(&token).await;
    let again = minji.send(&room, "c1", "a casino").await;
    assert_eq!((&again["seq"], &again["dup"]), (&first["seq"], &json!(true)));
    let ask = |cid: &str, text: &str| json!({ "room": room, "cid": cid, "text": text });
    assert_eq!(minji.refused("send", ask("c2", "a casino")).await, "content_refused");
    // The same name for something else is not a retry.
    assert_eq!(minji.refused("send", ask("c1", "another casino")).await, "cid_conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_closed_can_be_reported_again_with_the_new_reason_and_what_was_shown() {
    let node = TestNode::start_with(|config| config.safety.admins = vec!["root".to_owned()]).await;
    let (mut root, mut minji) = (node.newcomer("root").await, node.newcomer("minji").await);
    let room = minji.create_room("open", &[]).await;
    let mut jun = node.newcomer("jun").await;
    jun.ask("join", json!({ "room": room })).await;
    let image =
        json!({ "type": "image", "url": "https://example.org/a.png", "name": "a.png", "mime": "image/png" });
    let seq =
        jun.ask("send", json!({ "room": room, "cid": "c1", "text": "", "content": image })).await["seq"]
            .clone();
    let ask = |reason: &str| json!({ "room": room, "seq": seq, "reason": reason });
    let first = minji.ask("report", ask("spam")).await["report"].clone();
    for state in ["taken", "dismissed"] {
        root.ask("move_report", json!({ "report": first, "state": state })).await;
    }
    let second = minji.ask("report", ask("harassment")).await["report"].clone();
    assert_ne!(second, first);
    assert_eq!(minji.ask("report", ask("harassment")).await["report"], second);
    let reports = root.ask("reports", json!({})).await["reports"].clone();
    assert_eq!((&reports[0]["report"], &reports[0]["reason"]), (&second, &json!("harassment")));
    let shown: &Value = reports[0]["context"].as_array().unwrap().last().unwrap();
    assert_eq!(shown["text"], "https://example.org/a.png\na.png");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_pins_go_on_although_the_last_one_shown_was_taken_off() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("open", &[]).await;
    let mut seqs = Vec::new();
    for cid in ["a", "b", "c", "d"] {
        let seq = minji.send(&room, cid, cid).await["seq"].clone();
        minji.ask("pin", json!({ "room": room, "seq": seq })).await;
        // Each in a millisecond of its own.
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        seqs.push(seq);
    }
    let page = minji.ask("pins", json!({ "room": room, "limit": 2 })).await;
    let seen = |page: &Value| -> Vec<Value> {
        page["pins"].as_array().unwrap().iter().map(|pin| pin["event"]["seq"].clone()).collect()
    };
    assert_eq!(seen(&page), [seqs[3].clone(), seqs[2].clone()]);
    minji.ask("pin", json!({ "room": room, "seq": seqs[2], "on": false })).await;
    let rest = minji.ask("pins", json!({ "room": room, "limit": 2, "next": page["next"] })).await;
    assert_eq!(seen(&rest), [seqs[1].clone(), seqs[0].clone()]);
}
