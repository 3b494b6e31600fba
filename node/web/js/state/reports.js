// Where a report may go from where it is.

/** The states to which this moderator can move a report; taking over from somebody else is for admins to try. */
export function movesOf({ state, steps }, me) {
  if (state === 'open') return ['taken'];
  if (state === 'taken') return steps.findLast((step) => step.state === 'taken')?.by === me ? ['resolved', 'dismissed', 'open'] : ['taken'];
  return ['open'];
}
