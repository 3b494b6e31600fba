// The list of rooms, newest activity first, and the ways to more of them.

import { avatar, h, icon, iconButton, logo, reconcile } from '../dom.js';
import { shortTime, t } from '../i18n/index.js';
import { inListOrder, roomName } from '../state/rooms.js';
import { accountDialog } from './account.js';
import { browseDialog } from './browse.js';
import { newRoomDialog } from './newroom.js';

export function roomListView(app) {
  const head = h('header', { class: 'sidebar-head' },
    h('div', { class: 'brand' }, logo(), h('span', {}, t('app.name'))),
    iconButton('compass', t('rooms.browse'), () => browseDialog(app), { data: { do: 'browse' } }),
    iconButton('plus', t('rooms.new'), () => newRoomDialog(app), { data: { do: 'new-room' } }),
    iconButton('person', t('account.title'), () => accountDialog(app), { data: { do: 'account' } }));
  const items = h('ul', { class: 'rooms' });
  const more = h('button', { type: 'button', class: 'quiet', onclick: () => app.sync.loadRooms(false).catch(() => {}) }, t('rooms.more'));
  const none = h('div', { class: 'no-rooms', hidden: true }, h('p', {}, t('rooms.none')),
    h('button', { type: 'button', class: 'primary', onclick: () => newRoomDialog(app) }, t('rooms.new')),
    h('button', { type: 'button', onclick: () => browseDialog(app) }, t('rooms.browse')));
  const el = h('div', { class: 'rooms-scroll' }, items, none, more);
  let drawn = {};
  let rows = new Map();

  function update(state) {
    const { rooms, open, online, names, nextRooms, me } = state;
    if (drawn.rooms === rooms && drawn.open === open && drawn.online === online && drawn.names === names && drawn.nextRooms === nextRooms && drawn.me === me) return;
    drawn = { rooms, open, online, names, nextRooms, me };
    more.hidden = !nextRooms;
    none.hidden = nextRooms === undefined || rooms.size > 0;
    const next = new Map();
    for (const room of inListOrder(state)) next.set(room.room, row(state, room));
    rows = next;
    reconcile(items, [...next.values()].map((each) => each.el));
  }

  /** The row there is already, unless something in it changed. */
  function row(state, room) {
    const here = room.peer && state.online.has(room.peer.user);
    const last = room.last;
    const signature = [state.open === room.room, here, roomName(state, room), room.my.state, room.my.unread, last?.seq, last && state.names.get(last.user)].join('\n');
    const known = rows.get(room.room);
    if (known?.signature === signature) return known;
    const el = rowElement(app, state, room, here);
    // A new element must not take the focus away from somebody who walks the list by keyboard.
    const focused = known?.el.contains(document.activeElement);
    if (focused) queueMicrotask(() => el.querySelector('a').focus());
    return { signature, el };
  }

  return { head, el, update };
}

function rowElement(app, state, room, here) {
  const name = roomName(state, room) ?? t('room.untitled');
  const { unread, state: mine } = room.my;
  const badge = mine === 'invited'
    ? h('span', { class: 'badge invited' }, t('rooms.invited'))
    : unread > 0 && h('span', { class: 'badge', 'aria-label': t('rooms.unread', { n: unread }) }, unread > 99 ? '99+' : String(unread));
  const open = (press) => {
    press.preventDefault();
    app.go(room.room);
  };
  return h('li', {}, h('a', {
    href: `#${room.room}`, class: `room-item${unread > 0 ? ' has-unread' : ''}`, data: { room: room.room },
    'aria-current': state.open === room.room ? 'page' : null, onclick: open,
  },
    roomAvatar(room, name, here),
    h('span', { class: 'room-item-name' }, name),
    h('time', {}, shortTime(room.last?.at_ms ?? room.created_ms)),
    h('span', { class: 'room-item-last' }, preview(app, state, room)),
    badge));
}

/** A person for a direct room, a house for the others. */
export function roomAvatar(room, name, here) {
  if (room.kind === 'direct') return avatar(room.peer?.user ?? room.room, name, here);
  const el = avatar(room.room, name, false);
  el.classList.add('square');
  if (room.kind === 'group') return el;
  el.replaceChildren(icon('group'));
  return el;
}

function preview(app, state, room) {
  const last = room.last;
  if (!last) return room.topic || t(`kind.${room.kind}`);
  if (last.user === state.me?.user) return `${t('room.you')}: ${last.text}`;
  if (room.kind === 'direct') return last.text;
  app.sync.wantName(last.user);
  return `${state.names.get(last.user) ?? last.user}: ${last.text}`;
}
