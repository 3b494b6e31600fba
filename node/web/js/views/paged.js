// A list that is read page by page, with a button for the next one and a word where there is nothing.

import { h } from '../dom.js';
import { errorText, t } from '../i18n/index.js';
import { actionButton } from './form.js';
import { toast } from './toast.js';

/** `load(next)` gives `{ rows, next }`; `row(value, reload)` draws one. `reload()` begins anew. */
export function pagedList({ load, row, none = t('list.none') }) {
  const list = h('ul', { class: 'paged' });
  const note = h('p', { class: 'hint', role: 'status' }, t('room.loading'));
  const more = actionButton(t('rooms.more'), () => read(), { class: 'quiet', hidden: true }, toast);
  const el = h('div', {}, list, note, more);
  let next = null;

  async function read(first = false) {
    const page = await load(first ? null : next);
    if (first) list.replaceChildren();
    list.append(...page.rows.map((value) => row(value, reload)));
    next = page.next ?? null;
    more.hidden = next === null;
    note.textContent = list.childElementCount === 0 ? none : '';
  }

  async function reload() {
    try {
      await read(true);
    } catch (error) {
      note.textContent = errorText(error);
    }
  }

  reload();
  return { el, reload };
}
