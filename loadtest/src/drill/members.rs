//! Drill `members`: one room grows to a hundred thousand members. What do entering, sending, a page of the members
//! and a search among them cost there, against a small room? After each step the list of members is walked: everybody
//! must be on it, once.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::{StreamExt, TryStreamExt};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::node::SECRET;
use super::ring::{Ring, Traces};
use super::wrong::Wrong;
use crate::accounts::{Applicant, enter_all, patiently};
use crate::client::{
    ClientError, Connection, CreateRoom, HttpClient, Push, PushFeed, Pushes, SendAck, SendMessage,
};
use crate::goal::Goal;
use crate::latency::{Latencies, LatencySummary};
use crate::process::{cpu_time, memory_bytes};
use crate::report::{milliseconds, table};

/// The goal: so many times as much in the largest room as in the smallest.
const TIMES_MAX: f64 = 2.0;
/// Members on a page.
const PAGE_MEMBERS: usize = 100;
/// What all display names begin with, and none does.
const EVERYBODY: &str = "user";
const NOBODY: &str = "zzz";
/// How long one request may take, and how long it is tried.
const COMMAND: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(120);
/// Requests at the same time while people come.
const AT_ONCE: usize = 32;
/// People who sign up before it is told how many have.
const TOLD_EVERY: usize = 10_000;
/// Pushes that may wait for the one who listens.
const FEED_MAX: usize = 100_000;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct MembersOptions {
    /// The server's binary.
    pub madang: PathBuf,
    /// What becomes of the node's folder.
    pub traces: Traces,
    /// Members of the room, a step after the other.
    pub sizes: Vec<usize>,
    /// How often each thing is done at each size.
    pub rounds: usize,
    /// Begins the names.
    pub run_id: String,
}

/// One thing that was done again and again, one after the other.
#[derive(Debug, Clone, Serialize)]
pub struct MembersCost {
    /// From the request to the answer.
    pub took: LatencySummary,
    /// The node's CPU for each, whatever else it did meanwhile included, in microseconds.
    pub cpu_us: f64,
}

/// What there was at one size.
#[derive(Debug, Clone, Serialize)]
pub struct MembersStep {
    /// Members of the room.
    pub members: usize,
    /// Memory of the node.
    pub node_bytes: u64,
    /// People who entered in a second while the room grew to this.
    pub entered_per_s: f64,
    /// Somebody leaves and enters again.
    pub enter: MembersCost,
    /// A message, heard by one who is connected.
    pub send: MembersCost,
    /// All pages of the list of members.
    pub page: MembersCost,
    /// A search for one name.
    pub one_name: MembersCost,
    /// The first page of a search that everybody fits.
    pub every_name: MembersCost,
    /// A search that nobody fits.
    pub no_name: MembersCost,
}

/// The drill's result.
#[derive(Debug, Clone, Serialize)]
pub struct MembersReport {
    /// `members`.
    pub drill: &'static str,
    /// Step after step.
    pub steps: Vec<MembersStep>,
    /// What must not happen.
    pub wrong: Wrong,
    /// What was wanted.
    pub goals: Vec<Goal>,
}

#[derive(Deserialize)]
struct Member {
    user: String,
}

#[derive(Deserialize)]
struct MemberPage {
    members: Vec<Member>,
    next: Option<String>,
}

/// The room, and who looks at it.
struct Hall<'a> {
    options: &'a MembersOptions,
    http: HttpClient,
    room: String,
    host: Connection,
    /// Who is in the room, ids and tokens, the host first.
    people: Vec<(String, String)>,
    /// The one who listens, and through which seq everything was heard without a hole.
    _ears: Connection,
    heard: watch::Receiver<u64>,
    pid: u32,
}

