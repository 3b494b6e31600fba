//! Checks an upgrade request before the 101 (RFC 6455 §4.2). The app's middleware doesn't run here, so
//! path, method and Origin are looked at too.

use actix_http::header::{self, HeaderMap, HeaderName};
use actix_http::{Method, RequestHead, Version, ws};
use bytes::Bytes;

use super::config::EdgeConfig;
use super::refusal::Refusal;

/// Where WebSockets are opened.
pub(super) const PATH: &str = "/v1/ws";
/// The one subprotocol.
pub(super) const SUBPROTOCOL: &str = "madang.v1+json";

/// The length of a 16-byte key in base64.
const KEY_BYTES: usize = 24;

/// A request that may be upgraded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    accept: [u8; 28],
    subprotocol: Option<&'static str>,
}

impl Accepted {
    /// Looks at everything in the request.
    pub(super) fn check(head: &RequestHead, config: &EdgeConfig) -> Result<Self, Refusal> {
        if head.uri.path() != PATH {
            return Err(Refusal::NotFound);
        }
        if head.method != Method::GET {
            return Err(Refusal::Method);
        }
        let headers = head.headers();
        if head.version < Version::HTTP_11 || !has_token(headers, header::UPGRADE, "websocket") {
            return Err(Refusal::BadRequest("a WebSocket needs HTTP/1.1 and `upgrade: websocket`"));
        }
        if !has_token(headers, header::CONNECTION, "upgrade") {
            return Err(Refusal::BadRequest("a WebSocket needs `connection: upgrade`"));
        }
        if headers.get(header::SEC_WEBSOCKET_VERSION).map(|value| value.as_bytes()) != Some(b"13") {
            return Err(Refusal::Version);
        }
        check_origin(headers, config)?;
        let subprotocol = choose_subprotocol(headers)?;
        let key = headers.get(header::SEC_WEBSOCKET_KEY).map(|value| value.as_bytes());
        let key =
            key.filter(|key| is_key(key)).ok_or(Refusal::BadRequest("sec-websocket-key is not a key"))?;
        Ok(Self { accept: ws::hash_key(key), subprotocol })
    }

    /// The 101.
    pub(super) fn to_http(&self) -> Bytes {
        let mut head = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
            sec-websocket-accept: "
            .to_vec();
        head.extend_from_slice(&self.accept);
        if let Some(subprotocol) = self.subprotocol {
            head.extend_from_slice(b"\r\nsec-websocket-protocol: ");
            head.extend_from_slice(subprotocol.as_bytes());
        }
        head.extend_from_slice(b"\r\n\r\n");
        head.into()
    }
}

fn tokens(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|other| other.eq_ignore_ascii_case(token))
}

fn is_key(key: &[u8]) -> bool {
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == KEY_BYTES && key.strip_suffix(b"==").is_some_and(|digits| digits.iter().all(base64))
}

fn choose_subprotocol(headers: &HeaderMap) -> Result<Option<&'static str>, Refusal> {
    if !headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL) {
        return Ok(None);
    }
    // Subprotocol names are case-sensitive (RFC 6455 §4.1, item 10).
    if tokens(headers, header::SEC_WEBSOCKET_PROTOCOL).any(|offered| offered == SUBPROTOCOL) {
        Ok(Some(SUBPROTOCOL))
    } else {
        Err(Refusal::BadRequest("none of the offered subprotocols is madang.v1+json"))
    }
}

/// A browser names the page's origin; others name none and can forge any, so this protects users of
/// browsers from foreign pages and nothing else.
fn check_origin(headers: &HeaderMap, config: &EdgeConfig) -> Result<(), Refusal> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().map_err(|_| Refusal::Origin)?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_ours = host.is_some_and(|host| is_own(origin, host)) || config.allows(origin);
    if is_ours { Ok(()) } else { Err(Refusal::Origin) }
}

