// Forms: labelled fields, a submit button that shows it is busy, and a place for what went wrong.

import { h } from '../dom.js';
import { errorText } from '../i18n/index.js';

let nextId = 1;

/** A labelled input with an optional hint below. */
export function field(label, props = {}, hint = null) {
  const id = `field-${nextId++}`;
  const hintId = hint ? `${id}-hint` : null;
  const { tag = 'input', ...rest } = props;
  const input = h(tag, { id, 'aria-describedby': hintId, ...rest });
  const el = h('div', { class: 'field' }, h('label', { for: id }, label), input, hint && h('p', { class: 'hint', id: hintId }, hint));
  return { el, input };
}

/** A labelled list to choose one of; `options` are [value, text] rows. */
export function selectField(label, name, options) {
  const id = `field-${nextId++}`;
  const input = h('select', { id, name }, options.map(([value, text]) => h('option', { value }, text)));
  return { el: h('div', { class: 'field' }, h('label', { for: id }, label), input), input };
}

/**
 * Something that is on or off, and is changed at once. Refused, it goes back to where it was, and says why.
 */
export function switchRow(label, on, apply, props = {}, hint = null) {
  const id = `field-${nextId++}`;
  const problem = h('p', { class: 'problem', role: 'alert' });
  const input = h('input', { id, type: 'checkbox', role: 'switch', checked: on, 'aria-describedby': hint ? `${id}-hint` : null, onchange: run, ...props });
  async function run() {
    const focused = document.activeElement === input;
    problem.textContent = '';
    input.disabled = true;
    try {
      await apply(input.checked);
    } catch (error) {
      input.checked = !input.checked;
      problem.textContent = errorText(error);
    }
    input.disabled = false;
    // The browser takes the focus from what is disabled.
    if (focused && document.activeElement === document.body) input.focus();
  }
  return h('div', { class: 'switch-row' }, h('label', { for: id }, h('span', { class: 'grow' }, label), input), hint && h('p', { class: 'hint', id: `${id}-hint` }, hint), problem);
}

/** A set of choices of which one holds; `choices` are [value, title, text] rows. */
export function choice(legend, name, choices, onchange) {
  const rows = choices.map(([value, title, text], index) => {
    const input = h('input', { type: 'radio', name, value, checked: index === 0, onchange: () => onchange(value) });
    return h('label', { class: 'choice' }, input, h('span', {}, h('strong', {}, title), text && h('small', {}, text)));
  });
  return h('fieldset', { class: 'choices' }, h('legend', {}, legend), rows);
}

/** Calls `action` on submit; while it runs the button is off, and a refusal is shown and read out. `beside`: another button. */
export function form({ fields, submit, action, danger = false, beside = null }) {
  const problem = h('p', { class: 'problem', role: 'alert' });
  const button = h('button', { type: 'submit', class: danger ? 'danger' : 'primary' }, submit);
  const el = h('form', { novalidate: true, onsubmit: run }, fields, problem, h('div', { class: 'actions' }, [beside, button].filter(Boolean)));
  async function run(submitted) {
    submitted.preventDefault();
    problem.textContent = '';
    await whileOff(button, () => action(el), (text) => { problem.textContent = text; });
  }
  return el;
}

/**
 * Does one thing, once, however often the button is pressed meanwhile, and tells when it is refused. The button
 * counts as off but is not disabled: the browser would take the focus from it.
 */
async function whileOff(button, action, tell) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  try {
    await action();
  } catch (error) {
    tell(errorText(error));
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

/** A button beside others that does one thing at the server and tells when that is refused. */
export function actionButton(label, onclick, props = {}, tell = () => {}) {
  const button = h('button', { type: 'button', ...props, onclick: () => whileOff(button, onclick, tell) }, label);
  return button;
}
