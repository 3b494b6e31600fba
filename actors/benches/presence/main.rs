//! What presence costs: 10,000 people, each in five rooms of twenty, one in a hundred of whom comes or goes
//! every second. Prints what an observer is sent and which share of a core all of it takes, on one node and
//! on two, and the same with presence switched off.
//!
//! `cargo bench -p madang-actors --bench presence -- [seconds]`

mod truth;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use madang_actors::audience::Audiences;
use madang_actors::encoder::Unreadable;
use madang_actors::hub::{HubOptions, Hubs};
use madang_actors::options::{ActorOptions, PresenceOptions, Switch};
use madang_actors::outbound::{Outbound, frame};
use madang_actors::position::Positions;
use madang_actors::presence::{Shown, State};
use madang_actors::service::ReadMark;
use madang_actors::shed::{Class, Level};
use madang_actors::truth::Truth;
use madang_actors::typing::Typing;
use madang_actors::{Actors, FrameEncoder, Parts};
use madang_cluster::event::RoomEvent;
use madang_storage::id::{RoomId, SessionId, UserId};
use madang_storage::row::{Blocked, PresenceRow, Relation, Until};
use truth::Truths;

const PEOPLE: usize = 10_000;
const ROOMS_EACH: usize = 5;
const ROOM_MEMBERS: usize = 20;
/// A hundredth of all people every second, a few at a time.
const CHANGES_PER_SECOND: usize = PEOPLE / 100;
const STEPS_PER_SECOND: usize = 20;
/// Short, so that whoever goes is told of.
const GRACE_MS: u64 = 10;

/// Lines as long as the protocol's.
struct Lines;

impl FrameEncoder for Lines {
    fn presence(&self, user: &UserId, shown: &Shown) -> Bytes {
        match shown.state {
            State::Online => format!(r#"{{"presence":{{"user":"{user}","state":"online"}}}}"#).into(),
            State::Idle | State::Offline => {
                let at = shown.last_active_ms.unwrap_or_default();
                format!(r#"{{"presence":{{"user":"{user}","state":"offline","last_active_ms":{at}}}}}"#)
                    .into()
            }
        }
    }

    fn lines(&self, lines: &[Bytes]) -> Bytes {
        frame::text(&lines.join(&b'\n'))
    }

    fn event(&self, _: &RoomEvent) -> Bytes {
        Bytes::new()
    }

    fn room_added<'a>(
        &'a self,
        _: &'a UserId,
        _: &'a RoomId,
    ) -> BoxFuture<'a, Result<Option<Bytes>, Unreadable>> {
        std::future::ready(Ok(None)).boxed()
    }

    fn room_removed(&self, _: &RoomId) -> Bytes {
        Bytes::new()
    }

    fn read(&self, _: &RoomId, _: ReadMark) -> Bytes {
        Bytes::new()
    }

    fn my_room(&self, _: &RoomId, _: Until, _: u64) -> Bytes {
        Bytes::new()
    }

    fn receipt(&self, _: &RoomId, _: &UserId, _: u64, _: u64) -> Bytes {
        Bytes::new()
    }

    fn contact(&self, _: &UserId, _: Relation, _: u64) -> Bytes {
        Bytes::new()
    }

    fn block(&self, _: &UserId, _: Blocked) -> Bytes {
        Bytes::new()
    }

    fn my_presence(&self, _: &PresenceRow) -> Bytes {
        Bytes::new()
    }

    fn typing(&self, _: &RoomId, _: &UserId, _: Typing) -> Bytes {
        Bytes::new()
    }

    fn shed(&self, _: &RoomId, _: Level, _: &[Class], _: u64) -> Bytes {
        Bytes::new()
    }

    fn head(&self, _: &RoomId, _: u64) -> Bytes {
        Bytes::new()
    }

    fn size(&self, _: &RoomId, _: u64) -> Bytes {
        Bytes::new()
    }

    fn cursor(&self, _: &Positions) -> Bytes {
        Bytes::new()
    }
}

/// One node with its share of the people on it.
struct Node {
    _truth: Arc<Truths>,
    actors: Actors,
    _hubs: Hubs,
    listeners: Vec<Outbound>,
}

/// What all listeners were sent.
#[derive(Default)]
struct Heard {
    frames: usize,
    bytes: usize,
}

fn user(number: usize) -> UserId {
    UserId::parse(&format!("user{number:05}")).expect("a user id")
}

fn session(number: usize) -> SessionId {
    SessionId((number as u128 + 1).to_be_bytes())
}

/// The same people meet in each room of a row: rooms of neighbours, of every hundredth, and so on.
fn rooms_of(number: usize) -> Vec<RoomId> {
    let rooms = PEOPLE / ROOM_MEMBERS;
    let row = |row: usize| {
        let room = match row {
            0 => number / ROOM_MEMBERS,
            row => (number * (2 * row + 1) + number / rooms) % rooms,
        };
        RoomId((((row as u128) << 64) | room as u128).to_be_bytes())
    };
    (0..ROOMS_EACH).map(row).collect()
}

