//! Golden bytes, decoders that take anything, and conversations that go well and badly.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::frame::{Again, Frame, Hello, LinkRequest, Terms};
use super::proof::{Role, Transcript};
use super::wire::{FRAME_BYTES_MAX, HandshakeError, MAGIC, decode, encode, read_bytes};
use super::{Refusal, admit, introduce, meet};
use crate::link::identity::{Lane, Myself, PeerAddress};
use crate::link::secret::Secret;

fn terms() -> Terms {
    Terms { gateway: 5, token: [1; 16], credit_bytes: 2, payload_bytes_max: 3 }
}

fn request() -> LinkRequest {
    LinkRequest {
        lane: Lane::Bulk,
        cluster_id: [2; 16],
        shards: 16,
        node: 1,
        incarnation: 10,
        dialled_node: 2,
        dialled_incarnation: 20,
        terms: terms(),
    }
}

fn check(frame: Frame, golden: &str) {
    let bytes = encode(&frame).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, golden, "{frame:?}");
    assert_eq!(decode(&bytes).unwrap(), frame);
}

#[test]
fn frames_keep_their_bytes() {
    let (id, token, nonce) = ("02".repeat(16), "01".repeat(16), "09".repeat(32));
    let hello = Hello { version: 1, version_oldest: 1, nonce: [9; 32] };
    check(Frame::Hello(hello), &format!("81a131930101dc0020{nonce}"));
    check(Frame::Proof([9; 32]), &format!("81a132dc0020{nonce}"));
    check(Frame::Ask(Bytes::from_static(b"q")), "81a133c40171");
    check(Frame::Answer(Bytes::from_static(b"a")), "81a134c40161");
    let terms_hex = format!("9405dc0010{token}0203");
    check(Frame::Link(request()), &format!("81a13598a132dc0010{id}10010a0214{terms_hex}"));
    check(Frame::Welcome(terms()), &format!("81a136{terms_hex}"));
    check(Frame::Refused(Again::Later, "no".to_owned()), "81a13792a132a26e6f");
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn a_damaged_frame_is_an_error_or_another_frame(at in 0_usize..40, byte in any::<u8>()) {
        let mut bytes = encode(&Frame::Link(request())).unwrap();
        bytes[at] = byte;
        let _ = decode(&bytes);
    }
}

#[test]
fn a_proof_holds_only_for_its_secret_its_role_and_its_conversation() {
    let secret = Secret::new("s");
    let said = Transcript { caller: b"ab", listener: b"c", binding: b"" };
    let proof = said.prove(&secret, Role::Caller);
    assert!(said.proves(&secret, Role::Caller, &proof));
    assert!(!said.proves(&secret, Role::Listener, &proof));
    assert!(!said.proves(&Secret::new("t"), Role::Caller, &proof));
    for other in [
        Transcript { caller: b"a", listener: b"bc", ..said },
        Transcript { listener: b"d", ..said },
        Transcript { binding: b"another TLS session", ..said },
    ] {
        assert!(!other.proves(&secret, Role::Caller, &proof), "{other:?}");
    }
}

async fn conversation(callers: (&str, &[u8]), listeners: (&str, &[u8])) -> [Result<(), HandshakeError>; 2] {
    let (mut caller, mut listener) = duplex(64 * 1024);
    let (calling, listening) = (Secret::new(callers.0), Secret::new(listeners.0));
    let (called, met) = tokio::join!(
        introduce(&mut caller, &calling, callers.1),
        meet(&mut listener, &listening, listeners.1)
    );
    [called, met]
}

#[tokio::test]
async fn two_that_know_the_secret_believe_each_other() {
    let [called, met] = conversation(("s", b"tls"), ("s", b"tls")).await;
    called.unwrap();
    met.unwrap();
}

#[tokio::test]
async fn another_secret_and_a_relayed_tls_session_are_refused_with_a_sentence() {
    for listeners in [("t", b"tls" as &[u8]), ("", b"tls"), ("s", b"another")] {
        let [called, met] = conversation(("s", b"tls"), listeners).await;
        assert!(matches!(met, Err(HandshakeError::Refuse(Refusal::WrongSecret))), "{met:?}");
        let Err(HandshakeError::Refused(Again::Later, why)) = called else { panic!("{called:?}") };
        assert!(why.contains("set the same secret"), "{why}");
    }
}

