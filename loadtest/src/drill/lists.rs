//! Drill `lists`: somebody in a thousand rooms connects and asks for the first page of the list of rooms, in
//! turns with somebody in ten; on one node and on three.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::{StreamExt, TryStreamExt};
use serde::Serialize;
use serde_json::json;

use super::ring::{Ring, Traces};
use super::wrong::Wrong;
use crate::accounts::{Applicant, enter_all, patiently};
use crate::client::{ClientError, Connection, CreateRoom, HttpClient, Nodes, Pushes, RoomPage, SendMessage};
use crate::goal::Goal;
use crate::latency::{Latencies, LatencySummary};
use crate::report::{milliseconds, table};

/// The goal: so many times as long for somebody in many rooms.
const TIMES_MAX: f64 = 5.0;
/// Rooms on a page if the client does not say how many.
const PAGE_ROOMS: usize = 50;
/// How long one request may take, and how long it is tried.
const COMMAND: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(120);
/// Requests at the same time while the rooms are made.
const AT_ONCE: usize = 16;
/// Rounds that do not count: what is read for the first time comes from the disk.
const WARM_UP_ROUNDS: usize = 5;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct ListsOptions {
    /// The server's binary.
    pub madang: PathBuf,
    /// What becomes of the nodes' folders.
    pub traces: Traces,
    /// Rooms of the one who is in few.
    pub few: usize,
    /// Rooms of the one who is in many.
    pub many: usize,
    /// How often each connects.
    pub rounds: usize,
    /// Begins the names.
    pub run_id: String,
}

/// What one of the two saw.
#[derive(Debug, Clone, Serialize)]
pub struct ListsRow {
    /// Nodes.
    pub nodes: usize,
    /// Rooms that the user is in.
    pub rooms: usize,
    /// From nothing to the answer to `connect`.
    pub connect: LatencySummary,
    /// From there to the first page of rooms.
    pub list: LatencySummary,
    /// Both.
    pub both: LatencySummary,
}

/// The drill's result.
#[derive(Debug, Clone, Serialize)]
pub struct ListsReport {
    /// `lists`.
    pub drill: &'static str,
    /// One for each number of nodes and each of the two.
    pub rows: Vec<ListsRow>,
    /// What must not happen.
    pub wrong: Wrong,
    /// What was wanted.
    pub goals: Vec<Goal>,
}

/// Somebody who connects again and again.
struct Visitor {
    rooms: usize,
    token: String,
    connect: Latencies,
    list: Latencies,
    both: Latencies,
}

/// Runs the drill.
pub(super) async fn run(options: &ListsOptions) -> anyhow::Result<ListsReport> {
    ensure!(0 < options.few && options.few < options.many, "few rooms must be fewer than many");
    let (mut rows, mut goals) = (Vec::new(), Vec::new());
    for nodes in [1, 3] {
        let ring = Ring::form(&options.madang, nodes, options.traces).await?;
        let list = ring.nodes(nodes)?;
        let mut visitors = settle(&list, options).await?;
        for round in 0..WARM_UP_ROUNDS + options.rounds {
            let counts = round >= WARM_UP_ROUNDS;
            for visitor in &mut visitors {
                visitor.visit(&list, round, counts).await?;
            }
        }
        let [few, many] = visitors.map(|visitor| visitor.row(nodes));
        let times = many.both.p50_us as f64 / few.both.p50_us.max(1) as f64;
        eprintln!("{nodes} nodes, {} rooms against {}: {times:.2} times as long", many.rooms, few.rooms);
        let what = format!("{} rooms against {} on {nodes} nodes, in the middle", many.rooms, few.rooms);
        goals.push(Goal::below(&what, TIMES_MAX, times, "times as long"));
        rows.extend([few, many]);
    }
    Ok(ListsReport { drill: "lists", rows, wrong: Wrong::default(), goals })
}

