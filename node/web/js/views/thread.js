// One thread, beside its room: the message it hangs on, the replies, and a place to write another.

import { h, iconButton, reconcile } from '../dom.js';
import { errorText, t } from '../i18n/index.js';
import { composerView } from './composer.js';
import { actionButton } from './form.js';
import { createRowCache, rowsOf } from './rows.js';
import { walker } from './walk.js';

/** This near the end counts as the end. */
const END_PX = 48;

export function threadView(app, id, seq) {
  const place = { room: id, thread: seq };
  const list = h('ol', { class: 'messages' });
  // Read out by the room, of which every reply is a message too.
  const scroll = h('div', { class: 'scroll', tabindex: 0, role: 'log', 'aria-live': 'off', 'aria-label': t('thread.replies'), onkeydown: walker(app, place, () => scroll, () => composer.focus()) }, list);
  const note = h('p', { class: 'hint thread-note', role: 'status' });
  const again = actionButton(t('thread.again'), () => app.threads.newest(), { class: 'quiet', hidden: true });
  const newest = actionButton(t('room.jump'), () => app.threads.newest(), { class: 'quiet', hidden: true });
  const composer = composerView(app, id, seq);
  const closeButton = iconButton('close', t('thread.close'), () => app.threads.close(), { data: { do: 'close-thread' } });
  const el = h('aside', { class: 'thread', 'aria-label': t('thread.title'), onkeydown: (key) => key.key === 'Escape' && app.threads.close() },
    h('header', { class: 'people-head' }, h('h2', {}, t('thread.title')), closeButton), scroll, note, again, newest, composer.el);
  composer.named(t('thread.title'), t('thread.placeholder'));
  const elements = createRowCache(app, place);
  let drawn = {};

  function update(state) {
    composer.update(state);
    const { thread, names, rooms, outbox } = state;
    const parts = { thread, names, room: rooms.get(id), waiting: outbox.get(id) };
    if (Object.keys(parts).every((part) => parts[part] === drawn[part])) return;
    // Whoever is at the end stays there, and whoever reads further up keeps their place.
    const atEnd = drawn.thread === undefined || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < END_PX;
    const fromEnd = scroll.scrollHeight - scroll.scrollTop;
    const older = thread.events[0]?.seq < drawn.thread?.events[0]?.seq;
    drawn = parts;
    draw(state, thread);
    if (atEnd) scroll.scrollTop = scroll.scrollHeight;
    else if (older) scroll.scrollTop = scroll.scrollHeight - fromEnd;
  }

  function draw(state, thread) {
    for (const event of thread.events) app.sync.wantName(event.user);
    const waiting = thread.newest ? (state.outbox.get(id) ?? []).filter((entry) => entry.extra?.thread === seq) : [];
    const events = thread.root ? [thread.root, ...thread.events] : thread.events;
    reconcile(list, elements(state, rowsOf(state, { room: id, events, waiting, divider: null, root: seq, earlier: thread.older })));
    note.textContent = thread.error ? errorText(thread.error) : thread.loading === 'newest' && thread.events.length === 0 ? t('room.loading') : '';
    again.hidden = !thread.error;
    newest.hidden = thread.newest;
  }

  /** Where a keyboard would come up over half of the screen, writing waits until it is asked for. */
  function focus() {
    if (!matchMedia('(hover: hover)').matches || !composer.focus()) closeButton.focus();
  }

  return { el, update, focus, destroy: composer.destroy };
}
