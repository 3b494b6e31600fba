// What people are to oneself: who invited to which room, contacts and requests, and whom one blocks.

const without = (map, key) => {
  if (!map.has(key)) return map;
  const copy = new map.constructor(map);
  copy.delete(key);
  return copy;
};

export const relations = {
  invitations_loaded: (state, { invitations }) => ({ ...state, invitations: new Map(invitations.map(({ room, by, at_ms }) => [room.room, { by, at_ms }])) }),

  /** An invitation that is answered, on whichever device, waits no longer. */
  room_loaded: (state, { room }) => (room.my?.state === 'invited' ? state : { ...state, invitations: without(state.invitations, room.room) }),
  room_removed: (state, { room }) => ({ ...state, invitations: without(state.invitations, room) }),

  contacts_loaded(state, { contacts, first }) {
    const all = first ? new Map() : new Map(state.contacts);
    const names = new Map(state.names);
    for (const { user, display_name, state: what, at_ms } of contacts) {
      all.set(user, { state: what, at_ms });
      names.set(user, display_name);
    }
    return { ...state, names, contacts: all };
  },

  contact_heard(state, { user, state: what, at_ms }) {
    const contacts = what === 'none' ? without(state.contacts, user) : new Map(state.contacts).set(user, { state: what, at_ms });
    return { ...state, contacts };
  },

  blocks_loaded: (state, { blocks, first }) => ({ ...state, blocks: new Set([...(first ? [] : state.blocks), ...blocks.map(({ user }) => user)]) }),

  block_heard(state, { user, blocked }) {
    return { ...state, blocks: blocked ? new Set(state.blocks).add(user) : without(state.blocks, user) };
  },
};

/** User ids by what they are to oneself, each list by name. */
export function contactLists(state) {
  const name = (user) => state.names.get(user) ?? user;
  const all = [...state.contacts].sort(([a], [b]) => name(a).localeCompare(name(b)));
  const those = (what) => all.filter(([, contact]) => contact.state === what).map(([user]) => user);
  return { asking: those('asking'), contact: those('contact'), asked: those('asked'), blocked: [...state.blocks].sort() };
}

export const requestsWaiting = (state) => [...state.contacts.values()].filter((contact) => contact.state === 'asking').length;
