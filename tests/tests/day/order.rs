//! Order is kept: roles, mutes, slow mode, bans; a link leads in; rooms are changed, handed over, closed.

use serde_json::json;

use crate::day::yard::{Yard, create, head_shows, reads, say};

/// Sora becomes a moderator and mutes two people, one until the end of the day; slow mode comes and goes.
pub(crate) async fn some_are_quiet(yard: &Yard, book: &str) {
    yard.phone.ask("set_role", json!({ "room": book, "user": "sora", "role": "moderator" })).await;
    head_shows(&yard.sora, book, "/my/role", json!("moderator")).await;
    let haneul = json!({ "room": book, "user": "haneul" });
    assert_eq!(yard.jun.refused("mute", haneul.clone()).await, "forbidden");
    yard.sora.ask("mute", haneul.clone()).await;
    head_shows(&yard.haneul, book, "/my/muted_until_ms", json!(9_007_199_254_740_991_u64)).await;
    let send = |cid: &str| json!({ "room": book, "cid": cid, "text": "?" });
    assert_eq!(yard.haneul.refused("send", send("muted")).await, "muted");
    yard.sora.ask("unmute", haneul).await;
    let again = say(&yard.haneul, book, "다시 말합니다").await;
    reads(&yard.jun, book, again, "다시 말합니다").await;

    yard.phone.ask("set_room", json!({ "room": book, "slow_mode_s": 3600 })).await;
    head_shows(&yard.haneul, book, "/slow_mode_s", json!(3600)).await;
    assert_eq!(yard.haneul.refused("send", send("slow")).await, "slow_mode");
    say(&yard.sora, book, "천천히").await;
    yard.phone.ask("set_room", json!({ "room": book, "slow_mode_s": 0 })).await;
    say(&yard.haneul, book, "빠르게").await;
    yard.sora.ask("mute", json!({ "room": book, "user": "jun", "for_ms": 36_000_000 })).await;
}

/// An open room of Jun's: by link, by its list, and out by a ban.
pub(crate) async fn a_fair_opens(yard: &Yard) -> String {
    let fair = create(&yard.jun, json!({ "kind": "open", "title": "장터" })).await;
    let link = yard.jun.ask("create_link", json!({ "room": fair, "uses_max": 5 })).await;
    let code = json!({ "code": link["code"] });
    assert_eq!(yard.sora.ask("preview_link", code.clone()).await["title"], "장터");
    for device in [&yard.sora, &yard.haneul] {
        device.ask("join_link", code.clone()).await;
    }
    let found = yard.phone.ask("open_rooms", json!({ "search": "장" })).await;
    assert_eq!(found["rooms"][0]["room"], fair);
    yard.phone.ask("join", json!({ "room": fair })).await;
    head_shows(&yard.jun, &fair, "/members", json!(4)).await;
    let spam = say(&yard.haneul, &fair, "싸게 팝니다").await;
    reads(&yard.laptop, &fair, spam, "싸게 팝니다").await;

    let reason = "광고";
    yard.jun.ask("ban", json!({ "room": fair, "user": "haneul", "reason": reason })).await;
    yard.haneul.sees("the way out", |model| model.room(&fair).is_none().then_some(())).await;
    assert_eq!(yard.haneul.refused("join_link", code).await, "banned");
    assert_eq!(yard.jun.ask("bans", json!({ "room": fair })).await["bans"][0]["reason"], reason);
    let features = json!({ "reactions": false, "typing": false });
    yard.jun.ask("set_room", json!({ "room": fair, "features": features })).await;
    head_shows(&yard.phone, &fair, "/features/reactions", json!(false)).await;
    let react = json!({ "room": fair, "seq": spam, "emoji": "👎" });
    assert_eq!(yard.phone.refused("react", react).await, "feature_off");
    fair
}

/// The book club gets a picture and a new owner, who no longer may be muted, nor may others change it.
pub(crate) async fn a_room_is_handed_over(yard: &Yard, book: &str) {
    let about = json!({ "room": book, "picture": "https://example.com/book.png", "topic": "금요일 일곱 시" });
    yard.phone.ask("set_room", about).await;
    head_shows(&yard.haneul, book, "/picture", json!("https://example.com/book.png")).await;
    yard.phone.ask("set_role", json!({ "room": book, "user": "sora", "role": "owner" })).await;
    for device in [&yard.phone, &yard.laptop] {
        head_shows(device, book, "/my/role", json!("admin")).await;
    }
    head_shows(&yard.sora, book, "/my/role", json!("owner")).await;
    assert_eq!(yard.phone.refused("delete_room", json!({ "room": book })).await, "forbidden");
}

/// People go and are put out; one room is read only then, another is gone for everybody.
pub(crate) async fn rooms_close(yard: &Yard, lunch: &str) {
    yard.sora.ask("kick", json!({ "room": lunch, "user": "jun" })).await;
    yard.jun.sees("the way out", |model| model.room(lunch).is_none().then_some(())).await;
    yard.sora.ask("invite", json!({ "room": lunch, "user": "haneul" })).await;
    yard.haneul.sees("an invitation", |model| model.invited_by(lunch).map(drop)).await;
    yard.sora.ask("archive", json!({ "room": lunch })).await;
    head_shows(&yard.laptop, lunch, "/archived", json!(true)).await;
    let send = json!({ "room": lunch, "cid": "late", "text": "?" });
    assert_eq!(yard.phone.refused("send", send).await, "archived");

    let members = ["minji", "jun"];
    let scrap = create(&yard.haneul, json!({ "kind": "group", "title": "낙서", "members": members })).await;
    yard.phone.sees("an invitation", |model| model.invited_by(&scrap).map(drop)).await;
    yard.phone.ask("join", json!({ "room": scrap })).await;
    yard.laptop.sees("the room", |model| model.room(&scrap).map(drop)).await;
    yard.haneul.ask("delete_room", json!({ "room": scrap })).await;
    for device in [&yard.phone, &yard.laptop, &yard.jun, &yard.haneul] {
        device.sees("the end of a room", |model| model.room(&scrap).is_none().then_some(())).await;
    }
    assert_eq!(yard.phone.refused("room", json!({ "room": scrap })).await, "not_found");
    // Somebody comes and goes by themself.
    let passage = create(&yard.sora, json!({ "kind": "open", "title": "골목" })).await;
    yard.jun.ask("join", json!({ "room": passage })).await;
    yard.haneul.ask("join", json!({ "room": passage })).await;
    head_shows(&yard.sora, &passage, "/members", json!(3)).await;
    yard.jun.ask("leave", json!({ "room": passage })).await;
    head_shows(&yard.haneul, &passage, "/members", json!(2)).await;
    yard.jun.sees("the way out", |model| model.room(&passage).is_none().then_some(())).await;
}
