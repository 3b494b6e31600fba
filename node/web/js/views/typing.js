// Who types, in a line above the place to write. Read out politely, and empty most of the time.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';
import { typingIn } from '../state/presence.js';

export function typingText(state, room) {
  const users = typingIn(state, room);
  if (users.length === 0) return '';
  const names = users.slice(0, 2).map((user) => state.names.get(user) ?? user).join(', ');
  return users.length > 2 ? t('typing.many', { names, n: users.length - 2 }) : t('typing.some', { names });
}

export function typingView(app, id) {
  const el = h('p', { class: 'typing', role: 'status' });
  return {
    el,
    update(state) {
      for (const user of typingIn(state, id)) app.sync.wantName(user);
      const text = typingText(state, id);
      if (el.textContent !== text) el.textContent = text;
    },
  };
}
