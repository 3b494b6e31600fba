// The two things done before there is a session, over HTTP: signing up and logging in.

import { CallError } from './connection.js';

export function signUp(fields) {
  return post('v1/users', fields);
}

export function logIn(fields) {
  return post('v1/login', fields);
}

async function post(path, fields) {
  let answer;
  try {
    answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    });
  } catch {
    throw new CallError({ name: 'offline', temporary: true });
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  throw new CallError({ ...body, name: body.title ?? 'internal', message: body.detail });
}
