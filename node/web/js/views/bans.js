// Who is kept out of a room, and for how long somebody is to be kept out or quiet.

import { h } from '../dom.js';
import { fullTime, t } from '../i18n/index.js';
import { openDialog } from './dialog.js';
import { actionButton, choice, field, form } from './form.js';
import { pagedList } from './paged.js';
import { userId } from './roomedit.js';
import { toast } from './toast.js';

/** A time this late means for good. */
const FOREVER_MS = Number.MAX_SAFE_INTEGER;
const HOUR_MS = 3_600_000;
const SPANS = [['hour', HOUR_MS], ['day', 24 * HOUR_MS], ['week', 168 * HOUR_MS], ['forever', null]];

export function bansPart(app, room) {
  const list = pagedList({
    load: (next) => app.call('bans', { room, ...(next && { next }) }).then((page) => ({ rows: page.bans, next: page.next })),
    row: ({ user, display_name, until_ms, reason }, reload) => h('li', { data: { user } },
      h('div', { class: 'grow' }, h('strong', {}, display_name || user), h('small', {}, [until_ms < FOREVER_MS ? t('keep.until', { time: fullTime(until_ms) }) : t('keep.forever'), reason].filter(Boolean).join(' · '))),
      actionButton(t('keep.unban'), async () => {
        await app.call('unban', { room, user });
        await reload();
      }, { data: { do: 'unban' } }, toast)),
  });
  const more = h('button', { type: 'button', data: { do: 'ban-other' }, onclick: () => keepDialog(app, room, null, null, 'ban', list.reload) }, t('keep.banOther'));
  return h('section', {}, h('h3', {}, t('keep.bans')), list.el, h('div', { class: 'actions' }, more));
}

/** Asks for how long, and bans or mutes (`op`) somebody; without a `user`, whom to ban is asked too. */
export function keepDialog(app, room, user, name, op, then = () => {}) {
  openDialog(t(`keep.${op}`), (close) => {
    let span = SPANS[0][0];
    const whom = user === null && field(t('people.userId'), { name: 'user', autofocus: true, autocapitalize: 'none', spellcheck: 'false', maxlength: 32 }, t('people.userIdHint'));
    const text = user === null ? t('keep.banOtherText') : t(`keep.${op}Text`, { name });
    const reason = field(t('keep.reason'), { name: 'reason', maxlength: 200 });
    return form({
      fields: [h('p', {}, text), whom && whom.el, choice(t('keep.howLong'), 'span', SPANS.map(([key]) => [key, t(`keep.${key}`)]), (value) => { span = value; }), op === 'ban' && reason.el].filter(Boolean),
      submit: t(`keep.${op}`),
      danger: true,
      action: async () => {
        const for_ms = SPANS.find(([key]) => key === span)[1];
        const words = reason.input.value.trim();
        await app.call(op, { room, user: user ?? userId(whom.input.value), ...(for_ms !== null && { for_ms }), ...(op === 'ban' && words && { reason: words }) });
        close();
        await Promise.all([app.sync.loadMembers(room), then()]);
      },
    });
  });
}
