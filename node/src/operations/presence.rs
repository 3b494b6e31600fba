//! Being there, and typing.

use madang_actors::presence::{Shown, State};
use madang_actors::service::{self, Caller, Service, ServiceError};
use madang_actors::typing::Typing;
use madang_cluster::command::StatusChange;
use madang_storage::id::UserId;
use madang_storage::row::{PresenceRow, Status, Visibility};

use crate::api::account::Empty;
use crate::api::presence::{
    self as json, GetPresence, Presences, SetPresence, SetTyping, StateAsked, StatusAsked,
};

/// Carries out `presence`.
pub(super) async fn get(
    service: &Service,
    caller: &Caller,
    ask: GetPresence,
) -> Result<Presences, ServiceError> {
    let users = service.presence(caller, ask.users).await?;
    Ok(Presences { users: users.into_iter().map(|(user, shown)| presence(&user, &shown)).collect() })
}

/// Carries out `set_presence`.
pub(super) async fn set(
    service: &Service,
    caller: &Caller,
    ask: SetPresence,
) -> Result<json::MyPresence, ServiceError> {
    let state = ask.state.map(|state| match state {
        StateAsked::Online => service::SetPresence::Online,
        StateAsked::Idle => service::SetPresence::Idle,
        StateAsked::Invisible => service::SetPresence::Invisible,
    });
    let service::MyPresence { visibility, status } =
        service.set_presence(caller, state, ask.status.map(status_asked)).await?;
    Ok(json::MyPresence { invisible: visibility == Visibility::Invisible, status: status.map(status_said) })
}

/// Carries out `typing`.
pub(super) async fn typing(
    service: &Service,
    caller: &Caller,
    ask: SetTyping,
) -> Result<Empty, ServiceError> {
    let typing = if ask.on { Typing::On } else { Typing::Off };
    service.typing(caller, ask.room, typing).await?;
    Ok(Empty {})
}

/// What others see of a user, as its push and an answer show it.
pub fn presence(user: &UserId, shown: &Shown) -> json::Presence {
    json::Presence {
        user: user.clone(),
        state: state(shown.state),
        status: shown.status.clone().map(status_said),
        last_active_ms: shown.last_active_ms,
    }
}

/// What a user shows, as the push to the user's own devices says it.
pub fn my_presence(row: &PresenceRow) -> json::MyPresence {
    json::MyPresence {
        invisible: row.visibility == Visibility::Invisible,
        status: row.status.clone().map(status_said),
    }
}

/// Whether a user is there.
pub(super) fn state(state: State) -> json::State {
    match state {
        State::Online => json::State::Online,
        State::Idle => json::State::Idle,
        State::Offline => json::State::Offline,
    }
}

fn status_said(status: Status) -> json::Status {
    let Status { text, emoji, expires_ms } = status;
    json::Status { text, emoji, expires_ms }
}

fn status_asked(asked: StatusAsked) -> StatusChange {
    let text = asked.text.map_or_else(String::new, |text| text.into_string());
    let emoji = asked.emoji.map_or_else(String::new, |emoji| emoji.into_string());
    if text.is_empty() && emoji.is_empty() {
        return StatusChange::Clear;
    }
    StatusChange::Set(Status { text, emoji, expires_ms: asked.expires_ms })
}
