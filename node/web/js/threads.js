// Reads the thread that is open: its newest page when it is opened, after each connect, and when a reply was missed.

const PAGE = 50;

export function createThreads(store, call) {
  async function open(room, seq) {
    store.dispatch({ type: 'thread_opened', room, seq });
    if (store.state.thread.root === null) readRoot(room, seq);
    await read('newest');
  }

  const close = () => store.dispatch({ type: 'thread_closed' });

  /** What this thread hangs on may lie far above what is in memory. */
  async function readRoot(room, seq) {
    try {
      const { events } = await call('history', { room, around: seq, limit: 3 });
      const root = events.find((event) => event.seq === seq);
      if (root) store.dispatch({ type: 'thread_root_loaded', root });
    } catch (error) {
      store.dispatch({ type: 'thread_page_failed', room, seq, error });
    }
  }

  async function read(where) {
    const { thread } = store.state;
    if (thread === null || thread.loading === where) return;
    const { room, seq, events } = thread;
    store.dispatch({ type: 'thread_page_asked', room, seq, where });
    try {
      const before = where === 'older' ? { before: events[0]?.seq } : {};
      store.dispatch({ type: 'thread_page_loaded', room, seq, where, ...(await call('thread', { room, seq, limit: PAGE, ...before })) });
    } catch (error) {
      store.dispatch({ type: 'thread_page_failed', room, seq, error });
    }
  }

  store.hear(({ thread, link }, input) => {
    if (thread === null || link.state !== 'online') return;
    const back = input.type === 'link_changed';
    if (back && thread.root === null) readRoot(thread.room, thread.seq);
    if (back || (thread.behind && thread.loading === null && thread.error === null)) read('newest');
  });

  return { open, close, older: () => read('older'), newest: () => read('newest') };
}
