//! Carries out requests: from the client API's types to the service and back.
//!
//! HTTP comes in through [`Dispatch`] with a token; a WebSocket session, whose token was checked when it
//! connected, calls [`Operations::run`]. Never here: decisions. Whatever is not a translation belongs to
//! the service.

mod answer;
mod refusal;
mod run;

pub use answer::event as event_answer;
pub use answer::room as room_answer;
pub use run::Operations;

#[cfg(doc)]
use crate::api::Dispatch;
