// Links into a room: made, copied, taken away; and the way in by one.

import { copyText } from '../copy.js';
import { h } from '../dom.js';
import { errorText, fullTime, t } from '../i18n/index.js';
import { confirmDialog, openDialog } from './dialog.js';
import { field, form, selectField } from './form.js';
import { pagedList } from './paged.js';
import { toast } from './toast.js';

const HOUR_MS = 3_600_000;
const SPANS = { week: 168 * HOUR_MS, day: 24 * HOUR_MS, hour: HOUR_MS, forever: null };

/** The address that opens this page at the door of the room. */
const addressOf = (code) => new URL(`#join/${code}`, location.href.split('#')[0]).href;

export function linksPart(app, room) {
  const list = pagedList({
    load: () => app.call('links', { room }).then(({ links }) => ({ rows: links, next: null })),
    row: (link, reload) => linkRow(app, room, link, reload),
  });
  const make = h('button', { type: 'button', data: { do: 'create-link' }, onclick: () => createLinkDialog(app, room, list.reload) }, t('link.create'));
  return h('section', {}, h('h3', {}, t('link.title')), list.el, h('div', { class: 'actions' }, make));
}

function linkRow(app, room, { link, code, until_ms, uses, uses_max }, reload) {
  const ends = until_ms && until_ms < Number.MAX_SAFE_INTEGER ? t('keep.until', { time: fullTime(until_ms) }) : t('link.noEnd');
  const used = t('link.uses', { n: uses_max ? `${uses}/${uses_max}` : uses });
  const remove = () => confirmDialog(t('link.revoke'), t('link.revokeText'), t('link.revoke'), async () => {
    await app.call('revoke_link', { room, link });
    await reload();
  });
  return h('li', { data: { link } },
    h('code', {}, code), h('small', { class: 'grow' }, `${ends} · ${used}`),
    h('div', { class: 'row-actions' },
      h('button', { type: 'button', data: { do: 'copy-link' }, onclick: () => copy(code) }, t('link.copy')),
      h('button', { type: 'button', class: 'danger', data: { do: 'revoke-link' }, onclick: remove }, t('link.revoke'))));
}

async function copy(code) {
  toast((await copyText(addressOf(code))) ? t('link.copied') : t('link.notCopied'));
}

function createLinkDialog(app, room, then) {
  openDialog(t('link.create'), (close) => {
    const span = selectField(t('link.holds'), 'span', Object.keys(SPANS).map((key) => [key, t(`keep.${key}`)]));
    const uses = field(t('link.usesMax'), { type: 'number', name: 'uses_max', min: 1, inputmode: 'numeric' }, t('link.usesMaxHint'));
    return form({
      fields: [span.el, uses.el],
      submit: t('action.create'),
      action: async () => {
        const for_ms = SPANS[span.input.value];
        const uses_max = Number(uses.input.value);
        await app.call('create_link', { room, ...(for_ms !== null && { for_ms }), ...(uses_max > 0 && { uses_max }) });
        close();
        await then();
      },
    });
  });
}

/** Entering by a link, or by its code alone: looked at first, then joined. */
export function joinLinkDialog(app, known = '') {
  openDialog(t('link.join'), (close) => {
    const code = field(t('link.code'), { name: 'code', autofocus: true, autocapitalize: 'none', spellcheck: 'false', maxlength: 400, value: known });
    const seen = h('p', { role: 'status' });
    let looked = null;
    const look = async () => {
      const words = codeIn(code.input.value);
      const { title, members } = await app.call('preview_link', { code: words });
      looked = words;
      seen.textContent = t('link.preview', { title: title || t('room.untitled'), members: t('room.members', { n: members }) });
    };
    if (known !== '') look().catch((error) => { seen.textContent = errorText(error); });
    return form({
      fields: [code.el, seen],
      submit: t('room.join'),
      action: async () => {
        if (looked !== codeIn(code.input.value)) return look();
        const room = await app.call('join_link', { code: looked });
        app.store.dispatch({ type: 'room_loaded', room });
        close();
        app.go(room.room);
      },
    });
  });
}

/** The code of whatever was pasted: the address of a link, or its code. */
const codeIn = (text) => text.trim().split('#join/').at(-1);
