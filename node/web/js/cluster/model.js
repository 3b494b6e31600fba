// From `GET /v1/cluster` and `GET /v1/cluster/rooms` to what the page shows: pure, and in the page's words only by their keys.

const META = 'meta';
/** So few entries are on their way at any time; they are no lag. */
const ON_THEIR_WAY_MAX = 16;
/** With more nodes than this a group shows only those that have to do with it. */
const NODES_IN_ROW_MAX = 7;

/** `{ healthy, ailments, nodes, groups, moves, lag }`, each ready to be drawn. */
export function present(report) {
  const ailments = [...report.nodes.flatMap(nodeAilments), ...report.groups.flatMap(groupAilments)];
  return {
    healthy: report.healthy,
    // What only the server knows to be wrong is said in its words.
    ailments: report.healthy ? [] : ailments.length > 0 ? ailments : report.ailments.map((text) => ({ text })),
    nodes: report.nodes.map((node) => ({ ...node, condition: condition(node), here: node.node === report.node })),
    groups: report.groups.map((group) => presentGroup(group, report.nodes)),
    moves: report.groups.filter((group) => group.leader !== null && !group.settled).map(presentMove),
    lag: largestLag(report.groups),
  };
}

const isLag = (behind) => behind > ON_THEIR_WAY_MAX;

/** `up`, `away`, or the state that makes a node less than up. */
const condition = (node) => (node.reachable ? node.state : 'away');

const nameOf = (group) => ({ meta: group.group === META, shard: group.group });

function nodeAilments({ node, state, reachable, peer }) {
  if (!reachable) return [{ key: 'cluster.nodeAway', values: { node, peer } }];
  return state === 'up' ? [] : [{ key: 'cluster.nodeState', values: { node }, state }];
}

function groupAilments(group) {
  if (group.leader === null) return [{ key: 'cluster.noLeader', group: nameOf(group) }];
  return group.settled ? [] : [{ key: 'cluster.unsettled', group: nameOf(group) }];
}

function presentGroup(group, nodes) {
  const roles = nodes.map(({ node }) => ({ node, role: roleOf(group, node), behind: group.behind[node] ?? 0 }));
  const isCrowded = nodes.length > NODES_IN_ROW_MAX;
  return {
    ...nameOf(group),
    leader: group.leader,
    settled: group.settled,
    replicas: isCrowded ? roles.filter(({ role }) => role !== 'none') : roles,
    behind: Object.values(group.behind).filter(isLag).reduce((most, behind) => Math.max(most, behind), 0),
  };
}

function roleOf(group, node) {
  if (group.leader === node) return 'leader';
  if (group.voters.includes(node)) return 'voter';
  if (group.learners.includes(node)) return 'learner';
  return group.placed.includes(node) ? 'wanted' : 'none';
}

function presentMove(group) {
  return {
    ...nameOf(group),
    from: group.voters,
    to: group.group === META ? null : [...group.placed].sort((a, b) => a - b),
    coming: group.learners.map((node) => ({ node, behind: group.behind[node] ?? null })),
  };
}

function largestLag(groups) {
  const all = groups.flatMap((group) => Object.entries(group.behind).map(([node, behind]) => ({ ...nameOf(group), node: Number(node), behind })));
  return all.filter(({ behind }) => isLag(behind)).reduce((most, each) => (each.behind > (most?.behind ?? 0) ? each : most), null);
}

/** From `GET /v1/cluster/rooms`: `{ rooms, silent }`. */
export function presentRooms({ rooms, silent }) {
  const row = ({ room, kind, members, leader, sends_per_s: sends, fetches_per_s: fetches, joins_per_s: joins, hot_for_ms, deliveries_per_s: deliveries, shed }) =>
    ({ room, kind, members, leader, sends, fetches, joins, deliveries: deliveries ?? null, shed: shed ?? null, hot: hot_for_ms === null ? null : lasting(hot_for_ms) });
  return { rooms: rooms.map(row), silent };
}

function lasting(ms) {
  const s = Math.floor(ms / 1000);
  return s < 120 ? { key: 'cluster.hotSeconds', n: s } : { key: 'cluster.hotMinutes', n: Math.floor(s / 60) };
}
