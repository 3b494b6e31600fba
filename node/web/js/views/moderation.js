// The moderators' queue: what was reported, with its context, and what becomes of it.

import { h } from '../dom.js';
import { fullTime, t } from '../i18n/index.js';
import { movesOf } from '../state/reports.js';
import { openDialog } from './dialog.js';
import { actionButton } from './form.js';
import { pagedList } from './paged.js';
import { toast } from './toast.js';

const STATES = ['open', 'taken', 'resolved', 'dismissed'];

export function moderationDialog(app) {
  openDialog(t('moderation.title'), () => {
    let state = STATES[0];
    const list = pagedList({
      load: (next) => app.call('reports', { state, ...(next && { next }) }).then((page) => ({ rows: page.reports, next: page.next })),
      row: (report, reload) => reportRow(app, report, reload),
    });
    const tabs = STATES.map((each) => h('button', { type: 'button', 'aria-pressed': String(each === state), data: { state: each }, onclick: () => show(each) }, t(`moderation.${each}`)));
    const show = (next) => {
      state = next;
      for (const tab of tabs) tab.setAttribute('aria-pressed', String(tab.dataset.state === state));
      list.reload();
    };
    return [h('div', { class: 'queue-states', role: 'group', 'aria-label': t('moderation.state') }, tabs), list.el];
  });
}

function reportRow(app, report, reload) {
  const { report: id, by, at_ms, user, seq, reason, note, context, steps, state } = report;
  const move = (to) => actionButton(t(`move.${to}`), async () => {
    await app.call('move_report', { report: id, state: to });
    await reload();
  }, { data: { do: to } }, toast);
  const last = steps.at(-1);
  return h('li', { class: 'report', data: { report: id } },
    h('div', { class: 'grow' }, h('strong', {}, `${t(`report.${reason}`)} · @${user}`), h('small', {}, t('moderation.by', { by, time: fullTime(at_ms) })),
      note && h('p', {}, note), last && h('small', {}, `${t(`moderation.${state}`)} · @${last.by}`)),
    context.length > 0 && h('ol', { class: 'context', 'aria-label': t('moderation.context') }, context.map((line) => h('li', { class: line.seq === seq ? 'meant' : '' }, h('b', {}, `@${line.user} `), line.text))),
    h('div', { class: 'actions' }, movesOf(report, app.store.state.me?.user).map(move)));
}
