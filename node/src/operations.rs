//! Carries out requests: from the client API's types to the service and back.
//!
//! HTTP comes in through [`Dispatch`] with a token; a WebSocket session, whose token was checked when it
//! connected, calls [`Operations::run`]. Never here: decisions. Whatever is not a translation belongs to
//! the service.

mod answer;
mod keep;
mod message;
mod people;
mod presence;
mod refusal;
mod run;
mod safety;
mod suspension;

pub use answer::event as event_answer;
pub use answer::room as room_answer;
pub use keep::until_ms as until_answer;
pub use people::contact_state;
pub use presence::my_presence as my_presence_answer;
pub use presence::presence as presence_answer;
pub use run::Operations;

#[cfg(doc)]
use crate::api::Dispatch;
