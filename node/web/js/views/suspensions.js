// Who is kept out of all of madang, and until when: for the staff, who suspend and restore people.

import { h } from '../dom.js';
import { fullTime, t } from '../i18n/index.js';
import { confirmDialog, openDialog } from './dialog.js';
import { field, form, selectField } from './form.js';
import { pagedList } from './paged.js';
import { userId } from './roomedit.js';
import { toast } from './toast.js';

/** A time this late means for good. */
const FOREVER_MS = Number.MAX_SAFE_INTEGER;
const HOUR_MS = 3_600_000;
const SPANS = { day: 24 * HOUR_MS, week: 168 * HOUR_MS, forever: null };

export function suspensionsDialog(app) {
  openDialog(t('suspensions.title'), () => {
    const list = pagedList({
      load: (next) => app.call('suspensions', { ...(next && { next }) }).then((page) => ({ rows: page.suspensions, next: page.next })),
      row: (suspension, reload) => suspensionRow(app, suspension, reload),
      none: t('suspensions.none'),
    });
    return [list.el, suspendForm(app, list)];
  });
}

function suspensionRow(app, { user, by, until_ms, reason }, reload) {
  const ends = until_ms < FOREVER_MS ? t('keep.until', { time: fullTime(until_ms) }) : t('keep.forever');
  const ask = () => confirmDialog(t('suspensions.restore'), t('suspensions.restoreText', { user }), t('suspensions.restore'), async () => {
    await app.call('restore', { user });
    await reload();
  });
  return h('li', { data: { user } },
    h('div', { class: 'grow' }, h('strong', {}, `@${user}`), h('small', {}, [ends, t('suspensions.by', { by }), reason].filter(Boolean).join(' · '))),
    h('button', { type: 'button', data: { do: 'restore' }, onclick: ask }, t('suspensions.restore')));
}

function suspendForm(app, list) {
  const user = field(t('people.userId'), { name: 'user', autocapitalize: 'none', spellcheck: 'false', maxlength: 32 }, t('suspensions.hint'));
  const span = selectField(t('keep.howLong'), 'span', Object.keys(SPANS).map((key) => [key, t(`keep.${key}`)]));
  const reason = field(t('keep.reason'), { name: 'reason', maxlength: 200 });
  return form({
    fields: [h('h3', {}, t('suspensions.suspend')), user.el, span.el, reason.el],
    submit: t('suspensions.suspend'),
    danger: true,
    action: async (el) => {
      const for_ms = SPANS[span.input.value];
      const words = reason.input.value.trim();
      await app.call('suspend', { user: userId(user.input.value), ...(for_ms !== null && { for_ms }), ...(words && { reason: words }) });
      el.reset();
      toast(t('account.saved'));
      await list.reload();
    },
  });
}
