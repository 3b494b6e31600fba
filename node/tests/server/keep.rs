//! Keeping rooms: rights, bans, mutes, slow mode, links, the directory, the archive and the end.

use reqwest::{Client as Http, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, wait_until};
use crate::node::{PASSWORD, TestNode};

/// The whole error of a command that is refused.
async fn error(client: &mut Client, operation: &str, fields: Value) -> Value {
    let id = client.begin(operation, fields).await;
    let mut reply = client.reply(id).await;
    assert!(reply["error"].is_object(), "not refused: {reply}");
    reply["error"].take()
}

fn titles(page: &Value) -> Vec<String> {
    let rooms = page["rooms"].as_array().unwrap();
    rooms.iter().map(|room| room["title"].as_str().unwrap().to_owned()).collect()
}

fn ids(page: &Value) -> Vec<Value> {
    page["rooms"].as_array().unwrap().iter().map(|room| room["room"].clone()).collect()
}

/// An open room of `owner` in which all the others are.
async fn yard(owner: &mut Client, others: &mut [&mut Client]) -> String {
    let room = owner.create_room("open", &[]).await;
    for other in others {
        other.ask("join", json!({ "room": room })).await;
    }
    room
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_user_is_out_and_does_not_see_the_room() {
    let node = TestNode::start().await;
    let (mut owner, mut jun) = (node.newcomer("owner").await, node.newcomer("jun").await);
    let room = yard(&mut owner, &mut [&mut jun]).await;
    let ban = json!({ "room": room, "user": "jun", "for_ms": 3_600_000, "reason": "spam" });
    assert_eq!(jun.refused("ban", json!({ "room": room, "user": "owner" })).await, "forbidden");
    owner.ask("ban", ban).await;
    assert_eq!(jun.push("room_removed").await, json!({ "room": room }));
    for operation in ["room", "history", "members", "leave"] {
        assert_eq!(jun.refused(operation, json!({ "room": room })).await, "not_found", "{operation}");
    }
    assert_eq!(titles(&jun.ask("open_rooms", json!({})).await), Vec::<String>::new());
    let refused = error(&mut jun, "join", json!({ "room": room })).await;
    assert_eq!((&refused["name"], &refused["code"]), (&json!("banned"), &json!(1031)));
    assert!(refused["retry_after_ms"].as_u64().unwrap() > 3_500_000, "{refused}");
    let invite = json!({ "room": room, "user": "jun" });
    assert_eq!(owner.refused("invite", invite.clone()).await, "banned");
    let bans = owner.ask("bans", json!({ "room": room })).await;
    assert_eq!((&bans["bans"][0]["user"], &bans["bans"][0]["reason"]), (&json!("jun"), &json!("spam")));
    owner.ask("unban", invite).await;
    assert_eq!(owner.ask("bans", json!({ "room": room })).await["bans"], json!([]));
    jun.ask("join", json!({ "room": room })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mute_and_slow_mode_say_when_one_may_speak_again() {
    let node = TestNode::start().await;
    let (mut owner, mut jun) = (node.newcomer("owner").await, node.newcomer("jun").await);
    let room = yard(&mut owner, &mut [&mut jun]).await;
    owner.ask("set_room", json!({ "room": room, "slow_mode_s": 60 })).await;
    jun.send(&room, "c1", "one").await;
    assert_eq!(jun.send(&room, "c1", "one").await["dup"], true);
    let send = json!({ "room": room, "cid": "c2", "text": "two" });
    let refused = error(&mut jun, "send", send.clone()).await;
    assert_eq!((&refused["name"], &refused["temporary"]), (&json!("slow_mode"), &json!(true)));
    assert!((1..=60_000).contains(&refused["retry_after_ms"].as_u64().unwrap()), "{refused}");
    for cid in ["o1", "o2"] {
        owner.send(&room, cid, "the owner is free of it").await;
    }
    owner.ask("set_room", json!({ "room": room, "slow_mode_s": 0 })).await;
    owner.ask("mute", json!({ "room": room, "user": "jun" })).await;
    let refused = error(&mut jun, "send", send.clone()).await;
    assert_eq!((&refused["name"], &refused["retry_after_ms"]), (&json!("muted"), &Value::Null));
    let my = jun.ask("room", json!({ "room": room })).await["my"].take();
    assert_eq!(my["muted_until_ms"], json!((1_u64 << 53) - 1));
    owner.ask("unmute", json!({ "room": room, "user": "jun" })).await;
    jun.ask("send", send).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_says_what_holds_in_it_and_what_changed() {
    let node = TestNode::start().await;
    let (mut owner, mut jun) = (node.newcomer("owner").await, node.newcomer("jun").await);
    let room = yard(&mut owner, &mut [&mut jun]).await;
    let change = json!({
        "room": room, "picture": "https://example.org/yard.png", "features": { "typing": false },
        "rights": { "send": "moderator" }, "places_max": 2,
    });
    assert_eq!(jun.refused("set_room", change.clone()).await, "forbidden");
    let changed = owner.ask("set_room", change).await;
    assert_eq!(
        (&changed["features"]["typing"], &changed["features"]["threads"]),
        (&json!(false), &json!(true))
    );
    assert_eq!((&changed["rights"]["send"], &changed["places_max"]), (&json!("moderator"), &json!(2)));
    let mut event = jun.push("event").await;
    while event["kind"] != "changed" {
        event = jun.push("event").await;
    }
    assert_eq!(event["rights"], json!({ "send": "moderator" }));
    assert_eq!((&event["features"], &event["title"]), (&json!({ "typing": false }), &Value::Null));
    let send = json!({ "room": room, "cid": "c", "text": "hi" });
    assert_eq!(jun.refused("send", send.clone()).await, "forbidden");
    owner.ask("set_role", json!({ "room": room, "user": "jun", "role": "moderator" })).await;
    jun.ask("send", send).await;
    let mut late = node.newcomer("late").await;
    assert_eq!(late.refused("join", json!({ "room": room })).await, "conflict");
    assert_eq!(
        owner.refused("set_room", json!({ "room": room, "places_max": 9_000_000 })).await,
        "too_large"
    );
    let script = json!({ "room": room, "picture": "javascript:alert(1)" });
    assert_eq!(owner.refused("set_room", script).await, "bad_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_in_and_counts_each_person_once() {
    let node = TestNode::start().await;
    let (mut owner, mut jun) = (node.newcomer("owner").await, node.newcomer("jun").await);
    let (mut sora, mut mina) = (node.newcomer("sora").await, node.newcomer("mina").await);
    let room = owner.create_room("group", &[]).await;
    let link = owner.ask("create_link", json!({ "room": room, "uses_max": 2, "for_ms": 600_000 })).await;
    let code = json!({ "code": link["code"] });
    assert_eq!(link["code"].as_str().unwrap().len(), 52);
    let preview = jun.ask("preview_link", code.clone()).await;
    assert_eq!((&preview["title"], &preview["joined"]), (&json!("a room"), &json!(false)));
    assert_eq!(jun.refused("room", json!({ "room": room })).await, "not_found", "a look is no entry");
    for _ in 0..2 {
        assert_eq!(jun.ask("join_link", code.clone()).await["my"]["state"], "joined");
    }
    jun.ask("leave", json!({ "room": room })).await;
    jun.ask("join_link", code.clone()).await;
    let links = owner.ask("links", json!({ "room": room })).await;
    assert_eq!(links["links"][0]["uses"], 1);
    assert_eq!(jun.ask("links", json!({ "room": room })).await["links"], json!([]), "not jun's");
    sora.ask("join_link", code.clone()).await;
    assert_eq!(mina.refused("join_link", code.clone()).await, "link_expired");
    assert_eq!(mina.refused("preview_link", code).await, "link_expired");
    let other = owner.ask("create_link", json!({ "room": room })).await;
    owner.ask("revoke_link", json!({ "room": room, "link": other["link"] })).await;
    assert_eq!(mina.refused("join_link", json!({ "code": other["code"] })).await, "link_expired");
    let nowhere = json!({ "code": "0".repeat(52) });
    assert_eq!(mina.refused("join_link", nowhere).await, "link_expired", "rooms cannot be guessed by links");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_is_searched_by_how_titles_begin() {
    let node = TestNode::start().await;
    let mut owner = node.newcomer("owner").await;
    for title in ["Yard B", "yard a", "민지네 마당", "Kitchen"] {
        owner.ask("create_room", json!({ "kind": "open", "title": title })).await;
    }
    let all = owner.ask("open_rooms", json!({})).await;
    assert_eq!(titles(&all), ["Kitchen", "yard a", "Yard B", "민지네 마당"]);
    let found = owner.ask("open_rooms", json!({ "search": "YARD", "limit": 1 })).await;
    assert_eq!(titles(&found), ["yard a"]);
    let found = owner.ask("open_rooms", json!({ "search": "YARD", "limit": 1, "next": found["next"] })).await;
    assert_eq!((titles(&found), &found["next"]), (vec!["Yard B".to_owned()], &Value::Null));
    // The same syllables, written letter by letter.
    let found = owner.ask("open_rooms", json!({ "search": "\u{1106}\u{1175}\u{11ab}" })).await;
    assert_eq!(titles(&found), ["민지네 마당"]);
    let room = ids(&found)[0].clone();
    owner.ask("set_room", json!({ "room": room, "title": "Cellar" })).await;
    assert_eq!(titles(&owner.ask("open_rooms", json!({ "search": "c" })).await), ["Cellar"]);
    owner.ask("archive", json!({ "room": room })).await;
    assert_eq!(titles(&owner.ask("open_rooms", json!({ "search": "c" })).await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_searched_by_how_their_ids_or_names_begin() {
    let node = TestNode::start().await;
    let mut owner = node.newcomer("owner").await;
    let (mut jun, mut jung) = (node.newcomer("jun").await, node.newcomer("jung").await);
    let room = yard(&mut owner, &mut [&mut jun, &mut jung]).await;
    let search = |next: Value| json!({ "room": room, "search": "ju", "limit": 1, "next": next });
    let users = |page: &Value| {
        page["members"].as_array().unwrap().iter().map(|m| m["user"].clone()).collect::<Vec<_>>()
    };
    let first = owner.ask("members", search(Value::Null)).await;
    let second = owner.ask("members", search(first["next"].clone())).await;
    assert_eq!([users(&first), users(&second)].concat(), [json!("jun"), json!("jung")]);
    assert_eq!(second["next"], Value::Null);
    jung.ask("set_profile", json!({ "display_name": "김 Minji" })).await;
    let rows =
        [("minj", vec!["jung"]), ("김 m", vec!["jung"]), ("inji", vec![]), ("JU", vec!["jun", "jung"])];
    for (search, expected) in rows {
        let page = owner.ask("members", json!({ "room": room, "search": search })).await;
        assert_eq!(users(&page), expected.iter().map(|user| json!(user)).collect::<Vec<_>>(), "{search}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_large_room_are_found_by_name_too_also_who_hides_from_strangers() {
    let node = TestNode::start_with(|config| {
        config.limits.commands_per_second = 0;
        config.limits.requests_per_minute = 0;
    })
    .await;
    let mut owner = node.newcomer("owner").await;
    let room = owner.create_room("open", &[]).await;
    // More than are looked at one by one.
    let crowd: Vec<String> = (0..200).map(|number| format!("user{number:03}")).collect();
    sign_up(&node, &crowd).await;
    let asked: Vec<Value> = crowd.iter().map(|user| json!({ "room": room, "user": user })).collect();
    all_of(&mut owner, "invite", asked).await;
    for (user, name) in [("zoe", "Kim Kimberly"), ("kim", "Kim"), ("ann", "Ann Kim"), ("bob", "Kim Bob")] {
        let mut client = node.newcomer(user).await;
        client.ask("set_profile", json!({ "display_name": name })).await;
        match user {
            // Called so too, but not of this room.
            "bob" => continue,
            "ann" => drop(client.ask("set_privacy", json!({ "findable": false })).await),
            _ => {}
        }
        client.ask("join", json!({ "room": room })).await;
    }
    assert!(owner.ask("room", json!({ "room": room })).await["members"].as_u64() >= Some(4));
    for limit in [1, 2, 200] {
        assert_eq!(search(&mut owner, &room, "KIM", limit).await, ["kim", "ann", "zoe"], "{limit} a page");
    }
    assert_eq!(search(&mut owner, &room, "kim k", 10).await, ["zoe"]);
    assert_eq!(search(&mut owner, &room, "user", 70).await, crowd);
    assert_eq!(search(&mut owner, &room, "bob", 10).await, Vec::<String>::new());
    let found = owner.ask("find_users", json!({ "prefix": "ann" })).await;
    assert_eq!(found["users"], json!([]), "elsewhere, who hides is hidden");
    let made_up = json!({ "room": room, "search": "kim", "next": "em9l" });
    assert_eq!(owner.refused("members", made_up).await, "bad_request");
}

/// All pages of a search among members.
async fn search(client: &mut Client, room: &str, search: &str, limit: usize) -> Vec<String> {
    let (mut users, mut next) = (Vec::new(), Value::Null);
    loop {
        let fields = json!({ "room": room, "search": search, "limit": limit, "next": next });
        let mut page = client.ask("members", fields).await;
        let found = page["members"].as_array().unwrap();
        assert!(found.len() <= limit, "{page}");
        users.extend(found.iter().map(|member| member["user"].as_str().unwrap().to_owned()));
        next = page["next"].take();
        if next.is_null() {
            return users;
        }
    }
}

/// Accounts for all these.
async fn sign_up(node: &TestNode, users: &[String]) {
    let mut door = Client::open(node).await;
    let asked = users.iter().map(|user| json!({ "user": user, "password": PASSWORD })).collect();
    all_of(&mut door, "sign_up", asked).await;
}

/// Carries out a command again and again, some at a time.
async fn all_of(client: &mut Client, operation: &str, asked: Vec<Value>) {
    for some in asked.chunks(16) {
        let mut ids = Vec::new();
        for fields in some {
            ids.push(client.begin(operation, fields.clone()).await);
        }
        for id in ids {
            let reply = client.reply(id).await;
            assert!(reply.get("error").is_none(), "`{operation}` was refused: {reply}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_room_is_read_only_for_everybody() {
    let node = TestNode::start().await;
    let (mut owner, mut jun) = (node.newcomer("owner").await, node.newcomer("jun").await);
    let room = yard(&mut owner, &mut [&mut jun]).await;
    jun.send(&room, "c1", "before").await;
    assert_eq!(owner.ask("archive", json!({ "room": room })).await["archived"], true);
    for client in [&mut owner, &mut jun] {
        let send = json!({ "room": room, "cid": "c2", "text": "after" });
        assert_eq!(client.refused("send", send).await, "archived");
    }
    let page = jun.ask("history", json!({ "room": room })).await;
    assert_eq!(page["events"].as_array().unwrap().last().unwrap()["kind"], "archived");
    owner.ask("unarchive", json!({ "room": room })).await;
    jun.send(&room, "c2", "after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_room_is_gone_for_everybody_at_once_and_from_their_lists() {
    let node = TestNode::start().await;
    let (mut owner, mut jun) = (node.newcomer("owner").await, node.newcomer("jun").await);
    let room = yard(&mut owner, &mut [&mut jun]).await;
    jun.send(&room, "c1", "hi").await;
    assert_eq!(jun.refused("delete_room", json!({ "room": room })).await, "forbidden");
    owner.ask("delete_room", json!({ "room": room })).await;
    for operation in ["room", "history", "members", "join", "leave"] {
        for client in [&mut owner, &mut jun] {
            assert_eq!(client.refused(operation, json!({ "room": room })).await, "not_found", "{operation}");
        }
    }
    assert_eq!(ids(&jun.ask("rooms", json!({})).await), Vec::<Value>::new());
    assert_eq!(jun.push("room_removed").await, json!({ "room": room }));
    let told: Vec<Value> = jun.pushes().into_iter().map(|push| push["event"]["kind"].clone()).collect();
    assert!(told.contains(&json!("room_deleted")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_sets_up_for_oneself_is_told_to_ones_other_devices_only() {
    let node = TestNode::start().await;
    let (mut phone, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let mut desk = node.again("minji").await;
    let (first, second) = (phone.create_room("open", &[]).await, phone.create_room("open", &[]).await);
    jun.ask("join", json!({ "room": first })).await;
    phone.send(&second, "c1", "newer").await;
    let set = json!({ "room": first, "pinned": true, "quiet_until_ms": 4_000_000_000_000_u64 });
    let answer = phone.ask("set_my_room", set).await;
    assert_eq!(
        (&answer["my"]["pinned"], answer["my"]["quiet_until_ms"].as_u64()),
        (&json!(true), Some(4_000_000_000_000))
    );
    let told = desk.push("my_room").await;
    assert_eq!((&told["room"], &told["pinned"]), (&json!(first), &json!(true)));
    assert_eq!(ids(&desk.ask("rooms", json!({})).await), [json!(first), json!(second)]);
    assert_eq!(jun.ask("room", json!({ "room": first })).await["my"]["pinned"], false);
    phone.ask("set_my_room", json!({ "room": first, "pinned": false })).await;
    wait_until("the pin is off", async || {
        ids(&desk.ask("rooms", json!({})).await) == [json!(second), json!(first)]
    })
    .await;
    assert!(!jun.pushes().iter().any(|push| push.get("my_room").is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_kept_over_http_too() {
    let node = TestNode::start().await;
    let (mut owner, mut jun) = (node.newcomer("owner").await, node.newcomer("jun").await);
    let room = yard(&mut owner, &mut [&mut jun]).await;
    let http = Http::new();
    let post = |path: &str, token: &str| http.post(node.url(path)).bearer_auth(token);
    let body = |response: reqwest::Response| async move {
        serde_json::from_slice::<Value>(&response.bytes().await.unwrap()).unwrap()
    };
    let made = post(&format!("/v1/rooms/{room}/links"), &owner.token).json(&json!({})).send().await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let code = body(made).await["code"].as_str().unwrap().to_owned();
    let ban = post(&format!("/v1/rooms/{room}/bans"), &owner.token).json(&json!({ "user": "jun" }));
    assert_eq!(ban.send().await.unwrap().status(), StatusCode::OK);
    let enter = post(&format!("/v1/links/{code}/join"), &jun.token).json(&json!({})).send().await.unwrap();
    assert_eq!(enter.status(), StatusCode::FORBIDDEN);
    assert_eq!(body(enter).await["title"], "banned");
    let unban = http.delete(node.url(&format!("/v1/rooms/{room}/bans/jun"))).bearer_auth(&owner.token);
    assert_eq!(unban.send().await.unwrap().status(), StatusCode::OK);
    let enter = post(&format!("/v1/links/{code}/join"), &jun.token).json(&json!({})).send().await.unwrap();
    assert_eq!(body(enter).await["my"]["role"], "member");
    let delete = http.delete(node.url(&format!("/v1/rooms/{room}"))).bearer_auth(&owner.token);
    assert_eq!(delete.send().await.unwrap().status(), StatusCode::OK);
    let gone = http.get(node.url(&format!("/v1/links/{code}"))).bearer_auth(&jun.token).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::GONE);
}
