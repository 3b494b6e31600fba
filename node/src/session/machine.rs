//! What a session decides about each object from its client. Pure: no clock, no socket, no cluster.

use std::collections::VecDeque;

use madang_actors::outbound::Close;
use madang_actors::service::Caller;

use crate::api::field::Secret;
use crate::api::operation::Access;
use crate::api::{ApiError, Command, ErrorKind, Incoming, InvalidCommand, Request};

/// So many invalid objects in a row end the connection.
pub(super) const INVALID_IN_A_ROW_MAX: u8 = 10;
/// How long a client should wait before it sends one more command than may be in flight.
const RETRY_AFTER_MS: u64 = 100;

/// What the shell carries out.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Check this token and tell [`Machine::on_token`].
    CheckToken {
        /// The command's id.
        id: u64,
        /// The token.
        token: Secret,
    },
    /// The session is open: register it, then answer `connect`.
    Welcome {
        /// The command's id.
        id: u64,
        /// Who it is.
        caller: Caller,
        /// Where the client wants to go on.
        cursor: Option<String>,
    },
    /// Carry out an operation that needs no session, then tell [`Machine::on_answered`].
    RunPublic {
        /// The command's id.
        id: u64,
        /// What is asked.
        request: Request,
    },
    /// Carry out an operation, then tell [`Machine::on_answered`].
    Run {
        /// The command's id.
        id: u64,
        /// Who asks.
        caller: Caller,
        /// What is asked.
        request: Request,
        /// What comes after the answer.
        then: Then,
    },
    /// Answer with an error.
    Refuse {
        /// The command's id, if one could be read.
        id: Option<u64>,
        /// The error.
        error: ApiError,
    },
    /// Answer with an error, then close.
    RefuseAndClose {
        /// The command's id, if one could be read.
        id: Option<u64>,
        /// The error.
        error: ApiError,
        /// How to close.
        close: Close,
    },
}

/// What comes after the answer to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The next.
    GoOn,
    /// The connection is closed: the command ended its own session.
    Close,
}

/// One session's state.
#[derive(Debug)]
pub(super) struct Machine {
    phase: Phase,
    invalid_in_a_row: u8,
    in_flight: usize,
    in_flight_max: usize,
}

#[derive(Debug)]
enum Phase {
    /// Nobody has proved anything yet.
    Unknown,
    /// A token is being checked. In a box: most connections are open most of the time.
    Checking(Box<Checking>),
    Open(Caller),
    /// Whatever still arrives is ignored.
    Ended,
}

#[derive(Debug, Default)]
struct Checking {
    cursor: Option<String>,
    /// What came behind the token, no more than may be in flight.
    waiting: VecDeque<Command>,
}

impl Machine {
    /// A connection just opened.
    pub(super) fn new(in_flight_max: usize) -> Self {
        Self { phase: Phase::Unknown, invalid_in_a_row: 0, in_flight: 0, in_flight_max }
    }

    /// The client sent an object. Each object has one effect, or none.
    pub(super) fn on_object(&mut self, object: Result<Incoming, InvalidCommand>) -> Option<Effect> {
        if matches!(self.phase, Phase::Ended) {
            return None;
        }
        match object {
            Ok(Incoming::Ping) => None,
            Ok(Incoming::Command(command)) => {
                self.invalid_in_a_row = 0;
                self.on_command(command)
            }
            Err(invalid) => Some(self.on_invalid(invalid)),
        }
    }

    /// The token of a [`Effect::CheckToken`] was checked. Too late it has no effect.
    pub(super) fn on_token(&mut self, id: u64, checked: Result<Caller, ApiError>) -> Vec<Effect> {
        let Phase::Checking(checking) = &mut self.phase else { return Vec::new() };
        let Checking { cursor, waiting } = std::mem::take(&mut **checking);
        let id_read = Some(id);
        let first = match checked {
            Ok(caller) => {
                self.phase = Phase::Open(caller.clone());
                Effect::Welcome { id, caller, cursor }
            }
            Err(error) if error.kind == ErrorKind::Unauthenticated => {
                self.phase = Phase::Ended;
                return vec![Effect::RefuseAndClose { id: id_read, error, close: Close::UNAUTHENTICATED }];
            }
            Err(error) => {
                self.phase = Phase::Unknown;
                Effect::Refuse { id: id_read, error }
            }
        };
        let mut effects = vec![first];
        for command in waiting {
            // As if they came now; one of them may end the session.
            if !matches!(self.phase, Phase::Ended) {
                effects.extend(self.on_command(command));
            }
        }
        effects
    }

    /// A command that ran was answered.
    pub(super) fn on_answered(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The time for `connect` is over.
    pub(super) fn on_auth_deadline(&mut self) -> Option<Close> {
        if !matches!(self.phase, Phase::Unknown | Phase::Checking(_)) {
            return None;
        }
        self.phase = Phase::Ended;
        Some(Close::AUTH_DEADLINE)
    }

    /// The connection is over.
    pub(super) fn on_closed(&mut self) {
        self.phase = Phase::Ended;
    }

    fn on_command(&mut self, command: Command) -> Option<Effect> {
        let waiting = if let Phase::Checking(checking) = &self.phase { checking.waiting.len() } else { 0 };
        if self.in_flight + waiting >= self.in_flight_max {
            let what = format!("{} commands wait for their replies already", self.in_flight_max);
            let error = ApiError::new(ErrorKind::Overloaded, what).retry_after_ms(RETRY_AFTER_MS);
            return Some(Effect::Refuse { id: Some(command.id), error });
        }
        if let Phase::Checking(checking) = &mut self.phase {
            checking.waiting.push_back(command);
            return None;
        }
        Some(self.begin(command))
    }

    fn begin(&mut self, Command { id, request }: Command) -> Effect {
        match (&self.phase, request) {
            (Phase::Unknown, Request::Connect(connect)) => {
                let checking = Checking { cursor: connect.cursor, waiting: VecDeque::new() };
                self.phase = Phase::Checking(Box::new(checking));
                Effect::CheckToken { id, token: connect.token }
            }
            (_, Request::Connect(_)) => {
                let error = ApiError::bad_request("this connection has its session already");
                Effect::Refuse { id: Some(id), error }
            }
            (_, request) if request.operation().access() == Access::Public => {
                self.in_flight += 1;
                Effect::RunPublic { id, request }
            }
            (Phase::Open(caller), request) => {
                let caller = caller.clone();
                self.in_flight += 1;
                let then = if ends_own_session(&caller, &request) { Then::Close } else { Then::GoOn };
                if then == Then::Close {
                    self.phase = Phase::Ended;
                }
                Effect::Run { id, caller, request, then }
            }
            (_, request) => {
                let what = format!("`{}` needs `connect` first", request.operation().name());
                Effect::Refuse { id: Some(id), error: ApiError::new(ErrorKind::Unauthenticated, what) }
            }
        }
    }

    fn on_invalid(&mut self, InvalidCommand { id, error }: InvalidCommand) -> Effect {
        self.invalid_in_a_row += 1;
        if self.invalid_in_a_row < INVALID_IN_A_ROW_MAX {
            return Effect::Refuse { id, error };
        }
        self.phase = Phase::Ended;
        Effect::RefuseAndClose { id, error, close: Close::PROTOCOL }
    }
}

/// Whether the session that asks will be gone afterwards.
fn ends_own_session(caller: &Caller, request: &Request) -> bool {
    match request {
        Request::Logout(_) => true,
        Request::Revoke(revoke) => revoke.session == caller.session,
        _ => false,
    }
}
