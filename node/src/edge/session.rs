//! The session actor: from WebSocket frames to lines for the handler. Deliberately thin; a handler's
//! panic stops here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix::{Actor, ActorContext, StreamHandler};
use actix_http::ws::{Frame, Item, Message, ProtocolError};
use actix_web_actors::ws::WebsocketContext;
use madang_actors::outbound::{Close, frame};

use super::handler::{Closed, SessionHandler, SessionLink};

/// What the client says to show that it lives; not a command.
const SIGN_OF_LIFE: &str = "{}";

pub(super) struct Session {
    handler: Box<dyn SessionHandler>,
    link: SessionLink,
    /// The fragments of a message so far.
    fragments: Vec<u8>,
    /// The peer's goodbye, with its code if it named one.
    by_peer: Option<Option<u16>>,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Open,
    Panicked,
    /// The handler knows that it is over.
    Told,
}

impl Session {
    pub(super) fn new(handler: Box<dyn SessionHandler>, link: SessionLink) -> Self {
        Self { handler, link, fragments: Vec::new(), by_peer: None, state: State::Open }
    }

    fn on_frame(&mut self, frame: Frame) {
        match frame {
            Frame::Text(text) => self.on_text(&text),
            Frame::Continuation(Item::FirstText(part) | Item::Continue(part)) => {
                self.fragments.extend_from_slice(&part);
            }
            Frame::Continuation(Item::Last(part)) => {
                let mut whole = std::mem::take(&mut self.fragments);
                whole.extend_from_slice(&part);
                self.on_text(&whole);
            }
            // Not through the context's own output, which would overtake or fall behind the queue.
            Frame::Ping(payload) => drop(self.link.push(frame::pong(&payload))),
            Frame::Close(reason) => {
                let code = reason.map(|reason| u16::from(reason.code));
                self.by_peer = Some(code);
                self.link.close(code.map_or(Close::NORMAL, |code| Close::new(code, "")));
            }
            Frame::Binary(_) | Frame::Continuation(Item::FirstBinary(_)) => self.link.close(Close::BINARY),
            Frame::Pong(_) => {}
        }
    }

    fn on_text(&mut self, bytes: &[u8]) {
        let Ok(text) = std::str::from_utf8(bytes) else { return self.link.close(Close::NOT_UTF8) };
        for line in text.split('\n').map(str::trim).filter(|line| !line.is_empty() && *line != SIGN_OF_LIFE) {
            if !self.link.is_open() {
                return;
            }
            self.tell(|handler| handler.on_text(line));
        }
    }

    fn tell(&mut self, what: impl FnOnce(&mut dyn SessionHandler)) {
        let handler = &mut *self.handler;
        if self.state == State::Open && catch_unwind(AssertUnwindSafe(|| what(handler))).is_err() {
            self.state = State::Panicked;
            tracing::error!(remote = %self.link.remote(), "a session's handler panicked; closing it");
            self.link.outbound().close_at_once(Close::INTERNAL);
        }
    }

    /// Also a handler that panicked hears of the end, so that it can take itself out of the hub.
    fn finish(&mut self) {
        if self.state == State::Told {
            return;
        }
        self.state = State::Told;
        let by_server = self.link.outbound().closing().map(Closed::ByServer);
        let why = self.by_peer.map(Closed::ByPeer).or(by_server).unwrap_or(Closed::Lost);
        let handler = &mut *self.handler;
        if catch_unwind(AssertUnwindSafe(|| handler.on_closed(why))).is_err() {
            tracing::error!(remote = %self.link.remote(), "a session's handler panicked at its end");
        }
    }
}

impl Actor for Session {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let link = self.link.clone();
        self.tell(|handler| handler.on_open(link));
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.finish();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.finish();
    }
}

impl StreamHandler<Result<Frame, ProtocolError>> for Session {
    fn handle(&mut self, frame: Result<Frame, ProtocolError>, ctx: &mut Self::Context) {
        if self.link.is_open() {
            match frame {
                Ok(frame) => self.on_frame(frame),
                Err(_) => self.link.close(Close::BROKEN),
            }
        }
        if !self.link.is_open() {
            ctx.stop();
        }
    }
}

/// What the context wants to be there: its own stream of messages. Ours is empty, and its end means nothing.
impl StreamHandler<Result<Message, ProtocolError>> for Session {
    fn handle(&mut self, _: Result<Message, ProtocolError>, _: &mut Self::Context) {}

    fn finished(&mut self, _: &mut Self::Context) {}
}
