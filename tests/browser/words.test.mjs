// Both languages say everything the page wants to say.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import en from '../../node/web/js/i18n/en.js';
import ko from '../../node/web/js/i18n/ko.js';

const JS = fileURLToPath(new URL('../../node/web/js', import.meta.url));
const blanks = (text) => [...new Set((text.other ?? text).match(/\{\w+\}/g) ?? [])].sort();

test('the dictionaries have the same keys and the same blanks to fill in', () => {
  assert.deepEqual(Object.keys(ko).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) assert.ok(blanks(ko[key]).every((blank) => blanks(en[key]).includes(blank)), key);
});

test('every text the page asks for is there, and every text that is there is asked for', async () => {
  const files = (await readdir(JS, { recursive: true })).filter((file) => file.endsWith('.js') && !/i18n.(en|ko)/.test(file));
  const source = (await Promise.all(files.map((file) => readFile(path.join(JS, file), 'utf8')))).join('\n');
  const asked = new Set([...source.matchAll(/'([a-z]+\.[a-zA-Z]+)'/g)].map((match) => match[1]));
  const prefixes = [...source.matchAll(/`([a-z]+\.)\$\{/g)].map((match) => match[1]);
  for (const [, key] of source.matchAll(/\bt\('([^']+)'/g)) assert.ok(key in en, `no text for ${key}`);
  for (const key of Object.keys(en)) assert.ok(asked.has(key) || prefixes.some((prefix) => key.startsWith(prefix)), `nobody asks for ${key}`);
});
