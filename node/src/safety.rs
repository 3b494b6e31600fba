//! What is looked at before words are shown to others: bad words, links, and whoever the settings say to ask.
//!
//! The rules are decided at once, on the worker that has the message. Asking is a request to another
//! program: it has a time limit and a limit of how many are under way, and it keeps no worker from anything
//! else. The order of one sender's messages is the order of their commands, however long each question
//! takes ([`line`]).
//!
//! Reading order: `words` (what is looked at), `rules` (words and links), `webhook` (asking), `line` (who goes
//! first), this file (all together), and `pace` (how often one user may ask for what).

mod line;
pub mod pace;
mod rules;
mod webhook;
pub mod words;

use std::sync::Arc;

use madang_storage::id::{RoomId, SessionId, UserId};

use crate::api::{ApiError, ErrorKind};
use crate::config::{HookDown, Safety};
use line::{Line, Place};
use rules::Rules;
use webhook::{Question, Webhook};
use words::{What, Words};

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

    /// Whether anybody must be asked about what is said.
    pub fn asks(&self) -> bool {
        self.0.hook.is_some()
    }

    /// What the rules say about words. Errors: `content_refused`, with why.
    pub fn look(&self, words: &Words<'_>) -> Result<(), ApiError> {
        words.texts.iter().try_for_each(|text| self.0.rules.check(text)).map_err(refused)
    }

    /// Takes the place behind the messages that the session has sent to the room so far.
    pub fn enter(&self, session: SessionId, room: RoomId) -> Place<(SessionId, RoomId)> {
        self.0.line.enter((session, room))
    }

    /// Looks at words, then asks about them.
    pub async fn pass(&self, user: &UserId, words: &Words<'_>) -> Result<(), ApiError> {
        self.look(words)?;
        self.ask(user, words).await
    }

    /// Asks about words, if anybody is to be asked. Errors: `content_refused`; `unavailable` if there was no
    /// answer and the settings say that it takes one.
    pub async fn ask(&self, user: &UserId, words: &Words<'_>) -> Result<(), ApiError> {
        let Some(hook) = &self.0.hook else { return Ok(()) };
        if words.what == What::Reaction {
            return Ok(());
        }
        let Words { what, room, .. } = *words;
        match hook.ask(&Question { user, what, room, text: &words.text() }).await {
            Ok(webhook::Verdict::Allow) => Ok(()),
            Ok(webhook::Verdict::Refuse { reason }) => Err(refused(reason)),
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

fn refused(why: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::ContentRefused, why)
}
