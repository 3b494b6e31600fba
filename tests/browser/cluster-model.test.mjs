// What the cluster page makes of what the node says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { present, presentRooms } from '../../node/web/js/cluster/model.js';
import { busy, moving, noQuorum, well } from './overviews.mjs';

test('a cluster that is well has no ailments, no moves and no lag', () => {
  const { healthy, ailments, moves, lag, nodes, groups } = present(well());
  assert.deepEqual({ healthy, ailments, moves, lag }, { healthy: true, ailments: [], moves: [], lag: null });
  assert.deepEqual(nodes.map(({ condition, here }) => [condition, here]), [['up', true], ['up', false], ['up', false]]);
  assert.deepEqual(groups[1].replicas.map(({ role }) => role), ['leader', 'voter', 'voter']);
});

test('a dead node, a move and the lag of a newcomer are told', () => {
  const { ailments, moves, lag, nodes, groups } = present(moving());
  assert.deepEqual(nodes.map(({ condition }) => condition), ['up', 'draining', 'away', 'up']);
  assert.deepEqual(ailments.map(({ key }) => key), ['cluster.nodeState', 'cluster.nodeAway', 'cluster.unsettled', 'cluster.unsettled']);
  assert.deepEqual(moves[0], { meta: false, shard: '0', from: [1, 2, 3], to: [1, 2, 4], coming: [{ node: 4, behind: 1834 }] });
  assert.deepEqual([lag.shard, lag.node, lag.behind], ['0', 4, 1834]);
  assert.deepEqual(groups[1].replicas.map(({ role }) => role), ['leader', 'voter', 'voter', 'learner']);
});

test('entries that are just on their way are no lag', () => {
  const report = well();
  report.groups[1].behind = { 2: 3, 3: 16 };
  const { lag, groups } = present(report);
  assert.deepEqual([lag, groups[1].behind], [null, 0]);
});

test('without a quorum every group says that nobody leads it', () => {
  const { ailments, groups } = present(noQuorum());
  assert.equal(ailments.filter(({ key }) => key === 'cluster.noLeader').length, groups.length);
  assert.ok(groups.every(({ leader }) => leader === null));
});

test('what only the server knows to be wrong is said in its words', () => {
  const report = { ...well(), healthy: false, ailments: ['the moon is full'] };
  assert.deepEqual(present(report).ailments, [{ text: 'the moon is full' }]);
});

test('in a crowd a group shows only the nodes that have to do with it', () => {
  const report = well();
  for (let node = 4; node <= 9; node += 1) report.nodes.push({ ...report.nodes[2], node });
  assert.deepEqual(present(report).groups[1].replicas.map(({ node }) => node), [1, 2, 3]);
});

test('busy rooms are told as they came, with how long they are hot', () => {
  const { rooms, silent } = presentRooms(busy());
  assert.deepEqual(rooms.map(({ hot }) => hot), [{ key: 'cluster.hotMinutes', n: 2 }, { key: 'cluster.hotSeconds', n: 83 }, null]);
  assert.deepEqual(rooms[2], { room: '01K9XXXXXXXXXXXXXXXXXXXXXX', kind: null, members: null, leader: null, sends: 12, fetches: 0, joins: 1, deliveries: null, shed: null, hot: null });
  assert.deepEqual(silent, [3]);
});
