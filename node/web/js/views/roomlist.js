// The list of rooms, newest activity first, and the ways to more of them.

import { avatar, h, icon, iconButton, logo, reconcile } from '../dom.js';
import { shortTime, t } from '../i18n/index.js';
import { presenceOf } from '../state/presence.js';
import { requestsWaiting } from '../state/relations.js';
import { inListOrder, mentionsTotal, quietUntil, roomName } from '../state/rooms.js';
import { accountDialog } from './account.js';
import { browseDialog } from './browse.js';
import { contactsDialog } from './contacts.js';
import { mentionsDialog } from './mentions.js';
import { newRoomDialog } from './newroom.js';
import { briefOf } from './said.js';
import { typingText } from './typing.js';

export function roomListView(app) {
  const requests = h('span', { class: 'dot-count', hidden: true });
  const contacts = iconButton('people', t('contacts.title'), () => contactsDialog(app), { data: { do: 'contacts' } });
  contacts.append(requests);
  const head = h('header', { class: 'sidebar-head' },
    h('div', { class: 'brand' }, logo(), h('span', {}, t('app.name'))),
    iconButton('compass', t('rooms.browse'), () => browseDialog(app), { data: { do: 'browse' } }),
    iconButton('plus', t('rooms.new'), () => newRoomDialog(app), { data: { do: 'new-room' } }),
    contacts,
    iconButton('person', t('account.title'), () => accountDialog(app), { data: { do: 'account' } }));
  const called = h('span', { class: 'badge called', hidden: true });
  const mentions = h('button', { type: 'button', class: 'shortcut', data: { do: 'mentions' }, onclick: () => mentionsDialog(app) }, icon('at'), h('span', { class: 'grow' }, t('mentions.title')), called);
  const items = h('ul', { class: 'rooms' });
  const more = h('button', { type: 'button', class: 'quiet', onclick: () => app.sync.loadRooms(false).catch(() => {}) }, t('rooms.more'));
  const none = h('div', { class: 'no-rooms', hidden: true }, h('p', {}, t('rooms.none')),
    h('button', { type: 'button', class: 'primary', onclick: () => newRoomDialog(app) }, t('rooms.new')),
    h('button', { type: 'button', onclick: () => browseDialog(app) }, t('rooms.browse')));
  const el = h('div', { class: 'rooms-scroll' }, mentions, items, none, more);
  let drawn = {};
  let rows = new Map();

  function update(state) {
    drawRequests(requestsWaiting(state));
    const { rooms, open, presence, names, nextRooms, me, invitations, typing } = state;
    if (drawn.rooms === rooms && drawn.open === open && drawn.presence === presence && drawn.invitations === invitations && drawn.typing === typing && drawn.names === names && drawn.nextRooms === nextRooms && drawn.me === me) return;
    drawn = { rooms, open, presence, names, nextRooms, me, invitations, typing };
    more.hidden = !nextRooms;
    drawMentions(mentionsTotal(state));
    none.hidden = nextRooms === undefined || rooms.size > 0;
    const next = new Map();
    for (const room of inListOrder(state)) next.set(room.room, row(state, room));
    rows = next;
    reconcile(items, [...next.values()].map((each) => each.el));
  }

  function drawRequests(count) {
    requests.hidden = count === 0;
    requests.textContent = String(count);
    const label = count === 0 ? t('contacts.title') : `${t('contacts.title')}, ${t('contacts.waiting', { n: count })}`;
    if (contacts.getAttribute('aria-label') !== label) contacts.setAttribute('aria-label', label);
  }

  function drawMentions(count) {
    called.hidden = count === 0;
    called.textContent = String(Math.min(count, 999));
    called.setAttribute('aria-label', t('rooms.unread', { n: count }));
  }

  /** The row there is already, unless something in it changed. */
  function row(state, room) {
    const here = room.peer && presenceOf(state, room.peer.user);
    const last = room.last;
    const quiet = quietUntil(room, Date.now());
    const signature = [room.my.pinned, quiet, state.open === room.room, here, roomName(state, room), room.my.state, room.my.unread, room.my.mentions, last?.seq, last && briefOf(last), last && state.names.get(last.user), inviterOf(state, room.room), typingText(state, room.room)].join('\n');
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
  const { unread, mentions = 0, state: mine } = room.my;
  const badge = mine === 'invited'
    ? h('span', { class: 'badge invited' }, t('rooms.invited'))
    : unread > 0 && h('span', { class: `badge${mentions > 0 ? ' called' : ''}`, 'aria-label': badgeText(unread, mentions) }, `${mentions > 0 ? '@' : ''}${unread > 99 ? '99+' : unread}`);
  const sign = (name, text) => h('span', { class: 'sign' }, icon(name), h('span', { class: 'sr-only' }, text));
  const open = (press) => {
    press.preventDefault();
    app.go(room.room);
  };
  return h('li', {}, h('a', {
    href: `#${room.room}`, class: `room-item${unread > 0 ? ' has-unread' : ''}${quietUntil(room, Date.now()) > 0 ? ' is-quiet' : ''}`, data: { room: room.room },
    'aria-current': state.open === room.room ? 'page' : null, onclick: open,
  },
    roomAvatar(room, name, here),
    h('span', { class: 'room-item-name' }, h('span', {}, name), room.my.pinned && sign('pin', t('rooms.pinned')), quietUntil(room, Date.now()) > 0 && sign('quiet', t('rooms.quiet'))),
    h('time', {}, shortTime(room.last?.at_ms ?? room.created_ms)),
    h('span', { class: 'room-item-last' }, preview(app, state, room)),
    badge));
}

function badgeText(unread, mentions) {
  const text = t('rooms.unread', { n: unread });
  return mentions > 0 ? `${text}, ${t('rooms.mentions', { n: mentions })}` : text;
}

/** The name of who invited to a room, if the user is. */
export function inviterOf(state, room) {
  const by = state.invitations.get(room)?.by;
  return by && (state.names.get(by) ?? by);
}

/** A person for a direct room, a house for the others. */
export function roomAvatar(room, name, here) {
  if (room.kind === 'direct') return avatar(room.peer?.user ?? room.room, name, here);
  const el = avatar(room.room, name);
  el.classList.add('square');
  if (room.kind === 'group') return el;
  el.replaceChildren(icon('group'));
  return el;
}

function preview(app, state, room) {
  const inviter = room.my?.state === 'invited' && inviterOf(state, room.room);
  if (inviter) return t('invitation.by', { name: inviter });
  const typing = typingText(state, room.room);
  if (typing) return typing;
  const last = room.last;
  if (!last) return room.topic || t(`kind.${room.kind}`);
  if (last.user === state.me?.user) return `${t('room.you')}: ${briefOf(last)}`;
  if (room.kind === 'direct') return briefOf(last);
  app.sync.wantName(last.user);
  return `${state.names.get(last.user) ?? last.user}: ${briefOf(last)}`;
}
