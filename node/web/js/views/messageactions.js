// What can be done about one message, by mouse or keyboard: a window with the choices that its reader has.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';
import { placeOf } from '../state/compose.js';
import { messageRights } from '../state/rights.js';
import { messageAt } from '../state/thread.js';
import { confirmDialog, openDialog } from './dialog.js';
import { editsDialog } from './edits.js';
import { actionButton } from './form.js';
import { forwardDialog } from './forward.js';
import { reactionsDialog } from './reactions.js';
import { reportDialog } from './report.js';
import { briefOf } from './said.js';
import { toast } from './toast.js';

/** The reactions offered; whoever has others on their device may send those. */
const EMOJI = ['👍', '❤️', '😂', '🎉', '😮', '😢'];

/** `place` is where the message was found: `{ room }`, or `{ room, thread }` for one in an open thread. */
export function messageDialog(app, { room, thread = null }, seq) {
  const state = app.store.state;
  const message = messageAt(state, room, seq);
  if (message?.kind !== 'message' || message.deleted) return;
  const rights = messageRights(state.rooms.get(room), message, state.me?.user);
  openDialog(t('message.actions'), (close) => [
    h('p', { class: 'about-message' }, briefOf(message)),
    rights.react && emojiRow(app, room, message, close),
    h('div', { class: 'choices-list' }, choices(app, { room, thread }, message, rights, close)),
  ].filter(Boolean));
}

function emojiRow(app, room, { seq, reactions = [] }, close) {
  const mine = (emoji) => reactions.some((each) => each.emoji === emoji && each.mine);
  return h('div', { class: 'emoji-row', role: 'group', 'aria-label': t('message.react') }, EMOJI.map((emoji) => actionButton(emoji, async () => {
    await app.act.react(room, seq, emoji, !mine(emoji));
    close();
  }, { data: { emoji }, 'aria-pressed': String(mine(emoji)) }, toast)));
}

function choices(app, { room, thread }, message, rights, close) {
  const place = placeOf(room, thread);
  const { seq } = message;
  const pinned = message.pinned_ms !== undefined;
  const then = (action) => () => {
    close();
    action();
  };
  const one = (name, action) => h('button', { type: 'button', data: { do: name }, onclick: then(action) }, t(`message.${name}`));
  const remove = () => confirmDialog(t('message.delete'), t('message.deleteText'), t('message.delete'), () => app.call('delete', { room, seq }));
  return [
    rights.reply && one('reply', () => app.act.reply(room, seq, place)),
    rights.thread && thread === null && one('thread', () => app.threads.open(room, message.thread ?? seq)),
    rights.edit && one('edit', () => app.act.edit(room, seq, place)),
    rights.forward && one('forward', () => forwardDialog(app, message)),
    rights.pin && one(pinned ? 'unpin' : 'pin', () => app.act.pin(room, seq, !pinned)),
    rights.edits && one('edits', () => editsDialog(app, message)),
    message.reactions?.length > 0 && one('whoReacted', () => reactionsDialog(app, room, seq)),
    rights.report && one('report', () => reportDialog(app, { room, seq })),
    rights.delete && h('button', { type: 'button', class: 'danger', data: { do: 'delete' }, onclick: then(remove) }, t('message.delete')),
  ].filter(Boolean);
}
