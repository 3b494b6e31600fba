//! A WebSocket client that speaks the protocol as a person reading docs/protocol.md would.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async, connect_async_tls_with_config,
};

use crate::node::{LIMIT, TestNode};

pub(crate) struct Client {
    host: String,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u64,
    /// Objects that came while something else was waited for.
    waiting: VecDeque<Value>,
    pub(crate) token: String,
    pub(crate) session: String,
}

impl Client {
    pub(crate) async fn open(node: &TestNode) -> Self {
        Self::open_at(&node.host).await
    }

    pub(crate) async fn open_at(host: &str) -> Self {
        let (socket, _) = connect_async(format!("ws://{host}/v1/ws")).await.unwrap();
        Self::over(host, socket)
    }

    /// Under TLS.
    pub(crate) async fn open_secured(node: &TestNode, config: &Arc<ClientConfig>) -> Self {
        let (url, connector) = (format!("wss://{}/v1/ws", node.host), Connector::Rustls(Arc::clone(config)));
        let (socket, _) = connect_async_tls_with_config(url, None, true, Some(connector)).await.unwrap();
        Self::over(&node.host, socket)
    }

    fn over(host: &str, socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        let (token, session) = (String::new(), String::new());
        Self { host: host.to_owned(), socket, next_id: 1, waiting: VecDeque::new(), token, session }
    }

    /// Where it is connected.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) async fn connect(&mut self, token: &str) -> Value {
        self.connect_with(json!({ "token": token })).await
    }

    /// Goes on from a cursor.
    pub(crate) async fn resume(&mut self, token: &str, cursor: &str) -> Value {
        self.connect_with(json!({ "token": token, "cursor": cursor })).await
    }

    async fn connect_with(&mut self, fields: Value) -> Value {
        let token = fields["token"].as_str().unwrap().to_owned();
        let connected = self.ask("connect", fields).await;
        self.token = token;
        connected["session"].as_str().unwrap().clone_into(&mut self.session);
        connected
    }

    /// Sends a command without waiting. Answers its id.
    pub(crate) async fn begin(&mut self, operation: &str, fields: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let command = Map::from_iter([("id".to_owned(), json!(id)), (operation.to_owned(), fields)]);
        self.say(&Value::Object(command).to_string()).await;
        id
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.message(Message::text(text)).await;
    }

    pub(crate) async fn message(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// Sends what the server may refuse before it has read it all.
    pub(crate) async fn message_anyway(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// The reply to a command: the whole object.
    pub(crate) async fn reply(&mut self, id: u64) -> Value {
        self.next(&format!("reply {id}"), |object| object["id"] == json!(id)).await
    }

    /// A command that is carried out: its answer.
    pub(crate) async fn ask(&mut self, operation: &str, fields: Value) -> Value {
        let id = self.begin(operation, fields).await;
        let mut reply = self.reply(id).await;
        assert!(reply.get("error").is_none(), "`{operation}` was refused: {reply}");
        reply[operation].take()
    }

    /// A command that is refused: the error's name.
    pub(crate) async fn refused(&mut self, operation: &str, fields: Value) -> String {
        let id = self.begin(operation, fields).await;
        let reply = self.reply(id).await;
        reply["error"]["name"].as_str().unwrap_or_else(|| panic!("not refused: {reply}")).to_owned()
    }

    /// The next push of that name.
    pub(crate) async fn push(&mut self, name: &str) -> Value {
        self.next(name, |object| object.get("id").is_none() && object.get(name).is_some()).await[name].take()
    }

    /// All pushes that came while something else was waited for, in order.
    pub(crate) fn pushes(&mut self) -> Vec<Value> {
        let is_push = |object: &Value| object.get("id").is_none();
        let (pushes, others): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(is_push);
        self.waiting = others.into();
        pushes
    }

    /// The next object, whatever it is.
    pub(crate) async fn anything(&mut self) -> Value {
        self.next("anything", |object| object != &json!({})).await
    }

    /// The next error without an id.
    pub(crate) async fn error(&mut self) -> Value {
        self.next("error", |object| object.get("id").is_none() && object.get("error").is_some()).await["error"]
            .take()
    }

    /// The next logged event of a room that is a message: who said what.
    pub(crate) async fn hears(&mut self, room: &str) -> (String, String) {
        let event = self
            .next("a message", |object| {
                object["event"]["room"] == room && object["event"]["kind"] == "message"
            })
            .await;
        let text = |field: &str| event["event"][field].as_str().unwrap().to_owned();
        (text("user"), text("text"))
    }

    /// The code with which the server closes.
    pub(crate) async fn closed(&mut self) -> u16 {
        let close = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                    Some(Ok(_)) => {}
                    other => panic!("no close frame but {other:?}"),
                }
            }
        };
        tokio::time::timeout(LIMIT, close).await.expect("a close frame")
    }

    pub(crate) async fn create_room(&mut self, kind: &str, members: &[&str]) -> String {
        let fields = json!({ "kind": kind, "title": "a room", "members": members });
        let room = self.ask("create_room", fields).await;
        room["room"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn send(&mut self, room: &str, cid: &str, text: &str) -> Value {
        self.ask("send", json!({ "room": room, "cid": cid, "text": text })).await
    }

    async fn next(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(index) = self.waiting.iter().position(&wanted) {
            return self.waiting.remove(index).unwrap();
        }
        let found = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        let mut objects = text.lines().map(|line| serde_json::from_str(line).unwrap());
                        let mut found = None;
                        for object in objects.by_ref() {
                            match found {
                                None if wanted(&object) => found = Some(object),
                                _ => self.waiting.push_back(object),
                            }
                        }
                        if let Some(found) = found {
                            return found;
                        }
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("waiting for {what}, got {other:?}"),
                }
            }
        };
        match tokio::time::timeout(LIMIT, found).await {
            Ok(found) => found,
            Err(_) => panic!("no {what} within {LIMIT:?}; others: {:?}", self.waiting),
        }
    }
}

/// Tries until `ready` says yes.
pub(crate) async fn wait_until(what: &str, mut ready: impl AsyncFnMut() -> bool) {
    let tried = async {
        while !ready().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, tried).await.is_ok(), "{what} did not come true");
}
