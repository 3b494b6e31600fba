// Beside the room: what it is about, who is here, and what may be done about both.

import { avatar, h, icon, iconButton } from '../dom.js';
import { t } from '../i18n/index.js';
import { membersByPresence } from '../state/people.js';
import { confirmDialog } from './dialog.js';
import { actionButton } from './form.js';
import { directWith } from './newroom.js';
import { editRoomDialog, inviteDialog } from './roomedit.js';
import { toast } from './toast.js';

export function peopleView(app, id, close) {
  const about = h('div', { class: 'about' });
  const lists = h('div', { class: 'people-lists' });
  const foot = h('div', { class: 'people-foot' });
  const closeButton = iconButton('close', t('action.close'), close);
  const el = h('aside', { class: 'people', 'aria-label': t('people.title') },
    h('header', { class: 'people-head' }, h('h2', {}, t('people.title')), closeButton), h('div', { class: 'people-scroll' }, about, lists, foot));
  let drawn = {};
  let expanded = null;

  function update(state) {
    const parts = { room: state.rooms.get(id), members: state.members.get(id), online: state.online, names: state.names, expanded };
    if (!parts.room?.my || Object.keys(parts).every((part) => parts[part] === drawn[part])) return;
    drawn = parts;
    const focus = el.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    const rights = rightsOf(parts.room);
    about.replaceChildren(...aboutParts(app, parts.room, rights));
    lists.replaceChildren(...memberLists(state, rights));
    foot.replaceChildren(...footParts(app, parts.room));
    if (focus) el.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  }

  function memberLists(state, rights) {
    const { here, away, invited } = membersByPresence(state, id);
    const part = (key, members) => members.length > 0 && [
      h('h3', {}, t(`people.${key}`), ' ', h('span', { class: 'count' }, String(members.length))),
      h('ul', { class: 'members' }, members.map((member) => memberRow(state, member, rights))),
    ];
    const more = state.members.get(id)?.next && actionButton(t('people.more'), () => app.sync.loadMembers(id, true), { class: 'quiet' }, toast);
    return [part('hereList', here), part('awayList', away), part('invitedList', invited), more].flat(2).filter(Boolean);
  }

  function memberRow(state, member, rights) {
    const name = state.names.get(member.user) ?? member.user;
    const here = state.online.has(member.user);
    const own = member.user === state.me?.user;
    const actions = own ? [] : memberActions(app, id, member, name, rights);
    const open = expanded === member.user && actions.length > 0;
    const toggle = () => {
      expanded = open ? null : member.user;
      update(app.store.state);
    };
    const label = [
      avatar(member.user, name, here),
      h('span', { class: 'member-name' }, h('span', {}, name, own && ` (${t('room.you')})`), h('small', {}, `@${member.user}`)),
      here && h('span', { class: 'sr-only' }, t('people.here')),
      member.role !== 'member' && h('span', { class: 'role' }, t(`role.${member.role}`)),
      actions.length > 0 && icon('more'),
    ];
    return h('li', { data: { user: member.user } },
      actions.length === 0
        ? h('div', { class: 'member' }, label)
        : h('button', { type: 'button', class: 'member', 'aria-expanded': String(open), data: { focus: member.user }, onclick: toggle }, label),
      open && h('div', { class: 'member-actions' }, actions));
  }

  return { el, update, focus: () => closeButton.focus() };
}

/** What one may do in this room, as the protocol grants it. */
export function rightsOf(room) {
  const role = room.my?.role;
  const leads = role === 'owner' || role === 'admin';
  const direct = room.kind === 'direct';
  return { edit: leads && !direct, invite: room.kind === 'group' || (room.kind === 'open' && leads), kick: leads && !direct, kickAdmins: role === 'owner', roles: role === 'owner' && !direct, leave: !direct };
}

function aboutParts(app, room, rights) {
  return [
    room.topic ? h('p', { class: 'topic' }, room.topic) : null,
    room.kind !== 'direct' && h('p', { class: 'kind' }, t(`kind.${room.kind}`)),
    rights.edit && h('button', { type: 'button', data: { do: 'edit-room', focus: 'edit' }, onclick: () => editRoomDialog(app, room) }, icon('settings'), t('room.edit')),
    rights.invite && h('button', { type: 'button', data: { do: 'invite', focus: 'invite' }, onclick: () => inviteDialog(app, room) }, icon('plus'), t('room.invite')),
  ].filter(Boolean);
}

function memberActions(app, room, member, name, rights) {
  const { user, role, state } = member;
  const reload = () => app.sync.loadMembers(room);
  const act = (label, op, fields, props = {}) => actionButton(label, async () => {
    await app.call(op, { room, user, ...fields });
    await reload();
  }, props, toast);
  const joined = state === 'joined';
  const handOver = () => confirmDialog(t('people.handOver'), t('people.handOverText', { name }), t('people.handOver'), async () => {
    await app.call('set_role', { room, user, role: 'owner' });
    await Promise.all([reload(), app.sync.loadRoom(room)]);
  });
  return [
    app.store.state.rooms.get(room)?.kind !== 'direct' && actionButton(t('people.message'), () => directWith(app, user), { data: { do: 'message' } }, toast),
    rights.roles && joined && role === 'member' && act(t('people.makeAdmin'), 'set_role', { role: 'admin' }),
    rights.roles && joined && role === 'admin' && act(t('people.makeMember'), 'set_role', { role: 'member' }),
    rights.roles && joined && h('button', { type: 'button', onclick: handOver }, t('people.handOver')),
    rights.kick && joined && (role === 'member' || (role === 'admin' && rights.kickAdmins)) && act(t('people.kick'), 'kick', {}, { class: 'danger' }),
  ].filter(Boolean);
}

function footParts(app, { room, kind, my, members }) {
  if (kind === 'direct') return [];
  if (my.role === 'owner' && members > 1) return [h('p', { class: 'hint' }, t('room.ownerLeaves'))];
  const leave = async () => {
    await app.call('leave', { room });
    app.store.dispatch({ type: 'room_removed', room });
  };
  const ask = () => confirmDialog(t('room.leave'), t('room.leaveText'), t('room.leave'), leave);
  return [h('button', { type: 'button', class: 'danger', data: { do: 'leave', focus: 'leave' }, onclick: ask }, t('room.leave'))];
}