/// Makes rooms with a message in each; one person joins the first few of them, another one all.
async fn settle(nodes: &Nodes, options: &ListsOptions) -> anyhow::Result<[Visitor; 2]> {
    let http = HttpClient::among(nodes, COMMAND)?;
    let names = ["host", "few", "many"];
    let name = |name: &&str| Applicant {
        user: format!("{}-{name}", options.run_id),
        display_name: (*name).to_owned(),
    };
    let applicants: Vec<Applicant> = names.iter().map(name).collect();
    let tokens: Vec<String> = enter_all(&http, &applicants, AT_ONCE, PATIENCE)
        .await?
        .into_iter()
        .map(|session| session.token)
        .collect();
    let [host, few, many] = tokens.try_into().ok().context("three sessions")?;
    let making = (0..options.many).map(|number| {
        let as_person = |token: &str| http.numbered(number).with_token(token);
        let guests: Vec<HttpClient> = if number < options.few {
            vec![as_person(&few), as_person(&many)]
        } else {
            vec![as_person(&many)]
        };
        make_room(as_person(&host), guests, number)
    });
    futures_util::stream::iter(making).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    Ok([Visitor::new(options.few, few), Visitor::new(options.many, many)])
}

async fn make_room(host: HttpClient, guests: Vec<HttpClient>, number: usize) -> Result<(), ClientError> {
    let title = format!("room {number}");
    let create = CreateRoom::open(&title);
    let room = patiently(PATIENCE, || host.create_room(&create)).await?.room;
    for guest in &guests {
        patiently(PATIENCE, || guest.join(&room)).await?;
    }
    let hello = SendMessage { room: &room, cid: "hello", text: "what is shown of it in a list", after: None };
    patiently(PATIENCE, || host.send(hello)).await.map(drop)
}

impl Visitor {
    fn new(rooms: usize, token: String) -> Self {
        let (connect, list, both) = (Latencies::default(), Latencies::default(), Latencies::default());
        Self { rooms, token, connect, list, both }
    }

    /// Connects to one node after the other, reads the first page and goes.
    async fn visit(&mut self, nodes: &Nodes, round: usize, counts: bool) -> anyhow::Result<()> {
        let rotation = nodes.rotation(round);
        let url = rotation.address(rotation.turn()).to_owned();
        let begun = Instant::now();
        let (connection, ..) = Connection::connect(&url, &self.token, Pushes::Ignored, COMMAND).await?;
        let connected = begun.elapsed();
        let page: RoomPage = connection.call("rooms", &json!({}), COMMAND).await?;
        let both = begun.elapsed();
        let wanted = self.rooms.min(PAGE_ROOMS);
        ensure!(page.rooms.len() == wanted, "{} rooms on the first page, not {wanted}", page.rooms.len());
        connection.close().await;
        if counts {
            self.connect.record(connected);
            self.list.record(both.saturating_sub(connected));
            self.both.record(both);
        }
        Ok(())
    }

    fn row(self, nodes: usize) -> ListsRow {
        let (connect, list, both) = (self.connect.summary(), self.list.summary(), self.both.summary());
        ListsRow { nodes, rooms: self.rooms, connect, list, both }
    }
}

impl ListsReport {
    /// For people.
    pub(super) fn text(&self) -> String {
        let header = ["nodes, rooms", "connect p50", "p99", "list p50", "p99", "both p50", "p99"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        for row in &self.rows {
            let mut cells = vec![format!("{}, {}", row.nodes, row.rooms)];
            for summary in [&row.connect, &row.list, &row.both] {
                cells.extend([milliseconds(summary.p50_us), milliseconds(summary.p99_us)]);
            }
            rows.push(cells);
        }
        let mut text = table(&rows);
        let visits = self.rows.first().map_or(0, |row| row.both.count);
        let _ = writeln!(text, "\neach connected {visits} times, in turns, to one node after the other\n");
        text
    }
}
