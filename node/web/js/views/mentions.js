// The messages of all rooms that call the user, newest first: pressed, each is shown where it was said.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';
import { openDialog } from './dialog.js';
import { foundMessage, roomOf } from './found.js';
import { pagedList } from './paged.js';

export function mentionsDialog(app) {
  openDialog(t('mentions.title'), (close) => pagedList({
    load: async (next) => {
      const page = await app.call('mentions', { ...(next && { next }) });
      // Rooms that are further down the list than was read have names too.
      const unknown = new Set(page.mentions.map(({ room }) => room).filter((room) => !app.store.state.rooms.has(room)));
      await Promise.all([...unknown].map((room) => app.sync.loadRoom(room).catch(() => {})));
      return { rows: page.mentions, next: page.next };
    },
    row: (event) => h('li', {}, foundMessage(app, event, close, h('small', {}, roomOf(app.store.state, event.room)))),
    none: t('mentions.none'),
  }).el);
}
