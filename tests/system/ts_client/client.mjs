// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// PlaceOS's TypeScript client, unmodified, without a browser: the globals of one that it reads, and
// nothing else. Its package cannot be imported by name outside of a bundler, so by file.
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

class Storage {
  #items = new Map();
  getItem(key) { return this.#items.get(key) ?? null; }
  setItem(key, value) { this.#items.set(key, String(value)); }
  removeItem(key) { this.#items.delete(key); }
  clear() { this.#items.clear(); }
  key(index) { return [...this.#items.keys()][index] ?? null; }
  get length() { return this.#items.size; }
}

export const base = process.env.BUSBAR_URL;
export const redirectUri = `${base}/app/oauth-resp.html`;
export const clientId = createHash('md5').update(redirectUri).digest('hex');
const modules = process.env.TS_CLIENT_MODULES;

// Each answer is written down, a line of JSON, for the caller to hold it to the API's description;
// the client is neither held up nor shown any of it.
const plainFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const answer = await plainFetch(input, init);
  void record(input, init, answer.clone());
  return answer;
};

async function record(input, init, answer) {
  const method = init?.method ?? input.method ?? 'GET';
  const target = String(input.url ?? input).slice(base.length);
  const sent = typeof init?.body === 'string' ? init.body : '';
  const body = Buffer.from(await answer.arrayBuffer()).toString('base64');
  const headers = Object.fromEntries(answer.headers);
  appendFileSync(process.env.BUSBAR_EXCHANGES,
    `${JSON.stringify({ method, target, sent, status: answer.status, headers, body })}\n`);
}

// `search` and `stored`: what the page's address and its storage hold when the client starts.
export async function load({ search = '', stored = {}, session = {} } = {}) {
  const url = new URL(base);
  const location = {
    href: `${base}/app/${search}`, origin: base, host: url.host, hostname: url.hostname,
    protocol: url.protocol, pathname: '/app/', hash: '', search,
    assign(to) { throw new Error(`the page was left for ${to}`); }, reload() {},
  };
  const localStorage = new Storage();
  const sessionStorage = new Storage();
  for (const [key, value] of Object.entries(stored)) localStorage.setItem(key, value);
  for (const [key, value] of Object.entries(session)) sessionStorage.setItem(key, value);
  const { default: websocket } = await import(
    pathToFileURL(`${modules}/websocket/index.js`).href);
  Object.assign(globalThis, { localStorage, sessionStorage, location });
  globalThis.document = { cookie: '' };
  globalThis.navigator ??= { userAgent: 'node', platform: 'node' };
  globalThis.WebSocket = websocket.w3cwebsocket;
  globalThis.window = Object.assign(globalThis, {
    parent: { location }, history: { replaceState() {} },
    addEventListener() {}, removeEventListener() {},
  });
  return import(pathToFileURL(`${modules}/@placeos/ts-client/dist/index.es.js`).href);
}

export function options(more = {}) {
  const url = new URL(base);
  return {
    host: url.host, secure: url.protocol === 'https:', scope: 'public', mock: false,
    auth_uri: `${base}/auth/oauth/authorize`, token_uri: `${base}/auth/oauth/token`,
    redirect_uri: redirectUri, handle_login: false, token_header: true, ...more,
  };
}

// The value that an observable gives first.
export function one(observable) {
  return new Promise((resolve, reject) => {
    let ended = false;
    const subscription = observable.subscribe({
      next(value) { if (!ended) { ended = true; resolve(value); } },
      error: reject,
      complete() { if (!ended) resolve(undefined); },
    });
    void subscription;
  });
}

export async function until(condition, what, limitMs = 20_000) {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
