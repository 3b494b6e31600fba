// Messages by keyboard: the arrows go from one to the next, Enter shows what can be done, Escape leaves.

import { messageDialog } from './messageactions.js';

/** A handler of keys for `scroll`, the scrolled part of a place (`{ room, thread }`) in which the messages lie. */
export function walker(app, place, scroll, leave) {
  return (key) => {
    const onMessage = key.target.classList.contains('message');
    if (key.isComposing || (key.target !== scroll() && !onMessage)) return;
    if (key.key === 'Escape') {
      key.stopPropagation();
      leave();
    } else if (key.key === 'Enter' && onMessage) {
      // The same key would press what has the focus in the window that opens.
      key.preventDefault();
      messageDialog(app, place, Number(key.target.dataset.seq));
    } else if (key.key === 'ArrowUp' || key.key === 'ArrowDown') step(key, scroll());
  };
}

function step(key, scroll) {
  const messages = [...scroll.querySelectorAll('.message[data-seq]')];
  const at = messages.indexOf(key.target);
  const next = at < 0 ? messages.at(-1) : messages[at + (key.key === 'ArrowUp' ? -1 : 1)];
  if (next === undefined) return;
  key.preventDefault();
  next.focus();
}