async fn start(truth: Arc<Truths>, switch: Switch, here: impl Iterator<Item = usize>) -> Node {
    let audiences = Audiences::new(truth.clone() as Arc<dyn Truth>);
    let hubs = Hubs::new(HubOptions::default(), Some(Arc::new(audiences.clone())));
    let presence = PresenceOptions { switch, grace_ms: GRACE_MS, ..PresenceOptions::default() };
    let parts = Parts { truth: truth.clone(), hubs: hubs.clone(), audiences, encoder: Arc::new(Lines) };
    let actors =
        Actors::start(parts, ActorOptions { presence, ..ActorOptions::default() }).await.expect("actors");
    let hub = hubs.local();
    let mut listeners = Vec::new();
    for number in here {
        let outbound = Outbound::new(1 << 20);
        let key = hub.register(outbound.clone(), user(number), session(number)).expect("a key");
        rooms_of(number).into_iter().for_each(|room| hub.join(key, room));
        actors.presence().opened(&user(number), session(number));
        listeners.push(outbound);
    }
    Node { _truth: truth, actors, _hubs: hubs, listeners }
}

impl Node {
    fn take(&self, heard: &mut Heard) {
        for listener in &self.listeners {
            while let Some(Ok(bytes)) = listener.write_batch(|slices| {
                heard.frames += slices.len();
                Ok::<_, Infallible>(slices.iter().map(|slice| slice.len()).sum())
            }) {
                heard.bytes += bytes;
            }
        }
    }
}

/// Seconds of processor time that this process has used.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a Linux machine");
    let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next().and_then(|field| field.parse::<f64>().ok()).expect("ticks");
    (ticks() + ticks()) / 100.0
}

/// People come and go for a while. With `changes` of 0 nobody does: what is there all the time.
async fn measure(nodes: usize, switch: Switch, changes: usize, seconds: usize) {
    let members: HashMap<UserId, Vec<RoomId>> =
        (0..PEOPLE).map(|number| (user(number), rooms_of(number))).collect();
    let members = Arc::new(members);
    let truths: Vec<Arc<Truths>> = (1..=nodes as u64)
        .map(|node| Truths::new(node, nodes as u64, members.clone(), ROOM_MEMBERS as u64))
        .collect();
    let mut all = Vec::new();
    for (index, truth) in truths.iter().enumerate() {
        all.push(start(truth.clone(), switch, (index..PEOPLE).step_by(nodes)).await);
    }
    if let [one, two] = truths.as_slice() {
        one.link(two);
    }
    // Until everybody is known everywhere and has been told.
    tokio::time::sleep(Duration::from_secs(5)).await;
    all.iter().for_each(|node| node.take(&mut Heard::default()));
    let sent_before: usize = truths.iter().map(|truth| *truth.sent.lock()).sum();
    let (began, cpu_before, mut heard) = (Instant::now(), cpu_s(), Heard::default());
    let per_step = changes / STEPS_PER_SECOND;
    let mut next = 0_usize;
    for step in 0..seconds * STEPS_PER_SECOND {
        for _ in 0..per_step {
            // Who left half a second ago comes back; somebody else leaves.
            let (leaves, number) = (next.is_multiple_of(2), (next / 2 * 7_919) % PEOPLE);
            let back = (next / 2).checked_sub(changes / 4).map(|turn| (turn * 7_919) % PEOPLE);
            next += 1;
            if leaves {
                all[number % nodes].actors.presence().closed(&user(number), session(number));
            } else if let Some(number) = back {
                all[number % nodes].actors.presence().opened(&user(number), session(number));
            }
        }
        let due = began + Duration::from_secs_f64((step + 1) as f64 / STEPS_PER_SECOND as f64);
        tokio::time::sleep_until(due.into()).await;
        if step % STEPS_PER_SECOND == 0 {
            all.iter().for_each(|node| node.take(&mut heard));
        }
    }
    let (took, cpu) = (began.elapsed().as_secs_f64(), cpu_s() - cpu_before);
    all.iter().for_each(|node| node.take(&mut heard));
    let sent: usize = truths.iter().map(|truth| *truth.sent.lock()).sum::<usize>() - sent_before;
    let per_observer = |count: usize| count as f64 / PEOPLE as f64 / took;
    println!(
        "| {nodes} | {} | {changes} | {:.2} | {:.0} | {:.1} | {:.1} % |",
        if switch == Switch::On { "on" } else { "off" },
        per_observer(heard.frames),
        per_observer(heard.bytes),
        sent as f64 / took / 1_000.0,
        100.0 * cpu / took,
    );
    for node in all {
        node.actors.stop().await;
    }
}

fn main() {
    let seconds = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(20);
    println!("{PEOPLE} people, each in {ROOMS_EACH} rooms of {ROOM_MEMBERS}; {seconds} s a row\n");
    println!(
        "| nodes | presence | changes/s | frames/s per observer | bytes/s per observer | kB/s between nodes | of a core |"
    );
    println!("|---|---|---|---|---|---|---|");
    let rows = [
        (1, Switch::Off, CHANGES_PER_SECOND),
        (1, Switch::On, 0),
        (1, Switch::On, CHANGES_PER_SECOND),
        (2, Switch::On, 0),
        (2, Switch::On, CHANGES_PER_SECOND),
    ];
    for (nodes, switch, changes) in rows {
        actix_rt::System::new().block_on(measure(nodes, switch, changes, seconds));
    }
}
