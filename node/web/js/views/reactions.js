// Who reacted to a message, page by page.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';
import { openDialog } from './dialog.js';
import { pagedList } from './paged.js';

export function reactionsDialog(app, room, seq) {
  const row = ({ emoji, user }) => {
    app.sync.wantName(user);
    return h('li', {}, h('span', { class: 'emoji' }, emoji), h('span', {}, app.store.state.names.get(user) ?? user));
  };
  openDialog(t('message.whoReacted'), () => pagedList({
    load: (next) => app.call('reactions', { room, seq, ...(next && { next }) }).then((page) => ({ rows: page.reactions, next: page.next })),
    row,
  }).el);
}
