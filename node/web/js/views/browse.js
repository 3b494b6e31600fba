// Open rooms, to look around and join.

import { h } from '../dom.js';
import { errorText, t } from '../i18n/index.js';
import { openDialog } from './dialog.js';
import { actionButton } from './form.js';
import { joinLinkDialog } from './links.js';
import { roomAvatar } from './roomlist.js';
import { toast } from './toast.js';

export function browseDialog(app) {
  openDialog(t('rooms.browse'), (close) => {
    const filter = h('input', { type: 'search', autofocus: true, class: 'search', placeholder: t('browse.filter'), 'aria-label': t('browse.filter'), oninput: draw });
    const list = h('ul', { class: 'open-rooms' });
    const note = h('p', { class: 'hint', role: 'status' }, t('room.loading'));
    const more = actionButton(t('rooms.more'), load, { class: 'quiet', hidden: true }, toast);
    const rooms = [];
    let next;

    async function load() {
      const answer = await app.call('open_rooms', { limit: 100, ...(next && { next }) });
      rooms.push(...answer.rooms);
      next = answer.next;
      more.hidden = !next;
      draw();
    }

    function draw() {
      const words = filter.value.trim().toLowerCase();
      const found = rooms.filter((room) => `${room.title ?? ''}\n${room.topic ?? ''}`.toLowerCase().includes(words));
      note.textContent = found.length === 0 ? t('browse.none') : '';
      list.replaceChildren(...found.map((room) => openRoomRow(app, room, close)));
    }

    load().catch((error) => { note.textContent = errorText(error); });
    const byLink = h('button', { type: 'button', data: { do: 'join-link' }, onclick: () => { close(); joinLinkDialog(app); } }, t('link.join'));
    return [filter, note, list, more, byLink];
  });
}

function openRoomRow(app, room, close) {
  const name = room.title || t('room.untitled');
  const joined = room.my?.state === 'joined';
  const enter = async () => {
    const answer = joined ? room : await app.call('join', { room: room.room });
    app.store.dispatch({ type: 'room_loaded', room: answer });
    close();
    app.go(room.room);
  };
  return h('li', { data: { room: room.room } }, roomAvatar(room, name),
    h('div', { class: 'open-room-text' }, h('strong', {}, name), room.topic && h('span', {}, room.topic), h('small', {}, t('room.members', { n: room.members }))),
    actionButton(joined ? t('room.open') : t('room.join'), enter, { class: joined ? '' : 'primary' }, toast));
}
