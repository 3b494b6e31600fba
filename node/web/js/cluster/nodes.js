// One node: its number, how it is, where it is, what it does.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';

export function nodeCard(node) {
  const { condition, http, peer, zone, leads, votes, here, weight } = node;
  const rows = [
    [t('cluster.clientsAt'), http && h('a', { href: `${http.includes('://') ? http : `${location.protocol}//${http}`}/cluster`, rel: 'noopener' }, http)],
    [t('cluster.nodesAt'), peer],
    [t('cluster.zone'), zone],
    [t('cluster.weight'), weight !== 100 && String(weight)],
  ];
  return h('li', { class: 'node-card', data: { node: node.node, condition } },
    h('div', { class: 'node-head' },
      h('strong', {}, t('cluster.node', { node: node.node })),
      here && h('small', {}, t('cluster.here')),
      h('span', { class: 'pill' }, t(`state.${condition}`))),
    h('div', { class: 'node-figures' }, figure(leads, t('cluster.leads')), figure(votes, t('cluster.votes'))),
    h('dl', {}, rows.filter(([, value]) => value).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])));
}

const figure = (value, name) => h('div', {}, h('strong', {}, String(value)), h('small', {}, name));
