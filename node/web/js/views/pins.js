// What is pinned in a room: pressed, a message is shown where it was said.

import { h } from '../dom.js';
import { shortTime, t } from '../i18n/index.js';
import { may } from '../state/rights.js';
import { openDialog } from './dialog.js';
import { actionButton } from './form.js';
import { foundMessage } from './found.js';
import { pagedList } from './paged.js';
import { toast } from './toast.js';

export function pinsDialog(app, room) {
  openDialog(t('pins.title'), (close) => pagedList({
    load: (next) => app.call('pins', { room, ...(next && { next }) }).then((page) => ({ rows: page.pins, next: page.next })),
    row: ({ event, user, at_ms }, reload) => {
      app.sync.wantName(user);
      const by = app.store.state.names.get(user) ?? `@${user}`;
      return h('li', { data: { seq: event.seq } }, foundMessage(app, event, close, h('small', {}, t('pins.by', { name: by, time: shortTime(at_ms) }))),
        may(app.store.state.rooms.get(room), 'pin') && actionButton(t('message.unpin'), async () => {
          await app.call('pin', { room, seq: event.seq, on: false });
          await reload();
        }, { data: { do: 'unpin' } }, toast));
    },
    none: t('pins.none'),
  }).el);
}
