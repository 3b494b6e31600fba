// A new room: with one other, with those invited, or open to all.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';
import { openDialog } from './dialog.js';
import { choice, field, form } from './form.js';
import { userId } from './roomedit.js';

const KINDS = ['direct', 'group', 'open'];

export function newRoomDialog(app) {
  openDialog(t('rooms.new'), (close) => {
    let kind = KINDS[0];
    const peer = field(t('people.userId'), { name: 'with', autofocus: true, autocapitalize: 'none', spellcheck: 'false', maxlength: 32 }, t('people.userIdHint'));
    const title = field(t('room.title'), { name: 'title', maxlength: 128 });
    const topic = field(t('room.topic'), { name: 'topic', maxlength: 512 }, t('room.topicHint'));
    const members = field(t('room.inviteMany'), { name: 'members', autocapitalize: 'none', spellcheck: 'false' }, t('room.inviteManyHint'));
    const show = (next) => {
      kind = next;
      peer.el.hidden = kind !== 'direct';
      title.el.hidden = topic.el.hidden = kind === 'direct';
      members.el.hidden = kind !== 'group';
    };
    show(kind);
    return form({
      fields: [
        choice(t('room.kind'), 'kind', KINDS.map((value) => [value, t(`kind.${value}`), t(`kind.${value}Text`)]), show),
        h('div', { class: 'fields' }, peer.el, title.el, topic.el, members.el),
      ],
      submit: t('action.create'),
      action: async () => {
        await create(app, fieldsOf(kind, { peer, title, topic, members }));
        close();
      },
    });
  });
}

function fieldsOf(kind, { peer, title, topic, members }) {
  if (kind === 'direct') return { kind, with: userId(peer.input.value) };
  const texts = Object.entries({ title: title.input.value.trim(), topic: topic.input.value.trim() }).filter(([, text]) => text !== '');
  const invited = members.input.value.split(/[\s,]+/).map(userId).filter(Boolean);
  return { kind, ...Object.fromEntries(texts), ...(kind === 'group' && invited.length > 0 && { members: invited }) };
}

async function create(app, fields) {
  const room = await app.call('create_room', fields);
  app.store.dispatch({ type: 'room_loaded', room });
  app.go(room.room);
}

/** Opens the one room shared with another user, whoever made it first. */
export const directWith = (app, user) => create(app, { kind: 'direct', with: user });
