mod keep;
mod operators;
mod people;
mod talk;

use std::net::IpAddr;
use std::sync::Mutex;

use actix_web::body::{self, MessageBody};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::test::{TestRequest, init_service};
use futures_util::future::{BoxFuture, ready};
use serde_json::{Value, json};

use super::*;
use crate::api::account::{Empty, LoggedIn};
use crate::api::message::Sent;
use crate::api::{ApiError, Caller, ErrorKind, Request, Response};
use crate::config::Config;
use crate::telemetry::Ready;

const ROOM: &str = "01K9ZZZZZZZZZZZZZZZZZZZZZZ";

/// Method, path, body; the command of the same name, and its fields.
type Row = (&'static str, String, Option<Value>, &'static str, Value);

/// Notes what it is asked and answers what it was told.
#[derive(Default)]
struct Recorder {
    seen: Mutex<Vec<(Caller, Request)>>,
    answer: Mutex<Option<Result<Response, ApiError>>>,
}

impl Dispatch for Recorder {
    fn dispatch(&self, caller: Caller, request: Request) -> BoxFuture<'static, Result<Response, ApiError>> {
        self.seen.lock().unwrap().push((caller, request));
        let answer = self.answer.lock().unwrap().clone();
        Box::pin(ready(answer.unwrap_or(Ok(Response::Logout(Empty {})))))
    }
}

struct Fixture {
    recorder: Arc<Recorder>,
    state: HttpState,
}

fn fixture() -> Fixture {
    fixture_with(Config::default())
}

fn fixture_with(config: Config) -> Fixture {
    let recorder = Arc::new(Recorder::default());
    let secret = config.peer.secret.is_set().then(|| config.peer.secret.clone());
    let state = HttpState {
        dispatch: recorder.clone(),
        cluster: ClusterDoor { standing: Arc::new(operators::OneNode), secret },
        config: Live::fixed(config),
        readiness: Readiness::starting(),
        metrics: Arc::new(Metrics::new(|_| {})),
        nodes: Arc::new(|| vec!["http://a.example:7300".to_owned(), "https://b.example; x".to_owned()]),
    };
    Fixture { recorder, state }
}

struct Answer {
    status: u16,
    headers: header::HeaderMap,
    body: bytes::Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that this is a problem of that name and status.
    #[track_caller]
    fn is_problem(&self, status: u16, name: &str) -> Value {
        let problem = self.json();
        assert_eq!(self.status, status, "{problem}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["type"], format!("urn:madang:error:{name}"));
        assert_eq!(problem["title"], name);
        assert_eq!(problem["status"], status);
        problem
    }
}

async fn read<B: MessageBody>(response: ServiceResponse<B>) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = body::to_bytes(response.into_body()).await.map_err(|_| "body").unwrap();
    Answer { status, headers, body }
}

impl Fixture {
    async fn ask(&self, request: TestRequest) -> Answer {
        self.ask_from("10.1.2.3:4", request).await
    }

    async fn ask_from(&self, from: &str, request: TestRequest) -> Answer {
        let service = init_service(app(self.state.clone())).await;
        let request = request.peer_addr(from.parse().unwrap()).to_request();
        match service.call(request).await {
            Ok(response) => read(response).await,
            Err(error) => panic!("a handler failed instead of answering: {error}"),
        }
    }

    fn answers(&self, answer: Result<Response, ApiError>) {
        *self.recorder.answer.lock().unwrap() = Some(answer);
    }

    fn only_request(&self) -> (Caller, Request) {
        let mut seen = self.recorder.seen.lock().unwrap();
        assert_eq!(seen.len(), 1);
        seen.pop().unwrap()
    }

    fn was_not_asked(&self) {
        assert!(self.recorder.seen.lock().unwrap().is_empty());
    }
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("authorization", "Bearer t0k3n"))
}

fn post(path: &str, body: Value) -> TestRequest {
    TestRequest::post().uri(path).insert_header(("authorization", "Bearer t0k3n")).set_json(body)
}

/// What the same request would be as a command.
fn command(name: &str, fields: Value) -> Request {
    Request::read(Operation::from_name(name).unwrap(), fields).unwrap()
}

use crate::api::Operation;

