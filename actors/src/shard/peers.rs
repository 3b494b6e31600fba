//! Decides commands for the callers of other nodes.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use madang_cluster::PeerService;

use super::wire::{Request, Response};
use crate::error::ActorError;
use crate::rooms::Rooms;

/// The rooms of this node, for other nodes.
pub(crate) struct RoomsForPeers(pub(crate) Rooms);

impl PeerService for RoomsForPeers {
    fn request(&self, from: u64, payload: Bytes) -> BoxFuture<'static, Result<Bytes, String>> {
        match Request::read(&payload) {
            Ok(Request::Decide(room, user, op)) => {
                // Called here and not in the future: commands take their places in the order of requests.
                let answer = self.0.decide_here(room, user, op);
                async move {
                    let result = answer.await.unwrap_or(Err(ActorError::Restarted));
                    Response::of(result).write().map_err(|error| error.to_string())
                }
                .boxed()
            }
            Ok(Request::Typing(room, user, session, typing)) => {
                let answer = self.0.typing_there(room, user, session, typing);
                async move {
                    let result = answer.await.unwrap_or(Err(ActorError::Restarted));
                    Response::of(result).write().map_err(|error| error.to_string())
                }
                .boxed()
            }
            Err(error) => {
                tracing::warn!(from, %error, "a command of another node is refused");
                ready(Err(error.to_string())).boxed()
            }
        }
    }
}
