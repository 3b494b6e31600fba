// The page of somebody who is logged in: the list beside the room, or one of the two on a narrow screen.

import { h, logo } from '../dom.js';
import { t } from '../i18n/index.js';
import { linkView } from './link.js';
import { roomView } from './room.js';
import { roomListView } from './roomlist.js';

export function shellView(app) {
  const list = roomListView(app);
  const link = linkView(app);
  const main = h('main', { class: 'main' });
  const el = h('div', { class: 'shell' }, h('nav', { class: 'sidebar', 'aria-label': t('rooms.title') }, list.head, link.el, list.el), main);
  let room = null;
  let shown;

  function show(id) {
    shown = id;
    room?.destroy();
    room = id === null ? null : roomView(app, id);
    main.replaceChildren(room?.el ?? emptyView());
    el.classList.toggle('in-room', id !== null);
  }

  function update(state) {
    if (state.open !== shown) show(state.open);
    list.update(state);
    link.update(state);
    room?.update(state);
  }

  return { el, update, reveal: (seq) => room?.reveal(seq), seek: (seq) => room?.seek(seq), destroy: () => { room?.destroy(); link.destroy(); } };
}

function emptyView() {
  return h('div', { class: 'empty' }, logo(), h('p', {}, t('room.pick')));
}
