//! The whole scenario, from signing up to the record.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use tokio::sync::watch;

use super::mail::Mail;
use super::person::{Office, Person};
use super::report::findings;
use crate::accounts::patiently;
use crate::cli::seconds;
use crate::client::{CreateRoom, RoomKind};
use crate::kit::{Crowd, Hall, Part, Record, Setting, Teller};

/// How long it may take to find a room or where its log ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// The knobs.
#[derive(Debug, Clone, Args)]
pub struct MixedDayArgs {
    /// People of the company; an even number
    #[arg(long, default_value_t = 400, value_name = "N", value_parser = clap::value_parser!(u32).range(4..=10_000))]
    pub(super) users: u32,
    /// Messages of each on that day
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) messages: u32,
    /// Bytes of a message
    #[arg(long, default_value_t = 100, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(64..=16_384))]
    text_bytes: u32,
    /// People of a team
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=200))]
    team: u32,
    /// Seconds that the day takes
    #[arg(long, default_value = "60", value_name = "S", value_parser = seconds)]
    pub(super) day_seconds: Duration,
    /// Seconds that people then have to end level
    #[arg(long, default_value = "30", value_name = "S", value_parser = seconds)]
    drain: Duration,
    /// What chance decides is the same for the same number
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

/// Runs it.
pub async fn run(args: &MixedDayArgs, setting: &Setting) -> anyhow::Result<Record> {
    let (users, team) = (args.users as usize & !1, args.team as usize);
    let crowd = setting.gather(users).await?;
    let groups = (0..users).step_by(team).map(|first| first..(first + team).min(users)).collect();
    let teams = crowd.halls(&format!("{} team", setting.run_id), groups).await?;
    let company = crowd.hall(&format!("{} company", setting.run_id), 0..users).await?;
    let mut pairs = Vec::new();
    for pair in 0..users / 2 {
        pairs.push(direct(&crowd, pair * 2).await.context("two people cannot talk")?);
    }
    let office = Arc::new(Office {
        day: args.day_seconds,
        messages: args.messages as usize,
        text_bytes: args.text_bytes as usize,
        epoch: Instant::now(),
        limit: setting.limit,
        run_id: setting.run_id.clone(),
        seed: args.seed,
        home: AtomicUsize::new(0),
        ends: watch::channel(None).0,
    });
    let mut parts: Vec<Part> = Vec::new();
    for user in 0..users {
        let session = crowd.session(user)?;
        let rooms = [teams.get(user / team), pairs.get(user / 2), Some(&company)];
        let mail = Mail {
            user,
            url: setting.nodes.home(user).to_owned(),
            token: session.token.clone(),
            rooms: rooms.into_iter().flatten().cloned().collect(),
            line: watch::channel(None).0,
            newest: Mutex::default(),
            epoch: office.epoch,
            limit: setting.limit,
        };
        let person = Person { mail, office: Arc::clone(&office) };
        parts.push(Box::new(move |tell| Box::pin(async move { person.live(tell).await })));
    }
    let mut owned: Vec<(usize, Hall)> =
        teams.into_iter().enumerate().map(|(n, hall)| (n * team, hall)).collect();
    owned.extend(pairs.into_iter().enumerate().map(|(n, hall)| (n * 2, hall)));
    owned.push((0, company));
    let conducted = Arc::clone(&office);
    parts.push(Box::new(move |tell| {
        Box::pin(async move { conduct(&crowd, owned, users, &conducted, tell).await })
    }));
    let limit = args.day_seconds + args.drain + setting.limit;
    let played = setting.play("mixed_day", parts, limit).await?;
    Ok(setting.record("mixed_day", findings(args, users, played)))
}

/// The room of this person and the next.
async fn direct(crowd: &Crowd, user: usize) -> anyhow::Result<Hall> {
    let with = &crowd.session(user + 1)?.user;
    let one = crowd.http(user)?;
    let wanted =
        CreateRoom { kind: RoomKind::Direct, title: None, topic: None, members: &[], with: Some(with) };
    let room = patiently(PATIENCE, || one.create_room(&wanted)).await?;
    Ok(Hall { last_seq: room.last_seq, room: room.room })
}

/// When all have gone home, tells everybody where their rooms' logs end.
async fn conduct(
    crowd: &Crowd,
    rooms: Vec<(usize, Hall)>,
    users: usize,
    office: &Office,
    mut tell: Teller,
) -> anyhow::Result<()> {
    tell.in_place().await?;
    let mut look = tokio::time::interval(Duration::from_millis(50));
    while office.home.load(Ordering::Acquire) < users {
        look.tick().await;
    }
    let mut ends = HashMap::new();
    for (member, hall) in rooms {
        ends.insert(hall.room.clone(), crowd.last_seq(member, &hall.room).await?);
    }
    office.ends.send_replace(Some(Arc::new(ends)));
    Ok(())
}
