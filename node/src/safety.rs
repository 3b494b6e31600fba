//! What is looked at before a message is taken: words, links, and whoever the settings say to ask.
//!
//! The rules are decided at once, on the worker that has the message. Asking is a request to another
//! program: it has a time limit and a limit of how many are under way, and it keeps no worker from anything
//! else. The order of one sender's messages is the order of their commands, however long each question
//! takes ([`line`]).
//!
//! Reading order: `rules` (words and links), `webhook` (asking), `line` (who goes first), this file (all
//! together), and `pace` (how often one user may ask for what).

mod line;
pub mod pace;
mod rules;
mod webhook;

use std::sync::Arc;

use madang_storage::id::{RoomId, SessionId, UserId};

use crate::api::{ApiError, ErrorKind};
use crate::config::{HookDown, Safety};
use line::{Line, Place};
use rules::Rules;
use webhook::{Question, Webhook};

pub use webhook::WebhookError;

/// How long a client should wait when nobody could be asked.
const RETRY_AFTER_MS: u64 = 1_000;

/// What stands before a room's log. Clones share it.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    rules: Rules,
    hook: Option<Webhook>,
    down: HookDown,
    line: Line<(SessionId, RoomId)>,
}

impl Gate {
    /// By the settings. Errors: a hook's address that is none.
    pub fn new(settings: &Safety) -> Result<Self, WebhookError> {
        let hook = if settings.hook_url.is_empty() { None } else { Some(Webhook::new(settings)?) };
        let rules = Rules::new(settings);
        Ok(Self(Arc::new(Inner { rules, hook, down: settings.hook_down, line: Line::default() })))
    }

    /// Whether anybody must be asked about a message.
    pub fn asks(&self) -> bool {
        self.0.hook.is_some()
    }

    /// What the rules say about a text. Errors: `content_refused`, with why.
    pub fn look(&self, text: &str) -> Result<(), ApiError> {
        self.0.rules.check(text).map_err(|why| refused(&why))
    }

    /// Takes the place behind the messages that the session has sent to the room so far.
    pub fn enter(&self, session: SessionId, room: RoomId) -> Place<(SessionId, RoomId)> {
        self.0.line.enter((session, room))
    }

    /// Asks about a text, if anybody is to be asked. Errors: `content_refused`; `unavailable` if there was no
    /// answer and the settings say that it takes one.
    pub async fn ask(&self, user: &UserId, room: RoomId, text: &str) -> Result<(), ApiError> {
        let Some(hook) = &self.0.hook else { return Ok(()) };
        match hook.ask(&Question { user, room, text }).await {
            Ok(webhook::Verdict::Allow) => Ok(()),
            Ok(webhook::Verdict::Refuse { reason }) => Err(refused(&reason)),
            Err(error) => {
                tracing::warn!(%error, down = ?self.0.down, "the safety hook did not answer");
                match self.0.down {
                    HookDown::Open => Ok(()),
                    HookDown::Closed => {
                        let what = "what is said cannot be checked now";
                        Err(ApiError::new(ErrorKind::Unavailable, what).retry_after_ms(RETRY_AFTER_MS))
                    }
                }
            }
        }
    }
}

fn refused(why: &str) -> ApiError {
    ApiError::new(ErrorKind::ContentRefused, why)
}
