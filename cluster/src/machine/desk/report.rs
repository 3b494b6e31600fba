//! What becomes of a report: open → taken → resolved or dismissed.

use madang_storage::StorageError;
use madang_storage::id::{ReportId, UserId};
use madang_storage::row::{
    Act, Quoted, Reason, ReportRow, ReportState, ReportStep, ReportTarget, StaffRole, table,
};

use crate::command::Refusal;
use crate::machine::rows::{queue_key, report_key};
use crate::machine::shard::{Stop, Turn};

/// How many of its steps a report shows.
const STEPS_MAX: usize = 20;

/// What a report says.
pub(super) struct Words<'a> {
    pub(super) target: &'a ReportTarget,
    pub(super) reason: Reason,
    pub(super) note: &'a str,
    pub(super) context: &'a [Quoted],
}

/// Puts a report into the queue. Who reports the same once more is not heard twice.
pub(super) fn take_in(
    turn: &mut Turn<'_, '_>,
    report: ReportId,
    by: &UserId,
    words: &Words<'_>,
) -> Result<(), StorageError> {
    if turn.rows.load::<ReportRow>(table::REPORT, &report_key(&report))?.is_some() {
        return Ok(());
    }
    let row = ReportRow {
        by: by.clone(),
        at_ms: turn.at_ms,
        target: words.target.clone(),
        reason: words.reason,
        note: words.note.to_owned(),
        context: words.context.to_vec(),
        state: ReportState::Open,
        steps: Vec::new(),
    };
    turn.rows.mark(table::REPORT_QUEUE, queue_key(row.state, row.at_ms, &report));
    turn.rows.save(table::REPORT, report_key(&report), &row)
}

/// Moves a report on, if it is the turn of whoever asks.
pub(super) fn advance(
    turn: &mut Turn<'_, '_>,
    report: ReportId,
    (by, rank): (&UserId, StaffRole),
    to: ReportState,
    note: &str,
) -> Result<(), Stop> {
    let row: Option<ReportRow> = turn.rows.load(table::REPORT, &report_key(&report))?;
    let mut row = row.ok_or(Refusal::NoReport)?;
    let last = row.steps.last().map(|step| &step.by);
    if row.state == to && (to == ReportState::Open || last == Some(by)) {
        return Ok(());
    }
    check(&row, (by, rank), to)?;
    turn.rows.remove(table::REPORT_QUEUE, queue_key(row.state, row.at_ms, &report));
    turn.rows.mark(table::REPORT_QUEUE, queue_key(to, row.at_ms, &report));
    row.state = to;
    row.steps.push(ReportStep { at_ms: turn.at_ms, by: by.clone(), state: to, note: note.to_owned() });
    let excess = row.steps.len().saturating_sub(STEPS_MAX);
    row.steps.drain(..excess);
    turn.rows.save(table::REPORT, report_key(&report), &row)?;
    turn.audit(by, Act::Report { report, state: to, note: note.to_owned() })?;
    Ok(())
}

/// Whoever took a report closes it or gives it back. An admin may take it over, and open it again.
fn check(row: &ReportRow, (by, rank): (&UserId, StaffRole), to: ReportState) -> Result<(), Refusal> {
    use ReportState::{Dismissed, Open, Resolved, Taken};
    let taker = row.steps.last().map(|step| &step.by);
    let may = |taker: Option<&UserId>| taker == Some(by) || rank == StaffRole::Admin;
    match (row.state, to) {
        (Open, Taken) => Ok(()),
        (Open, _) => Err(Refusal::ReportNotTaken),
        (Taken, Open | Resolved | Dismissed) if may(taker) => Ok(()),
        (Taken, Taken) if rank == StaffRole::Admin => Ok(()),
        (Taken, _) => Err(Refusal::ReportTaken),
        (Resolved | Dismissed, Open) if rank == StaffRole::Admin => Ok(()),
        (Resolved | Dismissed, _) => Err(Refusal::ReportClosed),
    }
}