/// A caller that says `bytes`, and nothing more.
async fn met_by(bytes: &[u8]) -> (HandshakeError, Vec<u8>) {
    let (mut caller, mut listener) = duplex(64 * 1024);
    caller.write_all(bytes).await.unwrap();
    caller.shutdown().await.unwrap();
    let met = meet(&mut listener, &Secret::none(), b"").await.unwrap_err();
    drop(listener);
    (met, heard(caller).await)
}

async fn heard(mut caller: DuplexStream) -> Vec<u8> {
    let mut heard = Vec::new();
    caller.read_to_end(&mut heard).await.unwrap();
    heard
}

#[tokio::test]
async fn a_stranger_is_told_nothing() {
    let too_long = [&MAGIC[..], &u32::MAX.to_be_bytes()].concat();
    let no_frame = [&MAGIC[..], &[0, 0, 0, 2, 0xc1, 0xc1]].concat();
    for (bytes, sentence) in [
        (b"GET / HTTP/1.1\r\n\r\n" as &[u8], "does not speak madang's protocol"),
        (b"\x16\x03\x01", "the caller speaks TLS"),
        (b"mad", "the connection ended"),
        (&too_long, "over the limit"),
        (&no_frame, "makes no sense"),
    ] {
        let (error, heard) = met_by(bytes).await;
        assert!(error.to_string().contains(sentence), "{error}");
        assert!(heard.is_empty(), "{heard:?}");
    }
}

#[tokio::test]
async fn versions_that_do_not_fit_are_refused_before_anything_is_proven() {
    let hello = Hello { version: 9, version_oldest: 8, nonce: [0; 32] };
    let frame = encode(&Frame::Hello(hello)).unwrap();
    let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
    let (error, heard) = met_by(&[&MAGIC[..], &length, &frame].concat()).await;
    assert!(error.to_string().contains("yours are 8 to 9"), "{error}");
    let mut answer = &heard[MAGIC.len()..];
    let frame = decode(&read_bytes(&mut answer, FRAME_BYTES_MAX).await.unwrap()).unwrap();
    assert!(matches!(frame, Frame::Refused(Again::Later, why) if why.contains("upgrade the older")));
    let older = Hello { version: 2, version_oldest: 1, nonce: [0; 32] };
    assert!(Hello::new().fits(&older) && older.fits(&Hello::new()));
}

#[tokio::test]
async fn a_listener_that_answers_with_tls_is_recognised() {
    let (mut caller, mut listener) = duplex(1_024);
    listener.write_all(&[21, 3, 3, 0, 2, 2, 40]).await.unwrap();
    let error = introduce(&mut caller, &Secret::none(), b"").await.unwrap_err();
    assert!(error.to_string().contains("the other side speaks TLS"), "{error}");
}

/// One row of [`whoever_may_not_be_linked_is_told_why`]: what is changed, and what the caller hears.
type Row = (fn(&mut LinkRequest), &'static str);

#[test]
fn whoever_may_not_be_linked_is_told_why() {
    let myself = Myself { cluster_id: [2; 16], node: 2, incarnation: 20, shards: 16 };
    let peer = |incarnation| PeerAddress { incarnation, address: "a:1".to_owned() };
    let peers = BTreeMap::from([(1, peer(10)), (3, peer(30))]);
    assert_eq!(admit(&request(), Some(&myself), &peers), Ok(()));
    assert_eq!(admit(&request(), None, &peers), Err(Refusal::NotJoined));
    let rows: [Row; 8] = [
        (|r| r.cluster_id = [3; 16], "two clusters never merge"),
        (|r| r.shards = 17, "formed with 16 shards, you say 17"),
        (|r| r.dialled_node = 4, "now belongs to node 2, you mean node 4"),
        (|r| r.dialled_incarnation = 21, "node 2 has another data folder than the one you mean"),
        (|r| r.node = 2, "your data folder is a copy"),
        (|r| r.node = 9, "node 9 is unknown here"),
        (|r| r.incarnation = 11, "node 1 is known with another data folder"),
        (|r| (r.node, r.incarnation) = (3, 30), "must wait to be dialled by node 2"),
    ];
    for (change, sentence) in rows {
        let mut request = request();
        change(&mut request);
        let refusal = admit(&request, Some(&myself), &peers).unwrap_err();
        assert!(refusal.to_string().contains(sentence), "{refusal}");
    }
}
