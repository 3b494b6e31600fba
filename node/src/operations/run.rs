//! One arm an operation.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use madang_actors::service::{Caller, Described, MessageAt, NewRoom, Service, ServiceError};
use madang_cluster::Page;
use madang_storage::id::RoomId;
use madang_storage::row::MemberState;

use super::{answer, keep, message, presence, refusal};
use crate::api::account::{Empty, Login, Nodes, SignUp};
use crate::api::message::{History, Send};
use crate::api::message_about::Forward;
use crate::api::operation::Access;
use crate::api::room::{CreateRoom, Room, RoomKind};
use crate::api::{self, ApiError, Dispatch, ErrorKind, Operation, Request, Response};
use crate::nodes::Directory;
use crate::safety::Gate;
use crate::safety::pace::Paces;
use crate::safety::words::{self, Words};

/// Items of a page whose client names no limit.
pub(super) const ROOMS_DEFAULT: u32 = 50;
const HISTORY_DEFAULT: u32 = 50;

/// Carries requests out by the service. Clones share it.
#[derive(Clone)]
pub struct Operations {
    service: Service,
    directory: Directory,
    gate: Gate,
    paces: Arc<Paces>,
}

type Answer = BoxFuture<'static, Result<Response, ApiError>>;

impl Operations {
    /// Over `service`, with the nodes that clients are sent to, what is looked at before a message is taken,
    /// and how often a user may ask.
    pub fn new(service: Service, directory: Directory, gate: Gate, paces: Paces) -> Self {
        Self { service, directory, gate, paces: Arc::new(paces) }
    }

    /// Carries out the request of an authenticated caller. Order: a send takes its place behind the
    /// caller's earlier sends before this returns; everything else begins when the future is polled.
    pub fn run(&self, caller: Caller, request: Request) -> Answer {
        let operation = request.operation();
        if let Err(error) = self.paces.check(&caller.user, operation) {
            return ready(Err(error)).boxed();
        }
        let operations = self.clone();
        match request {
            Request::Send(send) => self.send(caller, send),
            Request::Forward(forward) => self.forward(caller, forward),
            request => async move {
                if let Some(words) = words::of(&request) {
                    operations.gate.pass(&caller.user, &words).await?;
                }
                operations.run_now(caller, request).await
            }
            .boxed(),
        }
    }

    /// Carries out a request that needs no session.
    fn run_public(&self, request: Request) -> Answer {
        let operation = request.operation();
        let Self { service, directory, gate, .. } = self.clone();
        let done = async move {
            if let Request::SignUp(request) = &request {
                gate.pass(&request.user, &request.into()).await?;
            }
            let done = match request {
                Request::SignUp(request) => sign_up(&service, &directory, request).await,
                Request::Login(request) => login(&service, &directory, request).await,
                _ => Err(ServiceError::BadRequest {
                    what: format!("`{}` needs a WebSocket connection", operation.name()),
                }),
            };
            done.map_err(|error| refusal::api_error(operation, &error))
        };
        done.boxed()
    }

    /// Looks at a message, asks about it if anybody is to be asked, and sends it. Where nobody is asked it has
    /// its place at once; else it leaves behind the messages that the session sent to the room before it,
    /// however long each question takes. What is in the log already is answered as it was, whatever is thought of
    /// it now.
    fn send(&self, caller: Caller, send: Send) -> Answer {
        let looked = self.gate.look(&Words::from(&send));
        if looked.is_ok() && !self.gate.asks() {
            return self.begin(&caller, send);
        }
        let mut place = self.gate.enter(caller.session, send.room);
        let operations = self.clone();
        async move {
            let verdict = match looked {
                Ok(()) => operations.gate.ask(&caller.user, &Words::from(&send)).await,
                Err(error) => Err(error),
            };
            place.first().await;
            if let Err(error) = verdict
                && !operations.service.was_sent(&caller, send.room, &send.cid).await.unwrap_or(false)
            {
                return Err(error);
            }
            // What is there already, the room answers again, or says that it was something else.
            let answer = operations.begin(&caller, send);
            drop(place);
            answer.await
        }
        .boxed()
    }

