// What others see of oneself: some words, until when they hold, and whether one is seen at all.

import { h } from '../dom.js';
import { dayEnd, errorText, fullTime, t } from '../i18n/index.js';
import { ownStatus } from '../state/own.js';
import { actionButton, field, form, selectField, switchRow } from './form.js';
import { toast } from './toast.js';

const MINUTE_MS = 60_000;
const ENDS = { open: () => undefined, half: (now_ms) => now_ms + 30 * MINUTE_MS, hour: (now_ms) => now_ms + 60 * MINUTE_MS, four: (now_ms) => now_ms + 240 * MINUTE_MS, today: dayEnd, week: (now_ms) => now_ms + 7 * 24 * 60 * MINUTE_MS };

export function statusPart(app) {
  const el = h('section', {}, h('h3', {}, t('status.title')), h('p', { class: 'hint' }, t('room.loading')));
  app.attention.learn().then(
    () => el.replaceChildren(h('h3', {}, t('status.title')), ...parts(app)),
    (error) => el.replaceChildren(h('h3', {}, t('status.title')), h('p', { class: 'hint' }, errorText(error))),
  );
  return el;
}

function parts(app) {
  const { mine } = app.store.state;
  const status = mine.status ?? {};
  const emoji = field(t('status.emoji'), { name: 'status_emoji', maxlength: 16, value: status.emoji ?? '' });
  const text = field(t('status.text'), { name: 'status_text', maxlength: 128, value: status.text ?? '', placeholder: t('status.example') });
  const end = selectField(t('status.until'), 'status_until', Object.keys(ENDS).map((key) => [key, t(`until.${key}`)]));
  const now = h('p', { class: 'hint', role: 'status' });
  const tell = () => { now.textContent = saying(ownStatus(app.store.state, Date.now())); };
  const clear = actionButton(t('status.clear'), async () => {
    await app.attention.show({ status: {} });
    emoji.input.value = text.input.value = '';
    tell();
  }, { data: { do: 'clear-status' } }, toast);
  tell();
  return [
    now,
    form({
      fields: [h('div', { class: 'status-words' }, emoji.el, text.el), end.el],
      submit: t('status.save'),
      beside: clear,
      action: async () => {
        const expires_ms = ENDS[end.input.value](Date.now());
        const words = { emoji: emoji.input.value.trim(), text: text.input.value.trim() };
        const said = Object.fromEntries(Object.entries(words).filter(([, value]) => value !== ''));
        await app.attention.show({ status: Object.keys(said).length > 0 ? { ...said, ...(expires_ms && { expires_ms }) } : {} });
        tell();
        toast(t('account.saved'));
      },
    }),
    switchRow(t('status.invisible'), mine.invisible, (on) => app.attention.show({ state: on ? 'invisible' : 'online' }), { name: 'invisible' }, t('status.invisibleHint')),
  ];
}

function saying(status) {
  if (status === null) return t('status.none');
  const words = [status.emoji, status.text].filter(Boolean).join(' ');
  return status.expires_ms ? t('status.nowUntil', { words, time: fullTime(status.expires_ms) }) : t('status.now', { words });
}
