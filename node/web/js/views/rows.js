// What was said, as rows: days, messages grouped by sender, and what happened in the room.

import { avatar, h, icon, iconButton } from '../dom.js';
import { currentLanguage, dayOf, dayText, fullTime, t, time } from '../i18n/index.js';
import { reachedBy } from '../state/presence.js';
import { actionButton } from './form.js';
import { happenedText, isTold } from './happened.js';
import { messageDialog } from './messageactions.js';
import { bubble, marks, quote, reactions, saidSignature, threadWay } from './said.js';

/** Messages of one sender this close together belong together. */
const GROUP_MS = 5 * 60_000;

/**
 * The rows of some events of a room with the own messages on their way at their end: plain values, drawn by
 * `drawRow`. In a thread, `root` is the message it hangs on, and `earlier` says that replies come before the first.
 */
export function rowsOf(state, { room, events, waiting, divider, root = null, earlier = false }) {
  const me = state.me?.user;
  const rows = [];
  let day = null;
  let marked = divider === null;
  for (const event of events) {
    if (event.kind !== 'message' && !isTold(event)) continue;
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
    if (event.seq === root) rows.push({ key: 'replies', type: 'replies', n: event.replies?.count ?? 0, earlier });
  }
  for (const entry of waiting) rows.push(outgoing(entry, me));
  if (root === null) markReached(rows, state, room);
  return grouped(rows, state);
}

/** Under the newest own message that is logged: who has read it, or to how many it has come. */
function markReached(rows, state, room) {
  const last = rows.findLast((row) => row.type === 'message' && row.own && row.status === 'logged');
  if (last) last.reached = reachedText(state, room, last.event.seq);
}

function reachedText(state, room, seq) {
  const { read, received } = reachedBy(state, room, seq);
  if (read.length === 0) return received.length > 0 ? t('receipt.received', { n: received.length }) : '';
  if (state.rooms.get(room)?.kind === 'direct') return t('receipt.read');
  const names = read.slice(0, 3).map((user) => state.names.get(user) ?? user).join(', ');
  return read.length > 3 ? t('receipt.readByMore', { names, n: read.length - 3 }) : t('receipt.readBy', { names });
}

function outgoing({ cid, text, at_ms, status, error, extra }, me) {
  return { key: cid, type: 'message', event: { text, cid, ...extra }, user: me, at_ms, own: true, status, error };
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
  if (row.type === 'replies') return `${row.n}${row.earlier}`;
  if (row.type === 'happened') return happenedText(row.event, state);
  return `${row.first}${row.last}${row.named}${row.name}${row.status}${row.error}${row.at_ms}${row.reached}${saidSignature(row.event, state.open, state)}`;
}

function drawRow(app, place, row, state) {
  if (row.type === 'day') return h('li', { class: 'day' }, h('span', {}, dayText(row.at_ms)));
  if (row.type === 'divider') return h('li', { class: 'divider' }, h('span', {}, t('room.newHere')));
  if (row.type === 'happened') return h('li', { class: 'happened', data: { seq: row.event.seq } }, happenedText(row.event, state));
  if (row.type === 'replies') return repliesRow(app, row);
  return messageRow(app, place, row, state);
}

/** Between the message a thread hangs on and its replies. */
function repliesRow(app, { n, earlier }) {
  const more = earlier && actionButton(t('thread.older'), app.threads.older, { class: 'quiet', data: { do: 'older-replies' } });
  return h('li', { class: 'day replies' }, h('span', {}, n > 0 ? t('message.replies', { n }) : t('thread.none')), more);
}

function messageRow(app, place, row, state) {
  const { room } = place;
  const message = row.event;
  const logged = row.status === 'logged';
  const classes = ['message', row.own ? 'own' : 'other', row.first && 'first', row.last && 'last', !logged && row.status];
  const stamp = h('span', { class: 'stamp' }, statusMark(row), marks(message), h('time', { datetime: new Date(row.at_ms).toISOString(), title: fullTime(row.at_ms) }, time(row.at_ms)));
  const who = row.named ? h('span', { class: 'sender' }, row.name) : h('span', { class: 'sr-only' }, row.own ? t('room.you') : row.name);
  const more = logged && !message.deleted && iconButton('dots', t('message.actions'), () => messageDialog(app, place, message.seq), { class: 'icon-button message-more', tabindex: -1, data: { do: 'message-actions' } });
  return h('li', { class: classes.filter(Boolean).join(' '), tabindex: logged ? -1 : null, data: { status: row.status, ...(message.seq && { seq: message.seq }) } },
    !row.own && h('span', { class: 'gutter' }, row.first && avatar(row.user, row.name)),
    h('div', { class: 'message-body' }, who, message.reply && quote(app, room, message.reply, state),
      h('div', { class: 'line' }, bubble(message, state), stamp, more), reactions(app, room, message), place.thread === undefined && threadWay(app, room, message), row.reached && h('small', { class: 'reached' }, row.reached), row.status === 'failed' && failedNote(app, row, room)));
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

/** Rows are kept as long as they look the same, so that a new message draws one row and not four hundred. */
export function createRowCache(app, place) {
  let cache = new Map();
  return (state, rows) => {
    const next = new Map();
    for (const row of rows) {
      const signature = `${currentLanguage()}${signatureOf(row, state)}`;
      const known = cache.get(row.key);
      const keep = known?.signature === signature && known.type === row.type;
      next.set(row.key, { signature, type: row.type, el: keep ? known.el : drawRow(app, place, row, state) });
    }
    cache = next;
    return [...next.values()].map(({ el }) => el);
  };
}
