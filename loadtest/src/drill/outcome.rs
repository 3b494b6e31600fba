//! Any of the drills, and its result.

use std::fmt::Write;

use anyhow::bail;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::cost::{self, CostOptions, CostReport};
use super::failover::{self, FailoverOptions, FailoverReport};
use super::grow::{self, GrowOptions, GrowReport};
use super::idle::{self, IdleDrillReport, IdleOptions};
use super::lists::{self, ListsOptions, ListsReport};
use super::members::{self, MembersOptions, MembersReport};
use super::recovery::{self, RecoveryOptions, RecoveryReport};
use super::rolling::{self, RollingOptions, RollingReport};
use super::slow::{self, SlowOptions, SlowReport};
use super::storm::{self, StormOptions, StormReport};
use super::wrong::Wrong;
use crate::goal::Goal;

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Drill {
    /// The node with all sockets is killed.
    Failover(FailoverOptions),
    /// Every node in turn is stopped and started again.
    Rolling(RollingOptions),
    /// Nodes come and go.
    Grow(GrowOptions),
    /// One node against three.
    Cost(CostOptions),
    /// The list of somebody in many rooms.
    Lists(ListsOptions),
    /// A room that grows large.
    Members(MembersOptions),
    /// Many connections that say nothing.
    Idle(IdleOptions),
    /// Everybody loses the connection and comes back at once.
    Storm(StormOptions),
    /// Many members of a busy room never read.
    Slow(SlowOptions),
    /// A node that holds much comes back.
    Recovery(RecoveryOptions),
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum DrillReport {
    /// Of `failover`.
    Failover(FailoverReport),
    /// Of `rolling`.
    Rolling(RollingReport),
    /// Of `grow`.
    Grow(GrowReport),
    /// Of `cost`.
    Cost(CostReport),
    /// Of `lists`.
    Lists(ListsReport),
    /// Of `members`.
    Members(MembersReport),
    /// Of `idle`.
    Idle(IdleDrillReport),
    /// Of `storm`.
    Storm(StormReport),
    /// Of `slow`.
    Slow(SlowReport),
    /// Of `recovery`.
    Recovery(RecoveryReport),
}

/// Runs a drill. Its nodes end with it, whatever happens: also at Ctrl-C and SIGTERM.
pub async fn run(drill: &Drill) -> anyhow::Result<DrillReport> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        report = run_undisturbed(drill) => report,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminated.recv() => bail!("terminated"),
    }
}

async fn run_undisturbed(drill: &Drill) -> anyhow::Result<DrillReport> {
    Ok(match drill {
        Drill::Failover(options) => DrillReport::Failover(failover::run(options).await?),
        Drill::Rolling(options) => DrillReport::Rolling(rolling::run(options).await?),
        Drill::Grow(options) => DrillReport::Grow(grow::run(options).await?),
        Drill::Cost(options) => DrillReport::Cost(cost::run(options).await?),
        Drill::Lists(options) => DrillReport::Lists(lists::run(options).await?),
        Drill::Members(options) => DrillReport::Members(members::run(options).await?),
        Drill::Idle(options) => DrillReport::Idle(idle::run(options).await?),
        Drill::Storm(options) => DrillReport::Storm(storm::run(options).await?),
        Drill::Slow(options) => DrillReport::Slow(slow::run(options).await?),
        Drill::Recovery(options) => DrillReport::Recovery(recovery::run(options).await?),
    })
}

impl DrillReport {
    /// What must not happen.
    pub fn wrong(&self) -> &Wrong {
        match self {
            Self::Failover(report) => &report.wrong,
            Self::Rolling(report) => &report.wrong,
            Self::Grow(report) => &report.wrong,
            Self::Cost(report) => &report.wrong,
            Self::Lists(report) => &report.wrong,
            Self::Members(report) => &report.wrong,
            Self::Idle(report) => &report.wrong,
            Self::Storm(report) => &report.wrong,
            Self::Slow(report) => &report.wrong,
            Self::Recovery(report) => &report.wrong,
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let (mut text, goals): (String, &[Goal]) = match self {
            Self::Failover(report) => (report.text(), &report.goals),
            Self::Rolling(report) => (report.text(), &report.goals),
            Self::Grow(report) => (report.text(), &report.goals),
            Self::Cost(report) => (report.text(), &report.goals),
            Self::Lists(report) => (report.text(), &report.goals),
            Self::Members(report) => (report.text(), &report.goals),
            Self::Idle(report) => (report.text(), &report.goals),
            Self::Storm(report) => (report.text(), &report.goals),
            Self::Slow(report) => (report.text(), &report.goals),
            Self::Recovery(report) => (report.text(), &report.goals),
        };
        let _ = write!(text, "{}", self.wrong().text());
        for goal in goals {
            text.push_str(&goal.text());
        }
        text
    }
}