#[actix_web::test]
async fn every_route_makes_the_request_that_the_command_makes() {
    let rooms = format!("/v1/rooms/{ROOM}");
    let mut rows: Vec<Row> = vec![
        ("GET", "/v1/connect".into(), None, "nodes", json!({})),
        (
            "POST",
            "/v1/users".into(),
            Some(json!({"user": "minji", "password": "password", "display_name": "민지", "device": "d"})),
            "sign_up",
            json!({"user": "minji", "password": "password", "display_name": "민지", "device": "d"}),
        ),
        (
            "POST",
            "/v1/login".into(),
            Some(json!({"user": "minji", "password": "x"})),
            "login",
            json!({"user": "minji", "password": "x"}),
        ),
        ("POST", "/v1/logout".into(), None, "logout", json!({})),
        ("GET", "/v1/me".into(), None, "me", json!({})),
        (
            "PATCH",
            "/v1/me".into(),
            Some(json!({"display_name": "M"})),
            "set_profile",
            json!({"display_name": "M"}),
        ),
        (
            "POST",
            "/v1/me/password".into(),
            Some(json!({"old_password": "a", "new_password": "12345678"})),
            "change_password",
            json!({"old_password": "a", "new_password": "12345678"}),
        ),
        ("GET", "/v1/me/sessions".into(), None, "sessions", json!({})),
        ("DELETE", format!("/v1/me/sessions/{ROOM}"), None, "revoke", json!({"session": ROOM})),
        ("GET", "/v1/users/min.ji".into(), None, "profile", json!({"user": "min.ji"})),
        (
            "POST",
            "/v1/rooms".into(),
            Some(json!({"kind": "group", "title": "T", "members": ["jun"]})),
            "create_room",
            json!({"kind": "group", "title": "T", "members": ["jun"]}),
        ),
        ("GET", "/v1/rooms?limit=5&next=a%20b".into(), None, "rooms", json!({"limit": 5, "next": "a b"})),
        ("GET", "/v1/open-rooms".into(), None, "open_rooms", json!({})),
        ("GET", rooms.clone(), None, "room", json!({"room": ROOM})),
        (
            "PATCH",
            rooms.clone(),
            Some(json!({"title": "T"})),
            "set_room",
            json!({"room": ROOM, "title": "T"}),
        ),
        ("POST", format!("{rooms}/join"), None, "join", json!({"room": ROOM})),
        ("POST", format!("{rooms}/leave"), Some(json!({})), "leave", json!({"room": ROOM})),
        (
            "POST",
            format!("{rooms}/invite"),
            Some(json!({"user": "jun"})),
            "invite",
            json!({"room": ROOM, "user": "jun"}),
        ),
        (
            "POST",
            format!("{rooms}/kick"),
            Some(json!({"user": "jun"})),
            "kick",
            json!({"room": ROOM, "user": "jun"}),
        ),
        (
            "POST",
            format!("{rooms}/role"),
            Some(json!({"user": "jun", "role": "admin"})),
            "set_role",
            json!({"room": ROOM, "user": "jun", "role": "admin"}),
        ),
        ("GET", format!("{rooms}/members?limit=200"), None, "members", json!({"room": ROOM, "limit": 200})),
        (
            "POST",
            format!("{rooms}/read"),
            Some(json!({"seq": 9})),
            "mark_read",
            json!({"room": ROOM, "seq": 9}),
        ),
        (
            "POST",
            "/v1/presence".to_owned(),
            Some(json!({"users": ["jun"]})),
            "presence",
            json!({"users": ["jun"]}),
        ),
        (
            "PATCH",
            "/v1/me/presence".to_owned(),
            Some(json!({"state": "idle"})),
            "set_presence",
            json!({"state": "idle"}),
        ),
        (
            "POST",
            format!("{rooms}/typing"),
            Some(json!({"on": true})),
            "typing",
            json!({"room": ROOM, "on": true}),
        ),
    ];
    rows.extend(keep::rows());
    rows.extend(people::rows());
    rows.extend(talk::rows());
    assert_eq!(rows.len(), ROUTES.len());
    for (method, path, body, name, fields) in rows {
        let fixture = fixture();
        let mut request = get(&path).method(method.parse().unwrap());
        if let Some(body) = body {
            request = request.set_json(body);
        }
        let answer = fixture.ask(request).await;
        let route = ROUTES.iter().find(|route| route.operation.name() == name).unwrap();
        assert_eq!(answer.status, route.status, "{name}: {:?}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        let (caller, request) = fixture.only_request();
        assert_eq!(request, command(name, fields), "{name}");
        assert_eq!(caller.token.unwrap().expose(), "t0k3n");
        assert_eq!(caller.remote, "10.1.2.3".parse::<IpAddr>().unwrap());
    }
}

#[actix_web::test]
async fn the_body_is_the_answer_itself() {
    let fixture = fixture();
    fixture.answers(Ok(Response::SignUp(LoggedIn {
        user: madang_storage::id::UserId::parse("minji").unwrap(),
        session: madang_storage::id::SessionId([0; 16]),
        token: "secret".into(),
        nodes: vec!["http://a:7300".into()],
    })));
    let answer = fixture.ask(post("/v1/users", json!({"user": "minji", "password": "password"}))).await;
    assert_eq!((answer.status, answer.header("content-type")), (201, "application/json"));
    let nodes = ["http://a:7300"];
    let expected = json!({"user": "minji", "session": "0".repeat(26), "token": "secret", "nodes": nodes});
    assert_eq!(answer.json(), expected);
}

#[actix_web::test]
async fn a_repeated_send_is_not_created_again() {
    let fixture = fixture();
    fixture.answers(Ok(Response::Send(Sent { seq: 4, at_ms: 5, dup: true })));
    let body = json!({"cid": "c", "text": "t"});
    let answer = fixture.ask(post(&format!("/v1/rooms/{ROOM}/messages"), body)).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"seq": 4, "at_ms": 5, "dup": true})));
}