/// Same host and port. The scheme may differ from what this node speaks: TLS may end before it.
fn is_own(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let short =
        |authority: &str| authority.strip_suffix(default_port).unwrap_or(authority).to_ascii_lowercase();
    short(authority) == short(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::Origins;
    use actix_http::header::HeaderValue;
    use actix_http::test::TestRequest;

    const GOOD: &[(&str, &str)] = &[
        ("host", "chat.example:8080"),
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    /// The only other node.
    #[derive(Debug)]
    struct Peer;

    impl Origins for Peer {
        fn has(&self, origin: &str) -> bool {
            origin == "http://peer.example:7300"
        }
    }

    fn check(uri: &str, changes: &[(&'static str, &str)]) -> Result<Accepted, Refusal> {
        let mut request = TestRequest::with_uri(uri).finish();
        let headers = &mut request.head_mut().headers;
        headers.clear();
        for (name, value) in GOOD.iter().chain(changes) {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.remove(&name);
            if !value.is_empty() {
                headers.append(name, HeaderValue::from_str(value).unwrap());
            }
        }
        let config = EdgeConfig {
            allowed_origins: vec!["https://app.example".to_owned()],
            peer_origins: Some(std::sync::Arc::new(Peer)),
            ..EdgeConfig::default()
        };
        Accepted::check(request.head(), &config)
    }

    #[test]
    fn the_key_is_answered_as_in_the_rfc() {
        let answer = check("/v1/ws?x=1", &[]).unwrap().to_http();
        let answer = std::str::from_utf8(&answer).unwrap();
        assert!(answer.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
        assert!(!answer.contains("sec-websocket-protocol"));
        assert!(answer.ends_with("\r\n\r\n"));
    }

    #[test]
    fn what_is_not_a_handshake_is_refused() {
        for (uri, change, refusal) in [
            ("/", ("host", "x"), Refusal::NotFound),
            ("/v1/ws/", ("host", "x"), Refusal::NotFound),
            ("/v1/ws", ("sec-websocket-version", "8"), Refusal::Version),
            ("/v1/ws", ("sec-websocket-version", ""), Refusal::Version),
        ] {
            assert_eq!(check(uri, &[change]), Err(refusal), "{uri} {change:?}");
        }
        for change in [
            ("connection", "close"),
            ("upgrade", "h2c"),
            ("sec-websocket-key", ""),
            ("sec-websocket-key", "short"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZ?=="),
        ] {
            assert!(matches!(check("/v1/ws", &[change]), Err(Refusal::BadRequest(_))), "{change:?}");
        }
    }

    #[test]
    fn our_subprotocol_is_chosen_if_any_is_offered() {
        let chosen = |offer| check("/v1/ws", &[("sec-websocket-protocol", offer)]);
        let answer = chosen("other, madang.v1+json").unwrap().to_http();
        let answer = std::str::from_utf8(&answer).unwrap();
        assert!(answer.contains("\r\nsec-websocket-protocol: madang.v1+json\r\n"), "{answer}");
        assert!(matches!(chosen("other"), Err(Refusal::BadRequest(_))));
        assert!(matches!(chosen("MADANG.V1+JSON"), Err(Refusal::BadRequest(_))));
    }

    #[test]
    fn only_our_own_the_listed_and_the_other_nodes_origins_are_let_in() {
        for origin in [
            "http://chat.example:8080",
            "https://CHAT.example:8080",
            "https://app.example",
            "http://peer.example:7300",
        ] {
            assert!(check("/v1/ws", &[("origin", origin)]).is_ok(), "{origin}");
        }
        assert!(check("/v1/ws", &[("host", "chat.example"), ("origin", "https://chat.example:443")]).is_ok());
        for origin in [
            "http://chat.example",
            "http://chat.example:8081",
            "https://evil.example",
            "https://app.example.evil.example",
            "file://chat.example:8080",
            "null",
        ] {
            assert_eq!(check("/v1/ws", &[("origin", origin)]), Err(Refusal::Origin), "{origin}");
        }
    }
}
