// Links into a room: made, shown, taken away; and the way in by one.

import { h } from '../dom.js';
import { fullTime, t } from '../i18n/index.js';
import { openDialog } from './dialog.js';
import { actionButton, field, form } from './form.js';
import { pagedList } from './paged.js';
import { toast } from './toast.js';

const WEEK_MS = 7 * 24 * 3_600_000;

export function linksPart(app, room) {
  const list = pagedList({
    load: () => app.call('links', { room }).then(({ links }) => ({ rows: links, next: null })),
    row: ({ link, code, until_ms, uses, uses_max }, reload) => h('li', { data: { link } },
      h('div', { class: 'grow' }, h('code', {}, code), h('small', {}, [until_ms && until_ms < Number.MAX_SAFE_INTEGER && t('keep.until', { time: fullTime(until_ms) }), t('link.uses', { n: uses_max ? `${uses}/${uses_max}` : uses })].filter(Boolean).join(' · '))),
      actionButton(t('link.revoke'), async () => {
        await app.call('revoke_link', { room, link });
        await reload();
      }, { class: 'danger', data: { do: 'revoke-link' } }, toast)),
  });
  const make = actionButton(t('link.create'), async () => {
    await app.call('create_link', { room, for_ms: WEEK_MS });
    await list.reload();
  }, { data: { do: 'create-link' } }, toast);
  return h('section', {}, h('h3', {}, t('link.title')), list.el, make);
}

/** Entering by the code of a link: looked at first, then joined. */
export function joinLinkDialog(app) {
  openDialog(t('link.join'), (close) => {
    const code = field(t('link.code'), { name: 'code', autofocus: true, autocapitalize: 'characters', spellcheck: 'false', maxlength: 60 });
    const seen = h('p', { role: 'status' });
    let known = null;
    return form({
      fields: [code.el, seen],
      submit: t('room.join'),
      action: async () => {
        const words = code.input.value.trim();
        if (known !== words) {
          const { title, members } = await app.call('preview_link', { code: words });
          known = words;
          seen.textContent = t('link.preview', { title: title || t('room.untitled'), n: members });
          return;
        }
        const room = await app.call('join_link', { code: words });
        app.store.dispatch({ type: 'room_loaded', room });
        close();
        app.go(room.room);
      },
    });
  });
}
