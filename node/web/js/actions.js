// What a person does about a message, from wherever on the page. `place` is where it is written (state/compose.js).

import { errorText } from './i18n/index.js';

export function createActions(store, call, tell) {
  const told = (error) => tell(errorText(error));
  return {
    reply: (room, seq, place) => store.dispatch({ type: 'reply_began', room, seq, place }),
    edit: (room, seq, place) => store.dispatch({ type: 'edit_began', room, seq, place }),
    leave: (place) => store.dispatch({ type: 'compose_left', place }),
    react: (room, seq, emoji, on) => call('react', { room, seq, emoji, on }).catch(told),
    pin: (room, seq, on) => call('pin', { room, seq, on }).catch(told),
  };
}
