//! `host:port` as people write it, and addresses that can be opened.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Takes `host:port` apart; an IPv6 address stands in brackets.
///
/// # Errors
/// What is wrong, as the end of a sentence that begins with the text itself.
pub(crate) fn host_and_port(text: &str) -> Result<(&str, u16), &'static str> {
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err("has no port; write host:port, such as \"a.example.org:7400\"");
    };
    let port = match port.parse::<u16>() {
        Ok(0) => return Err("has port 0, where nobody can be reached"),
        Ok(port) => port,
        Err(_) => return Err("has no port; write host:port, such as \"a.example.org:7400\""),
    };
    if let Some(inner) = host.strip_prefix('[') {
        let address = inner.strip_suffix(']').unwrap_or_default();
        return match address.parse::<Ipv6Addr>() {
            Ok(_) => Ok((address, port)),
            Err(_) => Err("has no IPv6 address between its brackets; write it like \"[2001:db8::1]:7400\""),
        };
    }
    if host.contains(':') {
        return Err("is not host:port; an IPv6 address goes into brackets, such as \"[2001:db8::1]:7400\"");
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if host.is_empty() || !host.chars().all(plain) {
        return Err("has no host name; write host:port, such as \"a.example.org:7400\"");
    }
    Ok((host, port))
}

/// An address that can be opened on this machine: "all addresses" cannot.
pub(crate) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_come_with_a_port() {
        for (text, parts) in [
            ("a:7400", ("a", 7400)),
            ("10.0.0.7:1", ("10.0.0.7", 1)),
            ("node-1.chat_net:65535", ("node-1.chat_net", 65535)),
            ("[::1]:7400", ("::1", 7400)),
        ] {
            assert_eq!(host_and_port(text), Ok(parts));
        }
    }

    #[test]
    fn what_is_no_host_and_port_is_told_what_to_write() {
        for (text, said) in [
            ("a", "no port"),
            ("a:", "no port"),
            ("a:70000", "no port"),
            ("a:0", "port 0"),
            (":7400", "no host name"),
            ("http://a:7400", "brackets"),
            ("a b:7400", "no host name"),
            ("::1:7400", "brackets"),
            ("[::g]:7400", "IPv6"),
            ("[::1:7400", "IPv6"),
        ] {
            let reason = host_and_port(text).unwrap_err();
            assert!(reason.contains(said), "{text}: {reason}");
        }
    }
}
