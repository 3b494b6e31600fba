//! What operators ask.

use std::time::Duration;

use madang_actors::hot::{HotRoom, HotRooms};
use madang_actors::shed::Class;
use madang_cluster::machine::meta::Tunables;
use madang_cluster::{NodeView, Overview};
use madang_storage::id::RoomId;
use madang_storage::row;

use super::*;
use crate::telemetry::Finding;

/// A cluster of one node with an address that not everybody should see.
pub(super) struct OneNode;

impl Standing for OneNode {
    fn overview(&self) -> BoxFuture<'static, Overview> {
        let node = NodeView {
            node: 1,
            state: "draining".to_owned(),
            reachable: true,
            peer: "10.0.0.1:7400".to_owned(),
            http: "10.0.0.1:7300".to_owned(),
            zone: String::new(),
            weight: 100,
            leads: 0,
            votes: 0,
        };
        let overview = Overview {
            cluster: "5eed".to_owned(),
            node: 1,
            version: 1,
            replication: 3,
            nodes: vec![node],
            groups: Vec::new(),
            tunables: Tunables::default(),
        };
        Box::pin(ready(overview))
    }

    fn rooms(&self, limit: usize) -> BoxFuture<'static, HotRooms> {
        let room = HotRoom {
            room: RoomId::parse(ROOM).unwrap(),
            kind: Some(row::RoomKind::Open),
            members: Some(5_000),
            leader: None,
            sends_per_s: u32::try_from(limit).unwrap(),
            fetches_per_s: 0,
            joins_per_s: 3,
            hot_for_ms: Some(1_500),
            deliveries_per_s: 30_000,
            level: Some(Class::Coalesced),
        };
        Box::pin(ready(HotRooms { rooms: vec![room], silent: vec![3] }))
    }

    fn tunables(&self) -> Tunables {
        Tunables::default()
    }

    fn tune(&self, tunables: Tunables) -> BoxFuture<'static, Result<(), String>> {
        let wanted = Tunables { moves_at_once: 7, ..Tunables::default() };
        Box::pin(ready(if tunables == wanted { Ok(()) } else { Err("nobody leads META".to_owned()) }))
    }
}

#[actix_web::test]
async fn readyz_tells_more_to_those_who_ask_for_it() {
    let fixture = fixture();
    let verbose = || fixture.ask(TestRequest::get().uri("/readyz?verbose"));
    let found = |shard, took| Finding { shard, leader: Some(2), took };
    let took = |ms| Ok(Duration::from_millis(ms));
    fixture.state.readiness.found(vec![found(0, took(3)), found(1, took(12))]);
    let answer = verbose().await;
    let text = "the node is ready\nshard 0: ok, leader node 2, 3 ms\nshard 1: ok, leader node 2, 12 ms\n\
                slowest: shard 1, 12 ms\n";
    assert_eq!((answer.status, &answer.body[..]), (200, text.as_bytes()));

    fixture.state.readiness.found(vec![found(0, took(3)), found(1, Err("its feed ended".into()))]);
    let answer = verbose().await;
    let sick = "shard 1: failed, leader node 2: its feed ended";
    let text = format!("{sick}\nshard 0: ok, leader node 2, 3 ms\n{sick}\nslowest: shard 0, 3 ms\n");
    assert_eq!((answer.status, &answer.body[..]), (503, text.as_bytes()));
}

#[actix_web::test]
async fn the_cluster_is_shown_on_its_own_machine() {
    let fixture = fixture();
    let asked = |host: &'static str| TestRequest::get().uri("/v1/cluster").insert_header(("host", host));
    for (from, host) in
        [("127.0.0.1:4", "localhost:7300"), ("[::1]:4", "[::1]:7300"), ("[::ffff:127.0.0.1]:4", "127.0.0.1")]
    {
        let answer = fixture.ask_from(from, asked(host)).await;
        let body = answer.json();
        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
        assert_eq!((&body["healthy"], &body["ailments"]), (&json!(false), &json!(["node 1 is draining"])));
        assert_eq!((&body["cluster"], &body["nodes"][0]["http"]), (&json!("5eed"), &json!("10.0.0.1:7300")));
    }
    // Another machine; a proxy here; a name that somebody else made to lead here.
    let refused = [
        fixture.ask(asked("localhost")).await,
        fixture
            .ask_from("127.0.0.1:4", asked("localhost").insert_header(("x-forwarded-for", "10.1.2.3")))
            .await,
        fixture
            .ask_from(
                "127.0.0.1:4",
                asked("evil.example:7300").insert_header(("x-forwarded-host", "localhost")),
            )
            .await,
    ];
    for answer in refused {
        let detail = answer.is_problem(403, "forbidden")["detail"].to_string();
        assert!(detail.contains("or set peer.secret") && !detail.contains("10.0.0"), "{detail}");
    }
}

