//! Proving who somebody is: passwords ([`Passwords`]) and the tokens of sessions ([`Token`]).
//!
//! Used by the service only. Never here: where accounts and sessions are kept (their rows belong to the
//! cluster), and plain passwords beyond one call.

mod password;
mod token;

pub use password::{PasswordError, PasswordOptions, Passwords};
pub use token::{Token, TokenError};
