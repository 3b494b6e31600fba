//! Links and questions under mutual TLS.

use std::path::Path;

use bytes::Bytes;
use madang_cluster::link::{Lane, LinkClientOptions, LinkError, LinkOptions, LinkTls, Secret, ask};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use crate::support::{ECHO, Node, SOON, calm, myself, pair, wait_until};

/// An authority that signs nodes' certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Files of a node whose certificate names `host`.
    fn signs(&self, dir: &Path, host: &str) -> LinkTls {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let write = |name: &str, pem: String| {
            let path = dir.join(format!("{host}-{name}"));
            std::fs::write(&path, pem).unwrap();
            path
        };
        LinkTls {
            certificate: write("certificate.pem", certificate.pem()),
            key: write("key.pem", key.serialize_pem()),
            ca: write("ca.pem", self.0.pem()),
        }
    }
}

fn secured(tls: &LinkTls) -> LinkOptions {
    LinkOptions { tls: Some(tls.clone()), handshake_timeout_ms: 2_000, ..calm() }
}

fn client(tls: Option<&LinkTls>) -> LinkClientOptions {
    LinkClientOptions { secret: Some(Secret::new("between us")), tls: tls.cloned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_with_certificates_of_one_authority_are_linked() {
    let dir = TempDir::new().unwrap();
    let tls = Authority::new().signs(dir.path(), "127.0.0.1");
    let (one, two) = pair(secured(&tls)).await;
    for lane in Lane::ALL {
        let large = Bytes::from(vec![3; 1 << 20]);
        assert_eq!(one.links.request(2, lane, ECHO, large.clone(), SOON).await.unwrap(), large);
        assert_eq!(two.asks(1, lane, ECHO, "back").await.unwrap(), "back");
    }
    let address = two.address().to_string();
    assert_eq!(ask(&client(Some(&tls)), &address, Bytes::from("x"), SOON).await.unwrap(), "you asked: x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_authority_and_another_host_are_refused() {
    let (ours, theirs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let authority = Authority::new();
    let node = Node::listen(secured(&authority.signs(ours.path(), "127.0.0.1"))).await;
    let address = node.address().to_string();
    let stranger = Authority::new().signs(theirs.path(), "127.0.0.1");
    let mut half = stranger.clone();
    half.ca = authority.signs(ours.path(), "127.0.0.1").ca;
    // It does not believe us; then it does, and we do not believe it.
    for tls in [&stranger, &half] {
        let error = ask(&client(Some(tls)), &address, Bytes::new(), SOON).await.unwrap_err();
        assert!(matches!(error, LinkError::Unreachable { .. }), "{error:?}");
    }
    let elsewhere = Node::listen(secured(&authority.signs(ours.path(), "elsewhere.example"))).await;
    let address = elsewhere.address().to_string();
    let friend = authority.signs(ours.path(), "127.0.0.1");
    let error = ask(&client(Some(&friend)), &address, Bytes::new(), SOON).await.unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
    wait_until("all are counted", || {
        node.links.meters().broken_handshakes == 2 && elsewhere.links.meters().broken_handshakes == 1
    })
    .await;
    assert_eq!(node.links.meters().asks, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_node_and_one_with_tls_tell_their_operators_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    let tls = Authority::new().signs(dir.path(), "127.0.0.1");
    let secure = Node::start(secured(&tls), myself(2)).await;
    let address = secure.address().to_string();
    let error = ask(&client(None), &address, Bytes::new(), SOON).await.unwrap_err();
    assert!(error.to_string().contains("the other side speaks TLS, this one does not"), "{error}");

    let plain = Node::start(calm(), myself(1)).await;
    let error = ask(&client(Some(&tls)), &plain.address().to_string(), Bytes::new(), SOON).await.unwrap_err();
    assert!(matches!(error, LinkError::Unreachable { .. }), "{error:?}");
    wait_until("both are counted", || {
        plain.links.meters().broken_handshakes == 1 && secure.links.meters().broken_handshakes == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_caller_of_a_tls_port_is_hung_up_on() {
    let dir = TempDir::new().unwrap();
    let tls = Authority::new().signs(dir.path(), "127.0.0.1");
    let node = Node::listen(LinkOptions { handshake_timeout_ms: 200, ..secured(&tls) }).await;
    let _silent = tokio::net::TcpStream::connect(node.address()).await.unwrap();
    wait_until("it is counted", || node.links.meters().broken_handshakes == 1).await;
}
