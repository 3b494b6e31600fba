//! Where requests go: HTTP and WebSocket hand every request to one [`Dispatch`].

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::error::ApiError;
use super::field::Secret;
use super::operation::{Request, Response};

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The token that proves a session, not yet checked.
    pub token: Option<Secret>,
    /// The address of the connection.
    pub remote: IpAddr,
}

/// Carries requests out.
pub trait Dispatch: Send + Sync + 'static {
    /// Answers `request` for `caller`: checks the token where the operation needs one, then does it.
    ///
    /// Dropping the future gives up waiting for the answer; what was started may still happen.
    fn dispatch(&self, caller: Caller, request: Request) -> BoxFuture<'static, Result<Response, ApiError>>;
}

impl<D: Dispatch + ?Sized> Dispatch for Arc<D> {
    fn dispatch(&self, caller: Caller, request: Request) -> BoxFuture<'static, Result<Response, ApiError>> {
        (**self).dispatch(caller, request)
    }
}
