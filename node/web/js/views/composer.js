// The place to write. Enter sends, Shift and Enter start a new line; drafts stay with their room.

import { h, iconButton } from '../dom.js';
import { t } from '../i18n/index.js';

const drafts = new Map();
/** The counter shows when this many bytes are left. */
const COUNTER_FROM = 500;

export function composerView(app, id) {
  const input = h('textarea', { rows: 1, class: 'composer-input', 'aria-label': t('composer.label'), enterkeyhint: 'send', oninput: changed, onkeydown: keyed });
  const counter = h('span', { class: 'counter', role: 'status' });
  const button = iconButton('send', t('composer.send'), send, { class: 'icon-button send', data: { do: 'send' } });
  const el = h('form', { class: 'composer', onsubmit: (submitted) => { submitted.preventDefault(); send(); } }, h('div', { class: 'composer-box' }, input, counter, button));
  let bytesMax = Infinity;
  input.value = drafts.get(id) ?? '';
  requestAnimationFrame(changed);

  function keyed(key) {
    // The Enter that ends the composing of a Hangul syllable is not yet a wish to send.
    if (key.key !== 'Enter' || key.shiftKey || key.isComposing || key.keyCode === 229) return;
    key.preventDefault();
    send();
  }

  function changed() {
    drafts.set(id, input.value);
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
    app.newest(id);
    app.sender.send(id, text);
    input.value = '';
    changed();
    input.focus();
  }

  return {
    el,
    update(state) {
      bytesMax = state.limits?.text_bytes_max ?? bytesMax;
    },
    named: (name) => input.setAttribute('placeholder', t('composer.placeholder', { name })),
    focus: () => input.focus({ preventScroll: true }),
  };
}

const encoder = new TextEncoder();
const bytesOf = (text) => encoder.encode(text).length;