    /// Looks at what is to be said again elsewhere, as at any other message, and sends it.
    fn forward(&self, caller: Caller, ask: Forward) -> Answer {
        let fail = |error: ServiceError| refusal::api_error(Operation::Forward, &error);
        let mut place = self.gate.asks().then(|| self.gate.enter(caller.session, ask.room));
        let Self { service, gate, .. } = self.clone();
        async move {
            let from = MessageAt { room: ask.from_room, seq: ask.from_seq };
            let quote = async {
                let quote = service.quote(&caller, from).await.map_err(fail)?;
                gate.pass(&caller.user, &Words::said_again(ask.room, quote.text(), quote.content())).await?;
                Ok(quote)
            };
            let quote = quote.await;
            if let Some(place) = &mut place {
                place.first().await;
            }
            let quote = match quote {
                Ok(quote) => quote,
                // The source may be gone since: a retry hears what it would have heard.
                Err(error) => {
                    let before = service.forwarded(&caller, ask.room, &ask.cid).await.map_err(fail)?;
                    return before.map(|sent| Response::Forward(answer::sent(sent))).ok_or(error);
                }
            };
            let sending = service.forward(&caller, ask.room, ask.cid, quote, ask.after);
            drop(place);
            Ok(Response::Forward(answer::sent(sending.sent().await.map_err(fail)?)))
        }
        .boxed()
    }

    /// Gives a message its place in its room before this returns.
    fn begin(&self, caller: &Caller, send: Send) -> Answer {
        let fail = |error: ServiceError| refusal::api_error(Operation::Send, &error);
        let room = send.room;
        match self.service.send(caller, room, message::new_message(send)) {
            Ok(sending) => {
                sending.sent().map(move |sent| Ok(Response::Send(answer::sent(sent.map_err(fail)?)))).boxed()
            }
            Err(error) => ready(Err(fail(error))).boxed(),
        }
    }

    async fn run_now(&self, caller: Caller, request: Request) -> Result<Response, ApiError> {
        let operation = request.operation();
        match request {
            Request::Nodes(Empty {}) => {
                Ok(Response::Nodes(Nodes { nodes: self.directory.best(&caller.user) }))
            }
            request => {
                let done = run(&self.service, caller, request).await;
                done.map_err(|error| refusal::api_error(operation, &error))
            }
        }
    }

    /// Whose token this is.
    pub async fn authenticate(&self, token: &str) -> Result<Caller, ApiError> {
        let caller = self.service.authenticate(token).await;
        caller.map_err(|error| refusal::api_error(Operation::Connect, &error))
    }

    /// The room as it is now, if the caller is in it.
    pub async fn joined_room(&self, caller: &Caller, room: &RoomId) -> Option<Room> {
        let view = self.service.room(caller, room).await.ok()?;
        let joined = view.my.as_ref().is_some_and(|my| my.state == MemberState::Joined);
        joined.then(|| answer::room(view))
    }

    /// The nodes that clients are sent to.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The service behind the operations.
    pub fn service(&self) -> &Service {
        &self.service
    }
}

impl Dispatch for Operations {
    fn dispatch(&self, caller: api::Caller, request: Request) -> Answer {
        if request.operation().access() == Access::Public {
            return self.run_public(request);
        }
        let Some(token) = caller.token else {
            return ready(Err(ApiError::new(ErrorKind::Unauthenticated, "a token is needed"))).boxed();
        };
        let operations = self.clone();
        async move {
            let caller = operations.authenticate(token.expose()).await?;
            operations.run(caller, request).await
        }
        .boxed()
    }
}

async fn run(service: &Service, caller: Caller, request: Request) -> Result<Response, ServiceError> {
    let caller = &caller;
    Ok(match request {
        Request::Connect(_)
        | Request::SignUp(_)
        | Request::Login(_)
        | Request::Send(_)
        | Request::Forward(_) => {
            let what = "this operation is not for a session".to_owned();
            return Err(ServiceError::Internal(what));
        }
        Request::Logout(Empty {}) => {
            service.log_out(caller).await?;
            Response::Logout(Empty {})
        }
        Request::Me(Empty {}) => Response::Me(answer::profile(service.me(caller).await?)),
        Request::SetProfile(ask) => {
            let profile = service.set_profile(caller, ask.display_name.into_string()).await?;
            Response::SetProfile(answer::profile(profile))
        }
        Request::ChangePassword(ask) => {
            let (old, new) = (ask.old_password.expose(), ask.new_password.expose());
            service.change_password(caller, old, new).await?;
            Response::ChangePassword(Empty {})
        }
        Request::Sessions(Empty {}) => {
            Response::Sessions(answer::sessions(service.sessions(caller).await?, caller.session))
        }
        Request::Revoke(ask) => {
            service.revoke(caller, ask.session).await?;
            Response::Revoke(Empty {})
        }
        Request::Profile(ask) => {
            Response::Profile(answer::profile(service.profile(caller, &ask.user).await?))
        }
        Request::Presence(ask) => Response::Presence(presence::get(service, caller, ask).await?),
        Request::SetPresence(ask) => Response::SetPresence(presence::set(service, caller, ask).await?),
        Request::Typing(ask) => Response::Typing(presence::typing(service, caller, ask).await?),
        other => return run_in_rooms(service, caller, other).await,
    })
}