#[actix_web::test]
async fn every_error_is_a_problem_with_its_status() {
    for kind in ErrorKind::ALL {
        let fixture = fixture();
        fixture.answers(Err(ApiError::new(*kind, "why").retry_after_ms(1_500)));
        let answer = fixture.ask(get("/v1/me")).await;
        let problem = answer.is_problem(kind.http_status(), kind.name());
        assert_eq!(problem["code"], kind.code());
        assert_eq!(problem["detail"], "why");
        assert_eq!(problem["temporary"], kind.is_temporary());
        assert_eq!(problem["retry_after_ms"], 1_500);
        assert_eq!(answer.header("retry-after"), "2");
    }
}

#[actix_web::test]
async fn without_a_token_nothing_is_asked() {
    for value in [None, Some("Basic abc"), Some("Bearer"), Some("Bearer ")] {
        let fixture = fixture();
        let mut request = TestRequest::get().uri("/v1/me");
        if let Some(value) = value {
            request = request.insert_header(("authorization", value));
        }
        let answer = fixture.ask(request).await;
        answer.is_problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        fixture.was_not_asked();
    }
}

#[actix_web::test]
async fn paths_and_methods_that_do_not_exist_are_problems() {
    for path in ["/v1/nowhere", "/v1/rooms/a/b/c", "/nowhere.js", "/v1/docs/nowhere.js"] {
        fixture().ask(get(path)).await.is_problem(404, "not_found");
    }
    let answer = fixture().ask(get("/v1/me").method("PUT".parse().unwrap())).await;
    answer.is_problem(405, "bad_request");
    assert_eq!(answer.header("allow"), "GET, PATCH");
}

#[actix_web::test]
async fn bad_fields_are_named() {
    let room = format!("/v1/rooms/{ROOM}");
    let rows = [
        (get("/v1/rooms?limit=x"), "field `limit`"),
        (get("/v1/rooms?limit=0"), "field `limit`: a limit is 1 to 100"),
        (get("/v1/rooms?size=1"), "unknown field `size`"),
        (get("/v1/rooms/short"), "field `room`"),
        (get(&format!("{room}/messages?room={ROOM}")), "duplicate field `room`"),
        (get(&format!("{room}/messages?before=1&after=2")), "only one of them"),
        (post("/v1/rooms", json!({"kind": "club"})), "unknown variant `club`"),
        (post("/v1/rooms", json!([1])), "not a JSON object"),
        (post(&format!("{room}/read"), json!({"room": ROOM, "seq": 1})), "field `room` is in the path"),
        (post(&format!("{room}/read"), json!({"seq": -1})), "field `seq`"),
        (post(&format!("{room}/read"), json!({})), "missing field `seq`"),
    ];
    for (request, named) in rows {
        let fixture = fixture();
        let problem = fixture.ask(request).await.is_problem(400, "bad_request");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(named), "{detail}, not {named}");
        fixture.was_not_asked();
    }
}

#[actix_web::test]
async fn bodies_that_are_broken_too_long_or_not_json_are_refused() {
    let login = || TestRequest::post().uri("/v1/login");
    let json_type = ("content-type", "application/json; charset=utf-8");
    let broken = fixture().ask(login().insert_header(json_type).set_payload("{")).await;
    broken.is_problem(400, "bad_request");
    let form = fixture().ask(login().set_payload("user=minji")).await;
    form.is_problem(415, "bad_request");

    let long = fixture().ask(login().insert_header(json_type).set_payload(vec![b' '; 65_537])).await;
    let problem = long.is_problem(413, "too_large");
    assert!(problem["detail"].as_str().unwrap().contains("65536"));
    let declared = login().insert_header(json_type).insert_header(("content-length", "99999999999"));
    fixture().ask(declared).await.is_problem(413, "too_large");
    let fits = fixture().ask(login().insert_header(json_type).set_payload(vec![b' '; 65_536])).await;
    fits.is_problem(400, "bad_request");
}