/// Runs the drill.
pub(super) async fn run(options: &MembersOptions) -> anyhow::Result<MembersReport> {
    ensure!(
        options.sizes.is_sorted_by(|one, next| one < next),
        "each step must be larger than the one before"
    );
    ensure!(options.sizes.first().is_some_and(|size| *size >= 3), "a room has three members at least");
    let ring = Ring::form(&options.madang, 1, options.traces).await?;
    let mut hall = Hall::open(options, &ring).await?;
    let (mut steps, mut wrong) = (Vec::new(), Wrong::default());
    for size in &options.sizes {
        let step = hall.step(*size, &mut wrong).await?;
        eprintln!("{size} members: {} for a send", milliseconds(step.send.took.p50_us));
        steps.push(step);
    }
    let goals = goals(&steps);
    Ok(MembersReport { drill: "members", steps, wrong, goals })
}

/// Everybody may enter as fast as they come: this is no storm.
async fn open_the_door(http: &HttpClient) -> anyhow::Result<()> {
    let tunables = json!({ "joins.per_s": 0 });
    let operator = http.with_token(SECRET);
    patiently(PATIENCE, || {
        operator.request::<Value>(Method::PATCH, "/v1/cluster/tunables", &Value::Null, Some(&tunables))
    })
    .await
    .context("cannot let everybody in")?;
    Ok(())
}

impl<'a> Hall<'a> {
    async fn open(options: &'a MembersOptions, ring: &Ring) -> anyhow::Result<Self> {
        let nodes = ring.nodes(1)?;
        let (http, pid) = (HttpClient::among(&nodes, COMMAND)?, *ring.pids().first().context("no node")?);
        open_the_door(&http).await?;
        let people = sign_up(&http, options, 0, 2).await?;
        let [(_, host), (_, listener)] = people.as_slice() else { anyhow::bail!("two people to begin with") };
        let as_host = http.with_token(host);
        let wanted = CreateRoom::open("a big room");
        let room = patiently(PATIENCE, || as_host.create_room(&wanted)).await?.room;
        let as_listener = http.with_token(listener);
        let known = patiently(PATIENCE, || as_listener.join(&room)).await?.last_seq;
        let rotation = nodes.rotation(0);
        let url = rotation.address(rotation.turn()).to_owned();
        let (host, ..) = Connection::connect(&url, host, Pushes::Ignored, COMMAND).await?;
        let pushes = Pushes::Places { max: FEED_MAX };
        let (ears, feed, _) = Connection::connect(&url, listener, pushes, COMMAND).await?;
        let heard = listen(feed, known);
        Ok(Self { options, http, room, host, people, _ears: ears, heard, pid })
    }

    /// Lets the room grow, then does everything in turn.
    async fn step(&mut self, size: usize, wrong: &mut Wrong) -> anyhow::Result<MembersStep> {
        let entered_per_s = self.grow(size).await?;
        let enter = self.enter_again().await?;
        let send = self.send(wrong).await?;
        let page = self.walk(wrong).await?;
        let one_name = self.search(|round| (round * 7_919 % size).to_string(), Found::Some).await?;
        let every_name = self.search(|_| EVERYBODY.to_owned(), Found::Some).await?;
        let no_name = self.search(|_| NOBODY.to_owned(), Found::None).await?;
        let node_bytes = memory_bytes(self.pid).context("the node has gone")?;
        Ok(MembersStep {
            members: size,
            node_bytes,
            entered_per_s,
            enter,
            send,
            page,
            one_name,
            every_name,
            no_name,
        })
    }

    /// How many have entered in a second.
    async fn grow(&mut self, size: usize) -> anyhow::Result<f64> {
        let known = self.people.len();
        let come = sign_up(&self.http, self.options, known, size).await?;
        let begun = Instant::now();
        let entering = come.iter().map(|(_, token)| {
            let person = self.http.with_token(token);
            let room = self.room.as_str();
            async move { patiently(PATIENCE, || person.join(room)).await.map(drop) }
        });
        let entering = futures_util::stream::iter(entering).buffer_unordered(AT_ONCE);
        entering.try_collect::<Vec<()>>().await.context("somebody cannot enter")?;
        let entered_per_s = come.len() as f64 / begun.elapsed().as_secs_f64();
        self.people.extend(come);
        Ok(entered_per_s)
    }

