// What happened in a room, in a sentence. Kinds that are not known here, and those that only change a
// message, have none and make no row.

import { t } from '../i18n/index.js';

const TOLD = new Set(['created', 'joined', 'left', 'invited', 'kicked', 'role', 'changed', 'pinned', 'banned', 'unbanned', 'muted', 'unmuted', 'archived', 'unarchived']);

export const isTold = (event) => TOLD.has(event.kind);

export function happenedText(event, state) {
  const name = (user) => state.names.get(user) ?? user;
  const values = { user: name(event.user), target: name(event.target), role: event.role && t(`role.${event.role}`), title: event.title };
  if (event.kind === 'changed') return t(changedKey(event), values);
  if (event.kind === 'pinned') return t(event.on ? 'happened.pinned' : 'happened.unpinned', values);
  return t(`happened.${event.kind}`, values);
}

function changedKey(event) {
  if (event.title !== undefined) return 'happened.title';
  return event.topic !== undefined ? 'happened.topic' : 'happened.settings';
}
