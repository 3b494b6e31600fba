// Saying a message again in another room.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';
import { newCid } from '../sender.js';
import { inListOrder, roomName } from '../state/rooms.js';
import { may } from '../state/rights.js';
import { openDialog } from './dialog.js';
import { actionButton } from './form.js';
import { briefOf } from './said.js';
import { toast } from './toast.js';

export function forwardDialog(app, message) {
  const { state } = app.store;
  const targets = inListOrder(state).filter((room) => may(room, 'send'));
  openDialog(t('message.forward'), (close) => [
    h('p', { class: 'about-message' }, briefOf(message)),
    h('div', { class: 'choices-list' }, targets.map((target) => {
      const cid = newCid();
      return actionButton(roomName(state, target) ?? t('room.untitled'), async () => {
        await app.call('forward', { room: target.room, cid, from_room: message.room, from_seq: message.seq });
        close();
        toast(t('message.forwardedToast'));
      }, { data: { room: target.room } }, toast);
    })),
  ]);
}
