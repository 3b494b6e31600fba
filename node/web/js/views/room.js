// One room: its head, what was said, the place to write, and beside it who is here, or one thread.

import { h, iconButton } from '../dom.js';
import { t } from '../i18n/index.js';
import { presenceOf, statusOf } from '../state/presence.js';
import { roomName } from '../state/rooms.js';
import { composerView } from './composer.js';
import { peopleView } from './people.js';
import { pinsDialog } from './pins.js';
import { inviterOf, roomAvatar } from './roomlist.js';
import { threadView } from './thread.js';
import { timelineView } from './timeline.js';
import { typingView } from './typing.js';
import { toast } from './toast.js';
import { actionButton } from './form.js';

/** Wide enough for the people beside the room without asking. */
const WIDE = matchMedia('(min-width: 1100px)');

export function roomView(app, id) {
  const face = h('span', { class: 'room-face' });
  const title = h('h1', {});
  const subtitle = h('p', {});
  const peopleButton = iconButton('people', t('people.title'), togglePeople, { data: { do: 'people' }, 'aria-expanded': String(WIDE.matches) });
  const pinsButton = iconButton('pin', t('pins.title'), () => pinsDialog(app, id), { data: { do: 'pins' } });
  const head = h('header', { class: 'room-head' },
    iconButton('back', t('action.back'), () => app.go(null), { class: 'icon-button back' }), face,
    h('div', { class: 'room-head-text' }, title, subtitle), pinsButton, peopleButton);
  const timeline = timelineView(app, id);
  const composer = composerView(app, id);
  const typing = typingView(app, id);
  const people = peopleView(app, id, () => togglePeople());
  const body = h('div', { class: 'room-body' });
  const el = h('section', { class: `room${WIDE.matches ? ' with-people' : ''}`, 'aria-label': t('room.label') }, h('div', { class: 'room-column' }, head, body), people.el);
  let mode;
  /** The thread beside the room, if one is open: `{ seq, view }`. */
  let beside = null;
  /** The message to go to with the next drawing. */
  let wanted = null;
  let drawn = {};
  let inviter;

  el.addEventListener('keydown', (key) => {
    // Where the people lie over the room, Escape puts them away.
    if (key.key === 'Escape' && !WIDE.matches && el.classList.contains('with-people')) togglePeople();
  });

  el.addEventListener('left', () => composer.focus());
  el.addEventListener('look-back', () => timeline.last());

  /** To a message that is about to be drawn. */
  function seek(seq) {
    wanted = seq;
  }

  function togglePeople() {
    if (beside !== null) return app.threads.close();
    const open = el.classList.toggle('with-people');
    peopleButton.setAttribute('aria-expanded', String(open));
    if (open) people.focus();
    else peopleButton.focus();
  }

  /** Opens, draws and closes the thread; the focus goes with it. */
  function updateThread(state) {
    const seq = state.thread?.room === id ? state.thread.seq : null;
    const before = beside;
    const other = seq !== (before?.seq ?? null);
    if (other) swapThread(seq);
    beside?.view.update(state);
    if (!other) return;
    if (beside !== null) beside.view.focus();
    else if (!timeline.reveal(before.seq)) composer.focus();
  }

  function swapThread(seq) {
    beside?.view.el.remove();
    beside?.view.destroy();
    beside = seq === null ? null : { seq, view: threadView(app, id, seq) };
    if (beside !== null) el.append(beside.view.el);
    el.classList.toggle('with-thread', beside !== null);
    peopleButton.setAttribute('aria-expanded', String(beside === null && el.classList.contains('with-people')));
  }

  function update(state) {
    const room = state.rooms.get(id);
    if (drawn.room !== room || drawn.names !== state.names || drawn.presence !== state.presence) drawHead(state, room);
    drawn = { room, names: state.names, presence: state.presence };
    const next = room === undefined ? 'loading' : (room.my?.state ?? 'outside');
    const by = inviterOf(state, id);
    if (next !== mode || (next === 'invited' && by !== inviter)) show(next);
    inviter = by;
    if (mode !== 'joined') return;
    timeline.update(state);
    if (wanted !== null) timeline.reveal(wanted);
    wanted = null;
    typing.update(state);
    composer.update(state);
    people.update(state);
    updateThread(state);
  }

  function drawHead(state, room) {
    if (room === undefined) return;
    const name = roomName(state, room) ?? t('room.untitled');
    const here = room.peer && presenceOf(state, room.peer.user);
    title.textContent = name;
    subtitle.textContent = describe(state, room, here);
    face.replaceChildren(roomAvatar(room, name, here));
    composer.named(name);
  }

  function show(next) {
    mode = next;
    pinsButton.hidden = peopleButton.hidden = people.el.hidden = mode !== 'joined';
    if (mode === 'joined') body.replaceChildren(timeline.el, typing.el, composer.el);
    else if (mode === 'loading') body.replaceChildren(h('div', { class: 'empty' }, h('p', {}, t('room.loading'))));
    else body.replaceChildren(doorView(app, app.store.state.rooms.get(id), mode));
    if (mode === 'joined' && matchMedia('(hover: hover)').matches) composer.focus();
  }

  function destroy() {
    timeline.destroy();
    composer.destroy();
    beside?.view.destroy();
  }

  return { el, update, seek, reveal: timeline.reveal, destroy };
}

function describe(state, room, here) {
  if (room.kind === 'direct') return [t(`presence.${here}`), room.peer && statusOf(state, room.peer.user, Date.now())].filter(Boolean).join(' · ');
  return [room.archived && t('room.archived'), t('room.members', { n: room.members }), room.topic].filter(Boolean).join(' · ');
}

/** At the door: accept or decline an invitation, or join an open room. */
function doorView(app, room, mode) {
  const id = room.room;
  const name = room.title || t('room.untitled');
  const inviter = inviterOf(app.store.state, id);
  const enter = async () => {
    app.store.dispatch({ type: 'room_loaded', room: await app.call('join', { room: id }) });
    await app.sync.openRoom(id);
  };
  const decline = async () => {
    await app.call(mode === 'invited' ? 'decline' : 'leave', { room: id });
    app.store.dispatch({ type: 'room_removed', room: id });
  };
  return h('div', { class: 'empty door' },
    roomAvatar(room, name), h('h2', {}, name), room.topic && h('p', { class: 'topic' }, room.topic),
    h('p', {}, mode === 'invited' ? t('room.invitedText') : t('room.outsideText')),
    mode === 'invited' && inviter && h('p', {}, t('invitation.by', { name: inviter })),
    h('div', { class: 'actions' },
      mode === 'invited' && actionButton(t('room.decline'), decline, { data: { do: 'decline' } }, toast),
      actionButton(mode === 'invited' ? t('room.accept') : t('room.join'), enter, { class: 'primary', data: { do: 'accept' } }, toast)));
}
