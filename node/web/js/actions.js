// What a person does about a message, from wherever on the page.

import { errorText } from './i18n/index.js';

export function createActions(store, call, tell) {
  const told = (error) => tell(errorText(error));
  return {
    reply: (room, seq) => store.dispatch({ type: 'reply_began', room, seq }),
    edit: (room, seq) => store.dispatch({ type: 'edit_began', room, seq }),
    leave: (room) => store.dispatch({ type: 'compose_left', room }),
    react: (room, seq, emoji, on) => call('react', { room, seq, emoji, on }).catch(told),
    pin: (room, seq, on) => call('pin', { room, seq, on }).catch(told),
  };
}
