// Asks this node how the cluster stands, again and again while somebody is looking.

const EVERY_MS = 2_000;
/** A node waits 2 s for nodes that do not answer it. */
const WITHIN_MS = 8_000;
const ROOMS = 10;

/**
 * Tells `heard` what came of each look: `{ report, rooms }` (`rooms` is null while only these are not known), `{ closed: 'asked' | 'wrong' }` where the secret is wanted, or
 * `{ lost: true }`. Gives `{ useSecret }`.
 */
export function startPolling(heard) {
  let secret = null;
  let timer = null;
  let looking = false;

  async function look() {
    clearTimeout(timer);
    if (looking || document.hidden) return;
    looking = true;
    const outcome = await ask(secret);
    looking = false;
    timer = setTimeout(look, EVERY_MS);
    heard(outcome);
  }

  document.addEventListener('visibilitychange', look);
  look();
  return {
    /** Kept in memory only: it opens more than this page. */
    useSecret(value) {
      secret = value;
      look();
    },
  };
}

async function ask(secret) {
  try {
    const headers = secret === null ? {} : { authorization: `Bearer ${secret}` };
    const get = (path) => fetch(path, { headers, signal: AbortSignal.timeout(WITHIN_MS) });
    const [answer, rooms] = await Promise.all([get('v1/cluster'), get(`v1/cluster/rooms?limit=${ROOMS}`).catch(() => null)]);
    const body = await answer.json();
    if (answer.ok) return { report: body, rooms: rooms?.ok ? await rooms.json().catch(() => null) : null };
    return answer.status === 403 ? { closed: secret === null ? 'asked' : 'wrong' } : { lost: true };
  } catch {
    return { lost: true };
  }
}
