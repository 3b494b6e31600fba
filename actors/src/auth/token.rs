//! Tokens: `md1.<user>.<session>.<secret>`, user and secret in base64url. Opaque to clients; the names
//! in it let any node check it with one local read. Only the secret's SHA-256 is ever stored.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use madang_storage::id::{SessionId, UserId};
use sha2::{Digest, Sha256};

/// The version in front of a token.
const VERSION: &str = "md1";
const SECRET_BYTES: usize = 32;
/// No token of any version is longer; what is, need not be looked at.
const TOKEN_BYTES_MAX: usize = 256;

/// The text is not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token")]
pub struct TokenError;

/// A session's token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose session.
    pub user: UserId,
    /// Which session.
    pub session: SessionId,
    secret: [u8; SECRET_BYTES],
}

impl Token {
    /// A fresh token with a random secret.
    pub fn new(user: UserId, session: SessionId) -> Self {
        Self { user, session, secret: rand::random() }
    }

    /// Reads what a client sent.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(TokenError);
        }
        let mut parts = text.split('.');
        let (Some(VERSION), Some(user), Some(session), Some(secret), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError);
        };
        let user = String::from_utf8(decode(user)?).map_err(|_| TokenError)?;
        Ok(Self {
            user: UserId::parse(&user).map_err(|_| TokenError)?,
            session: SessionId::parse(session).map_err(|_| TokenError)?,
            secret: decode(secret)?.try_into().map_err(|_| TokenError)?,
        })
    }

    /// The token as its client sees it.
    pub fn reveal(&self) -> String {
        let user = URL_SAFE_NO_PAD.encode(self.user.as_str());
        let secret = URL_SAFE_NO_PAD.encode(self.secret);
        format!("{VERSION}.{user}.{}.{secret}", self.session)
    }

    /// What is stored of the secret.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }

    /// Whether the stored hash is this token's. Takes the same time wherever the first difference is.
    pub fn fits(&self, stored: &[u8; 32]) -> bool {
        let difference = self.hash().iter().zip(stored).fold(0, |found, (a, b)| found | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token of {} session {}", self.user, self.session)
    }
}

fn decode(text: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token() -> Token {
        Token::new(UserId::parse("minji").unwrap(), SessionId([7; 16]))
    }

    #[test]
    fn a_token_comes_back_from_its_text() {
        let token = token();
        assert_eq!(Token::parse(&token.reveal()), Ok(token));
    }

    #[test]
    fn only_the_hash_of_the_same_secret_fits() {
        let (token, other) = (token(), token());
        assert!(token.fits(&token.hash()));
        assert!(!token.fits(&other.hash()));
    }

    #[test]
    fn the_secret_shows_in_no_log() {
        let token = token();
        let secret = token.reveal().rsplit('.').next().unwrap().to_owned();
        assert!(!format!("{token:?}").contains(&secret));
    }

    #[test]
    fn anything_else_is_not_a_token() {
        let good = token().reveal();
        let short = good.get(..good.len() - 1).unwrap();
        for bad in ["", "md1", "md1...", "md2.a.b.c", short, &format!("{good}."), &format!("{good}.x")] {
            assert_eq!(Token::parse(bad), Err(TokenError), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_fail(text in ".{0,300}") {
            let _ = Token::parse(&text);
        }
    }
}
