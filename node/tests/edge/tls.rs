//! WebSockets under TLS: the same as without it, and what happens when the certificate is renewed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use madang_node::edge::{Close, Closed, Tls, TlsOptions};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, HandshakeKind};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::Issued;
use super::client::{CLOSE, Client, FIN, PING, PONG};
use super::server::{LIMIT, TestServer};

/// More than all buffers on the way hold.
const TOO_MUCH: usize = 10_000;

pub(super) fn options(issued: &Issued) -> TlsOptions {
    TlsOptions {
        certificate: issued.certificate.clone(),
        key: issued.key.clone(),
        handshakes_max: 64,
        handshake_timeout: LIMIT,
    }
}

/// A server that speaks TLS, and what it speaks it with.
pub(super) fn server(options: TlsOptions) -> (TestServer, Arc<Tls>) {
    let tls = Tls::load(options).unwrap();
    let shared = Arc::clone(&tls);
    (TestServer::start(move |config| config.tls = Some(shared)), tls)
}

pub(super) async fn connect(
    socket: TcpStream,
    config: &Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let host = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::clone(config)).connect(host, socket).await
}

pub(super) async fn open(addr: SocketAddr, config: &Arc<ClientConfig>) -> Client<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(addr).await.unwrap();
    Client::open_over(connect(socket, config).await.unwrap()).await
}

/// A client whose kernel takes hardly anything that nobody reads.
async fn open_slow(addr: SocketAddr, config: &Arc<ClientConfig>) -> Client<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let socket = socket.connect(addr).await.unwrap();
    Client::open_over(connect(socket, config).await.unwrap()).await
}

fn shown(client: &Client<TlsStream<TcpStream>>) -> CertificateDer<'static> {
    client.socket.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_under_tls_is_like_any_other_in_both_versions() {
    let issued = Issued::new();
    let (server, tls) = server(options(&issued));
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(issued.client_of(&[version]));
        let mut client = open(server.addr(), &config).await;
        assert_eq!(client.socket.get_ref().1.protocol_version(), Some(version.version));
        client.text("hello").await;
        client.expect_text("hello").await;
        client.send(FIN | PING, b"alive?").await;
        assert_eq!(client.receive().await, Some((PONG, b"alive?".to_vec())));
        client.send(FIN | CLOSE, &1000_u16.to_be_bytes()).await;
        client.expect_close(1000).await;
        // Not an error: TLS too was ended in good order.
        assert_eq!(client.socket.read(&mut [0]).await.unwrap(), 0);
    }
    server.until_closed(&[Closed::ByPeer(Some(1000)); 2]).await;
    server.until_connections(0).await;
    assert_eq!((tls.meters().handshakes, tls.meters().failures), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_slow_connection_does_not_take_at_once_arrives_whole_and_in_order() {
    let issued = Issued::new();
    let tls = Tls::load(options(&issued)).unwrap();
    let server = TestServer::start(|config| {
        config.tls = Some(tls);
        config.outbound_bytes_max = 4 << 20;
        config.send_buffer_bytes = 4096;
    });
    let mut client = open_slow(server.addr(), &Arc::new(issued.client())).await;
    for round in 0..3 {
        client.text("burst 1000").await;
        for n in 0..1000 {
            client.expect_text(&format!("{n:<1024}")).await;
        }
        client.text(&format!("round {round}")).await;
        client.expect_text(&format!("round {round}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_told_so_and_one_that_never_reads_is_cut_off() {
    let issued = Issued::new();
    let tls = Tls::load(options(&issued)).unwrap();
    let server = TestServer::start(|config| {
        config.tls = Some(tls);
        config.close_timeout = Duration::from_secs(2);
    });
    let config = Arc::new(issued.client());
    let mut slow = open_slow(server.addr(), &config).await;
    slow.text(&format!("burst {TOO_MUCH}")).await;
    server.until_closed(&[Closed::ByServer(Close::SLOW_READER)]).await;
    let mut read = 0;
    let code = loop {
        match slow.receive().await.unwrap() {
            (CLOSE, payload) => break u16::from_be_bytes([payload[0], payload[1]]),
            (_, payload) => assert_eq!(payload, format!("{read:<1024}").into_bytes()),
        }
        read += 1;
    };
    assert_eq!(code, Close::SLOW_READER.code);
    assert!(read < TOO_MUCH, "all of it was taken");
    drop(slow);

    let mut stalled = open_slow(server.addr(), &config).await;
    stalled.text(&format!("burst {TOO_MUCH}")).await;
    server.until_closed(&[Closed::ByServer(Close::SLOW_READER); 2]).await;
    server.until_connections(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_to_new_connections_and_the_others_stay() {
    let issued = Issued::new();
    let (server, tls) = server(options(&issued));
    let before = Arc::new(issued.client());
    let mut old = open(server.addr(), &before).await;

    let renewed = issued.renew();
    let after = Arc::new(issued.client());
    assert_ne!(shown(&open(server.addr(), &before).await), renewed, "not read again yet");
    tls.reload().unwrap();
    assert_eq!(shown(&open(server.addr(), &after).await), renewed);
    let socket = TcpStream::connect(server.addr()).await.unwrap();
    // With the ticket of a session under the old certificate.
    assert!(connect(socket, &before).await.is_err(), "the old certificate is still shown");
    old.text("still here").await;
    old.expect_text("still here").await;

    // What cannot be used changes nothing.
    std::fs::write(&issued.key, "no key").unwrap();
    let error = tls.reload().unwrap_err().to_string();
    assert!(error.contains("key.pem cannot be used"), "{error}");
    assert_eq!(shown(&open(server.addr(), &after).await), renewed);
    let (other, _) = (Issued::new(), std::fs::remove_file(&issued.key).unwrap());
    std::fs::copy(&other.key, &issued.key).unwrap();
    let error = tls.reload().unwrap_err().to_string();
    assert!(error.contains("does not belong to the certificate"), "{error}");
    assert_eq!(shown(&open(server.addr(), &after).await), renewed);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_goes_on_with_the_earlier_session() {
    let issued = Issued::new();
    let (server, tls) = server(options(&issued));
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(issued.client_of(&[version]));
        let mut first = open(server.addr(), &config).await;
        // The ticket of TLS 1.3 comes before the first frame.
        first.text("hello").await;
        first.expect_text("hello").await;
        let again = open(server.addr(), &config).await;
        assert_eq!(again.socket.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed), "{version:?}");
    }
    assert_eq!(tls.meters().resumed, 2);
}