#[actix_web::test]
async fn the_cluster_is_shown_to_who_knows_its_secret() {
    let mut config = Config::default();
    config.peer.secret = "5ecret".into();
    let fixture = fixture_with(config);
    let asked =
        |said: &'static str| TestRequest::get().uri("/v1/cluster").insert_header(("authorization", said));
    for good in ["Bearer 5ecret", "bearer 5ecret"] {
        assert_eq!(fixture.ask(asked(good)).await.status, 200, "{good}");
    }
    for wrong in ["Bearer 5ecre", "Bearer ", "Bearer", "Basic 5ecret", "5ecret"] {
        let detail = fixture.ask(asked(wrong)).await.is_problem(403, "forbidden")["detail"].to_string();
        assert!(detail.contains("Authorization: Bearer <secret>"), "{wrong}: {detail}");
    }
    let mut none = Config::default();
    none.peer.secret = "".into();
    fixture_with(none).ask(asked("Bearer ")).await.is_problem(403, "forbidden");
}

#[actix_web::test]
async fn hot_rooms_are_shown_to_operators_as_many_as_they_ask_for() {
    let fixture = fixture();
    let asked = |query: &str| {
        TestRequest::get().uri(&format!("/v1/cluster/rooms{query}")).insert_header(("host", "localhost"))
    };
    for (query, limit) in [("", 20), ("?limit=100", 100), ("?other=1&limit=1", 1)] {
        let answer = fixture.ask_from("127.0.0.1:4", asked(query)).await;
        let room = json!({
            "room": ROOM, "kind": "open", "members": 5_000, "leader": null,
            "sends_per_s": limit, "fetches_per_s": 0, "joins_per_s": 3, "hot_for_ms": 1_500,
            "deliveries_per_s": 30_000, "shed": "coalesced",
        });
        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{query}");
        assert_eq!(answer.json(), json!({ "rooms": [room], "silent": [3] }));
    }
    for wrong in ["?limit=0", "?limit=101", "?limit=-1", "?limit=many", "?limit="] {
        let problem = fixture.ask_from("127.0.0.1:4", asked(wrong)).await.is_problem(400, "bad_request");
        assert_eq!(problem["detail"], "field `limit`: a number from 1 to 100", "{wrong}");
    }
    fixture.ask(asked("")).await.is_problem(403, "forbidden");
}

#[actix_web::test]
async fn operators_see_and_change_what_can_be_tuned() {
    let fixture = fixture();
    let at = |request: TestRequest| request.uri("/v1/cluster/tunables").insert_header(("host", "localhost"));
    let shown = fixture.ask_from("127.0.0.1:4", at(TestRequest::get())).await;
    let first = json!({
        "name": "moves_at_once", "value": 4, "default": 4, "min": 0, "max": 64,
        "what": "shards that may get a new replica at the same time; 0: none is moved",
    });
    assert_eq!((shown.status, &shown.json()["tunables"][0]), (200, &first));
    let tune = |body: &'static str| at(TestRequest::patch()).set_payload(body);
    let tuned = fixture.ask_from("127.0.0.1:4", tune(r#"{"moves_at_once":7}"#)).await;
    assert_eq!((tuned.status, &tuned.json()["tunables"][0]["value"]), (200, &json!(7)));
    for (wrong, said) in [
        (r#"{"moves_at_once":65}"#, "`moves_at_once` is a number from 0 to 64"),
        (r#"{"moves":1}"#, "there is no `moves` to tune; there are moves_at_once, "),
        (r#"{"moves_at_once":"7"}"#, "a body is an object of names and whole numbers"),
        ("", "a body is an object of names and whole numbers"),
    ] {
        let problem = fixture.ask_from("127.0.0.1:4", tune(wrong)).await.is_problem(400, "bad_request");
        assert!(problem["detail"].to_string().contains(said), "{wrong}: {problem}");
    }
    let not_now = fixture.ask_from("127.0.0.1:4", tune("{}")).await.is_problem(503, "unavailable");
    assert_eq!(not_now["detail"], "nobody leads META");
    for request in [at(TestRequest::get()), tune(r#"{"moves_at_once":7}"#)] {
        fixture.ask(request).await.is_problem(403, "forbidden");
    }
}
