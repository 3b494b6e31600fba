// What the staff and those who keep rooms did by their power over others, newest first, one page at a time.

import { h } from '../dom.js';
import { fullTime, t } from '../i18n/index.js';
import { openDialog } from './dialog.js';
import { roomOf } from './found.js';
import { pager } from './paged.js';

const PAGE = 20;

export function auditDialog(app) {
  openDialog(t('audit.title'), () => pager({
    load: (next) => app.call('audit', { limit: PAGE, ...(next && { next }) }).then((page) => ({ rows: page.entries, next: page.next })),
    row: (entry) => h('li', { class: 'entry' }, h('span', {}, entryText(entry, app.store.state)), h('small', {}, [fullTime(entry.at_ms), entry.reason || entry.note].filter(Boolean).join(' · '))),
  }).el);
}

/** An entry as a sentence; an act that is not known here, in the server's word for it. */
export function entryText(entry, state) {
  const values = { by: `@${entry.by}`, user: `@${entry.user ?? ''}`, room: entry.room && roomOf(state, entry.room) };
  if (entry.act === 'appointed') return entry.role === 'none' ? t('audit.dismissed', values) : t('audit.appointed', { ...values, role: t(`staff.${entry.role}`) });
  if (entry.act === 'suspended' || entry.act === 'restored') return t(`audit.${entry.act}`, values);
  if (entry.act === 'report') return t('audit.report', { ...values, state: t(`moderation.${entry.state}`) });
  if (entry.act === 'room') return t(`deed.${entry.deed}`, { ...values, role: entry.role && t(`role.${entry.role}`), seq: entry.seq });
  return `${values.by}: ${entry.act}`;
}