    /// People out of the whole room, each in turn.
    fn person(&self, round: usize) -> anyhow::Result<HttpClient> {
        // Not the host, and not the one who listens.
        let (_, token) = self.people.get(2 + round * 7_919 % (self.people.len() - 2)).context("nobody")?;
        Ok(self.http.with_token(token))
    }

    async fn enter_again(&self) -> anyhow::Result<MembersCost> {
        let mut took = Meter::begin(self.pid)?;
        for round in 0..self.options.rounds {
            let person = self.person(round)?;
            patiently(PATIENCE, || person.leave(&self.room)).await?;
            took.time(async { patiently(PATIENCE, || person.join(&self.room)).await }).await?;
        }
        took.end()
    }

    async fn send(&mut self, wrong: &mut Wrong) -> anyhow::Result<MembersCost> {
        let (mut took, mut last) = (Meter::begin(self.pid)?, 0);
        for round in 0..self.options.rounds {
            let cid = format!("{}-{round}", self.people.len());
            let message = SendMessage { room: &self.room, cid: &cid, text: "to all of you", after: None };
            let ack: SendAck = took.time(self.host.send(message, COMMAND)).await?;
            last = ack.seq;
        }
        let cost = took.end()?;
        wrong.hearings += 1;
        let heard = tokio::time::timeout(COMMAND, self.heard.wait_for(|through| *through >= last));
        if !heard.await.is_ok_and(|heard| heard.is_ok()) {
            wrong.gaps += 1;
        }
        Ok(cost)
    }

