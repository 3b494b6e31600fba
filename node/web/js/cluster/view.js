// What the cluster page looks like: the verdict, the nodes, the busiest rooms, who holds which shard, what moves.

import { h, icon, logo, reconcile } from '../dom.js';
import { t } from '../i18n/index.js';
import { languageSwitch } from '../views/language.js';
import { groupTile, legend } from './groups.js';
import { nodeCard } from './nodes.js';
import { roomRow, roomsTable } from './rooms.js';
import { groupName, numbers } from './text.js';

export function clusterView({ setLanguage, useSecret }) {
  const verdict = h('section', { class: 'verdict', role: 'status', 'aria-live': 'polite' });
  const facts = h('p', { class: 'facts' });
  const nodes = keyedList('ul', 'nodes', (node) => node.node, nodeCard);
  const groups = keyedList('ul', 'groups', (group) => group.shard, groupTile);
  const moves = keyedList('ul', 'moves', (move) => move.shard, moveRow);
  const rooms = keyedList('tbody', '', ({ room }) => room, roomRow);
  const table = roomsTable(rooms.el);
  const quiet = h('p', { class: 'hint' });
  const busy = h('section', {}, h('h2', {}, t('cluster.rooms')), table, quiet);
  const still = h('p', { class: 'hint' });
  const lag = h('p', { class: 'hint' });
  const secret = secretForm(useSecret);
  const board = h('div', { class: 'board', hidden: true },
    h('section', {}, h('h2', {}, t('cluster.nodes')), nodes.el),
    busy,
    h('section', {}, h('h2', {}, t('cluster.shards')), legend(), groups.el),
    h('section', {}, h('h2', {}, t('cluster.moves')), moves.el, still, lag));
  const head = h('header', { class: 'cluster-head' },
    h('a', { class: 'brand', href: './', 'aria-label': t('cluster.toChat') }, logo(), h('span', {}, t('app.name'))),
    h('h1', {}, t('cluster.title')), languageSwitch({ setLanguage }));
  const el = h('main', { class: 'cluster' }, h('div', { class: 'cluster-page' }, head, verdict, secret.el, facts, board));
  let said = null;

  function say(kind, children) {
    const text = kind + children.map((child) => child.textContent ?? child).join('\n');
    if (text === said) return;
    said = text;
    verdict.dataset.kind = kind;
    verdict.replaceChildren(...children);
  }

  function update({ shown, report, closed, lost }) {
    secret.update(closed);
    board.hidden = facts.hidden = !shown;
    if (closed) say('closed', [headline('alert', t('cluster.closed'))]);
    else if (lost) say('lost', [headline('alert', t('cluster.lost'))]);
    else say(shown.healthy ? 'well' : 'unwell', verdictOf(shown));
    if (!shown) return;
    facts.textContent = t('cluster.facts', { cluster: report.cluster.slice(0, 8), node: report.node, replication: report.replication });
    nodes.update(shown.nodes);
    updateRooms(shown.busy);
    groups.update(shown.groups);
    moves.update(shown.moves);
    still.textContent = shown.moves.length === 0 ? t('cluster.still') : '';
    lag.textContent = shown.lag ? t('cluster.lag', { behind: shown.lag.behind.toLocaleString(), group: groupName(shown.lag), node: shown.lag.node }) : t('cluster.noLag');
  }

  /** Without an answer nothing is said about rooms: an older node does not know of them. */
  function updateRooms(known) {
    busy.hidden = !known;
    if (!known) return;
    rooms.update(known.rooms);
    table.hidden = known.rooms.length === 0;
    const said = [table.hidden && t('cluster.quiet'), ...known.silent.map((node) => t('cluster.silent', { node }))];
    quiet.textContent = said.filter(Boolean).join(' ');
  }

  return { el, update };
}

const headline = (name, text) => h('p', { class: 'headline' }, icon(name), text);

function verdictOf({ healthy, ailments }) {
  if (healthy) return [headline('check', t('cluster.well'))];
  const rows = ailments.map(({ key, values, state, group, text }) => h('li', {}, text ?? t(key, { ...values, state: state && t(`state.${state}`), group: group && groupName(group) })));
  return [headline('alert', t('cluster.unwell', { n: rows.length })), h('ul', { class: 'ailments' }, rows)];
}

function moveRow(move) {
  const way = move.to === null ? numbers(move.from) : `${numbers(move.from)} → ${numbers(move.to)}`;
  const coming = move.coming.map(({ node, behind }) => (behind === null ? t('cluster.comingUnknown', { node }) : t('cluster.coming', { node, behind: behind.toLocaleString() })));
  return h('li', {}, h('strong', {}, groupName(move)), h('span', {}, way), coming.map((text) => h('small', {}, text)));
}

/** Asks for the cluster's secret where the page is opened from another machine. */
function secretForm(useSecret) {
  const input = h('input', { type: 'password', name: 'secret', autocomplete: 'off', required: true, 'aria-label': t('cluster.secret') });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const submit = (event) => {
    event.preventDefault();
    useSecret(input.value);
  };
  const el = h('form', { class: 'secret', hidden: true, onsubmit: submit },
    h('p', {}, t('cluster.closedText')),
    h('div', { class: 'field' }, h('label', {}, t('cluster.secret'), input), problem),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, t('cluster.open'))));
  return {
    el,
    update(closed) {
      el.hidden = !closed;
      problem.textContent = closed === 'wrong' ? t('cluster.wrongSecret') : '';
    },
  };
}

/** A list whose elements stay as long as what they show does. */
function keyedList(tag, className, keyOf, draw) {
  const el = h(tag, { class: className });
  let drawn = new Map();
  return {
    el,
    update(items) {
      const next = new Map();
      for (const item of items) {
        const signature = JSON.stringify(item);
        const known = drawn.get(keyOf(item));
        next.set(keyOf(item), known?.signature === signature ? known : { signature, el: draw(item) });
      }
      drawn = next;
      reconcile(el, [...next.values()].map((each) => each.el));
    },
  };
}
