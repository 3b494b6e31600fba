// What was said, as rows: days, messages grouped by sender, and what happened in the room.

import { avatar, h, icon, linkified } from '../dom.js';
import { currentLanguage, dayOf, dayText, fullTime, t, time } from '../i18n/index.js';

/** Messages of one sender this close together belong together. */
const GROUP_MS = 5 * 60_000;
/** Nothing but one to three emoji: shown large. */
const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?(?:\u200D\p{Extended_Pictographic}\uFE0F?)*){1,3}$/u;

/** The rows of a timeline with the own messages on their way at its end: plain values, drawn by `drawRow`. */
export function rowsOf(state, room) {
  const { events, divider, newest } = state.timelines.get(room);
  const me = state.me?.user;
  const rows = [];
  let day = null;
  let marked = divider === null;
  for (const event of events) {
    if (dayOf(event.at_ms) !== day) {
      day = dayOf(event.at_ms);
      rows.push({ key: `day-${day}`, type: 'day', at_ms: event.at_ms, today: dayOf(Date.now()) });
    }
    if (!marked && event.seq > divider && event.kind === 'message' && event.user !== me) {
      marked = true;
      rows.push({ key: 'divider', type: 'divider' });
    }
    const type = event.kind === 'message' ? 'message' : 'happened';
    const key = event.kind === 'message' && event.user === me ? event.cid : String(event.seq);
    rows.push({ key, type, event, user: event.user, at_ms: event.at_ms, own: event.user === me, status: 'logged' });
  }
  if (newest) for (const entry of state.outbox.get(room) ?? []) rows.push(outgoing(entry, me));
  return grouped(rows, state);
}

function outgoing({ cid, text, at_ms, status, error }, me) {
  return { key: cid, type: 'message', event: { text, cid }, user: me, at_ms, own: true, status, error };
}

function grouped(rows, state) {
  const together = (a, b) => a?.type === 'message' && b?.type === 'message' && a.user === b.user && Math.abs(b.at_ms - a.at_ms) < GROUP_MS;
  const direct = state.rooms.get(state.open)?.kind === 'direct';
  rows.forEach((row, index) => {
    if (row.type !== 'message') return;
    row.first = !together(rows[index - 1], row);
    row.last = !together(row, rows[index + 1]);
    row.name = state.names.get(row.user) ?? row.user;
    row.named = row.first && !row.own && !direct;
  });
  return rows;
}

/** Equal for two rows that look the same. */
export function signatureOf(row, state) {
  if (row.type === 'day') return `${row.today}`;
  if (row.type === 'divider') return '';
  if (row.type === 'happened') return happenedText(row.event, state);
  return `${row.first}${row.last}${row.named}${row.name}${row.status}${row.error}${row.at_ms}`;
}

export function drawRow(app, row, state) {
  if (row.type === 'day') return h('li', { class: 'day' }, h('span', {}, dayText(row.at_ms)));
  if (row.type === 'divider') return h('li', { class: 'divider' }, h('span', {}, t('room.newHere')));
  if (row.type === 'happened') return h('li', { class: 'happened', data: { seq: row.event.seq } }, happenedText(row.event, state));
  return messageRow(app, row, state.open);
}

function messageRow(app, row, room) {
  const { text } = row.event;
  const classes = ['message', row.own ? 'own' : 'other', row.first && 'first', row.last && 'last', row.status !== 'logged' && row.status];
  const bubble = h('div', { class: `bubble${EMOJI_ONLY.test(text) ? ' emoji' : ''}`, dir: 'auto' }, linkified(text));
  const stamp = h('span', { class: 'stamp' }, statusMark(row), h('time', { datetime: new Date(row.at_ms).toISOString(), title: fullTime(row.at_ms) }, time(row.at_ms)));
  const who = row.named ? h('span', { class: 'sender' }, row.name) : h('span', { class: 'sr-only' }, row.own ? t('room.you') : row.name);
  return h('li', { class: classes.filter(Boolean).join(' '), data: { status: row.status, ...(row.event.seq && { seq: row.event.seq }) } },
    !row.own && h('span', { class: 'gutter' }, row.first && avatar(row.user, row.name)),
    h('div', { class: 'message-body' }, who, h('div', { class: 'line' }, bubble, stamp), row.status === 'failed' && failedNote(app, row, room)));
}

function statusMark({ status }) {
  if (status === 'waiting' || status === 'sending') return h('span', { class: 'mark', role: 'img', 'aria-label': t('send.waiting') }, icon('clock'));
  if (status === 'failed') return h('span', { class: 'mark', role: 'img', 'aria-label': t('send.failed') }, icon('alert'));
  return null;
}

function failedNote(app, row, room) {
  return h('div', { class: 'failed-note', role: 'alert' },
    h('span', {}, `${t('send.failed')} ${t(`error.${row.error}`)}`),
    h('button', { type: 'button', data: { do: 'retry' }, onclick: () => app.sender.retry(room, row.key) }, t('send.retry')),
    h('button', { type: 'button', data: { do: 'discard' }, onclick: () => app.sender.discard(room, row.key) }, t('send.discard')));
}

function happenedText(event, state) {
  const name = (user) => state.names.get(user) ?? user;
  const values = { user: name(event.user), target: name(event.target), role: event.role && t(`role.${event.role}`), title: event.title };
  if (event.kind === 'changed') return t(event.title !== undefined ? 'happened.title' : 'happened.topic', values);
  return t(`happened.${event.kind}`, values);
}

/** Rows are kept as long as they look the same, so that a new message draws one row and not four hundred. */
export function createRowCache(app) {
  let cache = new Map();
  return (state, rows) => {
    const next = new Map();
    for (const row of rows) {
      const signature = `${currentLanguage()}${signatureOf(row, state)}`;
      const known = cache.get(row.key);
      const keep = known?.signature === signature && known.type === row.type;
      next.set(row.key, { signature, type: row.type, el: keep ? known.el : drawRow(app, row, state) });
    }
    cache = next;
    return [...next.values()].map(({ el }) => el);
  };
}