    /// From the first page to the last: who is in the room must come, once.
    async fn walk(&self, wrong: &mut Wrong) -> anyhow::Result<MembersCost> {
        let (mut took, mut seen, mut twice) = (Meter::begin(self.pid)?, BTreeSet::new(), 0_u64);
        let mut next: Option<String> = None;
        // A list that does not end is as wrong as one that lacks somebody.
        for _ in 0..=self.people.len() {
            let page = took.time(self.members(None, next.as_deref())).await?;
            for member in page.members {
                twice += u64::from(!seen.insert(member.user));
            }
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        ensure!(next.is_none(), "the list of {} members does not end", self.people.len());
        let cost = took.end()?;
        let lacking = self.people.iter().filter(|(user, _)| !seen.contains(user)).count();
        if twice > 0 || lacking > 0 {
            let members = self.people.len();
            wrong.add_complaints(&[format!("of {members} members {lacking} are not listed, {twice} twice")]);
        }
        Ok(cost)
    }

    async fn search(&self, name: impl Fn(usize) -> String, found: Found) -> anyhow::Result<MembersCost> {
        let mut took = Meter::begin(self.pid)?;
        for round in 0..self.options.rounds {
            let name = name(round);
            let page = took.time(self.members(Some(&name), None)).await?;
            let is_found = if page.members.is_empty() { Found::None } else { Found::Some };
            ensure!(is_found == found, "a search for {name} found {} people", page.members.len());
        }
        took.end()
    }

    async fn members(&self, search: Option<&str>, next: Option<&str>) -> Result<MemberPage, ClientError> {
        let (_, token) = self.people.first().ok_or_else(|| ClientError::Local("nobody".to_owned()))?;
        let mut query = Map::from_iter([("limit".to_owned(), json!(PAGE_MEMBERS))]);
        let words = [("search", search), ("next", next)];
        query.extend(words.into_iter().filter_map(|(name, word)| Some((name.to_owned(), json!(word?)))));
        let path = format!("/v1/rooms/{}/members", self.room);
        let asked = self.http.with_token(token);
        asked.request(Method::GET, &path, &Value::Object(query), None::<&Value>).await
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Some,
    None,
}

/// Through which seq somebody hears a room without a hole, while they hear.
fn listen(mut feed: PushFeed, known: u64) -> watch::Receiver<u64> {
    let (told, heard) = watch::channel(known);
    tokio::spawn(async move {
        while let Some((_, push)) = feed.next().await {
            if let Push::Events { seqs, .. } = push {
                told.send_if_modified(|through| {
                    let follows = (*seqs.start()..=*seqs.end()).contains(&(*through + 1));
                    *through = if follows { *seqs.end() } else { *through };
                    follows
                });
            }
        }
    });
    heard
}

/// The people from one number to another: their ids and tokens.
async fn sign_up(
    http: &HttpClient,
    options: &MembersOptions,
    from: usize,
    to: usize,
) -> anyhow::Result<Vec<(String, String)>> {
    let (applicants, mut people) = (Applicant::crowd(&options.run_id, to).split_off(from), Vec::new());
    for some in applicants.chunks(TOLD_EVERY) {
        let sessions = enter_all(http, some, AT_ONCE, PATIENCE).await.context("cannot sign everybody up")?;
        people.extend(some.iter().zip(sessions).map(|(who, session)| (who.user.clone(), session.token)));
        eprintln!("{} people have signed up", from + people.len());
    }
    Ok(people)
}

/// What something costs that is done again and again.
struct Meter {
    pid: u32,
    latencies: Latencies,
    begun: Duration,
}

impl Meter {
    fn begin(pid: u32) -> anyhow::Result<Self> {
        Ok(Self { pid, latencies: Latencies::default(), begun: cpu_time(pid).context("the node has gone")? })
    }

    async fn time<T, E>(&mut self, done: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let begun = Instant::now();
        let done = done.await?;
        self.latencies.record(begun.elapsed());
        Ok(done)
    }

    fn end(self) -> anyhow::Result<MembersCost> {
        let cpu = cpu_time(self.pid).context("the node has gone")?.saturating_sub(self.begun);
        let took = self.latencies.summary();
        let cpu_us = cpu.as_secs_f64() * 1e6 / took.count.max(1) as f64;
        Ok(MembersCost { took, cpu_us })
    }
}

impl MembersStep {
    /// What was done, with its name.
    fn costs(&self) -> [(&'static str, &MembersCost); 6] {
        [
            ("enter", &self.enter),
            ("send", &self.send),
            ("page", &self.page),
            ("one name", &self.one_name),
            ("every name", &self.every_name),
            ("no name", &self.no_name),
        ]
    }
}

fn goals(steps: &[MembersStep]) -> Vec<Goal> {
    let (Some(small), Some(large)) = (steps.first(), steps.last()) else { return Vec::new() };
    let pairs = small.costs().into_iter().zip(large.costs());
    let goal = |((name, small), (_, large)): ((&str, &MembersCost), (&str, &MembersCost))| {
        let times = large.took.p50_us as f64 / small.took.p50_us.max(1) as f64;
        Goal::below(
            &format!("{name}, largest room against smallest, in the middle"),
            TIMES_MAX,
            times,
            "times",
        )
    };
    pairs.map(goal).collect()
}

impl MembersReport {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            let mb = step.node_bytes as f64 / 1e6;
            let _ = writeln!(
                text,
                "{} members; {:.0} entered in a second; the node takes {mb:.0} MB\n",
                step.members, step.entered_per_s
            );
            let mut rows = vec![["", "times", "p50", "p99", "CPU each"].map(str::to_owned).to_vec()];
            rows.extend(step.costs().into_iter().map(|(name, cost)| {
                vec![
                    name.to_owned(),
                    cost.took.count.to_string(),
                    milliseconds(cost.took.p50_us),
                    milliseconds(cost.took.p99_us),
                    format!("{:.0} µs", cost.cpu_us),
                ]
            }));
            let _ = writeln!(text, "{}", table(&rows));
        }
        text
    }
}
