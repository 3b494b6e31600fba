// The rooms that are asked for most, the hot ones first.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';

/** The table without its rows, which go into `body`. */
export function roomsTable(body) {
  const names = ['cluster.room', 'cluster.kind', 'cluster.members', 'cluster.leader', 'cluster.sends', 'cluster.fetches', 'cluster.joins', 'cluster.deliveries', 'cluster.shed'];
  return h('table', { class: 'rooms' }, h('thead', {}, h('tr', {}, names.map((name) => h('th', { scope: 'col' }, t(name))))), body);
}

export function roomRow({ room, kind, members, leader, sends, fetches, joins, deliveries, shed, hot }) {
  const cells = [kind && t(`kind.${kind}`), count(members), leader, count(sends), count(fetches), count(joins), count(deliveries), shed && t(`shed.${shed}`)];
  return h('tr', { data: { room, hot: String(hot !== null) } },
    h('th', { scope: 'row' }, h('code', {}, room), hot && h('span', { class: 'pill' }, t(hot.key, { n: hot.n }))),
    cells.map((value) => h('td', {}, String(value ?? '–'))));
}

const count = (value) => value?.toLocaleString() ?? null;
