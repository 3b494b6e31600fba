//! Drills: a cluster of real nodes on this machine, a load, and something that happens to the nodes. Everybody
//! keeps books; at the end they must agree with the logs.
//!
//! `placement`, `standing`, `hearing`, `outbox`, `absence`, `log_check` and `wrong` are pure.

mod placement;

mod standing;

mod node;

mod ring;

mod hearing;

mod outbox;

mod absence;

mod orders;

mod diary;

mod resident;

mod log_check;

mod wrong;

mod crowd;

mod failover;

mod rolling;

mod grow;

mod cost;

mod holders;

mod neighbours;

mod idle;

mod talkers;

mod storm;

mod slow;

mod level;
mod lists;

mod members;

mod recovery;

mod outcome;

pub use cost::{CostOptions, CostReport, IdleReport, LoadReport};
pub use crowd::CrowdOptions;
pub use failover::{FailoverOptions, FailoverReport, KillReport};
pub use grow::{GrowOptions, GrowReport, StepReport};
pub use idle::{IdleCost, IdleDrillReport, IdleOptions, IdleStep, IdleTls, KernelMemory};
pub use lists::{ListsOptions, ListsReport, ListsRow};
pub use members::{MembersCost, MembersOptions, MembersReport, MembersStep};
pub use outcome::{Drill, DrillReport, run};
pub use recovery::{RecoveryOptions, RecoveryReport, RecoveryStep, Return};
pub use ring::Traces;
pub use rolling::{RestartReport, RollingOptions, RollingReport};
pub use slow::{Growth, SlowOptions, SlowReport};
pub use storm::{OneStorm, StormOptions, StormReport};
pub use wrong::Wrong;
