// What holds in a room, for those who keep it: who may do what, what it does without, bans, links, its end.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';
import { RIGHTS, ROLES, may, rankOf } from '../state/rights.js';
import { bansPart } from './bans.js';
import { confirmDialog, openDialog } from './dialog.js';
import { actionButton, field, form } from './form.js';
import { linksPart } from './links.js';
import { toast } from './toast.js';

const FEATURES = ['typing', 'receipts', 'reactions', 'threads', 'presence'];

/** Whether there is anything in it for this member. */
export const hasSettings = (room) => ['rules', 'keep', 'invite', 'archive', 'delete_room'].some((what) => may(room, what));

export function settingsDialog(app, id) {
  const room = app.store.state.rooms.get(id);
  openDialog(t('settings.title'), (close) => [
    may(room, 'rules') && rulesPart(app, room),
    may(room, 'invite') && linksPart(app, id),
    may(room, 'keep') && bansPart(app, id),
    endPart(app, room, close),
  ].filter(Boolean));
}

function rulesPart(app, room) {
  const slow = field(t('settings.slow'), { type: 'number', name: 'slow_mode_s', min: 0, max: 86400, value: String(room.slow_mode_s ?? 0) }, t('settings.slowHint'));
  const places = field(t('settings.places'), { type: 'number', name: 'places_max', min: 2, value: String(room.places_max) }, t('settings.placesHint', { n: room.members }));
  const features = FEATURES.map((name) => tick(`feature.${name}`, name, room.features?.[name] !== false));
  const rights = RIGHTS.map((name) => roleChoice(room, name));
  return h('section', {}, form({
    fields: [slow.el, places.el,
      h('fieldset', { class: 'ticks' }, h('legend', {}, t('settings.features')), features.map((each) => each.el)),
      h('fieldset', { class: 'ticks' }, h('legend', {}, t('settings.rights')), rights.map((each) => each.el))],
    submit: t('action.save'),
    action: async () => {
      const changed = {
        ...number('slow_mode_s', slow, room), ...number('places_max', places, room),
        ...part('features', features, room.features), ...part('rights', rights, room.rights),
      };
      if (Object.keys(changed).length > 0) app.store.dispatch({ type: 'room_loaded', room: await app.call('set_room', { room: room.room, ...changed }) });
      room = app.store.state.rooms.get(room.room);
      toast(t('account.saved'));
    },
  }));
}

/** A number that was changed; what is no number is for the server to refuse. */
function number(name, { input }, room) {
  const value = Number(input.value);
  return value !== (room[name] ?? 0) && { [name]: value };
}

/** Only what was changed is named: a right beyond one's own role must not be. */
function part(name, controls, known = {}) {
  const changed = controls.filter((each) => each.value() !== known[each.name]).map((each) => [each.name, each.value()]);
  return changed.length > 0 && { [name]: Object.fromEntries(changed) };
}

function tick(key, name, checked) {
  const input = h('input', { type: 'checkbox', name, checked });
  return { name, el: h('label', {}, input, t(key)), value: () => input.checked };
}

function roleChoice(room, name) {
  const now = room.rights?.[name] ?? 'member';
  const mine = rankOf(room.my.role);
  const select = h('select', { name, disabled: rankOf(now) > mine }, ROLES.map((role) => h('option', { value: role, selected: role === now, disabled: rankOf(role) > mine }, t(`role.${role}`))));
  return { name, el: h('label', {}, h('span', { class: 'grow' }, t(`right.${name}`)), select), value: () => select.value };
}

function endPart(app, room, close) {
  const id = room.room;
  const turn = async (op) => {
    app.store.dispatch({ type: 'room_loaded', room: await app.call(op, { room: id }) });
    close();
  };
  const remove = () => confirmDialog(t('settings.delete'), t('settings.deleteText'), t('settings.delete'), async () => {
    await app.call('delete_room', { room: id });
    close();
    app.store.dispatch({ type: 'room_removed', room: id });
  });
  const buttons = [
    may(room, 'archive') && actionButton(t(room.archived ? 'settings.unarchive' : 'settings.archive'), () => turn(room.archived ? 'unarchive' : 'archive'), { data: { do: 'archive' } }, toast),
    may(room, 'delete_room') && h('button', { type: 'button', class: 'danger', data: { do: 'delete-room' }, onclick: remove }, t('settings.delete')),
  ].filter(Boolean);
  return buttons.length > 0 && h('section', {}, h('p', { class: 'hint' }, t('settings.archiveText')), h('div', { class: 'actions' }, buttons));
}
