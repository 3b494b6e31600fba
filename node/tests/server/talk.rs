//! Messages: sending, hearing, reading back, repeats, read markers.

use serde_json::{Value, json};

use crate::node::TestNode;

fn texts(page: &Value) -> Vec<String> {
    let events = page["events"].as_array().unwrap();
    let messages = events.iter().filter(|event| event["kind"] == "message");
    messages.map(|event| event["text"].as_str().unwrap().to_owned()).collect()
}

fn seqs(page: &Value) -> Vec<u64> {
    page["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = minji.create_room("group", &["jun"]).await;
    let added = jun.push("room_added").await;
    assert_eq!((&added["room"], &added["my"]["state"]), (&json!(room), &json!("invited")));
    jun.ask("join", json!({ "room": room })).await;

    let sent = minji.send(&room, "c1", "안녕").await;
    assert_eq!(sent["dup"], false);
    assert_eq!(jun.hears(&room).await, ("minji".into(), "안녕".into()));
    jun.send(&room, "c1", "hello").await;
    assert_eq!(minji.hears(&room).await, ("minji".into(), "안녕".into()));
    assert_eq!(minji.hears(&room).await, ("jun".into(), "hello".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_pushed_with_its_place_in_the_log_and_all_fields() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("open", &[]).await;
    let sent = minji.send(&room, "c1", "hi").await;
    let event = loop {
        let event = minji.push("event").await;
        if event["kind"] == "message" {
            break event;
        }
    };
    let expected = json!({
        "room": room, "seq": sent["seq"], "at_ms": sent["at_ms"], "user": "minji",
        "kind": "message", "cid": "c1", "text": "hi",
    });
    assert_eq!(event, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_sends_are_logged_in_the_order_sent() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("group", &[]).await;
    let mut ids = Vec::new();
    for number in 0..200 {
        let mut fields = json!({ "room": room, "cid": format!("c{number}"), "text": format!("{number}") });
        if number > 0 {
            fields["after"] = json!(format!("c{}", number - 1));
        }
        ids.push(minji.begin("send", fields).await);
    }
    let mut seqs = Vec::new();
    for id in ids {
        let reply = minji.reply(id).await;
        seqs.push(reply["send"]["seq"].as_u64().unwrap_or_else(|| panic!("{reply}")));
    }
    assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{seqs:?}");
    let heard: Vec<_> = {
        let mut heard = Vec::new();
        for _ in 0..200 {
            heard.push(minji.hears(&room).await.1);
        }
        heard
    };
    assert_eq!(heard, (0..200).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_happens_once_however_often_it_is_tried() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("group", &[]).await;
    let first = minji.send(&room, "c1", "once").await;
    let again = minji.send(&room, "c1", "once").await;
    assert_eq!(
        (&again["seq"], &again["at_ms"], &again["dup"]),
        (&first["seq"], &first["at_ms"], &json!(true))
    );
    let other = json!({ "room": room, "cid": "c1", "text": "something else" });
    assert_eq!(minji.refused("send", other).await, "cid_conflict");
    let early = json!({ "room": room, "cid": "c3", "text": "three", "after": "c2" });
    assert_eq!(minji.refused("send", early).await, "out_of_order");
    let page = minji.ask("history", json!({ "room": room })).await;
    assert_eq!(texts(&page), ["once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_pages_fit_together_from_both_ends() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("group", &[]).await;
    for number in 2..=10 {
        minji.send(&room, &format!("c{number}"), &number.to_string()).await;
    }
    let rows = [
        (json!({}), (1..=10).collect::<Vec<u64>>(), false),
        (json!({ "limit": 3 }), vec![8, 9, 10], true),
        (json!({ "before": 8, "limit": 4 }), vec![4, 5, 6, 7], true),
        (json!({ "before": 4, "limit": 4 }), vec![1, 2, 3], false),
        (json!({ "after": 0, "limit": 2 }), vec![1, 2], true),
        (json!({ "after": 7, "limit": 9 }), vec![8, 9, 10], false),
        (json!({ "after": 10 }), vec![], false),
        (json!({ "around": 5, "limit": 4 }), vec![3, 4, 5, 6], true),
    ];
    for (mut fields, expected, more) in rows {
        fields["room"] = json!(room);
        let page = minji.ask("history", fields.clone()).await;
        assert_eq!((seqs(&page), &page["more"]), (expected, &json!(more)), "{fields}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_counts_other_peoples_messages_until_they_are_read() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = minji.create_room("group", &["jun"]).await;
    jun.ask("join", json!({ "room": room })).await;
    let mut last = 0;
    for number in 0..3 {
        last = minji.send(&room, &format!("c{number}"), "x").await["seq"].as_u64().unwrap();
    }
    let unread = |view: &Value| view["my"]["unread"].as_u64().unwrap();
    assert_eq!(unread(&jun.ask("room", json!({ "room": room })).await), 3);
    assert_eq!(unread(&minji.ask("room", json!({ "room": room })).await), 0);

    let mut other_device = node.again("jun").await;
    let mark = jun.ask("mark_read", json!({ "room": room, "seq": last - 1 })).await;
    assert_eq!(mark, json!({ "read_seq": last - 1, "unread": 1, "mentions": 0 }));
    let heard = other_device.push("read").await;
    assert_eq!(heard, json!({ "room": room, "read_seq": last - 1, "unread": 1, "mentions": 0 }));
    let back = jun.ask("mark_read", json!({ "room": room, "seq": 1 })).await;
    assert_eq!(back["read_seq"], json!(last - 1), "a marker moves only forwards");
    let rooms = jun.ask("rooms", json!({})).await;
    assert_eq!(unread(&rooms["rooms"][0]), 1);
    assert_eq!(rooms["rooms"][0]["last"]["seq"], json!(last));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_device_hears_its_own_users_messages() {
    let node = TestNode::start().await;
    let mut phone = node.newcomer("minji").await;
    let room = phone.create_room("group", &[]).await;
    let mut laptop = node.again("minji").await;
    phone.send(&room, "c1", "from the phone").await;
    assert_eq!(laptop.hears(&room).await.1, "from the phone");
}
