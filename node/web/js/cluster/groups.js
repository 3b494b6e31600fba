// One group as a tile: a mark for each node, always in the same place, so that a missing one is seen at a glance.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';
import { groupName, numbers } from './text.js';

const ROLES = ['leader', 'voter', 'learner', 'wanted'];

export function groupTile(group) {
  const { replicas, leader, settled, behind } = group;
  const condition = leader === null ? 'leaderless' : settled ? 'settled' : 'moving';
  const marks = replicas.map(({ node, role }) => h('span', { class: 'mark', data: { role } }, String(node)));
  return h('li', { class: 'group-tile', data: { group: group.shard, condition }, title: description(group) },
    h('span', { class: 'group-name' }, groupName(group)),
    h('span', { class: 'marks', 'aria-hidden': 'true' }, marks),
    h('span', { class: 'sr-only' }, description(group)),
    leader === null ? h('small', { class: 'group-note' }, t('cluster.leaderless')) : behind > 0 && h('small', { class: 'group-note' }, `−${behind.toLocaleString()}`));
}

function description({ replicas, leader }) {
  const of = (role) => replicas.filter((each) => each.role === role).map(({ node }) => node);
  const followers = [...of('voter'), ...of('learner')];
  return leader === null ? t('cluster.leaderless') : t('cluster.held', { leader, followers: numbers(followers) });
}

/** What the marks mean. */
export function legend() {
  return h('p', { class: 'legend' }, ROLES.map((role) => h('span', {}, h('span', { class: 'mark', data: { role }, 'aria-hidden': 'true' }), t(`replica.${role}`))));
}
