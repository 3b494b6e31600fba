// Beside the room: what it is about, who is here, and what may be done about both.

import { avatar, h, icon, iconButton } from '../dom.js';
import { t } from '../i18n/index.js';
import { membersByPresence } from '../state/people.js';
import { presenceOf, statusOf } from '../state/presence.js';
import { ROLES, may, mayTowards, rankOf } from '../state/rights.js';
import { keepDialog } from './bans.js';
import { pictureLink } from './said.js';
import { confirmDialog } from './dialog.js';
import { actionButton } from './form.js';
import { myRoomDialog } from './myroom.js';
import { directWith } from './newroom.js';
import { editRoomDialog, inviteDialog } from './roomedit.js';
import { hasSettings, settingsDialog } from './settings.js';
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
    const parts = { room: state.rooms.get(id), members: state.members.get(id), presence: state.presence, names: state.names, expanded };
    if (!parts.room?.my || Object.keys(parts).every((part) => parts[part] === drawn[part])) return;
    drawn = parts;
    const focus = el.contains(document.activeElement) ? focusOf(document.activeElement) : undefined;
    about.replaceChildren(...aboutParts(app, parts.room));
    lists.replaceChildren(...memberLists(state, parts.room));
    foot.replaceChildren(...footParts(app, parts.room));
    if (focus) el.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  }

  function memberLists(state, room) {
    const { here, away, invited } = membersByPresence(state, id);
    const part = (key, members) => members.length > 0 && [
      h('h3', {}, t(`people.${key}`), ' ', h('span', { class: 'count' }, String(members.length))),
      h('ul', { class: 'members' }, members.map((member) => memberRow(state, member, room))),
    ];
    const more = state.members.get(id)?.next && actionButton(t('people.more'), () => app.sync.loadMembers(id, true), { class: 'quiet' }, toast);
    return [part('hereList', here), part('awayList', away), part('invitedList', invited), more].flat(2).filter(Boolean);
  }

  function memberRow(state, member, room) {
    const name = state.names.get(member.user) ?? member.user;
    const here = presenceOf(state, member.user);
    const status = statusOf(state, member.user, Date.now());
    const own = member.user === state.me?.user;
    const actions = own ? [] : memberActions(app, room, member, name);
    const open = expanded === member.user && actions.length > 0;
    const toggle = () => {
      expanded = open ? null : member.user;
      update(app.store.state);
    };
    const label = [
      avatar(member.user, name, here),
      h('span', { class: 'member-name' }, h('span', {}, name, own && ` (${t('room.you')})`), h('small', {}, status || `@${member.user}`)),
      here !== 'offline' && h('span', { class: 'sr-only' }, t(`presence.${here}`)),
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

/** What to look for when all is drawn anew; what can be done about somebody may be something else by then. */
const focusOf = (el) => el.dataset.focus ?? el.closest('li[data-user]')?.dataset.user;

function aboutParts(app, room) {
  return [
    room.topic ? h('p', { class: 'topic' }, room.topic) : null,
    room.kind !== 'direct' && h('p', { class: 'kind' }, t(`kind.${room.kind}`)),
    room.picture && pictureLink(room.picture),
    h('button', { type: 'button', data: { do: 'my-room', focus: 'mine' }, onclick: () => myRoomDialog(app, room.room) }, icon('person'), t('mine.title')),
    may(room, 'describe') && h('button', { type: 'button', data: { do: 'edit-room', focus: 'edit' }, onclick: () => editRoomDialog(app, room) }, icon('settings'), t('room.edit')),
    may(room, 'invite') && h('button', { type: 'button', data: { do: 'invite', focus: 'invite' }, onclick: () => inviteDialog(app, room) }, icon('plus'), t('room.invite')),
    hasSettings(room) && h('button', { type: 'button', data: { do: 'settings', focus: 'settings' }, onclick: () => settingsDialog(app, room.room) }, icon('settings'), t('settings.title')),
  ].filter(Boolean);
}

function memberActions(app, about, member, name) {
  const { room, kind } = about;
  const { user, role, state, muted_until_ms } = member;
  const reload = () => app.sync.loadMembers(room);
  const act = (label, op, fields, props = {}) => actionButton(label, async () => {
    await app.call(op, { room, user, ...fields });
    await reload();
  }, props, toast);
  const joined = state === 'joined';
  const keeps = joined && mayTowards(about, 'keep', role);
  const handOver = () => confirmDialog(t('people.handOver'), t('people.handOverText', { name }), t('people.handOver'), async () => {
    await app.call('set_role', { room, user, role: 'owner' });
    await Promise.all([reload(), app.sync.loadRoom(room)]);
  });
  const keep = (op) => h('button', { type: 'button', class: 'danger', data: { do: op }, onclick: () => keepDialog(app, room, user, name, op) }, t(`keep.${op}`));
  return [
    kind !== 'direct' && actionButton(t('people.message'), () => directWith(app, user), { data: { do: 'message' } }, toast),
    ...(joined && mayTowards(about, 'roles', role) ? ROLES.filter((each) => each !== role && rankOf(each) < rankOf(about.my.role)).map((each) => act(t('people.make', { role: t(`role.${each}`) }), 'set_role', { role: each }, { data: { role: each } })) : []),
    joined && may(about, 'hand_over') && h('button', { type: 'button', data: { do: 'hand-over' }, onclick: handOver }, t('people.handOver')),
    keeps && (muted_until_ms > Date.now() ? act(t('keep.unmute'), 'unmute', {}, { data: { do: 'unmute' } }) : keep('mute')),
    keeps && act(t('people.kick'), 'kick', {}, { class: 'danger', data: { do: 'kick' } }),
    mayTowards(about, 'keep', role) && keep('ban'),
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
