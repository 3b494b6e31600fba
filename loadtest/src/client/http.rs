//! The same operations over HTTP.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::{ClientError, ServerError};
use super::model::{HistoryPage, Page, Profile, Room, RoomPage, SendAck};
use super::nodes::{Nodes, Rotation};
use super::operations::{CreateRoom, SendMessage, history_fields};
use super::trust;

/// Answer to `sign_up` and `login`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Session {
    /// User id.
    pub user: String,
    /// Public name of the session.
    pub session: String,
    /// Proof of the session.
    pub token: String,
    /// Where to connect, the best first.
    #[serde(default)]
    pub nodes: Vec<String>,
}

/// A client of the HTTP interface of a node, and of the next one when that fails: trying again is up to the
/// caller. Cheap to clone; clones share their connections and where they are.
#[derive(Debug, Clone)]
pub struct HttpClient {
    http: reqwest::Client,
    rotation: Arc<Rotation>,
    token: Option<String>,
}

impl HttpClient {
    /// A client of the node at `url`; every request may take `limit`.
    pub fn new(url: &str, limit: Duration) -> Result<Self, ClientError> {
        Self::among(&Nodes::one(url), limit)
    }

    /// A client of the first of these nodes, as long as it serves; every request may take `limit`.
    pub fn among(nodes: &Nodes, limit: Duration) -> Result<Self, ClientError> {
        let http = trust::http_builder()?.timeout(limit).build().map_err(|error| trouble(&error, limit))?;
        Ok(Self { http, rotation: Arc::new(nodes.rotation(0)), token: None })
    }

    /// The same client with the session of `token`.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client beginning at its own node: that of the client of this number.
    pub fn numbered(&self, number: usize) -> Self {
        Self { rotation: Arc::new(self.rotation.nodes().rotation(number)), ..self.clone() }
    }

    /// `sign_up`.
    pub async fn sign_up(
        &self,
        user: &str,
        password: &str,
        display_name: &str,
    ) -> Result<Session, ClientError> {
        let body = json!({ "user": user, "password": password, "display_name": display_name });
        self.post("/v1/users", &body).await
    }

    /// `login`.
    pub async fn login(&self, user: &str, password: &str) -> Result<Session, ClientError> {
        self.post("/v1/login", &json!({ "user": user, "password": password })).await
    }

    /// `nodes`: where to connect, the best first.
    pub async fn nodes(&self) -> Result<Vec<String>, ClientError> {
        #[derive(Deserialize)]
        struct Told {
            nodes: Vec<String>,
        }
        self.get::<Told>("/v1/connect", &Value::Null).await.map(|told| told.nodes)
    }

    /// `me`.
    pub async fn me(&self) -> Result<Profile, ClientError> {
        self.get("/v1/me", &Value::Null).await
    }

    /// `create_room`.
    pub async fn create_room(&self, room: &CreateRoom<'_>) -> Result<Room, ClientError> {
        self.post("/v1/rooms", room).await
    }

    /// `rooms`: one page of one's own rooms.
    pub async fn rooms(&self, next: Option<&str>) -> Result<RoomPage, ClientError> {
        self.list("/v1/rooms", next).await
    }

    /// `open_rooms`: one page of the rooms anybody may join.
    pub async fn open_rooms(&self, next: Option<&str>) -> Result<RoomPage, ClientError> {
        self.list("/v1/open-rooms", next).await
    }

    /// `room`.
    pub async fn room(&self, room: &str) -> Result<Room, ClientError> {
        self.get(&format!("/v1/rooms/{room}"), &Value::Null).await
    }

    /// `join`.
    pub async fn join(&self, room: &str) -> Result<Room, ClientError> {
        self.post(&format!("/v1/rooms/{room}/join"), &json!({})).await
    }

    /// `leave`.
    pub async fn leave(&self, room: &str) -> Result<(), ClientError> {
        self.post::<Value>(&format!("/v1/rooms/{room}/leave"), &json!({})).await.map(|_| ())
    }

