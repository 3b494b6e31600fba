// The place to write, in a room or in one of its threads. Enter sends, Shift and Enter start a new line; drafts stay
// with their place. Whoever may not write is told why instead.

import { h, iconButton } from '../dom.js';
import { errorText, fullTime, t } from '../i18n/index.js';
import { newCid } from '../sender.js';
import { placeOf } from '../state/compose.js';
import { mentionsIn } from '../state/mentions.js';
import { may, silenceOf } from '../state/rights.js';
import { messageAt } from '../state/thread.js';
import { composeForView } from './composefor.js';
import { toast } from './toast.js';

const drafts = new Map();
/** What was begun longest ago is forgotten. */
const DRAFTS_MAX = 100;
/** The counter shows when this many bytes are left. */
const COUNTER_FROM = 500;
/** Longer than this no timer runs. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** `thread` is the message on which a thread hangs, for writing there. */
export function composerView(app, id, thread = null) {
  const place = placeOf(id, thread);
  const input = h('textarea', { rows: 1, class: 'composer-input', 'aria-label': t('composer.label'), enterkeyhint: 'send', oninput: typed, onkeydown: keyed });
  const counter = h('span', { class: 'counter', role: 'status' });
  const button = iconButton('send', t('composer.send'), send, { class: 'icon-button send', data: { do: 'send' } });
  const purpose = composeForView(app, id, place);
  const box = h('div', { class: 'composer-box' }, input, counter, button);
  const silence = h('p', { class: 'silence', role: 'status', hidden: true });
  const el = h('form', { class: 'composer', onsubmit: (submitted) => { submitted.preventDefault(); send(); } }, purpose.el, box, silence);
  let unsilence = 0;
  let bytesMax = Infinity;
  /** Which message is answered or edited (state/compose.js), if one is. */
  let aim;
  input.value = drafts.get(place) ?? '';
  requestAnimationFrame(changed);

  /** While editing nothing new is on its way to the others. */
  function typed() {
    changed();
    if (aim?.mode !== 'edit') app.attention.types(id, input.value.trim() !== '');
  }

  function keyed(key) {
    // The Enter that ends the composing of a Hangul syllable is not yet a wish to send.
    if (key.isComposing || key.keyCode === 229) return;
    if (key.key === 'Escape' && aim) {
      key.stopPropagation();
      app.act.leave(place);
    }
    if (key.key === 'ArrowUp' && input.value === '') {
      key.preventDefault();
      el.dispatchEvent(new CustomEvent('look-back', { bubbles: true }));
    }
    if (key.key !== 'Enter' || key.shiftKey) return;
    key.preventDefault();
    send();
  }

  function changed() {
    keepDraft();
    input.style.height = 'auto';
    input.style.height = `${Math.min(input.scrollHeight, 200)}px`;
    const left = bytesMax - bytesOf(input.value);
    counter.textContent = left < COUNTER_FROM ? (left < 0 ? t('composer.tooLong', { n: -left }) : String(left)) : '';
    button.disabled = input.value.trim() === '' || left < 0;
    el.classList.toggle('too-long', left < 0);
  }

  function send() {
    const text = input.value.trim();
    if (text === '' || bytesOf(text) > bytesMax) return;
    const mentions = calledIn(app.store.state, id, text);
    if (aim?.mode === 'edit') return edit(aim.seq, text, mentions);
    if (thread === null) app.newest(id);
    const extra = { ...(thread !== null && { thread }), ...(aim && { reply: aim.seq }), ...(mentions && { mentions }) };
    app.attention.sent(id);
    app.sender.send(id, text, Object.keys(extra).length > 0 ? extra : undefined);
    if (aim) app.act.leave(place);
    write('');
  }

  /** The words stay until the server has taken them: an edit has no place of its own in the list. */
  async function edit(seq, text, mentions) {
    button.disabled = true;
    try {
      await app.call('edit', { room: id, seq, text, cid: newCid(), ...(mentions && { mentions }) });
      app.act.leave(place);
      write('');
    } catch (error) {
      toast(errorText(error));
      changed();
    }
  }

  function write(text) {
    input.value = text;
    changed();
    input.focus();
  }

  function aimed(state) {
    const next = state.compose.get(place);
    if (next === aim) return;
    const message = next?.mode === 'edit' && messageAt(state, id, next.seq);
    const edited = aim?.mode === 'edit' && !message;
    aim = next;
    purpose.update(state, aim);
    if (message) write(message.text);
    else if (edited) write('');
    else if (aim) input.focus();
  }

  function update(state) {
    bytesMax = state.limits?.text_bytes_max ?? bytesMax;
    quieted(state);
    aimed(state);
  }

  function quieted(state) {
    const room = state.rooms.get(id);
    const reason = room && silenceOf(room, Date.now());
    box.hidden = Boolean(reason);
    silence.hidden = !reason;
    const words = reason ? t(`silence.${reason.why}`, { time: reason.until_ms && fullTime(reason.until_ms) }) : '';
    if (silence.textContent !== words) silence.textContent = words;
    clearTimeout(unsilence);
    const wait_ms = reason?.until_ms - Date.now();
    if (wait_ms < TIMER_MAX_MS) unsilence = setTimeout(() => quieted(app.store.state), wait_ms + 1);
  }

  function keepDraft() {
    drafts.delete(place);
    if (input.value !== '') drafts.set(place, input.value);
    if (drafts.size > DRAFTS_MAX) drafts.delete(drafts.keys().next().value);
  }

  return {
    el,
    update,
    named(name, placeholder = t('composer.placeholder', { name })) {
      input.setAttribute('placeholder', placeholder);
      if (thread !== null) input.setAttribute('aria-label', placeholder);
    },
    /** Whether there is a place to write. */
    focus() {
      if (!box.hidden) input.focus({ preventScroll: true });
      return !box.hidden;
    },
    destroy: () => clearTimeout(unsilence),
  };
}

/** Whom a text calls: members that are known here, and everybody where that is allowed. */
function calledIn(state, id, text) {
  const joined = (state.members.get(id)?.list ?? []).filter((member) => member.state === 'joined').map((member) => member.user);
  const room = state.rooms.get(id);
  return mentionsIn(text, new Set(joined), room !== undefined && may(room, 'mention_room'));
}

const encoder = new TextEncoder();
const bytesOf = (text) => encoder.encode(text).length;
