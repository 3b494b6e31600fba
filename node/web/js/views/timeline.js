// The scroll of messages. Whoever is at the end stays at the end; whoever reads further up keeps their place.

import { h, icon, reconcile } from '../dom.js';
import { t } from '../i18n/index.js';
import { createRowCache, rowsOf } from './rows.js';
import { briefOf } from './said.js';
import { walker } from './walk.js';

/** This near the end counts as the end. */
const END_PX = 48;
/** This near an end of the window the next page is read. */
const NEAR_PX = 800;

export function timelineView(app, id) {
  const list = h('ol', { class: 'messages' });
  const busy = h('div', { class: 'history-note' });
  const scroll = h('div', { class: 'scroll', tabindex: 0, role: 'log', 'aria-live': 'off', 'aria-label': t('room.messages'), onscroll: scrolled, onkeydown: walker(app, { room: id }, () => scroll, () => el.dispatchEvent(new CustomEvent('left', { bubbles: true }))) }, busy, list);
  const news = h('span', { class: 'jump-count' });
  const jump = h('button', { type: 'button', class: 'jump', hidden: true, data: { do: 'jump' }, title: t('room.jump'), 'aria-label': t('room.jump'), onclick: () => app.newest(id) }, icon('down'), news);
  const voice = h('div', { class: 'sr-only', 'aria-live': 'polite' });
  const el = h('div', { class: 'timeline' }, scroll, jump, voice);
  const elements = createRowCache(app, { room: id });
  let drawn = {};
  let spoken = null;
  let placed = false;

  const timeline = () => app.store.state.timelines.get(id);
  const toEnd = () => { scroll.scrollTop = scroll.scrollHeight; };
  const resized = new ResizeObserver(() => timeline()?.following && timeline().newest && placed && toEnd());
  resized.observe(scroll);
  resized.observe(list);

  function update(state) {
    const { names, outbox, rooms, me, receipts } = state;
    const own = state.timelines.get(id);
    if (own === undefined || me === null) return;
    const parts = { own, names, waiting: outbox.get(id), room: rooms.get(id), receipts: receipts.get(id) };
    if (Object.keys(parts).every((part) => parts[part] === drawn[part])) return;
    drawn = parts;
    draw(state, own);
    speak(state, own);
  }

  function draw(state, own) {
    const anchor = own.following && own.newest ? null : findAnchor();
    for (const event of own.events) for (const user of [event.user, event.target, event.forward?.user]) if (typeof user === 'string') app.sync.wantName(user);
    reconcile(list, elements(state, rowsOf(state, { room: id, events: own.events, divider: own.divider, waiting: own.newest ? (state.outbox.get(id) ?? []) : [] })));
    busy.textContent = own.loading === 'older' || own.loading === 'newest' ? t('room.loading') : own.older || own.events.length === 0 ? '' : t('room.start');
    place(own, anchor);
    drawJump(state, own);
    if (own.events.length > 0) readMore();
  }

  function place(own, anchor) {
    if (own.events.length === 0) placed = false;
    else if (!placed) firstPlace();
    else if (anchor) scroll.scrollTop += anchor.el.getBoundingClientRect().top - anchor.top;
    else if (own.following) toEnd();
  }

  /** A room opens where reading stopped, or at its end. */
  function firstPlace() {
    placed = true;
    toEnd();
    const divider = list.querySelector('.divider');
    if (divider) scroll.scrollTop = Math.min(scroll.scrollTop, divider.offsetTop - 64);
    scrolled();
  }

  /** The first row in sight that will still be there, and where it is now. */
  function findAnchor() {
    const edge = scroll.getBoundingClientRect().top;
    for (const el of list.children) {
      const { top, bottom } = el.getBoundingClientRect();
      if (bottom > edge && el.dataset.seq) return { el, top };
    }
    return null;
  }

  function drawJump(state, own) {
    const unread = state.rooms.get(id)?.my?.unread ?? 0;
    jump.hidden = own.following && own.newest;
    news.textContent = unread > 0 ? String(Math.min(unread, 999)) : '';
  }

  function scrolled() {
    const own = timeline();
    if (!own || !placed) return;
    const below = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight;
    app.store.dispatch({ type: 'scrolled', room: id, atEnd: own.newest && below < END_PX });
    readMore();
  }

  function readMore() {
    const own = timeline();
    if (!own || own.loading !== null || app.store.state.link.state !== 'online') return;
    const below = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight;
    if (own.older && scroll.scrollTop < NEAR_PX) app.sync.page(id, 'older');
    else if (!own.newest && below < NEAR_PX) app.sync.page(id, 'newer');
  }

  /** Shows one message, if it is in the window, and puts the focus on it. */
  function reveal(seq) {
    const row = list.querySelector(`.message[data-seq="${Number(seq)}"]`);
    row?.scrollIntoView({ block: 'center' });
    row?.focus({ preventScroll: true });
    // Told at once: a window that still follows the end would be moved back there by the next change of its size.
    if (row !== null) scrolled();
    return row !== null;
  }

  /** Reads out what somebody else has just said; not the pages of history. */
  function speak(state, own) {
    const last = own.newest ? own.events.at(-1) : undefined;
    if (!last) return;
    const isNew = spoken !== null && last.seq > spoken && last.kind === 'message' && last.user !== state.me.user;
    spoken = last.seq;
    if (isNew) voice.textContent = `${state.names.get(last.user) ?? last.user}: ${briefOf(last)}`;
  }

  return { el, update, reveal, last: () => reveal(timeline()?.events.findLast((event) => event.kind === 'message')?.seq), destroy: () => resized.disconnect() };
}
