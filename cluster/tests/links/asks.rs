//! Questions of programs that are no peers.

use bytes::Bytes;
use madang_cluster::link::{LinkClientOptions, LinkError, LinkOptions, Secret, ask};

use crate::support::{NEVER, Node, SOON, calm, myself, wait_until};

fn client(secret: &str) -> LinkClientOptions {
    LinkClientOptions { secret: Some(Secret::new(secret)), tls: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_before_and_after_the_node_joined() {
    let node = Node::listen(calm()).await;
    let address = node.address().to_string();
    let other = Node::listen(calm()).await;
    for _ in 0..2 {
        let answer = ask(&client("between us"), &address, Bytes::from("who"), SOON).await.unwrap();
        assert_eq!(answer, "you asked: who");
        assert_eq!(other.links.ask(&address, Bytes::from("me"), SOON).await.unwrap(), "you asked: me");
        node.links.activate(myself(1)).await.unwrap();
    }
    assert_eq!(node.links.meters().asks, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_with_the_wrong_secret_is_refused_and_says_what_to_do() {
    let node = Node::listen(calm()).await;
    for secret in ["between them", ""] {
        let address = node.address().to_string();
        let error = ask(&client(secret), &address, Bytes::new(), SOON).await.unwrap_err();
        assert!(matches!(error, LinkError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains("set the same secret on every node"), "{error}");
        assert!(error.nothing_was_sent());
    }
    assert_eq!(node.links.meters().refused_handshakes, 2);
    assert_eq!(node.links.meters().asks, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_to_nobody_and_one_that_is_too_large_are_not_sent() {
    let node = Node::listen(calm()).await;
    let address = node.address().to_string();
    let large = Bytes::from(vec![0; (1 << 20) + 1]);
    let error = ask(&client("between us"), &address, large, SOON).await.unwrap_err();
    assert!(matches!(error, LinkError::TooLarge { .. }), "{error:?}");
    node.links.shutdown().await;
    let error = ask(&client("between us"), &address, Bytes::new(), SOON).await.unwrap_err();
    assert!(matches!(error, LinkError::Unreachable { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_is_not_answered_in_time_may_have_been_heard() {
    let node = Node::listen(LinkOptions { ask_timeout_ms: 50, ..calm() }).await;
    let address = node.address().to_string();
    let error = ask(&client("between us"), &address, Bytes::from(NEVER), SOON).await.unwrap_err();
    assert_eq!(error, LinkError::Remote { why: "the question was not answered within 50 ms".to_owned() });
    assert!(!error.nothing_was_sent());

    let patient = Node::listen(calm()).await;
    let address = patient.address().to_string();
    let short = std::time::Duration::from_millis(300);
    let error = ask(&client("between us"), &address, Bytes::from(NEVER), short).await.unwrap_err();
    assert_eq!(error, LinkError::Timeout { after_ms: 300 });

    let options = client("between us");
    let asking = ask(&options, &address, Bytes::from(NEVER), SOON);
    let closing = async {
        wait_until("both were heard", || patient.door.asked() == 2).await;
        patient.links.shutdown().await;
    };
    let (error, ()) = tokio::join!(asking, closing);
    let error = error.unwrap_err();
    assert!(matches!(error, LinkError::Remote { .. } | LinkError::Lost { .. }), "{error:?}");
    assert!(!error.nothing_was_sent());
}
