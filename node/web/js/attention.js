// What others are told of oneself without being asked: that one looks at the page or not, that one types,
// and how far messages have come to this device.

/** Said again this often while typing goes on. */
const TYPING_EVERY_MS = 4_000;
/** Messages that come close together are acknowledged as one. */
const RECEIVED_AFTER_MS = 800;

export function createAttention(store, call, now = Date.now) {
  const typed = new Map();
  /** Rooms whose server said that typing is not told there. */
  const unwanted = new Set();
  const received = new Map();
  let invisible = false;
  let aging = 0;

  /** Somebody else's typing is forgotten when it is not said again. */
  function heardTyping(body) {
    store.dispatch({ type: 'typing_heard', ...body, at_ms: now() });
    clearTimeout(aging);
    age();
  }

  function age() {
    store.dispatch({ type: 'typing_aged', at_ms: now() });
    const waits = [...store.state.typing.values()].some((users) => users.size > 0);
    if (waits) aging = setTimeout(age, 1_000);
  }

  function types(room, on) {
    const features = store.state.rooms.get(room)?.features;
    if (unwanted.has(room) || features?.typing === false || store.state.link.state !== 'online') return;
    const at_ms = now();
    const last_ms = typed.get(room);
    if (on ? at_ms - (last_ms ?? 0) < TYPING_EVERY_MS : last_ms === undefined) return;
    if (on) typed.set(room, at_ms);
    else typed.delete(room);
    call('typing', { room, on }).catch((error) => {
      if (error.name === 'feature_off' || error.name === 'switched_off') unwanted.add(room);
    });
  }

  /** The message itself says that typing is over. */
  const sent = (room) => typed.delete(room);

  /** `hidden` pages are idle. One who is invisible stays so: `online` would end it. */
  async function looks(hidden) {
    if (store.state.link.state !== 'online' || (!hidden && invisible)) return;
    try {
      mine(await call('set_presence', { state: hidden ? 'idle' : 'online' }));
    } catch {
      // Switched off, or said again with the next change.
    }
  }

  function mine(body) {
    invisible = body.invisible;
    store.dispatch({ type: 'my_presence_heard', ...body });
  }

  /** Tells others something else: `{ state: 'online' | 'invisible' }`, or `{ status }`. */
  const show = async (wanted) => mine(await call('set_presence', wanted));

  /**
   * Finds out what one shows. The server says it only to a device that says something itself; `idle` changes
   * nothing else, and is taken back before anybody is told.
   */
  async function learn() {
    await show({ state: 'idle' });
    await looks(document.hidden);
  }

  /** What has come of others is acknowledged, unless it is being read: reading says it too. */
  function came(event) {
    const { me, rooms } = store.state;
    if (event.kind !== 'message' || event.user === me?.user || rooms.get(event.room)?.features?.receipts === false) return;
    const waits = received.has(event.room);
    received.set(event.room, event.seq);
    if (!waits) setTimeout(() => acknowledge(event.room), RECEIVED_AFTER_MS);
  }

  function acknowledge(room) {
    const seq = received.get(room);
    received.delete(room);
    const my = store.state.rooms.get(room)?.my;
    if (my?.state === 'joined' && my.read_seq < seq) call('mark_received', { room, seq }).catch(() => {});
  }

  return { heardTyping, types, sent, looks, mine, show, learn, came };
}
