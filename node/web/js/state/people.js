// Who is who and who is here.

export const people = {
  names_loaded(state, { profiles }) {
    const names = new Map(state.names);
    for (const { user, display_name } of profiles) names.set(user, display_name);
    return { ...state, names };
  },

  members_loaded(state, { room, members, next, first }) {
    const names = new Map(state.names);
    const online = new Set(state.online);
    for (const member of members) {
      names.set(member.user, member.display_name);
      if (member.online) online.add(member.user);
      else online.delete(member.user);
    }
    const list = first ? members : [...(state.members.get(room)?.list ?? []), ...members];
    return { ...state, names, online, members: new Map(state.members).set(room, { list, next }) };
  },

  presence_heard(state, { user, state: shown }) {
    const online = shown !== 'offline';
    if (state.online.has(user) === online) return state;
    const here = new Set(state.online);
    if (online) here.add(user);
    else here.delete(user);
    return { ...state, online: here };
  },
};

const RANK = { owner: 0, admin: 1, member: 2 };

/** Members as the panel shows them: those here, those away, those invited; by role and name within. */
export function membersByPresence(state, room) {
  const name = (member) => state.names.get(member.user) ?? member.user;
  const list = [...(state.members.get(room)?.list ?? [])];
  list.sort((a, b) => RANK[a.role] - RANK[b.role] || name(a).localeCompare(name(b)));
  return {
    here: list.filter((member) => member.state === 'joined' && state.online.has(member.user)),
    away: list.filter((member) => member.state === 'joined' && !state.online.has(member.user)),
    invited: list.filter((member) => member.state === 'invited'),
  };
}