async fn run_in_rooms(
    service: &Service,
    caller: &Caller,
    request: Request,
) -> Result<Response, ServiceError> {
    Ok(match request {
        Request::CreateRoom(ask) => {
            Response::CreateRoom(answer::room(service.create_room(caller, new_room(ask)?).await?))
        }
        Request::Rooms(ask) => {
            let limit = size(ask.limit.map_or(ROOMS_DEFAULT, |limit| limit.get()));
            Response::Rooms(answer::rooms(service.rooms(caller, limit, ask.next.as_deref()).await?))
        }
        Request::Room(ask) => Response::Room(answer::room(service.room(caller, &ask.room).await?)),
        Request::Join(ask) => Response::Join(answer::room(service.join(caller, ask.room).await?)),
        Request::Leave(ask) => {
            service.leave(caller, ask.room).await?;
            Response::Leave(Empty {})
        }
        Request::Invite(ask) => {
            service.invite(caller, ask.room, ask.user).await?;
            Response::Invite(Empty {})
        }
        Request::Kick(ask) => {
            service.kick(caller, ask.room, ask.user).await?;
            Response::Kick(Empty {})
        }
        Request::SetRole(ask) => {
            service.set_role(caller, ask.room, ask.user, answer::role_asked(ask.role)).await?;
            Response::SetRole(Empty {})
        }
        Request::History(ask) => {
            let limit = size(ask.limit.map_or(HISTORY_DEFAULT, |limit| limit.get()));
            Response::History(answer::page(&service.history(caller, ask.room, position(&ask), limit).await?))
        }
        request @ (Request::Edit(_)
        | Request::Delete(_)
        | Request::Edits(_)
        | Request::React(_)
        | Request::Reactions(_)
        | Request::Pin(_)
        | Request::Pins(_)
        | Request::Thread(_)
        | Request::Mentions(_)) => return message::run(service, caller, request).await,
        Request::MarkRead(ask) => {
            Response::MarkRead(answer::read_mark(service.mark_read(caller, ask.room, ask.seq).await?))
        }
        other => return keep::run(service, caller, other).await,
    })
}

async fn sign_up(service: &Service, directory: &Directory, ask: SignUp) -> Result<Response, ServiceError> {
    let display_name = ask.display_name.map(|name| name.into_string());
    let device = ask.device.map_or_else(String::new, |device| device.into_string());
    let login = service.sign_up(ask.user, ask.password.expose(), display_name, device).await?;
    let nodes = directory.best(&login.user);
    Ok(Response::SignUp(answer::logged_in(login, nodes)))
}

async fn login(service: &Service, directory: &Directory, ask: Login) -> Result<Response, ServiceError> {
    let device = ask.device.map_or_else(String::new, |device| device.into_string());
    let login = service.log_in(ask.user, ask.password.expose(), device).await?;
    let nodes = directory.best(&login.user);
    Ok(Response::Login(answer::logged_in(login, nodes)))
}

fn new_room(ask: CreateRoom) -> Result<NewRoom, ServiceError> {
    let described = Described {
        title: ask.title.map_or_else(String::new, |title| title.into_string()),
        topic: ask.topic.map_or_else(String::new, |topic| topic.into_string()),
        members: ask.members,
    };
    match (ask.kind, ask.with) {
        (RoomKind::Direct, Some(with)) => Ok(NewRoom::Direct { with }),
        (RoomKind::Direct, None) => {
            Err(ServiceError::BadRequest { what: "field `with`: a direct room needs it".to_owned() })
        }
        (RoomKind::Group, _) => Ok(NewRoom::Group(described)),
        (RoomKind::Open, _) => Ok(NewRoom::Open(described)),
    }
}

fn position(ask: &History) -> Page {
    match (ask.before, ask.after, ask.around) {
        (Some(seq), ..) => Page::Before(seq),
        (None, Some(seq), _) => Page::After(seq),
        (None, None, Some(seq)) => Page::Around(seq),
        (None, None, None) => Page::Newest,
    }
}

pub(super) fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
