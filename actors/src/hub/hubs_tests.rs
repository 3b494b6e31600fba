use super::{Deliver, HubId, HubOptions, Hubs, Interest, Logged, Pace};
use crate::outbound::Outbound;
use crate::position::FeedPos;
use bytes::Bytes;
use madang_storage::id::{RoomId, SessionId, ShardId, UserId};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

const ROOM: RoomId = RoomId([1; 16]);

fn event(seq: u64) -> Deliver {
    let at = FeedPos { shard: ShardId(0), pos: seq };
    Deliver {
        room: ROOM,
        logged: Some(Logged { seq, at }),
        frame: Bytes::from_static(b"event"),
        pace: Pace::AtOnce,
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let turns = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), turns).await.expect(what);
}

#[derive(Default)]
struct Heard(Mutex<Vec<(HubId, RoomId, bool)>>);

impl Interest for Heard {
    fn gained(&self, hub: HubId, rooms: &[RoomId]) {
        self.0.lock().extend(rooms.iter().map(|room| (hub, *room, true)));
    }

    fn lost(&self, hub: HubId, room: RoomId) {
        self.0.lock().push((hub, room, false));
    }
}

#[test]
fn a_thread_has_one_hub_and_its_sessions_hear_what_others_deliver() {
    actix_rt::System::new().block_on(async {
        let interest = Arc::new(Heard::default());
        let hubs = Hubs::new(HubOptions::default(), Some(interest.clone()));
        let local = hubs.local();
        assert_eq!(hubs.local().hub().id(), local.hub().id());
        assert_eq!(hubs.all().len(), 1);

        let outbound = Outbound::new(1000);
        let minji = UserId::parse("minji").unwrap();
        let key = local.register(outbound.clone(), minji, SessionId([1; 16])).unwrap();
        local.join(key, ROOM);
        let hub = hubs.get(local.hub().id()).unwrap();
        std::thread::spawn(move || hub.try_deliver(event(1)).unwrap()).join().unwrap();
        until("the event is queued", || outbound.waiting_bytes() == 5).await;
        hubs.handled().await;

        local.unregister(key);
        assert_eq!(*interest.0.lock(), [(HubId(0), ROOM, true), (HubId(0), ROOM, false)]);
    });
}

#[test]
fn a_full_backlog_refuses_and_lets_senders_wait() {
    actix_rt::System::new().block_on(async {
        let hubs = Hubs::new(HubOptions { backlog_bytes_max: 10, ..HubOptions::default() }, None);
        let local = hubs.local();
        let outbound = Outbound::new(1000);
        let key = local.register(outbound.clone(), UserId::parse("minji").unwrap(), SessionId([1; 16]));
        local.join(key.unwrap(), ROOM);
        let hub = local.hub().clone();
        // Nothing runs on this thread until it awaits: the backlog can only grow.
        hub.try_deliver(event(1)).unwrap();
        hub.try_deliver(event(2)).unwrap();
        assert_eq!(hub.try_deliver(event(3)).unwrap_err().0, event(3));
        hub.deliver(event(3)).await;
        until("all three are queued", || outbound.waiting_bytes() == 15).await;
        assert_eq!(hub.backlog_bytes(), 0);
    });
}
