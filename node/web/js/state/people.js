// Who is who: names, and the members of rooms.

import { isHere } from './presence.js';
import { rankOf } from './rights.js';

export const people = {
  names_loaded(state, { profiles }) {
    const names = new Map(state.names);
    for (const { user, display_name } of profiles) names.set(user, display_name);
    return { ...state, names };
  },

  members_loaded(state, { room, members, next, first }) {
    const names = new Map(state.names);
    for (const member of members) names.set(member.user, member.display_name);
    const list = first ? members : [...(state.members.get(room)?.list ?? []), ...members];
    return { ...state, names, members: new Map(state.members).set(room, { list, next }) };
  },
};

/** Members as the panel shows them: those here, those away, those invited; by role and name within. */
export function membersByPresence(state, room) {
  const name = (member) => state.names.get(member.user) ?? member.user;
  const list = [...(state.members.get(room)?.list ?? [])];
  list.sort((a, b) => rankOf(b.role) - rankOf(a.role) || name(a).localeCompare(name(b)));
  return {
    here: list.filter((member) => member.state === 'joined' && isHere(state, member.user)),
    away: list.filter((member) => member.state === 'joined' && !isHere(state, member.user)),
    invited: list.filter((member) => member.state === 'invited'),
  };
}
