// The HTTP operations the tests use to prepare what the page should then show.

/** `client.post('rooms', {…})`: the answer's body, or an error with the problem the node named. */
export function createClient(url, token = null) {
  async function call(method, path, body) {
    const answer = await fetch(`${url}/v1/${path}`, {
      method,
      headers: { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }
  return { get: (path) => call('GET', path), post: (path, body = {}) => call('POST', path, body), patch: (path, body) => call('PATCH', path, body), delete: (path) => call('DELETE', path) };
}

export async function signedUp(url, user, display_name) {
  const { token } = await createClient(url).post('users', { user, password: `password-${user}`, display_name });
  return createClient(url, token);
}

/** Logs `count` messages one after the other: their order is part of what is tested. */
export async function fill(client, room, count, textOf) {
  for (let n = 1; n <= count; n++) await client.post(`rooms/${room}/messages`, { cid: `fill-${n}`, text: textOf(n) });
}
