// A message in a list outside its room: who said what and when, as a button that leads there.

import { avatar, h } from '../dom.js';
import { shortTime, t } from '../i18n/index.js';
import { roomName } from '../state/rooms.js';
import { briefOf } from './said.js';

/** `more` is said below the words; `close` puts the list away before the page goes to the message. */
export function foundMessage(app, event, close, more) {
  const { state } = app.store;
  const name = state.names.get(event.user) ?? `@${event.user}`;
  app.sync.wantName(event.user);
  const go = () => {
    close();
    app.jump(event.room, event.seq);
  };
  return h('button', { type: 'button', class: 'found-message', data: { do: 'go-to', seq: event.seq }, onclick: go },
    avatar(event.user, name),
    h('span', { class: 'found-text' }, h('span', { class: 'found-who' }, h('strong', {}, name), h('time', {}, shortTime(event.at_ms))), h('span', { class: 'found-words', dir: 'auto' }, briefOf(event)), more));
}

/** What a room is called here, for messages of many rooms. */
export function roomOf(state, id) {
  const room = state.rooms.get(id);
  return (room && roomName(state, room)) || t('room.untitled');
}
