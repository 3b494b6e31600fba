// What the place to write is for, besides a new message: an answer to one, or other words for one's own.
// Room id → `{ mode: 'reply' | 'edit', seq }`.

function left(state, room) {
  if (!state.compose.has(room)) return state;
  const compose = new Map(state.compose);
  compose.delete(room);
  return { ...state, compose };
}

const began = (mode) => (state, { room, seq }) => ({ ...state, compose: new Map(state.compose).set(room, { mode, seq }) });

export const compose = {
  reply_began: began('reply'),
  edit_began: began('edit'),
  compose_left: (state, { room }) => left(state, room),
  room_removed: (state, { room }) => left(state, room),

  /** A message that is gone can be neither answered nor edited. */
  event_heard(state, { event }) {
    const gone = event.kind === 'deleted' && state.compose.get(event.room)?.seq === event.target;
    return gone ? left(state, event.room) : state;
  },
};
