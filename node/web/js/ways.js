// Where to connect: the node this page came from, and the others that the nodes tell of.

/** Addresses of one cluster's nodes, of which one is tried at a time. `own` is the page's own WebSocket address. */
export class Ways {
  #own; #all; #at = 0;

  constructor(own) {
    this.#own = own;
    this.#all = [own];
  }

  /** The address whose turn it is. */
  get current() {
    return this.#all[this.#at];
  }

  /** A node tells where to go if it goes away. As long as it doesn't, its own address stays the first choice. */
  told(nodes) {
    const here = this.current;
    this.#all = [...new Set([here, ...this.#reachable(nodes), this.#own])];
    this.#at = 0;
  }

  /** A node sends us away: to these nodes, or, if there are none, back to itself later. */
  sent(nodes) {
    const there = this.#reachable(nodes);
    if (there.length === 0) return;
    this.#all = [...new Set([...there, ...this.#all])];
    this.#at = 0;
  }

  /** Nobody could be reached there: the next one's turn. */
  failed() {
    this.#at = (this.#at + 1) % this.#all.length;
  }

  /** As WebSocket addresses; from a page that came by TLS a browser lets nobody go on without. */
  #reachable(nodes) {
    const secure = this.#own.startsWith('wss:');
    return nodes.filter((url) => !secure || url.startsWith('https:')).map((url) => `${url.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/ws`);
  }
}