    /// `send`.
    pub async fn send(&self, message: SendMessage<'_>) -> Result<SendAck, ClientError> {
        #[derive(Serialize)]
        struct Body<'a> {
            cid: &'a str,
            text: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            after: Option<&'a str>,
        }
        let body = Body { cid: message.cid, text: message.text, after: message.after };
        self.post(&format!("/v1/rooms/{}/messages", message.room), &body).await
    }

    /// `history`: one page of at most `page_max` events.
    pub async fn history(&self, room: &str, page: Page, page_max: usize) -> Result<HistoryPage, ClientError> {
        self.get(&format!("/v1/rooms/{room}/messages"), &history_fields(None, page, page_max)).await
    }

    /// Any request; `body` is sent as JSON unless it is null.
    pub async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &Value,
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let turn = self.rotation.turn();
        let mut request = self.http.request(method, format!("{}{path}", self.rotation.address(turn)));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if query.is_object() {
            request = request.query(query);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = answer_to(request, path).await;
        if answer.as_ref().is_err_and(ClientError::blames_node) {
            self.rotation.go_on(turn);
        }
        answer
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        self.request(Method::POST, path, &Value::Null, Some(body)).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &Value) -> Result<T, ClientError> {
        self.request(Method::GET, path, query, None::<&Value>).await
    }

    async fn list(&self, path: &str, next: Option<&str>) -> Result<RoomPage, ClientError> {
        let query = match next {
            Some(next) => json!({ "limit": 100, "next": next }),
            None => json!({ "limit": 100 }),
        };
        self.get(path, &query).await
    }
}

async fn answer_to<T: DeserializeOwned>(request: RequestBuilder, path: &str) -> Result<T, ClientError> {
    let response = request.send().await.map_err(|error| unreachable_because(&error))?;
    let status = response.status();
    let bytes = response.bytes().await.map_err(|error| unreachable_because(&error))?;
    if status.is_success() {
        return serde_json::from_slice(&bytes)
            .map_err(|error| ClientError::Protocol(format!("{error} in the answer to {path}")));
    }
    Err(match ServerError::read_problem(&bytes) {
        Some(refusal) => ClientError::Refused(refusal),
        None => {
            let body = String::from_utf8_lossy(&bytes);
            ClientError::Protocol(format!("{path} answered {status} without a problem: {body}"))
        }
    })
}

fn unreachable_because(error: &reqwest::Error) -> ClientError {
    // reqwest's own text hides the cause ("error sending request"), which is what one wants to know.
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    ClientError::Unreachable(text)
}

fn trouble(error: &reqwest::Error, limit: Duration) -> ClientError {
    ClientError::Local(format!("no HTTP client with a limit of {} ms: {error}", limit.as_millis()))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A node that answers every request with this.
    async fn node(status: &'static str, body: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let _ = socket.read(&mut [0; 4096]).await;
                let head =
                    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}", body.len());
                let _ = socket.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await;
            }
        });
        url
    }

    async fn ask(client: &HttpClient) -> Result<Value, ClientError> {
        client.get("/", &Value::Null).await
    }

    #[tokio::test]
    async fn a_client_goes_past_the_nodes_that_fail_and_stays_at_one_that_serves() {
        // Bound and not listened at: nobody else gets the port, and nobody answers.
        let dead = tokio::net::TcpSocket::new_v4().unwrap();
        dead.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let dead_url = format!("http://{}", dead.local_addr().unwrap());
        let problem = r#"{"title":"unavailable","detail":"no quorum","code":1010,"temporary":true}"#;
        let urls = [dead_url, node("503 Service Unavailable", problem).await, node("200 OK", "1").await];
        let nodes: Nodes = urls.join(",").parse().unwrap();
        let client = HttpClient::among(&nodes, Duration::from_secs(20)).unwrap();

        assert!(matches!(ask(&client).await, Err(ClientError::Unreachable(_))));
        assert!(ask(&client.clone()).await.unwrap_err().is("unavailable"));
        assert_eq!(ask(&client).await, Ok(json!(1)));
        assert_eq!(ask(&client).await, Ok(json!(1)));
        assert!(ask(&client.numbered(1)).await.unwrap_err().is("unavailable"), "its own place to begin");
    }
}