#[actix_web::test]
async fn the_node_is_alive_at_once_and_ready_when_told_so() {
    let fixture = fixture();
    assert_eq!(fixture.ask(TestRequest::get().uri("/livez")).await.status, 200);
    let ready = || fixture.ask(TestRequest::get().uri("/readyz"));
    ready().await.is_problem(503, "unavailable");
    fixture.state.readiness.set(Ready::Ready);
    assert_eq!(ready().await.status, 200);
    fixture.state.readiness.set(Ready::Failing("the disk is full".into()));
    assert_eq!(ready().await.is_problem(503, "unavailable")["detail"], "the disk is full");
}

#[actix_web::test]
async fn metrics_count_what_was_asked() {
    let fixture = fixture();
    fixture.ask(get("/v1/me")).await;
    let answer = fixture.ask(TestRequest::get().uri("/metrics")).await;
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(text.contains(r#"madang_http_requests_total{operation="me",status="200"} 1"#), "{text}");
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
}

#[actix_web::test]
async fn only_allowed_origins_may_read_answers() {
    let mut config = Config::default();
    config.http.allowed_origins = vec!["https://chat.example".into()];
    let fixture = fixture_with(config);
    let preflight = |origin: &'static str| {
        TestRequest::with_uri("/v1/me")
            .method("OPTIONS".parse().unwrap())
            .insert_header(("origin", origin))
            .insert_header(("access-control-request-method", "PATCH"))
            .insert_header(("access-control-request-headers", "authorization, content-type"))
    };
    let answer = fixture.ask(preflight("https://chat.example")).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "https://chat.example"));
    let answer = fixture.ask(get("/v1/me").insert_header(("origin", "https://chat.example"))).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://chat.example");
    assert_eq!(answer.header("access-control-allow-credentials"), "");

    for request in [preflight("https://evil.example"), get("/v1/me").insert_header(("origin", "null"))] {
        assert_eq!(fixture.ask(request).await.header("access-control-allow-origin"), "");
    }
}

#[actix_web::test]
async fn the_page_comes_compressed_tagged_and_locked_down() {
    let fixture = fixture();
    let page = || TestRequest::get().uri("/");
    let answer = fixture.ask(page()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'self'"));
    // The other node's name is none that belongs into a policy.
    assert!(policy.ends_with("connect-src 'self' ws://a.example:7300"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-cache");
    let tag = answer.header("etag").to_owned();
    assert!(tag.starts_with("W/\""));
    let again = fixture.ask(page().insert_header(("if-none-match", tag))).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let small = fixture.ask(page().insert_header(("accept-encoding", "gzip"))).await;
    assert_eq!(small.header("content-encoding"), "gzip");
    assert!(small.body.len() < answer.body.len());
}

#[actix_web::test]
async fn answers_of_the_api_are_not_compressed() {
    // Compressing secrets beside text that somebody else chose would leak them (BREACH).
    let fixture = fixture();
    let answer = fixture.ask(get("/v1/me").insert_header(("accept-encoding", "gzip"))).await;
    assert_eq!(answer.header("content-encoding"), "");
}

#[actix_web::test]
async fn the_api_docs_come_from_this_node_alone() {
    let fixture = fixture();
    let document = fixture.ask(TestRequest::get().uri("/v1/openapi.json")).await;
    assert_eq!(document.json()["info"]["title"], "madang");
    let redirect = fixture.ask(TestRequest::get().uri("/v1/docs")).await;
    assert_eq!((redirect.status, redirect.header("location")), (308, "/v1/docs/"));
    for file in ["", "swagger-initializer.js", "index.css"] {
        let answer = fixture.ask(TestRequest::get().uri(&format!("/v1/docs/{file}"))).await;
        assert_eq!(answer.status, 200, "{file}");
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(!text.contains("src=\"http") && !text.contains("href=\"http"), "{file}");
        assert!(answer.header("content-security-policy").contains("default-src 'self'"));
    }
}

#[actix_web::test]
async fn statuses_of_the_table_are_real() {
    for route in ROUTES {
        assert!(StatusCode::from_u16(route.status).unwrap().is_success());
    }
}
