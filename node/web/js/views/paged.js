// Lists that are read page by page: growing by a button, or one page at a time.

import { h } from '../dom.js';
import { errorText, t } from '../i18n/index.js';
import { actionButton } from './form.js';
import { toast } from './toast.js';

/** More rows than this are not kept on the screen: what grows at the end is cut at the start. */
const ROWS_MAX = 1_000;

/** `load(next)` gives `{ rows, next }`; `row(value, reload)` draws one. `reload()` begins anew. */
export function pagedList({ load, row, none }) {
  const more = actionButton(t('rooms.more'), () => read(), { class: 'quiet', hidden: true }, toast);
  const { list, note, reload, read } = pages({ load, row, none, keep: true, after: (next) => { more.hidden = next === null; } });
  reload();
  return { el: h('div', {}, list, note, more), reload };
}

/** The same, but a page takes the place of the one before it. */
export function pager({ load, row, none }) {
  let page = 1;
  const where = h('span', { class: 'hint', role: 'status' });
  const turn = (name, action) => actionButton(t(`list.${name}`), action, { hidden: true, data: { do: name } }, toast);
  const newest = turn('newest', () => reload());
  const older = turn('older', () => read());
  const { list, note, reload, read } = pages({ load, row, none, keep: false, after: turned });

  function turned(next, first) {
    page = first ? 1 : page + 1;
    where.textContent = t('list.page', { n: page });
    older.hidden = next === null;
    newest.hidden = page === 1;
    where.hidden = older.hidden && newest.hidden;
    if (list.firstElementChild && page > 1) list.firstElementChild.scrollIntoView({ block: 'nearest' });
    // The button that was pressed may be gone with the last page, or with the first.
    if (document.activeElement?.hidden || document.activeElement === document.body) [older, newest].find((button) => !button.hidden)?.focus();
  }

  reload();
  return { el: h('div', { class: 'pager' }, list, note, h('div', { class: 'turns' }, newest, where, older)), reload };
}

function pages({ load, row, none = t('list.none'), keep, after }) {
  const list = h('ul', { class: 'paged' });
  const note = h('p', { class: 'hint', role: 'status' }, t('room.loading'));
  let next = null;

  async function read(first = false) {
    const page = await load(first ? null : next);
    if (first || !keep) list.replaceChildren();
    list.append(...page.rows.map((value) => row(value, reload)));
    while (list.childElementCount > ROWS_MAX) list.firstElementChild.remove();
    next = page.next ?? null;
    note.textContent = list.childElementCount === 0 ? none : '';
    after(next, first);
  }

  async function reload() {
    try {
      await read(true);
    } catch (error) {
      note.textContent = errorText(error);
    }
  }

  return { list, note, read, reload };
}
