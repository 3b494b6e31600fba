use super::client::Client;
use super::server::{start, until};
use madang_actors::hub::{Deliver, HubId, HubOptions, Hubs, Interest, LocalHub, Logged, Pace, SessionKey};
use madang_actors::position::FeedPos;
use madang_node::edge::{Close, Closed, EdgeHandle, SessionHandler, SessionLink, frame};
use madang_storage::id::{RoomId, SessionId, ShardId, UserId};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROOM: RoomId = RoomId([7; 16]);
const SESSION: SessionId = SessionId([1; 16]);

/// Registers with its thread's hub and listens to one room.
struct Listener {
    hubs: Hubs,
    registered: Option<(LocalHub, SessionKey)>,
}

impl SessionHandler for Listener {
    fn on_open(&mut self, link: SessionLink) {
        let hub = self.hubs.local();
        let user = UserId::parse("minji").unwrap();
        let key = hub.register(link.outbound().clone(), user, SESSION).unwrap();
        hub.join(key, ROOM);
        self.registered = Some((hub, key));
        let _ = link.text("ready");
    }

    fn on_text(&mut self, text: &str) {
        assert!(text.is_empty(), "nobody speaks in these tests");
    }

    fn on_closed(&mut self, _: Closed) {
        if let Some((hub, key)) = self.registered.take() {
            hub.unregister(key);
        }
    }
}

/// How many hubs have listeners.
#[derive(Default)]
struct Hearing(AtomicUsize);

impl Interest for Hearing {
    fn gained(&self, _: HubId, _: &[RoomId]) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn lost(&self, _: HubId, _: RoomId) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn serve(options: HubOptions) -> (EdgeHandle, Hubs) {
    let (handle, hubs, _) = serve_and_watch(options);
    (handle, hubs)
}

fn serve_and_watch(options: HubOptions) -> (EdgeHandle, Hubs, Arc<Hearing>) {
    let hearing = Arc::new(Hearing::default());
    let hubs = Hubs::new(options, Some(hearing.clone()));
    let for_sessions = hubs.clone();
    let factory = Arc::new(move || {
        Box::new(Listener { hubs: for_sessions.clone(), registered: None }) as Box<dyn SessionHandler>
    });
    let handle = start(|config| config.workers = 2, factory);
    (handle, hubs, hearing)
}

async fn listeners(handle: &EdgeHandle, count: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = Client::open(handle.addrs()[0]).await;
        client.expect_text("ready").await;
        clients.push(client);
    }
    clients
}

#[tokio::test(flavor = "multi_thread")]
async fn every_session_of_every_worker_hears_a_room_in_order_and_without_holes() {
    const EVENTS: u64 = 500;
    let (handle, hubs) = serve(HubOptions { backlog_bytes_max: 1000, ..HubOptions::default() });
    let mut clients = listeners(&handle, 200).await;
    assert_eq!(hubs.all().len(), 2);
    let deliver = async {
        for seq in 1..=EVENTS {
            let frame = frame::text(seq.to_string().as_bytes());
            let logged = Some(Logged { seq, at: FeedPos { shard: ShardId(0), pos: seq } });
            for hub in hubs.all().iter() {
                hub.deliver(Deliver { room: ROOM, logged, frame: frame.clone(), pace: Pace::AtOnce }).await;
            }
        }
    };
    let hear = async {
        for client in &mut clients {
            for seq in 1..=EVENTS {
                client.expect_text(&seq.to_string()).await;
            }
        }
    };
    tokio::join!(deliver, hear);
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_sessions_are_pinged_and_dead_ones_closed() {
    let (handle, _) = serve(HubOptions { ping_ms: 100, idle_ms: 2_500, ..HubOptions::default() });
    let mut clients = listeners(&handle, 2).await;
    let mut dead = clients.remove(0);
    let mut alive = clients.remove(0);
    for _ in 0..4 {
        alive.expect_text("{}").await;
        alive.text("{}").await;
    }
    loop {
        let (opcode, payload) = dead.receive().await.unwrap();
        if opcode == super::client::CLOSE {
            assert_eq!(payload[..2], 3001_u16.to_be_bytes());
            break;
        }
        assert_eq!(payload, b"{}");
    }
    alive.expect_text("{}").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_sessions_leave_the_hub() {
    let (handle, hubs, hearing) = serve_and_watch(HubOptions::default());
    let mut clients = listeners(&handle, 10).await;
    assert_eq!(hearing.0.load(Ordering::SeqCst), 2);
    hubs.close_session(SESSION, Close::REVOKED);
    for client in &mut clients {
        client.expect_close(3502).await;
    }
    drop(clients);
    until("all are gone", || handle.connections() == 0).await;
    assert_eq!(hearing.0.load(Ordering::SeqCst), 0);
}
