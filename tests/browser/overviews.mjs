// How a cluster may stand, as `GET /v1/cluster` and `GET /v1/cluster/rooms` tell it.

const SHARDS = 16;

const node = (id, more = {}) => ({ node: id, state: 'up', reachable: true, peer: `10.0.0.${id}:7400`, http: `10.0.0.${id}:7300`, zone: `seoul-${'abc'[id % 3]}`, weight: 100, leads: 5, votes: 17, ...more });

function group(name, leader, more = {}) {
  const placed = name === 'meta' ? [] : [leader, leader % 3 + 1, (leader + 1) % 3 + 1];
  return { group: name, leader, placed, voters: [1, 2, 3], learners: [], behind: { 1: 0, 2: 0, 3: 0 }, settled: true, ...more };
}

/** Three nodes, all well. */
export function well() {
  const shards = Array.from({ length: SHARDS }, (_, n) => group(String(n), n % 3 + 1));
  return { healthy: true, ailments: [], cluster: '5eed5eed00112233', node: 1, version: 12, replication: 3, nodes: [node(1), node(2), node(3)], groups: [group('meta', 1), ...shards] };
}

/** Node 3 is dead, node 2 drains, node 4 takes over what 3 held. */
export function moving() {
  const report = well();
  report.nodes[1].state = 'draining';
  report.nodes[2] = node(3, { reachable: false, leads: 0 });
  report.nodes.push(node(4, { leads: 0, votes: 3, weight: 200 }));
  Object.assign(report.groups[1], { placed: [1, 2, 4], learners: [4], behind: { 2: 0, 3: 41, 4: 1834 }, settled: false });
  Object.assign(report.groups[4], { leader: 1, placed: [1, 2, 4], learners: [4], behind: { 2: 0, 3: 40 }, settled: false });
  return { ...report, healthy: false, ailments: ['…'] };
}

/** Only the node that is asked is left. */
export function noQuorum() {
  const report = well();
  for (const each of report.nodes.slice(1)) each.reachable = false;
  report.groups = report.groups.map((each) => ({ ...each, leader: null, voters: [], learners: [], behind: {}, settled: false }));
  return { ...report, healthy: false, ailments: ['…'] };
}

/** Two hot rooms, and one of which little is known. */
export function busy() {
  const room = (id, kind, members, leader, [sends_per_s, fetches_per_s, joins_per_s], hot_for_ms) => ({ room: id, kind, members, leader, sends_per_s, fetches_per_s, joins_per_s, hot_for_ms });
  return {
    rooms: [
      room('01K9ZZZZZZZZZZZZZZZZZZZZZZ', 'open', 18_000, 2, [1_204, 3_110, 120], 125_999),
      room('01K9YYYYYYYYYYYYYYYYYYYYYY', 'group', 40, 1, [60, 0, 0], 83_000),
      room('01K9XXXXXXXXXXXXXXXXXXXXXX', null, null, null, [12, 0, 1], null),
    ],
    silent: [3],
  };
}
