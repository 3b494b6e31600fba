// What one message says: its words with calls and links, media as links, whom it answers, who said it first,
// and what others made of it.

import { h, icon, linkified } from '../dom.js';
import { fullTime, t } from '../i18n/index.js';
import { partsOf } from '../state/mentions.js';

/** Nothing but one to three emoji: shown large. */
const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?(?:\u200D\p{Extended_Pictographic}\uFE0F?)*){1,3}$/u;
const MEDIA = new Set(['image', 'voice', 'file']);

/** The words of a message for lists and screen readers, in one line. */
export function briefOf(message) {
  if (message.deleted) return t('message.deleted');
  const type = message.content?.type ?? 'text';
  if (type === 'opaque') return t('content.opaque');
  if (!MEDIA.has(type)) return message.text;
  return `[${t(`content.${type}`)}] ${message.text || message.content.name || ''}`.trim();
}

export function bubble(message, state) {
  if (message.deleted) return h('div', { class: 'bubble gone' }, t('message.deleted'));
  const type = message.content?.type ?? 'text';
  if (type === 'opaque') return h('div', { class: 'bubble gone' }, t('content.opaque'));
  const large = type === 'text' && EMOJI_ONLY.test(message.text);
  const forwarded = message.forward && h('span', { class: 'forwarded' }, t('message.forwarded', { name: nameOf(state, message.forward.user) }));
  return h('div', { class: `bubble${large ? ' emoji' : ''}`, dir: 'auto' },
    forwarded, MEDIA.has(type) && mediaLink(message.content, type), words(message, state));
}

const nameOf = (state, user) => state.names.get(user) ?? user;

/** Media lies elsewhere: a link to it, or its name where only the client's media service knows the place. */
function mediaLink(content, type) {
  const label = `${t(`content.${type}`)}${content.name ? ` · ${content.name}` : ''}`;
  if (!/^https?:\/\//.test(content.url ?? '')) return h('span', { class: 'media' }, label);
  return h('a', { class: 'media', href: content.url, target: '_blank', rel: 'noopener noreferrer' }, label);
}

/** The picture of a room lies elsewhere too, and is not loaded: whoever wants to see it follows the link. */
export function pictureLink(picture) {
  if (!/^https?:\/\//.test(picture)) return h('p', { class: 'kind' }, `${t('room.picture')}: ${picture}`);
  return h('a', { class: 'kind', href: picture, target: '_blank', rel: 'noopener noreferrer' }, t('room.picture'));
}

/** Only those who are really called stand out; other words with an @ are words. */
function words({ text, mentions }, state) {
  if (mentions === undefined) return linkified(text);
  const called = new Set(mentions.users ?? []);
  return partsOf(text).flatMap((part) => {
    const calls = part.everybody ? mentions.room === true : called.has(part.user);
    if (!calls) return linkified(part.text);
    const mine = part.everybody || part.user === state.me?.user;
    return [h('span', { class: `call${mine ? ' mine' : ''}`, title: part.user && nameOf(state, part.user) }, part.text)];
  });
}

/** What a message answers: pressed, it leads there. */
export function quote(app, room, seq, state) {
  const target = state.timelines.get(room)?.events.find((event) => event.seq === seq);
  const text = target ? `${nameOf(state, target.user)}: ${briefOf(target)}` : t('message.earlier');
  return h('button', { type: 'button', class: 'quote', tabindex: -1, data: { do: 'to-quoted' }, 'aria-label': t('message.answers', { text }), onclick: () => app.jump(room, seq) }, text);
}

/** The reactions under a message: pressed, one's own is added or taken back. */
export function reactions(app, room, message) {
  if (!message.reactions?.length) return null;
  return h('ul', { class: 'reactions', 'aria-label': t('message.reactions') }, message.reactions.map(({ emoji, count, mine = false }) => h('li', {},
    h('button', {
      type: 'button', tabindex: -1, class: `reaction${mine ? ' mine' : ''}`, 'aria-pressed': String(mine), data: { emoji },
      'aria-label': t('message.reaction', { emoji, n: count }), onclick: () => app.act.react(room, message.seq, emoji, !mine),
    }, h('span', {}, emoji), h('span', { class: 'count' }, String(count))))));
}

/** The way into the thread that hangs on a message, or in which it is. */
export function threadWay(app, room, { seq, thread, replies }) {
  if (!thread && !replies) return null;
  return h('button', { type: 'button', class: 'thread-way', tabindex: -1, data: { do: 'open-thread' }, onclick: () => app.threads.open(room, thread ?? seq) },
    icon('thread'), replies ? t('message.replies', { n: replies.count }) : t('message.inThread'));
}

/** The small marks beside the time: edited, pinned. */
export function marks(message) {
  const { edited, pinned_ms, deleted } = message;
  return [
    pinned_ms !== undefined && h('span', { class: 'said-mark', title: t('message.pinned') }, h('span', { 'aria-hidden': 'true' }, '📌'), h('span', { class: 'sr-only' }, t('message.pinned'))),
    edited && !deleted && h('span', { class: 'said-mark', title: fullTime(edited.at_ms) }, t('message.edited')),
  ].filter(Boolean);
}

/** Equal for two messages that say the same. */
export function saidSignature(message, room, state) {
  const { text, content, edited, deleted, reactions: reacted, replies, pinned_ms, forward, reply } = message;
  const target = reply && state.timelines.get(room)?.events.find((event) => event.seq === reply);
  const quoted = target && [nameOf(state, target.user), briefOf(target)];
  return JSON.stringify([text, content, edited, deleted, reacted, replies, pinned_ms, forward && nameOf(state, forward.user), quoted]);
}
