//! The node's side: the edge with sessions that enter one room each, and the hubs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::App;
use bytes::Bytes;
use madang_actors::hub::{Deliver, HubOptions, Hubs, LocalHub, Pace, SessionKey};
use madang_node::edge::{
    Closed, EdgeConfig, EdgeHandle, EdgeServer, SessionFactory, SessionHandler, SessionLink,
};
use madang_storage::id::{RoomId, SessionId, UserId};

use crate::readers::Readers;

/// Nobody is pinged while it is measured.
const QUIET_MS: u32 = 3_600_000;

pub(crate) struct Yard {
    edge: EdgeHandle,
    hubs: Hubs,
    arrived: Arc<AtomicUsize>,
    sessions: usize,
    rooms: usize,
}

impl Yard {
    /// A yard for so many sessions, in rooms of `room_size`.
    pub(crate) async fn open(sessions: usize, room_size: usize) -> Self {
        // What is measured is what a write costs, not how many there may be.
        let options = HubOptions {
            ping_ms: QUIET_MS,
            idle_ms: QUIET_MS,
            room_writes_per_s: 0,
            ..HubOptions::default()
        };
        let (hubs, arrived) = (Hubs::new(options, None), Arc::new(AtomicUsize::new(0)));
        let (theirs, counted) = (hubs.clone(), arrived.clone());
        let factory: SessionFactory = Arc::new(move || {
            Box::new(Listener { hubs: theirs.clone(), arrived: counted.clone(), room_size, place: None })
        });
        let config = EdgeConfig { connections_max: sessions, ..EdgeConfig::default() };
        let edge = EdgeServer::start(config, App::new, factory).expect("the edge");
        Self { edge, hubs, arrived, sessions, rooms: sessions.div_ceil(room_size) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.edge.addrs().first().copied().expect("an address")
    }

    pub(crate) async fn wait_until_all_are_in(&self) {
        while self.arrived.load(Ordering::Acquire) < self.sessions {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Pushes `together` events to every room, so many times; the CPU time of this process for that.
    pub(crate) async fn push(
        &self,
        rounds: usize,
        together: usize,
        frame: &Bytes,
        readers: &mut Readers,
    ) -> Duration {
        let hubs = self.hubs.all();
        let before = cpu();
        for _ in 0..rounds {
            for number in 0..self.rooms {
                for _ in 0..together {
                    for hub in hubs.iter() {
                        hub.deliver(Deliver {
                            room: room(number),
                            logged: None,
                            frame: frame.clone(),
                            pace: Pace::AtOnce,
                        })
                        .await;
                    }
                }
            }
            readers.wait_for((frame.len() * together * self.sessions) as u64);
        }
        cpu() - before
    }

    pub(crate) async fn close(self) {
        self.edge.stop(Duration::from_secs(1)).await.expect("a stop in good order");
    }
}

/// A session that is in one room from its beginning.
struct Listener {
    hubs: Hubs,
    arrived: Arc<AtomicUsize>,
    room_size: usize,
    place: Option<(LocalHub, SessionKey)>,
}

impl SessionHandler for Listener {
    fn on_open(&mut self, link: SessionLink) {
        let number = self.arrived.fetch_add(1, Ordering::AcqRel);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(number as u64).to_be_bytes());
        let user = UserId::parse(&format!("user-{number}")).expect("a name");
        let hub = self.hubs.local();
        let key = hub.register(link.outbound().clone(), user, SessionId(id)).expect("a place");
        hub.join(key, room(number / self.room_size));
        self.place = Some((hub, key));
    }

    fn on_text(&mut self, _: &str) {}

    fn on_closed(&mut self, _: Closed) {
        if let Some((hub, key)) = self.place.take() {
            hub.unregister(key);
        }
    }
}

fn room(number: usize) -> RoomId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&(number as u64).to_be_bytes());
    RoomId(id)
}

/// CPU time that all threads of this process have used.
pub(crate) fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").expect("the list of threads");
    let ran = threads.flatten().filter_map(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        stat.split_ascii_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(ran.sum())
}
