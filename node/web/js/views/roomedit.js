// Changing what a room is called, is about and looks like, and inviting to it.

import { t } from '../i18n/index.js';
import { openDialog } from './dialog.js';
import { field, form } from './form.js';
import { toast } from './toast.js';

export function editRoomDialog(app, room) {
  openDialog(t('room.edit'), (close) => {
    const title = field(t('room.title'), { name: 'title', maxlength: 128, value: room.title ?? '' });
    const topic = field(t('room.topic'), { tag: 'textarea', name: 'topic', rows: 3, maxlength: 512, value: room.topic ?? '' }, t('room.topicHint'));
    const picture = field(t('room.picture'), { name: 'picture', maxlength: 512, inputmode: 'url', spellcheck: 'false', value: room.picture ?? '' }, t('room.pictureHint'));
    return form({
      fields: [title.el, topic.el, picture.el],
      submit: t('action.save'),
      action: async () => {
        const wanted = { title: title.input.value.trim(), topic: topic.input.value.trim(), picture: picture.input.value.trim() };
        const changed = Object.entries(wanted).filter(([name, value]) => value !== (room[name] ?? ''));
        if (changed.length > 0) app.store.dispatch({ type: 'room_loaded', room: await app.call('set_room', { room: room.room, ...Object.fromEntries(changed) }) });
        close();
      },
    });
  });
}

export function inviteDialog(app, room) {
  openDialog(t('room.invite'), (close) => {
    const user = field(t('people.userId'), { name: 'user', autofocus: true, autocapitalize: 'none', spellcheck: 'false', maxlength: 32 }, t('people.userIdHint'));
    return form({
      fields: [user.el],
      submit: t('room.invite'),
      action: async () => {
        await app.call('invite', { room: room.room, user: userId(user.input.value) });
        close();
        toast(t('people.invitedToast', { user: userId(user.input.value) }));
        await app.sync.loadMembers(room.room);
      },
    });
  });
}

/** A user id as people type it. */
export const userId = (text) => text.trim().replace(/^@/, '').toLowerCase();
