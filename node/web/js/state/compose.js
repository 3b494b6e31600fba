// What a place to write is for, besides a new message: an answer to one, or other words for one's own.
// Place → `{ room, mode: 'reply' | 'edit', seq }`. A room is a place, and so is each of its threads.

/** The name of a place: of the room itself, or of the thread under its message `thread`. */
export const placeOf = (room, thread = null) => (thread === null ? room : `${room}/${thread}`);

function without(state, gone) {
  const compose = new Map([...state.compose].filter(([place, aim]) => !gone(place, aim)));
  return compose.size === state.compose.size ? state : { ...state, compose };
}

const began = (mode) => (state, { room, seq, place = room }) => ({ ...state, compose: new Map(state.compose).set(place, { room, mode, seq }) });

export const compose = {
  reply_began: began('reply'),
  edit_began: began('edit'),
  compose_left: (state, { place }) => without(state, (each) => each === place),
  room_removed: (state, { room }) => without(state, (_, aim) => aim.room === room),

  /** With its thread closed, nobody goes on writing there. */
  thread_closed: (state) => without(state, (place, aim) => place !== aim.room),
  thread_opened: (state) => without(state, (place, aim) => place !== aim.room),

  /** A message that is gone can be neither answered nor edited. */
  event_heard(state, { event }) {
    return event.kind === 'deleted' ? without(state, (_, aim) => aim.room === event.room && aim.seq === event.target) : state;
  },
};
