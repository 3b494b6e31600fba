//! Asks another program whether something may be said.
//!
//! `POST <hook_url>` with `{"user","what","room","text"}`; the answer is `{"allow":true}`, or `{"allow":false}` with
//! a `reason` for the sender. Whatever else comes back, or nothing in time, is no answer.

use std::time::Duration;

use madang_storage::id::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::words::What;
use crate::config::Safety;

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 4 * 1024;
/// The longest reason that a sender is told.
const REASON_CHARS_MAX: usize = 200;

/// Why there is nobody to ask, or why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The settings.
    #[error("safety.hook_url is not an http or https address: {0}")]
    Address(String),
    /// Too many questions are under way, or it takes too long.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The way there, or the answer itself.
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    /// An answer that is none.
    #[error("an answer that is none: {0}")]
    Answer(String),
}

/// What is asked.
#[derive(Debug, Serialize)]
pub(super) struct Question<'a> {
    pub(super) user: &'a UserId,
    pub(super) what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) room: Option<RoomId>,
    pub(super) text: &'a str,
}

/// What is answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may be said.
    Allow,
    /// It may not.
    Refuse { reason: String },
}

/// The answer's JSON.
#[derive(Deserialize)]
struct Answer {
    allow: bool,
    reason: Option<String>,
}

/// The way to the program that is asked.
pub(super) struct Webhook {
    client: reqwest::Client,
    url: reqwest::Url,
    timeout: Duration,
    under_way: Semaphore,
}

impl Webhook {
    pub(super) fn new(settings: &Safety) -> Result<Self, WebhookError> {
        let wrong = || WebhookError::Address(settings.hook_url.clone());
        let url = reqwest::Url::parse(&settings.hook_url).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong());
        }
        let timeout = Duration::from_millis(settings.hook_timeout_ms);
        // Whoever is asked answers for itself: nobody is sent elsewhere with what people say.
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
        Ok(Self { client, url, timeout, under_way: Semaphore::new(settings.hook_concurrency_max) })
    }

    /// Waits for a turn and for the answer, both together no longer than the settings say.
    pub(super) async fn ask(&self, question: &Question<'_>) -> Result<Verdict, WebhookError> {
        let asked = async {
            // Never closed.
            let _turn = self.under_way.acquire().await;
            let mut response =
                self.client.post(self.url.clone()).json(question).send().await?.error_for_status()?;
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await? {
                if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                    return Err(WebhookError::Answer(format!("more than {ANSWER_BYTES_MAX} bytes")));
                }
                body.extend_from_slice(&chunk);
            }
            read(&body)
        };
        match tokio::time::timeout(self.timeout, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(WebhookError::Timeout(self.timeout)),
        }
    }
}

fn read(body: &[u8]) -> Result<Verdict, WebhookError> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|error| WebhookError::Answer(error.to_string()))?;
    if answer.allow {
        return Ok(Verdict::Allow);
    }
    let reason = answer.reason.unwrap_or_else(|| "it was refused".to_owned());
    Ok(Verdict::Refuse { reason: reason.chars().take(REASON_CHARS_MAX).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_one() {
        assert_eq!(read(br#"{"allow":true,"more":1}"#).unwrap(), Verdict::Allow);
        let refused = |reason: &str| Verdict::Refuse { reason: reason.to_owned() };
        assert_eq!(read(br#"{"allow":false,"reason":"no"}"#).unwrap(), refused("no"));
        assert_eq!(read(br#"{"allow":false}"#).unwrap(), refused("it was refused"));
        for odd in [&b""[..], b"{}", b"true", br#"{"allow":"yes"}"#] {
            assert!(read(odd).is_err());
        }
    }

    #[test]
    fn an_address_is_http_or_none() {
        for wrong in ["", "nonsense", "ftp://a/b", "file:///etc/passwd"] {
            let settings = Safety { hook_url: wrong.to_owned(), ..Safety::default() };
            assert!(Webhook::new(&settings).is_err(), "{wrong}");
        }
    }
}
