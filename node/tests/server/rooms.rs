//! Rooms: who gets in, who may what, how lists show them.

use serde_json::{Value, json};

use crate::client::{Client, wait_until};
use crate::node::TestNode;

fn ids(page: &Value) -> Vec<String> {
    page["rooms"].as_array().unwrap().iter().map(|room| room["room"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_has_one_direct_room_whoever_starts() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let hers = minji.ask("create_room", json!({ "kind": "direct", "with": "jun" })).await;
    let his = jun.ask("create_room", json!({ "kind": "direct", "with": "minji" })).await;
    assert_eq!(hers["room"], his["room"]);
    assert_eq!((&hers["peer"]["user"], &his["peer"]["user"]), (&json!("jun"), &json!("minji")));
    assert_eq!(his["my"]["state"], "joined");
    let room = hers["room"].as_str().unwrap().to_owned();
    minji.send(&room, "c1", "psst").await;
    assert_eq!(jun.hears(&room).await.1, "psst");
    assert_eq!(minji.refused("leave", json!({ "room": room })).await, "conflict");
    let alone = json!({ "kind": "direct", "with": "minji" });
    assert_eq!(minji.refused("create_room", alone).await, "bad_request");
    let mut haneul = node.newcomer("haneul").await;
    assert_eq!(haneul.refused("join", json!({ "room": room })).await, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_entered_by_invitation_only() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = minji.create_room("group", &[]).await;
    for operation in ["room", "join", "history", "members", "leave"] {
        assert_eq!(jun.refused(operation, json!({ "room": room })).await, "not_found", "{operation}");
    }
    let send = json!({ "room": room, "cid": "c", "text": "let me in" });
    assert_eq!(jun.refused("send", send).await, "not_found");
    minji.ask("invite", json!({ "room": room, "user": "jun" })).await;
    assert_eq!(jun.push("room_added").await["room"], json!(room));
    assert_eq!(jun.refused("history", json!({ "room": room })).await, "forbidden");
    let joined = jun.ask("join", json!({ "room": room })).await;
    assert_eq!((&joined["my"]["state"], &joined["members"]), (&json!("joined"), &json!(2)));
    jun.ask("leave", json!({ "room": room })).await;
    assert_eq!(jun.push("room_removed").await, json!({ "room": room }));
    assert_eq!(ids(&jun.ask("rooms", json!({})).await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_left_hears_nothing_more() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let (left, kept) = (minji.create_room("open", &[]).await, minji.create_room("open", &[]).await);
    for room in [&left, &kept] {
        jun.ask("join", json!({ "room": room })).await;
    }
    jun.ask("leave", json!({ "room": left })).await;
    jun.push("room_removed").await;
    minji.send(&left, "c1", "secret").await;
    minji.send(&kept, "c1", "public").await;
    // Both rooms may be in different shards: the later message says nothing about the earlier one.
    assert_eq!(jun.hears(&kept).await.1, "public");
    jun.ask("join", json!({ "room": left })).await;
    minji.send(&left, "c2", "welcome back").await;
    assert_eq!(jun.hears(&left).await.1, "welcome back");
    assert_eq!(ids(&jun.ask("rooms", json!({})).await).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_room_is_found_and_joined_by_anybody() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let mut rooms = Vec::new();
    for _ in 0..5 {
        rooms.push(minji.create_room("open", &[]).await);
    }
    minji.create_room("group", &[]).await;
    let mut found = Vec::new();
    let mut next = Value::Null;
    loop {
        let mut fields = json!({ "limit": 2 });
        if !next.is_null() {
            fields["next"] = next;
        }
        let page = jun.ask("open_rooms", fields).await;
        assert!(page["rooms"].as_array().unwrap().iter().all(|room| room["my"].is_null()));
        found.extend(ids(&page));
        next = page["next"].clone();
        if next.is_null() {
            break;
        }
    }
    found.sort();
    rooms.sort();
    assert_eq!(found, rooms);
    jun.ask("join", json!({ "room": rooms[0] })).await;
    assert_eq!(ids(&jun.ask("rooms", json!({})).await), [rooms[0].clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_list_goes_by_activity_and_pages_to_its_end() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let mut rooms = Vec::new();
    for _ in 0..5 {
        rooms.push(minji.create_room("group", &[]).await);
    }
    for (number, room) in rooms.iter().enumerate() {
        minji.send(room, &format!("c{number}"), "hi").await;
    }
    minji.send(&rooms[2], "newest", "hi").await;
    let whole = minji.ask("rooms", json!({})).await;
    let all = ids(&whole);
    assert_eq!(all.len(), 5);
    assert_eq!(whole["next"], Value::Null);
    let first = minji.ask("rooms", json!({ "limit": 2 })).await;
    let second = minji.ask("rooms", json!({ "limit": 2, "next": first["next"] })).await;
    let third = minji.ask("rooms", json!({ "limit": 2, "next": second["next"] })).await;
    assert_eq!([ids(&first), ids(&second), ids(&third)].concat(), all);
    assert_eq!(third["next"], Value::Null);
    let activity = |page: &Value| -> Vec<u64> {
        page["rooms"].as_array().unwrap().iter().map(|room| room["last"]["at_ms"].as_u64().unwrap()).collect()
    };
    assert!(activity(&whole).windows(2).all(|pair| pair[0] >= pair[1]), "{whole}");
    assert_eq!(minji.refused("rooms", json!({ "next": "nonsense" })).await, "bad_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_in_many_rooms_is_told_no_more_at_once_than_somebody_in_few() {
    let node = TestNode::start_with(|config| config.limits.requests_per_minute = 0).await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    jun.create_room("open", &[]).await;
    let mut created = Vec::new();
    for _ in 0..120 {
        created.push(minji.create_room("open", &[]).await);
    }
    // What is told of a new room comes a moment after the answer: not to be mixed up with what a device is told.
    jun.push("room_added").await;
    for _ in 0..120 {
        minji.push("room_added").await;
    }
    // The answer to `connect` does not know how many rooms there are, and nothing else is said unasked.
    let mut welcomes = Vec::new();
    for client in [&minji, &jun] {
        let mut device = Client::open(&node).await;
        welcomes.push(device.connect(&client.token).await.to_string().len());
        // A push before the answer to `connect` would have come by now.
        device.ask("me", json!({})).await;
        let said = device.pushes();
        assert!(said.iter().all(|push| push.get("cursor").is_some()), "{said:?}");
    }
    assert!(
        welcomes[0] <= welcomes[1] + 64,
        "{welcomes:?}: what differs are names and the digits of a cursor"
    );

    let (mut found, mut sizes, mut next) = (Vec::new(), Vec::new(), Value::Null);
    loop {
        let fields = if next.is_null() { json!({}) } else { json!({ "next": next }) };
        let page = minji.ask("rooms", fields).await;
        sizes.push(ids(&page).len());
        found.extend(ids(&page));
        next = page["next"].clone();
        if next.is_null() {
            break;
        }
    }
    assert_eq!(sizes, [50, 50, 20]);
    created.reverse();
    assert_eq!(found, created);
    assert_eq!(minji.refused("rooms", json!({ "limit": 101 })).await, "bad_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_decide_who_may_what() {
    let node = TestNode::start().await;
    let mut owner = node.newcomer("owner").await;
    let mut admin = node.newcomer("admin").await;
    let mut member = node.newcomer("member").await;
    let room = owner.create_room("open", &[]).await;
    for client in [&mut admin, &mut member] {
        client.ask("join", json!({ "room": room })).await;
    }
    let role = |user: &str, role: &str| json!({ "room": room, "user": user, "role": role });
    let about = |user: &str| json!({ "room": room, "user": user });
    assert_eq!(admin.refused("set_role", role("admin", "admin")).await, "forbidden");
    owner.ask("set_role", role("admin", "admin")).await;
    assert_eq!(member.refused("set_room", json!({ "room": room, "title": "mine" })).await, "forbidden");
    let changed = admin.ask("set_room", json!({ "room": room, "title": "ours" })).await;
    assert_eq!(changed["title"], "ours");
    assert_eq!(admin.refused("kick", about("owner")).await, "forbidden");
    assert_eq!(member.refused("kick", about("admin")).await, "forbidden");
    admin.ask("kick", about("member")).await;
    assert_eq!(member.push("room_removed").await, json!({ "room": room }));
    assert_eq!(owner.refused("leave", json!({ "room": room })).await, "conflict");
    owner.ask("set_role", role("admin", "owner")).await;
    let members = owner.ask("members", json!({ "room": room })).await;
    let roles: Vec<_> =
        members["members"].as_array().unwrap().iter().map(|row| (&row["user"], &row["role"])).collect();
    assert_eq!(roles, [(&json!("admin"), &json!("owner")), (&json!("owner"), &json!("admin"))]);
    owner.ask("leave", json!({ "room": room })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_listed_by_page_with_names_and_who_is_online() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let jun = node.newcomer("jun").await;
    minji.ask("set_profile", json!({ "display_name": "민지" })).await;
    let room = minji.create_room("group", &["jun"]).await;
    let first = minji.ask("members", json!({ "room": room, "limit": 1 })).await;
    let second = minji.ask("members", json!({ "room": room, "limit": 1, "next": first["next"] })).await;
    let row = |user: &str, name: &str, role: &str, state: &str| json!([{ "user": user, "display_name": name, "role": role, "state": state, "online": true, "presence": "online" }]);
    assert_eq!(first["members"], row("jun", "jun", "member", "invited"));
    assert_eq!(second["members"], row("minji", "민지", "owner", "joined"));
    assert_eq!(second["next"], Value::Null);
    drop(jun);
    wait_until("jun is offline", async || {
        let members = minji.ask("members", json!({ "room": room })).await;
        members["members"][0]["online"] == json!(false)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_do_not_exist_cannot_be_invited() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let nobody = json!({ "kind": "group", "members": ["nobody"] });
    assert_eq!(minji.refused("create_room", nobody).await, "not_found");
    assert_eq!(
        minji.refused("create_room", json!({ "kind": "direct", "with": "nobody" })).await,
        "not_found"
    );
    let room = minji.create_room("group", &[]).await;
    assert_eq!(minji.refused("invite", json!({ "room": room, "user": "nobody" })).await, "not_found");
}
